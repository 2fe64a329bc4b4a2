"""A domain's reports on tables in DuckDB that hold literal rows."""

from __future__ import annotations

from typing import Any

import duckdb

from local.athena import connected, translate
from shared.contracts import contract
from shared.names import Names
from shared.reports import Report, reports_of

NAMES = Names("dev", "123456789012", "us-east-1")
DUCKDB_TYPES = {
    "string": "varchar",
    "double": "double",
    "map<string,bigint>": "map(varchar, bigint)",
    "array<string>": "varchar[]",
}
LINEAGE = {"_source_file": "varchar", "_ingested_at": "timestamp", "_run_id": "varchar"}


def database(domain: str) -> duckdb.DuckDBPyConnection:
    """Empty tables with the columns of a domain's contract, as the laptop's Athena names them."""
    connection = connected()
    for table in contract(domain).tables:
        types = {c.name: DUCKDB_TYPES.get(c.type, c.type) for c in table.columns} | (
            LINEAGE if table.zone == "silver" else {}
        )
        columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
        connection.execute(f'create table "{NAMES.database(domain, table.zone)}__{table.name}" ({columns})')
    return connection


def answer(connection: duckdb.DuckDBPyConnection, report: Report) -> list[dict[str, Any]]:
    """A report's rows, by the laptop's translation of Athena's SQL."""
    found = connection.execute(translate(report.qualified(NAMES), lambda written: written).sql)
    names = [c[0] for c in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def fill(
    connection: duckdb.DuckDBPyConnection, domain: str, table: str, columns: str, rows: list[tuple[Any, ...]]
) -> None:
    """Puts rows into a table, named `gold.daily_revenue`."""
    zone, _, name = table.partition(".")
    marks = ", ".join("?" * len(rows[0]))
    connection.executemany(
        f'insert into "{NAMES.database(domain, zone)}__{name}" ({columns}) values ({marks})', rows
    )


def report_of(domain: str, name: str) -> Report:
    return next(r for r in reports_of(domain) if r.name == name)
