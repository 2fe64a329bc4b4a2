"""`./lake query`: SQL on silver and gold."""

from __future__ import annotations

import argparse

from local import athena
from local.cli.options import add_env, add_json
from local.console import print_table, say, write_json
from local.remote_athena import run as run_on_aws
from local.session import session
from shared.contracts import domains

EXAMPLE = './lake query "select event_date, revenue from gold.daily_revenue order by 1"'
SHOWN_ROWS = 200


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sql", help="one SELECT in Athena's dialect; databases as silver, gold or in full")
    parser.add_argument("--domain", choices=domains(), help="whose silver and gold; needed only when there are several domains")
    add_env(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    target = session(arguments.env)
    query = athena.run if target.endpoint else run_on_aws
    answer = query(target, arguments.sql, domains(), arguments.domain)
    print_table("", answer.columns, answer.rows[:SHOWN_ROWS])
    if len(answer.rows) > SHOWN_ROWS:
        say(f"{SHOWN_ROWS} of {len(answer.rows):,} rows shown; --json FILE writes all")
    write_json(arguments.json, {"columns": answer.columns, "rows": answer.rows})
    return 0
