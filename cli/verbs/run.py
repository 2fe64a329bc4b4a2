"""`./lake run`: a domain's pipeline."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from cli import runs, shown_summary
from cli.exits import Exit
from cli.options import add_domain, add_env, add_json, date, lake_option
from cli.run_request import run_request
from cli.summary import summary_of
from cli.targets import check_domain, current_target
from cli.targets import target as target_of
from local.console import fail, say, spinner, write_json
from local.errors import LakeError
from local.session import Session

EXAMPLE = (
    "./lake run ecommerce --from-date 2026-01-01 --to-date 2026-01-07     # without dates: everything pending"
)
RESULT = {
    "run_id": "with status, seconds, step, error and cause of the run",
    "steps": "states of the state machine: name, began, seconds",
    "rows": "by dataset: read, written, quarantined, deduplicated, replaced, expired; total: their sums",
    "files": "read, by dataset",
    "reasons": "of quarantine, by dataset",
    "quarantined": "rows of the run: dataset, reasons, columns, rows",
    "gold": "tables that changed: table, before, after, written",
    "gate": "pass, warn or halt; findings: why",
    "cost": "dpu_hours, usd, measured; jobs: stage, dpu_hours, usd of each that ran",
    "balanced": "whether each record has exactly one fate",
    "alarming": "datasets of which more than a fifth is in quarantine, with the share",
    "stopped": "--stop, and then alone: the runs that were stopped",
}


def configure(parser: argparse.ArgumentParser) -> None:
    add_domain(parser)
    parser.add_argument(
        "--from-date", type=date, help="process the files with events of these dates again (from, inclusive)"
    )
    parser.add_argument("--to-date", type=date, help="… to, inclusive")
    parser.add_argument(
        "--full-refresh", action="store_true", help="rebuild silver and gold from all accepted files"
    )
    parser.add_argument(
        "--accept-gate",
        action="store_true",
        help="open the quality gate, for what earlier runs and this one find",
    )
    parser.add_argument(
        "--maintenance",
        action="store_true",
        help="no data: compact the tables, forget old snapshots and orphaned files",
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--follow",
        nargs="?",
        const="",
        metavar="RUN",
        help="start nothing: follow the run that goes on, or the one with this id",
    )
    instead.add_argument("--stop", action="store_true", help="start nothing: stop the runs that go on")
    add_env(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    asked = run_request(
        arguments.domain,
        lake_option(arguments),
        from_date=arguments.from_date,
        to_date=arguments.to_date,
        full_refresh=arguments.full_refresh,
        accept_gate=arguments.accept_gate,
        maintenance=arguments.maintenance,
    )
    if asked and (arguments.stop or arguments.follow is not None):
        raise LakeError(
            "--follow and --stop start no run, so they go with no other option of a run",
            "leave one of them out",
        )
    if arguments.stop:
        return _stop(arguments)
    if arguments.follow is not None:
        return _follow_existing(arguments)
    return start_and_follow(arguments, asked)


def start_and_follow(arguments: argparse.Namespace, request: dict[str, Any]) -> int:
    """Starts a run with an input and follows it; needs domain, env, demo and json among the arguments."""
    check_domain(arguments.domain, arguments.env, demo=arguments.demo)
    target = current_target(arguments.env, demo=arguments.demo)
    run_id = runs.start(target, arguments.domain, request)
    say(f"run {run_id} of {arguments.domain}, input {json.dumps(request)}")
    return follow_to_end(target, arguments, run_id)


def _follow_existing(arguments: argparse.Namespace) -> int:
    target = target_of(arguments.env, demo=arguments.demo)
    going_on = runs.running(target, arguments.domain)
    status = f"./lake status {arguments.domain}{lake_option(arguments)}"
    if not (chosen := arguments.follow or next(iter(going_on), None)):
        raise LakeError(f"no run of {arguments.domain} goes on", f"{status} has the last")
    if chosen not in going_on and not runs.exists(target, arguments.domain, chosen):
        raise LakeError(f"{arguments.domain} has no run {chosen}", f"{status} has the last")
    return follow_to_end(target, arguments, chosen)


def _stop(arguments: argparse.Namespace) -> int:
    target = target_of(arguments.env, demo=arguments.demo)
    going_on = runs.running(target, arguments.domain)
    if not going_on:
        status = f"./lake status {arguments.domain}{lake_option(arguments)}"
        raise LakeError(f"no run of {arguments.domain} goes on", f"{status} has the last")
    for run_id in going_on:
        runs.stop(target, arguments.domain, run_id)
        say(f"stopped run {run_id}; the next run repairs what it left")
    write_json(arguments.json, {"stopped": going_on})
    return 0


def follow_to_end(
    target: Session, arguments: argparse.Namespace, run_id: str, more: Mapping[str, Any] | None = None
) -> int:
    """Follows a run and shows what it did; `more` goes into the machine's copy of that, too."""
    steps: list[runs.Step] = []
    try:
        with spinner(f"run {run_id}") as show:
            outcome = runs.follow(target, arguments.domain, run_id, show, lambda step: _tell(step, steps))
    except KeyboardInterrupt:
        return _goes_on(arguments, run_id)
    if outcome.succeeded:
        say(str(outcome))
    summary = summary_of(target, arguments.domain, outcome, steps)
    write_json(arguments.json, {**summary.document(), **(more or {})})
    return shown_summary.show(summary, arguments.domain, lake_option(arguments))


def _tell(step: runs.Step, steps: list[runs.Step]) -> None:
    steps.append(step)
    runs.tell(step)


def _goes_on(arguments: argparse.Namespace, run_id: str) -> int:
    """What an interruption leaves: this command ended, not the run."""
    command = f"./lake run {arguments.domain}{lake_option(arguments)}"
    fail(f"run {run_id} goes on: `{command} --follow` shows it again, `{command} --stop` ends it")
    return Exit.INTERRUPTED
