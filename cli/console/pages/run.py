"""One run, live: its states, what it did to rows, and why it failed."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from functools import cache

from cli import runs as domain_runs
from cli.catalogue_page.markup import Html, element
from cli.console.controls import button
from cli.console.page import Page, Visit, address
from cli.console.parts import badge, heading, html, link, moment, problem, quiet, rows
from cli.console.section import Section
from cli.console.starting import RUN_PATH
from cli.console.work import begin
from cli.run_view import RunView, run_view
from cli.shown_summary import cost_line, fates
from local.settings import ROOT
from shared.ledger.model import RowCounts

DEFINITION = ROOT / "stacks" / "pipelines" / "domain.asl.json"
JOB = "glue:startJobRun.sync"
WORDS = re.compile("[A-Z][a-z]+")
SILVER, GOLD = "BronzeToSilver", "SilverToGold"


def build(visit: Visit) -> None:
    lake, domain, run_id = visit.lake, visit.domain, visit.asked.get("run", "")
    overview = link(f"Runs of {domain}", address("/runs", domain=domain))
    html(element("p", element("code", run_id), " · ", overview))
    Section(
        lake,
        lambda session: run_view(session, domain, run_id, lake.option),
        _shown(visit, domain),
        every=lake.seconds,
        until=lambda view: not view.goes_on,
    )


def _shown(visit: Visit, domain: str) -> Callable[[RunView], None]:
    def show(view: RunView) -> None:
        _head(visit, domain, view)
        heading("States")
        html(element("ol", *(_state(view, name) for name in _states(view)), class_="states"))
        _show_rows(view)
        _show_failure(view)

    return show


def _head(visit: Visit, domain: str, view: RunView) -> None:
    run = view.run
    lasted = f"{((run.ended or dt.datetime.now(dt.UTC)) - run.started).total_seconds():.0f} s"
    shown = f" began {moment(run.started.isoformat())} UTC" + (f", took {lasted}" if run.ended else "")
    asked = element("code", json.dumps(view.request))
    html(element("p", badge(run.status), shown, ", input ", asked, role="status"))
    if view.goes_on:
        button("Stop this run", lambda: _stop(visit, domain, run.run_id))


def _stop(visit: Visit, domain: str, run_id: str) -> None:
    def job(_: object) -> str:
        visit.lake.answer(lambda session: domain_runs.stop(session, domain, run_id))
        return ""

    begin(visit.lake, f"Stopping run {run_id}", job)


@cache
def _jobs() -> dict[str, str]:
    """The stages of the states that run a job, in the order of the state machine: what people know of it."""
    states = json.loads(DEFINITION.read_text("utf-8"))["States"]
    names = {n: s["Arguments"]["JobName"] for n, s in states.items() if s.get("Resource", "").endswith(JOB)}
    return {name: "-".join(WORDS.findall(job.removesuffix("Job}"))).lower() for name, job in names.items()}


def _states(view: RunView) -> list[str]:
    """Those that the run entered, in that order, and of a run that goes on the jobs that may follow."""
    entered = list(dict.fromkeys(step.name for step in view.steps))
    jobs = list(_jobs())
    seen = [i for i, name in enumerate(jobs) if name in entered]
    ahead = jobs[max(seen, default=0) + 1 :] if view.goes_on else ()
    return [*entered, *(name for name in ahead if name not in entered)]


def _state(view: RunView, name: str) -> Html:
    own = [step for step in view.steps if step.name == name]
    status = _status(view, own)
    took = sum(step.seconds or 0 for step in own)
    seconds = f" {took:.1f} s" if own and own[-1].seconds is not None else ""
    times = f" ({len(own)} times)" if len(own) > 1 else ""
    kind = "job" if name in _jobs() else "passing"
    label = element("strong", name) if kind == "job" else name
    return element(
        "li",
        label,
        " ",
        badge(status),
        f"{seconds}{times}",
        *_of_state(view, name),
        class_=f"{kind} {status}",
    )


def _status(view: RunView, own: list[domain_runs.Step]) -> str:
    if not own:
        return "ahead"
    if own[-1].seconds is not None:
        return "done"
    return "running" if view.goes_on else "failed"


def _of_state(view: RunView, name: str) -> Iterator[Html]:
    """What a state did to rows, and what it cost."""
    if name == SILVER:
        for result in view.results:
            yield element("div", f"{result.dataset}: {_fates(result.rows)}", class_="quiet")
    if name == GOLD and view.summary:
        for changed in view.summary.gold:
            text = f"{changed.table}: {changed.before:,} → {changed.after:,} rows"
            yield element("div", text, class_="quiet")
    for job in view.summary.cost.jobs if view.summary else ():
        if job.stage == _jobs().get(name):
            text = f"{job.usd:.4f} USD: {job.dpu_hours:.3f} DPU-hours"
            yield element("div", text, class_="quiet")


def _fates(counts: RowCounts) -> str:
    return ", ".join(f"{getattr(counts, fate):,} {fate}" for fate in fates(counts))


def _show_rows(view: RunView) -> None:
    if not view.results:
        quiet("No record was read." if not view.goes_on else "Rows appear when silver has ended.")
        return
    heading("Rows")
    named = fates(*(r.rows for r in view.results))
    lines = [(r.dataset, r.files, *(getattr(r.rows, f) for f in named)) for r in view.results]
    rows("Records by what became of them", ("dataset", "files", *named), lines)
    if (summary := view.summary) is None:
        return
    if summary.quarantined:
        bad = [(q.dataset, ", ".join(q.reasons), ", ".join(q.columns), q.rows) for q in summary.quarantined]
        rows("Quarantined rows by reason and column", ("dataset", "reasons", "columns", "rows"), bad)
    if summary.gold:
        changed = [(c.table, c.before, c.after, c.written) for c in summary.gold]
        rows("What changed in gold", ("table", "rows before", "rows now", "rows written"), changed)
    for finding in summary.findings:
        quiet(f"quality gate ({summary.gate}): {finding}")
    quiet(cost_line(summary))


def _show_failure(view: RunView) -> None:
    if not view.do or view.summary is None:
        return
    heading("Why it failed")
    problem(str(view.summary.outcome), view.do)
    if view.log:
        heading("Log of the failed job, its end", 3)
        html(element("pre", view.log, tabindex="0", role="region", aria_label="Log of the failed job"))


PAGE = Page(RUN_PATH, "Run", build, listed=False)
