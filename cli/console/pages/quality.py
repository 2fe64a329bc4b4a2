"""How good a dataset's records are: what became of them, rules, volumes, quarantined rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nicegui import ui

from cli import runs as domain_runs
from cli.catalogue_page.markup import Html, element, joined
from cli.console.chart import lines
from cli.console.controls import Choice
from cli.console.domains import choose_domain
from cli.console.flow import flow, sentence
from cli.console.page import Page, Visit, address
from cli.console.parts import badge, empty, heading, html, moment, quiet, rows
from cli.console.quarantined_rows import show_quarantine
from cli.console.section import Section
from cli.quality import Verdict, Volume, null_rates, verdicts, volumes
from cli.shown_summary import fates
from local.session import Session
from shared.contracts import Dataset, contract
from shared.ledger.model import RowCounts, RunResult
from shared.usual import WINDOW_DAYS

PATH = "/quality"
STYLE = Path(__file__).parents[1] / "answers.css"
SHOWN_RUNS = 10
SHOWN_DAYS = 56
Listed = tuple[domain_runs.Execution, tuple[RunResult, ...]]


@dataclass(frozen=True)
class Found:
    """The newest runs with what each did, and the one that is looked at; None where no run read a record."""

    runs: list[Listed]
    chosen: Listed | None


def build(visit: Visit) -> None:
    if not (domain := choose_domain(visit, PATH)):
        return
    lake, agreed = visit.lake, contract(domain)
    ui.add_css(STYLE.read_text("utf-8"))
    datasets = {d.name: d for d in agreed.datasets}
    name = visit.asked.get("dataset", "")
    dataset = datasets[name] if name in datasets else agreed.datasets[0]
    with ui.element("div").classes("fields"):
        Choice(
            "Dataset",
            {n: n for n in datasets},
            dataset.name,
            lambda chosen: ui.navigate.to(address(PATH, domain=domain, dataset=chosen)),
        )
    run_id = visit.asked.get("run", "")
    Section(
        lake, lambda s: _runs(s, domain, run_id), lambda f: _show_runs(f, dataset), every=5 * lake.seconds
    )
    Section(lake, lambda s: _volumes(s, dataset), lambda found: _show_volumes(dataset, found))
    show_quarantine(visit, dataset)


def _runs(session: Session, domain: str, run_id: str) -> Found:
    executions = domain_runs.newest(session, domain, SHOWN_RUNS)
    found = [(e, tuple(session.ledger.runs(domain, e.run_id))) for e in executions]
    named = [each for each in found if each[0].run_id == run_id]
    return Found(found, next((each for each in (*named, *found) if each[1]), None))


def _show_runs(found: Found, dataset: Dataset) -> None:
    if found.chosen is None:
        empty(
            f"No run of {dataset.domain} has read a record yet.",
            f"./lake run {dataset.domain}, or the page Runs, when files wait",
        )
        return
    run, results = found.chosen
    heading("What became of the records")
    quiet(f"Run {run.run_id}, {moment(run.started.isoformat())} UTC, {run.status.lower()}.")
    own = next((r for r in results if r.dataset == dataset.name), None)
    if own is None:
        quiet(f"It read no record of {dataset.name}.")
    else:
        html(flow(own.rows, f"Records of {dataset.name}"))
    shown = fates(*(r.rows for r in results))
    head = ("dataset", "files", *(fate if fate != "read" else "received" for fate in shown), "sum")
    rows("Records by what became of them", head, [_line(r, shown) for r in results])
    if own is not None:
        _show_rules(dataset, own)
        _show_nulls(own)
    heading("Runs before")
    named = [_run(dataset, run, of, chosen=run == found.chosen[0]) for run, of in found.runs]
    head = ("run", "status", "quality gate", "received", "quarantined", "balance")
    rows(f"The newest runs, {SHOWN_RUNS} at most; each leads to its figures", head, named)


def _line(result: RunResult, named: Sequence[str]) -> tuple[Any, ...]:
    counts = result.rows
    numbers = [getattr(counts, fate) for fate in named]
    return result.dataset, result.files, *numbers, badge("balanced" if counts.balanced else "not balanced")


def _run(
    dataset: Dataset, run: domain_runs.Execution, results: Sequence[RunResult], *, chosen: bool
) -> tuple[Any, ...]:
    total = sum((r.rows for r in results), RowCounts())
    to = address(PATH, domain=dataset.domain, dataset=dataset.name, run=run.run_id)
    name = element("a", run.run_id, href=to, aria_current="true" if chosen else None)
    gate = max((r.gate for r in results), key=("pass", "warn", "halt").index, default="")
    return name, badge(run.status), gate, total.read, total.quarantined, sentence(total) if total.read else ""


def _show_rules(dataset: Dataset, result: RunResult) -> None:
    heading("Rules")
    if result.reasons:
        lines_ = sorted(result.reasons.items(), key=lambda pair: (-pair[1], pair[0]))
        rows("Records that broke a rule, by reason; one may break several", ("reason", "records"), lines_)
    else:
        quiet("No record broke a rule in this run.")
    found = verdicts(dataset, result)
    if not found:
        quiet("The contract names no threshold.")
        return
    head = ("figure", "verdict", "value", "at most", "otherwise")
    rows("Thresholds of the quality gate, and how this run stands", head, [_verdict(v) for v in found])
    for finding in result.gate_findings:
        quiet(f"Quality gate ({result.gate}): {finding}")


def _verdict(found: Verdict) -> tuple[Any, ...]:
    value = "" if found.value is None else f"{found.value:g}"
    return found.metric, badge(found.word), value, f"{found.maximum:g}", found.action


def _show_nulls(result: RunResult) -> None:
    heading("Null rates")
    rates = null_rates(result)
    if not rates:
        quiet("No good record was read in this run.")
        return
    caption = "Share of good records without a value, by column"
    rows(caption, ("column", "without a value"), [(c, _share(rate)) for c, rate in rates.items()])


def _share(rate: float) -> Html:
    bar = element("span", class_="share", style=f"width: {100 * rate:.1f}px", aria_hidden="true")
    return joined([f"{rate:.1%} ", bar])


def _volumes(session: Session, dataset: Dataset) -> list[Volume]:
    since = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=SHOWN_DAYS + WINDOW_DAYS)
    return volumes(session.ledger.days(dataset.domain, dataset.name, since), SHOWN_DAYS)


def _show_volumes(dataset: Dataset, found: Sequence[Volume]) -> None:
    heading("Volumes over time")
    if not found:
        quiet("No complete day is known yet: days are counted by the first run after they ended (UTC).")
        return
    if not any(v.low is not None for v in found):
        quiet("What is usual is not known yet: four equal weekdays with files are needed.")
    series: dict[str, list[float | None]] = {
        "rows": [v.rows for v in found],
        "usual from": [v.low for v in found],
        "usual to": [v.high for v in found],
    }
    days = [v.date.isoformat() for v in found]
    lines(f"rows of {dataset.name} a day, and what is usual", "line", days, series, dashed=2)
    head = ("day", "files", "rows", "usual on that weekday", "")
    caption = f"Days on which files of {dataset.name} came, the newest first"
    rows(caption, head, [_day(v) for v in reversed(found)])


def _day(found: Volume) -> tuple[Any, ...]:
    band = "not known yet" if found.low is None else f"{found.low:,} to {found.high:,}"
    return found.date.isoformat(), found.files, found.rows, band, badge("unusual") if found.unusual else ""


PAGE = Page(PATH, "Quality", build)
