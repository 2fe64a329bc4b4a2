"""`./lake query`: SQL on silver and gold."""

from __future__ import annotations

import argparse

from cli.answers import answer_of
from cli.options import add_env, add_json
from cli.targets import target as target_of
from local.console import print_rows, say, write_json
from local.dialect import QueryError
from shared.contracts import domains
from shared.reports import report_names, reports_of

EXAMPLE = './lake query --domain ecommerce "select date, total_revenue from gold.daily_revenue order by date"'
RESULT = {"columns": "their names", "rows": "all rows, each a list; what is no number or boolean is text"}
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
        choices=sorted({name for d in domains() for name in report_names(d)}),
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
    target = target_of(arguments.env, demo=arguments.demo)
    sql, domain = (
        (arguments.sql, arguments.domain)
        if arguments.report is None
        else _report(arguments.report, arguments.domain)
    )
    answer = answer_of(target, sql, domain)
    print_rows(answer.columns, answer.rows[:SHOWN_ROWS])
    if len(answer.rows) > SHOWN_ROWS:
        say(f"{SHOWN_ROWS} of {len(answer.rows):,} rows shown; --json FILE writes all")
    write_json(arguments.json, {"columns": answer.columns, "rows": answer.rows})
    return 0


def _report(name: str, domain: str | None) -> tuple[str, str]:
    """A report's statement and the domain it is about."""
    owners = [d for d in domains() if name in report_names(d)]
    if len(chosen := [d for d in owners if domain in (None, d)]) != 1:
        raise QueryError(
            f"report {name} is of {', '.join(owners)}", f"./lake query --report {name} --domain {owners[0]}"
        )
    report = next(r for r in reports_of(chosen[0]) if r.name == name)
    say(report.description)
    return report.sql, report.domain
