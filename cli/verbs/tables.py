"""`./lake tables`: what there is to query."""

from __future__ import annotations

import argparse
from typing import Any

from cli.options import add_domain, add_env, add_json, lake_option
from cli.stored_tables import StoredTable, stored_table
from cli.targets import target as target_of
from local import athena
from local.console import print_table, say, write_json
from shared.contracts import contract, domains

EXAMPLE = "./lake tables ecommerce"
RESULT = {"DOMAIN": "of each table: table, kind, key, description, rows, last written (null: not made yet)"}
COLUMNS = ("table", "kind", "key", "rows", "last written")


def configure(parser: argparse.ArgumentParser) -> None:
    add_domain(parser, optional=True)
    add_env(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    target = target_of(arguments.env, demo=arguments.demo)
    catalog = athena.catalog_of(target)
    report: dict[str, list[dict[str, Any]]] = {}
    for domain in (arguments.domain,) if arguments.domain else domains():
        tables = contract(domain).tables
        report[domain] = [
            _row(stored_table(catalog, target.names.database(domain, t.zone), t)) for t in tables
        ]
        rows = [tuple("-" if row[c] is None else row[c] for c in COLUMNS) for row in report[domain]]
        print_table(domain, COLUMNS, rows)
    domain, named = next(((d, rows[0]["table"]) for d, rows in report.items() if rows), ("", ""))
    lake = lake_option(arguments)
    say(f'columns of a table: ./lake query{lake} --domain {domain} "describe {named}"')
    write_json(arguments.json, report)
    return 0


def _row(table: StoredTable) -> dict[str, Any]:
    return {
        "table": table.table,
        "kind": table.kind,
        "key": table.key,
        "description": table.description,
        "rows": table.rows,
        "last written": table.written,
    }
