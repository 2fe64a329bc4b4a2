"""What the console keeps of statements and how it shows answers, without a browser."""

from __future__ import annotations

import asyncio
import datetime as dt
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from nicegui import core

from cli.console import asked as asking
from cli.console.asked import Asked, as_csv, ask
from cli.console.chart import numeric
from cli.console.history import FILE, History, Past
from cli.console.lake import Lake
from cli.console.work import BUG
from cli.masking import HIDDEN
from cli.remote_athena import AthenaError
from local.athena import Answer
from local.dialect import QueryError
from local.errors import LakeError
from local.session import Session
from shared.names import Names

PAST = Past("2026-01-01T10:00:00+00:00", "shop", "select 'ä'", 0.5, 3)


def test_what_was_asked_is_kept_for_its_owner_and_what_was_answered_is_not(tmp_path: Path) -> None:
    History(tmp_path).add(PAST)
    file = tmp_path / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text("utf-8") == (
        '{"at": "2026-01-01T10:00:00+00:00", "domain": "shop", "sql": "select \'ä\'", "seconds": 0.5, "rows": 3}\n'
    )
    again = History(tmp_path)
    assert again.newest_first() == [PAST]
    assert again.at(PAST.at) == PAST
    assert again.at("never") is None


def test_the_newest_hundred_are_kept(tmp_path: Path) -> None:
    history = History(tmp_path)
    for n in range(103):
        history.add(Past(str(n), "shop", "select 1", 0.0, None))
    kept = [past.at for past in History(tmp_path).newest_first()]
    assert (len(kept), kept[0], kept[-1]) == (100, "102", "3")


def test_a_history_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text('{"asked": 1}\n')
    assert History(tmp_path).newest_first() == []


def test_of_a_deployed_environment_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    history = History(None)
    history.add(PAST)
    assert history.newest_first() == [PAST]
    assert list(tmp_path.iterdir()) == []


def test_masked_cells_are_masked_in_the_file_too() -> None:
    answer = Answer(("a", "b"), [(1, "secret"), (Decimal("2.50"), None), (dt.date(2026, 1, 1), "x,y")])
    asked = Asked("shop", "select", answer=answer, hidden=frozenset({1}))
    hidden, shown = (asked.rows(confidential=c) for c in (False, True))
    assert hidden == [[1, HIDDEN], ["2.50", None], ["2026-01-01", HIDDEN]]
    assert as_csv(("a", "b"), shown).decode() == 'a,b\n1,secret\n2.50,\n2026-01-01,"x,y"\n'


def test_columns_of_numbers_are_found_whatever_type_they_came_as() -> None:
    rows = [["1", 1, True, None, "x"], ["2.5", None, False, None, "1"]]
    assert numeric(("text", "number", "boolean", "nothing", "word"), rows) == ["text", "number"]


class Lakes(Lake):
    """A lake that answers with what it is given, or fails with that."""

    def __init__(self, given: Answer | Exception) -> None:
        super().__init__("dev", False, " --env dev")
        self.given = given

    def answer(self, question: Any) -> Any:
        return question(Session(Names("dev", "123456789012", "us-east-1"), None))  # type: ignore[arg-type]


def asked_of(lake: Lakes, sql: str, monkeypatch: pytest.MonkeyPatch, *, noted: bool = True) -> Asked:
    """A statement once it is answered."""

    def answer_of(*_: Any) -> Answer:
        if isinstance(lake.given, Exception):
            raise lake.given
        return lake.given

    async def answered() -> Asked:
        monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
        asked = ask(lake, "query", "shop", sql, noted=noted)
        with pytest.raises(LakeError, match="under way"):
            ask(lake, "query", "shop", sql)
        while asked.goes_on:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        return asked

    monkeypatch.setattr(asking, "answer_of", answer_of)
    return asyncio.run(answered())


def test_an_answer_is_cut_masked_and_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_ROWS", 2)
    lake = Lakes(Answer(("email",), [("a@x",)] * 3))
    asked = asked_of(lake, "select email from silver.users", monkeypatch)
    assert (asked.more, asked.hidden) == (True, {0})
    assert asked.rows(confidential=False) == [[HIDDEN], [HIDDEN]]
    assert [(past.sql, past.rows) for past in lake.history.newest_first()] == [(asked.sql, 2)]


def failed_by(cause: Exception) -> QueryError:
    error = QueryError("DuckDB, which stands in for Athena, cannot run this: a@x", "write it otherwise")
    error.__cause__ = cause
    return error


UNTOLD = (asking.UNTOLD, "Show confidential, above, shows what was said")


@pytest.mark.parametrize(
    ("sql", "error", "told"),
    [
        ("select email from silver.users", failed_by(duckdb.ConversionException("a@x")), False),
        (
            "select email from silver.users",
            AthenaError("Athena: FAILED: Cannot cast 'a@x'", "mend it"),
            False,
        ),
        ("select emial from silver.users", failed_by(duckdb.BinderException("emial")), True),
        ("select date from gold.daily_revenue", failed_by(duckdb.ConversionException("a@x")), True),
        ("select email from silver.users", QueryError("there is no table", "./lake run"), True),
    ],
)
def test_a_failure_tells_no_values_of_confidential_columns(
    monkeypatch: pytest.MonkeyPatch, sql: str, error: QueryError, told: bool
) -> None:
    lake = Lakes(error)
    asked = asked_of(lake, sql, monkeypatch)
    whole = (error.text, error.do)
    assert asked.problem(confidential=False) == (whole if told else UNTOLD)
    assert asked.problem(confidential=True) == whole
    assert [past.rows for past in lake.history.newest_first()] == [None]


def test_what_nobody_expected_is_told_and_the_next_statement_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lake = Lakes(RecursionError("too deep"))
    failures: list[Exception] = []
    monkeypatch.setattr(core.app, "handle_exception", failures.append)
    asked = asked_of(lake, "select email from silver.users", monkeypatch)
    assert asked.problem(confidential=False) == BUG
    assert [str(failure) for failure in failures] == ["too deep"]
    lake.given = Answer(("a",), [])
    assert (
        asked_of(lake, "select date from gold.daily_revenue", monkeypatch).problem(confidential=False) is None
    )


def test_what_nobody_wrote_is_not_asked_and_a_report_is_not_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lakes(Answer(("a",), []))
    with pytest.raises(LakeError, match="there is no statement"):
        ask(lake, "query", "shop", " \n")
    asked_of(lake, "select date from gold.daily_revenue", monkeypatch, noted=False)
    assert lake.history.newest_first() == []
