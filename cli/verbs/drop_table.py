"""`./lake drop-table`: tables of the laptop's lake made anew."""

from __future__ import annotations

import argparse

from cli.options import add_domain, add_json, add_own_lake, lake_option
from cli.table_drops import drop_tables
from cli.targets import check_domain, current_target
from cli.verbs import run
from local.console import say

EXAMPLE = "./lake drop-table ecommerce gold.daily_revenue     # on AWS: docs/howto/evolve-a-table.md"
RESULT = run.RESULT


def configure(parser: argparse.ArgumentParser) -> None:
    add_domain(parser)
    parser.add_argument("tables", nargs="+", metavar="TABLE", help="of silver or gold: gold.daily_revenue")
    add_own_lake(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Drops the tables, then reads every accepted file again: what stands is never a part of the truth."""
    check_domain(arguments.domain, None, demo=arguments.demo)
    target = current_target(None, demo=arguments.demo)
    drop_tables(target, arguments.domain, arguments.tables, lake_option(arguments))
    say(f"dropped {', '.join(arguments.tables)}; a full refresh makes anew what the contract names")
    return run.start_and_follow(arguments, {"full_refresh": True})
