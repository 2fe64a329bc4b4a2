"""Runs of a domain as an emulated state machine knows them: which go on, ended, unknown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli import runs
from local.session import Session
from tests.support.moto_session import NAMES, moto_session


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Session]:
    with moto_session(monkeypatch) as session:
        yield session


def test_the_run_that_owns_the_domain_comes_first(session: Session) -> None:
    first, second = (runs.start(session, "shop", {}) for _ in range(2))
    lock = {"pk": "lock#shop", "sk": "lock", "run_id": second}
    session.boto.resource("dynamodb").Table(NAMES.ledger_table).put_item(Item=lock)
    assert runs.running(session, "shop") == [second, first]


def test_a_stopped_run_is_over_and_remembered(session: Session) -> None:
    run_id = runs.start(session, "shop", {})
    runs.stop(session, "shop", run_id)
    assert runs.running(session, "shop") == []
    assert runs.exists(session, "shop", run_id)
    ended = runs.follow(session, "shop", run_id, lambda _: None)
    assert (ended.status, ended.succeeded) == ("ABORTED", False)


def test_a_run_that_never_was_does_not_exist(session: Session) -> None:
    assert not runs.exists(session, "shop", "20260101T000000Z-abcdef")
