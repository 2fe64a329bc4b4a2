"""Quarantined rows of a dataset with their records as they were received, and a replay of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from cli.answers import answer_of
from cli.catalogue_page.markup import element
from cli.console.controls import Choice, button
from cli.console.lake import Lake
from cli.console.page import Visit, address
from cli.console.parts import heading, link, quiet, rows
from cli.console.section import Section
from cli.console.starting import start
from cli.masking import masked_record
from cli.run_request import replay_request
from cli.shown_summary import quarantine_select
from local.athena import catalog_of
from local.session import Session
from shared.contracts import Dataset, contract
from shared.quarantine import rows_table

PATH = "/quality"  # of the page that shows them


def show_quarantine(visit: Visit, dataset: Dataset) -> None:
    lake, reason = visit.lake, visit.asked.get("reason", "")
    known = contract(dataset.domain).row_reasons
    reason = reason if reason in known else ""
    heading("Quarantined rows")
    with ui.element("div").classes("fields"):
        Choice(
            "Reason",
            {"": "all", **{r: r for r in known}},
            reason,
            lambda chosen: ui.navigate.to(
                address(PATH, domain=dataset.domain, dataset=dataset.name, reason=chosen)
            ),
        )
    body = ui.element("div")

    def look() -> None:
        body.clear()
        with body:
            Section(lake, lambda s: _rejects(s, dataset, reason), lambda f: _show_rejects(lake, dataset, f))

    if lake.env:
        quiet("Athena is asked for them, which costs what it reads.")
        button("Show quarantined rows", look)
    else:
        look()
    quiet("After a fix of the contract or of its rules they can be judged again; what passes is loaded.")
    button(f"Replay {reason or 'all'} of {dataset.name}", lambda: _replay(lake, dataset, reason))


def _rejects(session: Session, dataset: Dataset, reason: str) -> list[tuple[Any, ...]]:
    """The first rows; none where no run has made their table."""
    domain = dataset.domain
    table = (session.names.database(domain, "quarantine"), rows_table(domain, dataset.name, dataset.layout))
    if not catalog_of(session).table_exists(table):
        return []
    return answer_of(session, quarantine_select(domain, dataset.name, reason), domain).rows


def _show_rejects(lake: Lake, dataset: Dataset, found: Sequence[tuple[Any, ...]]) -> None:
    if not found:
        quiet("None.")
        return
    if not lake.confidential:
        quiet("Values of confidential columns are hidden: Show confidential shows them.")
    head = ("reasons", "columns", "record as it was received", "file")
    rows(f"Quarantined rows of {dataset.name}, 20 at most", head, [_reject(lake, dataset, *r) for r in found])


def _reject(lake: Lake, dataset: Dataset, reasons: Any, columns: Any, raw: Any, file: Any) -> tuple[Any, ...]:
    record = str(raw) if lake.confidential else masked_record(str(raw), dataset)
    of_file = link(str(file), address("/file", domain=dataset.domain, key=str(file)))
    return _listed(reasons), _listed(columns), element("code", record), of_file


def _listed(names: Any) -> str:
    """A list, of Athena as a text with brackets."""
    return names.strip("[]") if isinstance(names, str) else ", ".join(names or ())


async def _replay(lake: Lake, dataset: Dataset, reason: str) -> None:
    """As `./lake replay` does."""
    domain = dataset.domain
    await start(lake, domain, lambda: replay_request(domain, lake.option, dataset.name, reason or None))
