"""`./lake run`: a domain's pipeline."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from typing import Any

from cli import runs
from cli.options import add_domain, add_env, add_json, date
from cli.targets import target as target_of
from local.console import fail, progress, say, write_json

EXAMPLE = (
    "./lake run ecommerce --from-date 2026-01-01 --to-date 2026-01-07     # without dates: everything pending"
)


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
    add_env(parser)
    add_json(parser)


def request(arguments: argparse.Namespace) -> dict[str, Any]:
    """The state machine's input: what was asked for and nothing else."""
    dates = {
        name: value.isoformat()
        for name in ("from_date", "to_date")
        if (value := getattr(arguments, name)) is not None
    }
    return {
        **dates,
        **{name: True for name in ("full_refresh", "accept_gate", "maintenance") if getattr(arguments, name)},
    }


def execute(arguments: argparse.Namespace) -> int:
    return start_and_follow(arguments, request(arguments))


def start_and_follow(arguments: argparse.Namespace, request: dict[str, Any]) -> int:
    """Starts a run with an input and follows it; needs domain, env and json among the arguments."""
    target, began = target_of(arguments.env), time.monotonic()
    run_id = runs.start(target, arguments.domain, request)
    say(f"run {run_id} of {arguments.domain}, input {json.dumps(request)}")
    with progress(f"run {run_id}", None):
        outcome = runs.follow(
            target,
            arguments.domain,
            run_id,
            lambda state: say(f"  {time.monotonic() - began:6.1f} s  {state}"),
        )
    write_json(arguments.json, asdict(outcome))
    if not outcome.succeeded:
        return fail(str(outcome))
    say(str(outcome))
    return 0
