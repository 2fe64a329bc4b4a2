"""How a statement stands: under way, failed, or answered with a table, a chart and a file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from cli.catalogue_page.markup import Html, element, table
from cli.console.asked import MOST_ROWS, Asked, as_csv
from cli.console.chart import draw, number, numeric
from cli.console.controls import Choice, button
from cli.console.lake import Lake
from cli.console.parts import heading, html, moment, problem, quiet
from shared.report_chart import KINDS, Chart

LOOK_SECONDS = 0.5
PAGE_ROWS = 100
SHORT = 24  # letters of a text that is kept on one line
STYLE = Path(__file__).parent / "answers.css"
NONE = "none"


class AnswerView:
    """Of the last statement of `lake.asked[key]`. `chart`: the one that is shown at first; `name`: of the
    file to download.
    """

    def __init__(self, lake: Lake, key: str, name: str, chart: Chart | None = None) -> None:
        self._lake, self._key, self._name, self._chart = lake, key, name, chart
        self._shown: tuple[object, ...] | None = None
        ui.add_css(STYLE.read_text("utf-8"))
        self._body = ui.element("section").props('aria-label="Answer"')
        self._taken: TextElement | None = None
        self.look()
        ui.timer(LOOK_SECONDS, self.look)

    def look(self) -> None:
        """Shows what is new."""
        asked = self._lake.asked.get(self._key)
        if asked and asked.goes_on and self._taken:
            self._taken.text = _lasting(asked)
        now = (id(asked), asked and asked.goes_on)
        if now == self._shown:
            return
        self._shown, self._taken = now, None
        self._body.clear()
        if asked:
            with self._body:
                self._show(asked)

    def _show(self, asked: Asked) -> None:
        if asked.goes_on:
            with ui.element("div").classes("work"):
                html(
                    element("p", element("span", class_="turning"), " The query is under way.", role="status")
                )
                self._taken = TextElement(tag="p", text=_lasting(asked))
                button("Stop", asked.stopped.set)
                quiet("It goes on when you leave this page, and its answer waits here.")
        elif told := asked.problem(confidential=self._lake.confidential):
            problem(*told)
        elif asked.answer:
            self._show_answer(asked, asked.answer.columns)

    def _show_answer(self, asked: Asked, columns: Sequence[str]) -> None:
        rows = asked.rows(confidential=self._lake.confidential)
        html(element("p", _told(asked, len(rows)), role="status"))
        if masked := [] if self._lake.confidential else [columns[i] for i in sorted(asked.hidden)]:
            quiet(f"Hidden, for they are or may come from confidential columns: {', '.join(masked)}.")
        if rows:
            _Charted(columns, rows, self._chart)
        heading("Rows")
        _Paged(columns, rows)
        name = f"{self._name}.csv"
        button("Download CSV", lambda: ui.download.content(as_csv(columns, rows), name, "text/csv"))


def _lasting(asked: Asked) -> str:
    return f"{time.monotonic() - asked.began:.0f} s"


def _told(asked: Asked, rows: int) -> str:
    cut = f", the first {MOST_ROWS:,}; ./lake query --json FILE fetches all" if asked.more else ""
    when = f"asked at {moment(asked.at)} UTC"
    return f"{rows:,} row{'' if rows == 1 else 's'}{cut}, after {asked.seconds or 0:.1f} s, {when}"


class _Charted:
    """A chart by choice: none, or of a column of numbers along another."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[Any]], chart: Chart | None) -> None:
        self._columns, self._rows = columns, rows
        numbers = numeric(columns, rows)
        if not numbers:
            return
        heading("Chart")
        named = {name: name for name in columns}
        both = ", ".join(chart.y) if chart else ""
        values = ({",".join(chart.y): both} if chart else {}) | {name: name for name in numbers}
        with ui.element("div").classes("fields"):
            kinds = {NONE: NONE} | {k: k for k in KINDS}
            self._kind = Choice("Chart", kinds, chart.kind if chart else NONE, lambda _: self._draw())
            self._x = Choice("Along", named, chart.x if chart else "", lambda _: self._draw())
            self._y = Choice("Values", values, "", lambda _: self._draw())
        self._body = ui.element("div")
        self._draw()

    def _draw(self) -> None:
        self._body.clear()
        kind = next((k for k in KINDS if k == self._kind.value), None)
        if kind:
            with self._body:
                draw(Chart(kind, self._x.value, tuple(self._y.value.split(","))), self._columns, self._rows)


class _Paged:
    """The rows, a page at a time."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self._columns, self._rows, self._first = columns, rows, 0
        self._body = ui.element("div")
        self._draw()

    def _draw(self) -> None:
        self._body.clear()
        last = min(self._first + PAGE_ROWS, len(self._rows))
        with self._body:
            caption = (
                f"Rows {self._first + 1:,} to {last:,} of {len(self._rows):,}" if self._rows else "No rows"
            )
            shown = self._rows[self._first : last]
            html(table(caption, self._columns, (element("tr", *map(_cell, row)) for row in shown)))
            with ui.element("div").classes("fields"):
                if self._first:
                    button("Previous rows", lambda: self._turn(-PAGE_ROWS))
                if last < len(self._rows):
                    button("Next rows", lambda: self._turn(PAGE_ROWS))

    def _turn(self, rows: int) -> None:
        self._first += rows
        self._draw()


def _cell(value: Any) -> Html:
    """As SQL takes it, without marks of thousands."""
    if value is None:
        return element("td", element("span", "null", class_="quiet"))
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    kind = "number" if number(value) is not None else "short" if len(shown) <= SHORT else None
    return element("td", shown, class_=kind)
