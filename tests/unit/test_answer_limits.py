"""Answers that are cut, and statements that are stopped."""

from __future__ import annotations

import threading
import time
from typing import Any

import duckdb
import pytest

from cli import remote_athena
from local.answer_limits import Limits, StoppedError, interruptible
from local.session import Session
from shared.names import Names

NAMES = Names("dev", "123456789012", "us-east-1")


def test_what_duckdb_does_ends_soon_after_it_was_stopped() -> None:
    connection, limits = duckdb.connect(), Limits()
    threading.Timer(0.2, limits.stopped.set).start()
    began = time.monotonic()
    with pytest.raises(duckdb.InterruptException), interruptible(connection, limits):
        connection.execute(
            "select count(*) from range(1000000) a, range(1000000) b where a.range + b.range > 7"
        )
    assert time.monotonic() - began < 10


def test_what_was_stopped_begins_nothing_more() -> None:
    limits = Limits()
    limits.check()
    limits.stopped.set()
    with pytest.raises(StoppedError, match="was stopped"):
        limits.check()


class Athena:
    """As boto3's client answers; a statement takes as many looks as it is given."""

    def __init__(self, states: list[str], pages: int = 1) -> None:
        self.states, self.pages, self.stopped, self.read = states, pages, [], 0

    def start_query_execution(self, **_: Any) -> dict[str, str]:
        return {"QueryExecutionId": "q"}

    def get_query_execution(self, **_: str) -> Any:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"QueryExecution": {"Status": {"State": state, "StateChangeReason": "Cannot cast 'x'"}}}

    def stop_query_execution(self, **asked: str) -> None:
        self.stopped.append(asked["QueryExecutionId"])

    def get_paginator(self, _: str) -> Athena:
        return self

    def paginate(self, **_: Any) -> Any:
        for page in range(self.pages):
            self.read += 1
            rows = [{"Data": [{"VarCharValue": f"{page}.{n}"}]} for n in range(3)]
            yield {"ResultSet": {"ResultSetMetadata": {"ColumnInfo": [{"Name": "a"}]}, "Rows": rows}}


def asked(athena: Athena, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    monkeypatch.setattr(remote_athena, "POLL_SECONDS", 0.01)
    session = Session(NAMES, None)  # type: ignore[arg-type]
    monkeypatch.setattr(Session, "client", lambda *_: athena)
    return remote_athena.run(session, "select a from silver.t", ["shop"], limits=limits).rows


def test_a_statement_of_athena_is_stopped_there(monkeypatch: pytest.MonkeyPatch) -> None:
    athena, limits = Athena(["RUNNING"]), Limits()
    limits.stopped.set()
    with pytest.raises(StoppedError):
        asked(athena, limits, monkeypatch)
    assert athena.stopped == ["q"]


def test_no_more_of_athenas_answer_is_read_than_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    athena = Athena(["QUEUED", "RUNNING", "SUCCEEDED"], pages=9)
    # The first row of Athena's answer repeats the names.
    assert asked(athena, Limits(rows=3), monkeypatch) == [("0.1",), ("0.2",), ("1.0",)]
    assert athena.read == 2
    assert athena.stopped == []


def test_athenas_words_are_known_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(remote_athena.AthenaError, match="FAILED: Cannot cast 'x'"):
        asked(Athena(["FAILED"]), Limits(), monkeypatch)
