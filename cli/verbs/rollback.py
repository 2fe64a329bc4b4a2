"""`./lake rollback`: undoes what runs wrote since a moment."""

from __future__ import annotations

import argparse
import datetime as dt
from dataclasses import asdict

from cli.options import add_domain, add_env, add_json, lake_option
from cli.rollback import roll_back
from cli.targets import target as target_of
from local.console import print_table, say, write_json

EXAMPLE = "./lake rollback search --to 2026-11-20T23:00:00"
RESULT = {"tables": "of each: table, outcome, left and restored (ids of snapshots)"}


def configure(parser: argparse.ArgumentParser) -> None:
    add_domain(parser)
    parser.add_argument(
        "--to",
        type=_moment,
        required=True,
        help="the moment, UTC, for instance just before the bad run began",
    )
    add_env(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    tables = roll_back(target_of(arguments.env, demo=arguments.demo), arguments.domain, arguments.to)
    columns = ("table", "outcome", "left", "restored")
    rows = [
        (r.table, r.outcome, *("" if s is None else str(s) for s in (r.left, r.restored))) for r in tables
    ]  # ids as SQL takes them
    print_table(f"{arguments.domain}: as of {arguments.to:%Y-%m-%d %H:%M:%S} UTC", columns, rows)
    again = f"./lake run {arguments.domain}{lake_option(arguments)} --full-refresh"
    say(f"after the fix: `{again}` reads every accepted file again")
    write_json(arguments.json, {"tables": [asdict(r) for r in tables]})
    return 0


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected YYYY-MM-DDTHH:MM:SS, found {text!r}") from error
    moment = moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    if moment > dt.datetime.now(dt.UTC):
        raise argparse.ArgumentTypeError(f"{text} is yet to come (UTC); expected a moment of the past")
    return moment
