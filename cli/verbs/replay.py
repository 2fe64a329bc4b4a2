"""`./lake replay`: quarantined files and rows go through again."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Any

from cli.options import add_domain, add_env, add_json, date
from cli.verbs import run
from local.console import fail
from shared.contracts import contract
from shared.reasons import FileReason

EXAMPLE = "./lake replay logs --dataset ndjson --reason invalid_value --since 2026-01-01"


def configure(parser: argparse.ArgumentParser) -> None:
    add_domain(parser)
    parser.add_argument("--dataset", help="only what was dropped for this dataset")
    parser.add_argument("--reason", help="only what was quarantined for this reason")
    parser.add_argument("--since", type=date, help="only files that came on this day or later")
    add_env(parser)
    add_json(parser)


def request(arguments: argparse.Namespace) -> dict[str, Any]:
    """The state machine's input: replay true, or what was asked for."""
    selection = {
        name: str(value)
        for name in ("dataset", "reason", "since")
        if (value := getattr(arguments, name)) is not None
    }
    return {"replay": selection or True}


def execute(arguments: argparse.Namespace) -> int:
    datasets = [d.name for d in contract(arguments.domain).datasets]
    if arguments.dataset not in (None, *datasets):
        return fail(
            f"--dataset: {arguments.domain} has no dataset {arguments.dataset!r}; expected one of"
            f" {', '.join(datasets)}"
        )
    if arguments.since and arguments.since > dt.datetime.now(dt.UTC).date():
        return fail(f"--since: {arguments.since} is yet to come; nothing can have been quarantined since")
    reasons = (*FileReason, *contract(arguments.domain).row_reasons)
    if arguments.reason not in (None, *reasons):
        return fail(
            f"--reason: {arguments.reason!r} is not a reason of {arguments.domain}; expected one of"
            f" {', '.join(reasons)}"
        )
    return run.start_and_follow(arguments, request(arguments))
