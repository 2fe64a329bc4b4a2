"""Runs of a domain: those that were, and new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from cli import runs as domain_runs
from cli.catalogue_page.markup import element
from cli.console.controls import Check, Choice, Field, button
from cli.console.domains import choose_domain
from cli.console.lake import Lake
from cli.console.page import Page, Visit
from cli.console.parts import badge, empty, heading, html, link, moment, quiet, rows
from cli.console.section import Section
from cli.console.starting import run_address, start
from cli.console.work import Work, carry_out_and_show
from cli.redrive import redrive_newest
from cli.run_request import replay_request, run_request
from cli.targets import check_domain
from local.errors import LakeError
from local.session import Session
from shared.contracts import contract
from shared.ledger.model import RowCounts
from shared.reasons import FileReason

PATH = "/runs"
SHOWN = 10
Listed = tuple[domain_runs.Execution, RowCounts]


def build(visit: Visit) -> None:
    if not (domain := choose_domain(visit, PATH)):
        return
    lake = visit.lake
    heading("Runs")
    Section(lake, lambda s: _newest(s, domain), lambda found: _show(domain, found), every=lake.seconds)
    _start_form(lake, domain)
    _replay_form(visit, domain)
    heading("Go on after a failure")
    quiet("The newest run that failed since the last success goes on at the state that failed.")
    button("Redrive", lambda: _redrive(lake, domain))


def _newest(session: Session, domain: str) -> list[Listed]:
    found = domain_runs.newest(session, domain, SHOWN)
    return [(run, _rows(session, domain, run.run_id)) for run in found]


def _rows(session: Session, domain: str, run_id: str) -> RowCounts:
    return sum((result.rows for result in session.ledger.runs(domain, run_id)), RowCounts())


def _show(domain: str, found: Sequence[Listed]) -> None:
    if not found:
        empty(f"No run of {domain} yet.", "start one below; without files that wait it has nothing to do")
        return
    head = ("run", "status", "began, UTC", "seconds", "rows read", "written", "quarantined")
    rows(f"The newest runs, {SHOWN} at most", head, [_line(domain, *each) for each in found])


def _line(domain: str, run: domain_runs.Execution, counts: RowCounts) -> tuple[Any, ...]:
    lasted = round((run.ended - run.started).total_seconds()) if run.ended else None
    to = link(run.run_id, run_address(domain, run.run_id))
    began = moment(run.started.isoformat())
    return to, badge(run.status), began, lasted, counts.read, counts.written, counts.quarantined


def _start_form(lake: Lake, domain: str) -> None:
    heading("Start a run")
    quiet(
        "Without dates it takes everything that waits; with dates the files with events of these days again."
    )
    with ui.element("div").classes("fields"):
        first, last = Field("From date", "date"), Field("To date", "date")
        full, accept = Check("Full refresh"), Check("Accept what the quality gate found")
        upkeep = Check("Maintenance, no data")

    def request() -> dict[str, Any]:
        return run_request(
            domain,
            lake.option,
            from_date=first.date,
            to_date=last.date,
            full_refresh=full.value,
            accept_gate=accept.value,
            maintenance=upkeep.value,
        )

    button("Start run", lambda: start(lake, domain, request), main=True)


def _replay_form(visit: Visit, domain: str) -> None:
    lake, asked = visit.lake, visit.asked
    html(element("h2", "Replay", id="replay"))
    quiet("Quarantined files and rows are judged again, after a fix; what passes is loaded by the same run.")
    datasets = {"": "all", **{d.name: d.name for d in contract(domain).datasets}}
    reasons = {"": "all", **{r: r for r in (*FileReason, *contract(domain).row_reasons)}}
    with ui.element("div").classes("fields"):
        dataset = Choice("Dataset", datasets, asked.get("dataset", ""))
        reason = Choice("Reason", reasons, asked.get("reason", ""))
        since = Field("Came since", "date")

    def request() -> dict[str, Any]:
        return replay_request(domain, lake.option, dataset.value or None, reason.value or None, since.date)

    button("Replay", lambda: start(lake, domain, request))


async def _redrive(lake: Lake, domain: str) -> None:
    """As `./lake redrive --execution` does."""

    def job(work: Work) -> str:
        check_domain(domain, lake.env, demo=lake.demo)
        redriven = redrive_newest(lake.current(work), domain, lake.option)
        if redriven is None:
            step = f"./lake status {domain}{lake.option} has the last runs"
            raise LakeError(f"no run of {domain} has failed since the last success", step)
        return run_address(domain, redriven.run_id)

    await carry_out_and_show(lake, f"Redriving {domain}", job)


PAGE = Page(PATH, "Runs", build)
