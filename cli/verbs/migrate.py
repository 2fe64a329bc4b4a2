"""`./lake migrate`: all tables of a domain in the laptop's lake made anew, as the contract says now."""

from __future__ import annotations

import argparse

from cli.options import add_domain, add_json, add_own_lake, lake_option
from cli.table_drops import drop_tables, stored_tables
from cli.targets import check_domain, current_target
from cli.verbs import run
from local.console import say

EXAMPLE = (
    "./lake migrate ecommerce     # after a change of types, keys or partitions; on AWS:"
    " docs/howto/evolve-a-table.md"
)


def configure(parser: argparse.ArgumentParser) -> None:
    add_domain(parser)
    add_own_lake(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Drops every table of silver and gold, then reads every accepted file again."""
    check_domain(arguments.domain, None, demo=arguments.demo)
    target = current_target(None, demo=arguments.demo)
    tables = stored_tables(target, arguments.domain)
    drop_tables(target, arguments.domain, tables, lake_option(arguments))
    say(f"dropped {len(tables)} tables; a full refresh makes anew what the contract names")
    return run.start_and_follow(arguments, {"full_refresh": True})
