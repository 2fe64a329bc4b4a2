"""`./lake query`: SQL on silver and gold."""

from __future__ import annotations

import argparse

from cli.options import add_env, add_json
from cli.remote_athena import run as run_on_aws
from cli.targets import target as target_of
from local import athena
from local.athena import QueryError
from local.console import print_table, say, write_json
from shared.contracts import domains
from shared.reports import reports_of

EXAMPLE = './lake query --domain ecommerce "select date, total_revenue from gold.daily_revenue order by date"'
SHOWN_ROWS = 200


def configure(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "sql",
        nargs="?",
        help="one SELECT in Athena's dialect, DESCRIBE or SHOW; databases as silver, gold or in full",
    )
    what.add_argument(
        "--report",
        choices=sorted({r.name for d in domains() for r in reports_of(d)}),
        help="a report of the domain instead",
    )
    parser.add_argument(
        "--domain",
        choices=domains(),
        help="whose silver and gold; needed only when there are several domains",
    )
    add_env(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    target = target_of(arguments.env)
    query = athena.run if target.endpoint else run_on_aws
    sql, domain = (
        (arguments.sql, arguments.domain) if arguments.sql else _report(arguments.report, arguments.domain)
    )
    answer = query(target, sql, domains(), domain)
    print_table("", answer.columns, answer.rows[:SHOWN_ROWS])
    if len(answer.rows) > SHOWN_ROWS:
        say(f"{SHOWN_ROWS} of {len(answer.rows):,} rows shown; --json FILE writes all")
    write_json(arguments.json, {"columns": answer.columns, "rows": answer.rows})
    return 0


def _report(name: str, domain: str | None) -> tuple[str, str]:
    """A report's statement and the domain it is about."""
    matching = [r for d in domains() if domain in (None, d) for r in reports_of(d) if r.name == name]
    if len(matching) != 1:
        owners = ", ".join(d for d in domains() if any(r.name == name for r in reports_of(d)))
        raise QueryError(f"report {name} is of {owners}; say which with --domain")
    say(matching[0].description)
    return matching[0].sql, matching[0].domain
