"""What `./lake status` says of datasets: columns that no contract names, the last day, silence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from cli import attention
from cli.counted_files import CountedFiles
from cli.verbs import status
from cli.verbs.status import print_attention, print_datasets, status_of
from local.ledger_table import create_ledger_table
from local.session import Session
from shared.contracts import contract
from shared.ledger.model import FileStatus, LedgerFile, RowCounts, RunResult
from shared.ledger.observed import Learnt
from shared.names import Names
from shared.unknown_columns import UnknownColumns, observed_column

NAMES = Names("dev", "123456789012", "us-east-1")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Session]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", NAMES.region)
    with mock_aws():
        create_ledger_table(boto3.resource("dynamodb"), NAMES.ledger_table)
        yield Session(NAMES, boto3.Session())


def test_status_says_what_is_unknown_what_came_and_what_is_silent(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    came = dt.datetime.now(dt.UTC) - dt.timedelta(hours=72)
    identity = ("raw", "shop/events/a.csv", "v1", "shop", "events", FileStatus.ACCEPTED)
    session.ledger.commit(LedgerFile(*identity, ingested_at=came.isoformat(), processed_by="r1"))
    learnt = Learnt("r1", "2026-03-02", None, "2026-03-02", 100, 334, 3000, 36.0)
    session.ledger.note_learnt("shop", "events", learnt)
    named = observed_column("Event-ID", {"2026-03-01"}, 5, 10, 1)
    unknown = observed_column("ccy", {"2026-03-01"}, 5, 10, 0b100001)
    session.ledger.note_unknown_columns("shop", "events", UnknownColumns((named, unknown), 2))
    found = status_of(session, "shop", CountedFiles())["datasets"]
    assert set(found) == {"events"}
    [column] = found["events"]["unknown_columns"]
    assert {k: v for k, v in column.items() if k != "days"} == {
        "name": "ccy",
        "share": 0.5,
        "kinds": ["integer", "text"],
        "since": "2026-03-01",
        "last": "2026-03-01",
    }
    assert found["events"]["unknown_columns_left_out"] == 2
    assert found["events"]["volume"] == {
        "day": "2026-03-02",
        "rows": 100,
        "usual_from": 334,
        "usual_to": 3000,
    }
    assert found["events"]["silence"] == {"hours": 72.0, "usual_at_most": 36.0, "silent": True}
    print_datasets("shop", found)
    print_attention("shop", list(attention.of_datasets(found)))
    shown = capsys.readouterr().out
    for words in ("ccy", "50%", "integer, text", "and 2 more", "334 to 3000", "72 hours", "36 at most"):
        assert shown.count(words) == 1


def test_status_says_of_a_closed_gate_once_and_that_much_is_in_quarantine_in_red(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dataset, quarantined in (("events", 20), ("users", 21)):
        counts = RowCounts(100, 100 - quarantined, quarantined)
        session.ledger.record_run(RunResult("shop", "r1", dataset, counts, {"missing_key": quarantined}))
    session.ledger.halt("shop", "r1", ["null rate"])
    said: list[tuple[str, bool]] = []
    monkeypatch.setattr(status, "show", lambda text, loudly=False: said.append((text, loudly)))
    items = attention.items_of(session, "shop", CountedFiles(), [("r1", "SUCCEEDED")], " --demo")
    print_attention("shop", items)
    assert [(text.strip().partition(":")[0], red) for text, red in said[1:4]] == [
        ("users", True),
        ("events", False),
        ("the quality gate is closed by run r1, gold stays as it is", False),
    ]


def test_a_closed_gate_has_no_table_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    status.print_status(
        "shop", {"files": {}, "datasets": {}, "runs": [], "lock": None, "gate_closed_by": "r1"}
    )
    assert "--accept-gate" not in capsys.readouterr().out


def test_a_lake_that_is_older_than_the_disk_is_deployed_under_its_own_name(
    session: Session, tmp_path: Path
) -> None:
    items = attention.items_of(replace(session, state=tmp_path), "shop", CountedFiles(), [], " --demo")
    assert [i.do for i in items] == ["the next drop, run or replay deploys them, or ./lake up --demo"]


def test_rows_in_quarantine_come_with_what_to_do() -> None:
    said = attention.row_help(contract("shop"), ["missing_key", "missing_timestamp"])
    assert said == "A column of the primary key is empty. The column that gives the event date is empty."
