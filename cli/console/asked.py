"""Statements under way and their answers: they outlive the page that asked, so that it can be left."""

from __future__ import annotations

import csv
import datetime as dt
import io
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
from nicegui import background_tasks

from cli.answers import answer_of
from cli.console.history import Past
from cli.console.lake import Lake
from cli.console.work import BUG
from cli.masked_answer import hidden_columns, reads_confidential
from cli.masking import HIDDEN
from cli.remote_athena import AthenaError
from cli.results import plain
from local.answer_limits import Limits
from local.athena import Answer
from local.errors import LakeError, expected, told
from local.session import Session
from shared.contracts import domains

MOST_ROWS = 10_000  # of an answer: what a browser's user looks at; the verb fetches all
MOST_KEPT = 6  # answers
UNTOLD = "the query failed; what was said of it may hold values of confidential columns"
# What DuckDB says of the statement alone, before it looks at a row.
WITHOUT_VALUES = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.InterruptException,
)


@dataclass
class Asked:
    """A statement. `seconds`: how long it took, None while it is under way; then it has an `answer` or an
    `error` with the next step. `hidden`: places of columns that may hold what is confidential; `more`: the
    answer is cut; `private`: what is said of a failure may hold values of such columns.
    """

    domain: str
    sql: str
    began: float = field(default_factory=time.monotonic)
    at: str = field(default_factory=lambda: dt.datetime.now(dt.UTC).isoformat())
    stopped: threading.Event = field(default_factory=threading.Event)
    seconds: float | None = None
    answer: Answer | None = None
    hidden: frozenset[int] = frozenset()
    more: bool = False
    error: tuple[str, str] | None = None
    private: bool = False

    @property
    def goes_on(self) -> bool:
        return self.seconds is None

    def problem(self, *, confidential: bool) -> tuple[str, str] | None:
        """What went wrong, and the next step."""
        if self.error in (None, BUG) or confidential or not self.private:
            return self.error
        return UNTOLD, "Show confidential, above, shows what was said"

    def rows(self, *, confidential: bool) -> list[list[Any]]:
        """The answer's, as JSON can hold them."""
        if self.answer is None:
            return []
        hidden = frozenset[int]() if confidential else self.hidden
        return [
            [HIDDEN if i in hidden and cell is not None else plain(cell) for i, cell in enumerate(row)]
            for row in self.answer.rows
        ]


def ask(lake: Lake, key: str, domain: str, sql: str, *, noted: bool = False) -> Asked:
    """Begins to ask for a page; `noted`: the statement is kept in the history. Raises LakeError while the
    page's last statement is under way, and without one.
    """
    if (last := lake.asked.get(key)) and last.goes_on:
        raise LakeError("the statement before is under way", "wait for its answer, or stop it")
    if not sql.strip():
        raise LakeError("there is no statement", "write one SELECT, or choose a report")
    asked = lake.asked[key] = Asked(domain, sql, error=BUG)  # until it is known to be none
    for old in [k for k, each in lake.asked.items() if k != key and not each.goes_on][: -MOST_KEPT + 1]:
        del lake.asked[old]
    background_tasks.create(_answered(lake, asked, noted=noted), name=f"query {asked.at}")
    return asked


async def _answered(lake: Lake, asked: Asked, *, noted: bool) -> None:
    def answer(session: Session) -> tuple[Answer, frozenset[int]]:
        asked.private = reads_confidential(asked.sql, session.names, domains(), asked.domain)
        found = answer_of(session, asked.sql, asked.domain, Limits(MOST_ROWS + 1, asked.stopped))
        return found, hidden_columns(found.columns, asked.sql, session.names, domains(), asked.domain)

    rows = None
    try:
        found, asked.hidden = await lake.ask(answer)
        asked.more, rows = len(found.rows) > MOST_ROWS, min(len(found.rows), MOST_ROWS)
        asked.answer, asked.error = Answer(found.columns, found.rows[:MOST_ROWS]), None
    except expected() as error:
        asked.error = told(error)
        asked.private = asked.private and _may_hold_values(error)
    finally:
        asked.seconds = time.monotonic() - asked.began
    if noted:
        lake.history.add(Past(asked.at, asked.domain, asked.sql, round(asked.seconds, 1), rows))


def _may_hold_values(error: Exception) -> bool:
    cause = error.__cause__
    engine = isinstance(cause, duckdb.Error) and not isinstance(cause, WITHOUT_VALUES)
    return engine or isinstance(error, AthenaError)


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([columns, *rows])
    return text.getvalue().encode()
