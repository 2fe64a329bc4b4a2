"""`./lake replay`: quarantined files and rows go through again."""

from __future__ import annotations

import argparse

from cli.options import add_domain, add_env, add_json, date, lake_option
from cli.run_request import replay_request
from cli.verbs import run

EXAMPLE = "./lake replay logs --dataset ndjson --reason invalid_value --since 2026-01-01"
RESULT = run.RESULT


def configure(parser: argparse.ArgumentParser) -> None:
    add_domain(parser)
    parser.add_argument("--dataset", help="only what was dropped for this dataset")
    parser.add_argument("--reason", help="only what was quarantined for this reason")
    parser.add_argument("--since", type=date, help="only files that came on this day or later")
    add_env(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    chosen = (arguments.dataset, arguments.reason, arguments.since)
    return run.start_and_follow(arguments, replay_request(arguments.domain, lake_option(arguments), *chosen))
