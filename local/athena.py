"""Athena SQL on the laptop: sqlglot translates it for DuckDB, pyiceberg reads the tables through the Glue
catalog.

DuckDB is not Trino. What has no counterpart is refused with its name; what DuckDB does not understand fails
with DuckDB's words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import sqlglot
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchTableError
from sqlglot import exp
from sqlglot.errors import ParseError, UnsupportedError

from local.errors import LakeError
from local.session import Session
from local.settings import ACCOUNT
from shared.names import DATA_ZONES, Names

# Both have them, and give something else: of bounds, of what is not found, and of nulls in a list.
OTHERWISE: dict[type[exp.Expression], str] = {
    exp.ArrayDistinct: "array_distinct",
    exp.ArrayExcept: "array_except",
    exp.ArrayIntersect: "array_intersect",
    exp.ArrayMax: "array_max",
    exp.ArrayMin: "array_min",
    exp.ArrayPosition: "array_position",
    exp.ArrayRemove: "array_remove",
    exp.ArraySlice: "slice",
}


class QueryError(LakeError):
    """A statement cannot be answered on the laptop."""


@dataclass(frozen=True)
class Answer:
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class TableName:
    """A table in a statement, and the name under which DuckDB sees it."""

    database: str
    table: str

    @property
    def view(self) -> str:
        return f"{self.database}__{self.table}"


@dataclass(frozen=True)
class Statement:
    """A translated statement and the tables that must be there before it runs."""

    sql: str
    tables: tuple[TableName, ...]


def run(session: Session, statement: str, domains: Sequence[str], domain: str | None = None) -> Answer:
    """Runs one SELECT. Raises QueryError naming what is wrong or missing."""
    translated = translate(statement, lambda name: database(session.names, name, domains, domain))
    connection = duckdb.connect()
    connection.execute("set integer_division=true; set default_null_order='nulls_last'; set timezone='UTC'")
    catalog = catalog_of(session)
    for table in translated.tables:
        connection.register(table.view, rows_of(catalog, table))
    try:
        result = connection.execute(translated.sql)
        return Answer(tuple(column[0] for column in result.description), result.fetchall())
    except duckdb.Error as error:
        raise QueryError(
            f"DuckDB, which stands in for Athena, cannot run this: {error}\ntranslated: {translated.sql}"
        ) from error


def translate(statement: str, resolve: Callable[[str], str]) -> Statement:
    """A statement in DuckDB's dialect; `resolve` turns a written database into a Glue database.

    Raises QueryError for what is no single SELECT, or needs what DuckDB lacks.
    """
    try:
        trees = sqlglot.parse(statement.strip().rstrip(";"), read="athena")
    except ParseError as error:
        raise QueryError(f"not a statement that Athena understands: {error}") from error
    if len(trees) != 1 or not isinstance(tree := trees[0], exp.Query):
        raise QueryError("one SELECT at a time: everything else is made by the jobs")
    if version := tree.find(exp.Version):
        raise QueryError(f"time travel ({version.sql()}) works in Athena only")
    if other := next((name for kind, name in OTHERWISE.items() if tree.find(kind)), None):
        raise QueryError(
            f"{other} gives something else in DuckDB, which stands in for Athena; it works in Athena only."
            " Here, UNNEST the list"
        )
    tables = dict.fromkeys(_replaced(table, resolve) for table in _tables(tree))
    try:
        sql = tree.sql(dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise QueryError(f"DuckDB, which stands in for Athena, lacks something: {error}") from error
    return Statement(sql, tuple(tables))


def database(names: Names, written: str, domains: Sequence[str], domain: str | None) -> str:
    """`silver` means the silver database of the domain asked for, or of the only one there is; a full name
    means itself. Raises QueryError when several domains could be meant.
    """
    if written not in DATA_ZONES:
        return written
    if domain is None and len(domains) != 1:
        example = names.database("<domain>", written)
        raise QueryError(
            f"`{written}` of which domain? Say --domain ({', '.join(domains)}), or write {example}"
        )
    return names.database(domain or domains[0], written)


def catalog_of(session: Session) -> Catalog:
    """The Glue catalog of an environment, as pyiceberg sees it."""
    properties = {"type": "glue", "client.region": session.names.region}
    if session.endpoint:
        keys = {"client.access-key-id": ACCOUNT, "client.secret-access-key": "local"}
        properties |= {
            "glue.endpoint": session.endpoint,
            "s3.endpoint": session.endpoint,
            "s3.force-virtual-addressing": "false",
            **keys,
        }
    return load_catalog("glue", **properties)


def rows_of(catalog: Catalog, table: TableName) -> Any:
    """All rows of an Iceberg table as of its current snapshot, deletes applied, as Arrow.

    Raises QueryError when there is no such table, or it is of another kind.
    """
    try:
        return catalog.load_table((table.database, table.table)).scan().to_arrow()
    except NoSuchTableError as error:
        raise QueryError(f"there is no table {table.database}.{table.table}") from error
    except NoSuchIcebergTableError as error:
        raise QueryError(
            f"{table.database}.{table.table} is not an Iceberg table; the laptop queries Iceberg tables only"
        ) from error


def _tables(tree: exp.Query) -> list[exp.Table]:
    ctes = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    return [t for t in tree.find_all(exp.Table) if t.name and (t.db or t.name not in ctes)]


def _replaced(table: exp.Table, resolve: Callable[[str], str]) -> TableName:
    if not table.db:
        raise QueryError(f"write {table.name} with its database: silver.{table.name} or gold.{table.name}")
    name = TableName(resolve(table.db), table.name.lower())
    if "$" in name.table:
        raise QueryError(f"metadata tables ({table.name}) work in Athena only")
    if not table.args.get("alias"):
        table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
    table.set("this", exp.to_identifier(name.view, quoted=True))
    table.set("db", None)
    table.set("catalog", None)
    return name
