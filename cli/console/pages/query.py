"""SQL on silver and gold: what `./lake query` answers, as a table, a chart or a file."""

from __future__ import annotations

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from cli.catalogue_page.markup import element
from cli.console.answer_view import AnswerView
from cli.console.asked import ask
from cli.console.controls import VALUE, Choice, button
from cli.console.domains import choose_domain
from cli.console.history import Past
from cli.console.lake import Lake
from cli.console.page import Page, Visit, address
from cli.console.parts import heading, link, moment, problem, quiet, rows
from local.errors import LakeError
from shared.reports import Report, reports_of

PATH = "/query"
KEY = "query"
SHOWN_PAST = 20
LONGEST = 120  # letters of a statement in the history


def build(visit: Visit) -> None:
    if not (domain := choose_domain(visit, PATH)):
        return
    lake, asked = visit.lake, visit.asked
    reports = reports_of(domain)
    report = next((r for r in reports if r.name == asked.get("report")), None)
    past = lake.history.at(asked.get("past", ""))
    _choose_report(domain, reports, report)
    statement = _Statement(lake, domain, _first(lake, domain, report, past))
    quiet("One SELECT, DESCRIBE or SHOW, on silver, gold, quarantine or bronze. Ctrl+Enter runs it.")
    if not lake.env:
        quiet("It is Athena's SQL; on this laptop DuckDB answers.")
    with ui.element("div").classes("fields"):
        button("Run query", statement.run, main=True)
    statement.problems = ui.element("div")
    AnswerView(lake, KEY, report.name if report else "query", report.chart if report else None)
    _show_history(lake)


def _choose_report(domain: str, reports: tuple[Report, ...], chosen: Report | None) -> None:
    if reports:
        options = {"": "none", **{r.name: r.name for r in reports}}
        with ui.element("div").classes("fields"):
            Choice(
                "Saved report",
                options,
                chosen.name if chosen else "",
                lambda name: ui.navigate.to(address(PATH, domain=domain, report=name)),
            )
    if chosen:
        quiet(chosen.description)


def _first(lake: Lake, domain: str, report: Report | None, past: Past | None) -> str:
    """What stands in the field at first: what was chosen, else what was asked last."""
    if report or past:
        return report.sql if report else past.sql if past else ""
    last = lake.asked.get(KEY)
    return last.sql if last and last.domain == domain else ""


class _Statement:
    """The field of the statement. It is the browser's: nothing that the page shows anew changes it."""

    problems: ui.element

    def __init__(self, lake: Lake, domain: str, text: str) -> None:
        self._lake, self._domain, self._text = lake, domain, text
        with ui.element("label").classes("field sql"):
            TextElement(tag="span", text="SQL")
            field = TextElement(tag="textarea", text=text)
            field.props("rows=5 spellcheck=false autocapitalize=off autocomplete=off")
            field.on("change", self._fill, js_handler=VALUE)
            field.on("keydown.ctrl.enter", self._fill_and_run, js_handler=VALUE)

    def _fill(self, event: GenericEventArguments) -> None:
        self._text = str(event.args)

    def _fill_and_run(self, event: GenericEventArguments) -> None:
        self._fill(event)
        self.run()

    def run(self) -> None:
        self.problems.clear()
        try:
            ask(self._lake, KEY, self._domain, self._text, noted=True)
        except LakeError as error:
            with self.problems:
                problem(error.text, error.do)


def _show_history(lake: Lake) -> None:
    heading("Asked before")
    past = lake.history.newest_first()[:SHOWN_PAST]
    if not past:
        quiet("Nothing yet. What is asked is kept here, without what was answered.")
        return
    rows(
        f"The newest statements, {SHOWN_PAST} at most",
        ("asked, UTC", "domain", "statement", "rows", "seconds"),
        [_line(each) for each in past],
    )
    again = "kept until the console ends" if lake.env else "kept in the lake's own folder"
    quiet(f"What was asked is {again}, without what was answered.")


def _line(past: Past) -> tuple[object, ...]:
    text = " ".join(past.sql.split())
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    to = link(moment(past.at), address(PATH, domain=past.domain, past=past.at))
    found = "failed" if past.rows is None else past.rows
    return to, past.domain, element("code", shown), found, f"{past.seconds:.1f}"


PAGE = Page(PATH, "Query", build)
