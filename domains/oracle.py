"""DuckDB on a sample's clean truth: what all oracles begin with and end with."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb


def connected(truth: Path) -> duckdb.DuckDBPyConnection:
    """A connection in UTC, with a view of each Parquet file of the folder, or folder of such files, under its
    name.
    """
    con = duckdb.connect(config={"threads": 2})
    con.execute("set timezone = 'UTC'")
    for file in sorted(truth.glob("*.parquet")):
        con.execute(
            f"create view {file.stem} as select * from"
            f" read_parquet('{file}{'/**/*.parquet' if file.is_dir() else ''}')"
        )
    return con


def count(con: duckdb.DuckDBPyConnection, rows: str) -> int:
    """The number of rows of a table, or of a query in parentheses."""
    row = con.execute(f"select count(*) from {rows}").fetchone()
    return int(row[0]) if row else 0


def records(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """A query's rows as JSON can hold them: dates in ISO 8601, decimals as text."""
    result = con.execute(sql)
    names = [d[0] for d in result.description or ()]
    return [{n: _plain(v) for n, v in zip(names, row, strict=True)} for row in result.fetchall()]


def _plain(value: Any) -> Any:
    return (
        value.isoformat()
        if isinstance(value, dt.date)
        else str(value)
        if isinstance(value, Decimal)
        else value
    )
