"""`./lake tables`: what there is to query."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Any

from pyiceberg.catalog import Catalog

from cli.options import add_domain, add_env, add_json, lake_option
from cli.targets import target as target_of
from local import athena
from local.console import print_table, say, write_json
from shared.contracts import Table, contract, domains

EXAMPLE = "./lake tables ecommerce"
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
        report[domain] = [_row(catalog, target.names.database(domain, t.zone), t) for t in tables]
        rows = [tuple("-" if row[c] is None else row[c] for c in COLUMNS) for row in report[domain]]
        print_table(domain, COLUMNS, rows)
    domain, named = next(((d, rows[0]["table"]) for d, rows in report.items() if rows), ("", ""))
    lake = lake_option(arguments)
    say(f'columns of a table: ./lake query{lake} --domain {domain} "describe {named}"')
    write_json(arguments.json, report)
    return 0


def _row(catalog: Catalog, database: str, table: Table) -> dict[str, Any]:
    """What the contract says of a table, and the catalog; no run may have made it yet."""
    known: dict[str, Any] = {
        "table": f"{table.zone}.{table.name}",
        "kind": table.kind,
        "key": ", ".join(table.primary_key),
        "description": table.description,
        "rows": None,
        "last written": None,
    }
    if not catalog.table_exists((database, table.name)):
        return known
    stored = catalog.load_table((database, table.name))
    snapshot = stored.current_snapshot()
    return {
        **known,
        "rows": stored.scan().count(),
        "last written": _moment(snapshot.timestamp_ms) if snapshot else None,
    }


def _moment(milliseconds: int) -> str:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC).isoformat(timespec="seconds")
