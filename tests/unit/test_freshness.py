"""How old the newest data is, beside what the contract promises (shop: 30 hours)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from cli import runs
from cli.freshness import freshness_of
from local.session import Session
from shared.contracts import contract
from shared.ledger.model import FileStatus, LedgerFile
from shared.metrics import promised_hours
from tests.support.moto_session import NAMES, moto_session


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Session]:
    with moto_session(monkeypatch) as made:
        yield made


def loaded(session: Session, dataset: str, at: dt.datetime) -> None:
    place = (NAMES.bucket("raw"), f"shop/{dataset}/a.csv", "v1", "shop", dataset, FileStatus.ACCEPTED)
    session.ledger.commit(LedgerFile(*place, ingested_at=at.isoformat(), processed_by="r1"))


def test_each_table_is_as_old_as_its_newest_file_and_late_beyond_the_promise(session: Session) -> None:
    now = dt.datetime.now(dt.UTC)
    loaded(session, "events", now - dt.timedelta(hours=29))
    loaded(session, "users", now - dt.timedelta(hours=31))
    found = {f.table: (round(f.hours), f.promised, f.late) for f in freshness_of(session, "shop", now)}
    assert found == {"events": (29, 30, False), "users": (31, 30, True)}
    assert runs.newest(session, "shop", 5) == []


def test_what_is_promised_for_gold_is_the_longest_of_its_datasets() -> None:
    promised = promised_hours(contract("shop"))
    assert (promised["events"], promised["gold"]) == (30, 30)
