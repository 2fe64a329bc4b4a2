"""Athena SQL on the laptop: sqlglot translates it for DuckDB, pyiceberg reads the tables through the Glue
catalog.

DuckDB is not Trino. What has no counterpart is refused with its name; what DuckDB does not understand fails
with DuckDB's words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import sqlglot
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchPropertyException, NoSuchTableError
from pyiceberg.table import Table
from sqlglot import exp
from sqlglot.errors import SqlglotError, UnsupportedError

from local.answer_limits import WHOLE, Limits, StoppedError, interruptible
from local.athena_files import PATH, rows_of_files
from local.athena_metadata import INFORMATION_SCHEMA, metadata_statement, view
from local.athena_metadata import answer as metadata_answer
from local.dialect import MACROS, QueryError, athena_names, plain, rewritten
from local.session import Session
from local.settings import ACCOUNT
from shared.names import DATA_ZONES, Names

AsOf = dt.datetime | int | None  # a moment, a snapshot's id, or now


class NotIcebergError(QueryError):
    """A table over files as they are."""


@dataclass(frozen=True)
class Answer:
    """`types`: DuckDB's, of a SELECT that it ran."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableName:
    """A table in a statement, and the name under which DuckDB sees it.

    `moment` and `version` are SQL: as of when, or the snapshot as of which it is meant; None: as it is now.
    """

    database: str
    table: str
    moment: str | None = None
    version: str | None = None

    @property
    def view(self) -> str:
        as_of = f"__as_of_{self.moment or self.version}" if self.moment or self.version else ""
        return f"{self.database}__{self.table}{as_of}"


@dataclass(frozen=True)
class Statement:
    """A translated statement and the tables that must be there before it runs.

    `like_tables`: columns that are called like a table; without such a column DuckDB would take its rows.
    """

    sql: str
    tables: tuple[TableName, ...]
    like_tables: frozenset[str]


def run(
    session: Session,
    statement: str,
    domains: Sequence[str],
    domain: str | None = None,
    usual: str | None = None,
    *,
    limits: Limits = WHOLE,
) -> Answer:
    """Runs one SELECT, or a statement about tables. `usual`: the database of tables that name none.

    Raises QueryError or UnknownStatementError naming what is wrong or missing, StoppedError where it was
    stopped.
    """

    def resolve(name: str) -> str:
        return database(session.names, name or usual or "", domains, domain)

    if asked := metadata_statement(statement, resolve):
        return Answer(*metadata_answer(session.client("glue"), asked))
    with executed(session, statement, resolve, limits) as result:
        names, types = zip(*((column[0], str(column[1])) for column in result.description), strict=True)
        rows = result.fetchall() if limits.rows is None else result.fetchmany(limits.rows)
        return Answer(athena_names(list(names)), rows, types)


@contextmanager
def executed(
    session: Session, statement: str, resolve: Callable[[str], str], limits: Limits = WHOLE
) -> Iterator[duckdb.DuckDBPyConnection]:
    """One SELECT, run; its rows are yet to be fetched. Raises QueryError, also while they are."""
    translated = translate(statement, resolve)
    connection, catalog = connected(), catalog_of(session)
    columns = set[str]()
    try:
        for table in translated.tables:
            limits.check()
            about_tables = table.database == INFORMATION_SCHEMA
            rows = (
                view(session.client("glue"), table.table)
                if about_tables
                else _rows(session, catalog, table, as_of(connection, table), path=PATH in statement)
            )
            connection.register(table.view, rows)
            columns.update(name.lower() for name in rows.schema.names)
        if lost := sorted(translated.like_tables - columns):
            raise QueryError(f"there is no column {lost[0]}", "`describe silver.TABLE` names the columns")
        with interruptible(connection, limits):
            yield connection.execute(translated.sql)
    except duckdb.InterruptException as error:
        raise StoppedError from error
    except duckdb.Error as error:
        raise QueryError(
            f"DuckDB, which stands in for Athena, cannot run this: {plain(error)}\ntranslated:"
            f" {plain(translated.sql)}",
            "write it otherwise, or ask a deployed environment: ./lake query --env NAME",
        ) from error


def connected() -> duckdb.DuckDBPyConnection:
    """A DuckDB that is set as Athena is, with what it lacks of Athena's functions."""
    connection = duckdb.connect()
    connection.execute("set integer_division=true; set default_null_order='nulls_last'; set timezone='UTC'")
    for macro in MACROS:
        connection.execute(macro)
    return connection


def as_of(connection: duckdb.DuckDBPyConnection, table: TableName) -> AsOf:
    """The moment or snapshot that a statement names, computed."""
    if written := table.moment or table.version:
        kind = "timestamptz" if table.moment else "bigint"
        [value] = connection.execute(f"select cast({written} as {kind})").fetchall()[0]
        return value  # type: ignore[no-any-return]
    return None


def translate(statement: str, resolve: Callable[[str], str]) -> Statement:
    """A statement in DuckDB's dialect; `resolve` turns a written database into a Glue database.

    Raises QueryError for what is no single SELECT, or needs what DuckDB lacks.
    """
    try:
        trees = sqlglot.parse(statement.strip().rstrip(";"), read="athena")
    except SqlglotError as error:
        raise QueryError(
            f"not a statement that Athena understands: {plain(error)}",
            "mend the statement: docs/howto/warehouse.md",
        ) from error
    if len(trees) != 1 or not isinstance(tree := trees[0], exp.Query):
        raise QueryError(
            "one SELECT at a time: everything else is made by the jobs",
            "give one SELECT; what changes tables is ./lake run",
        )
    tables = dict.fromkeys(_replaced(table, resolve) for table in _tables(tree))
    named = {t.alias_or_name.lower() for t in tree.find_all(exp.Table)}
    named -= {a.alias.lower() for a in tree.find_all(exp.Alias)}
    named -= {c.name.lower() for a in tree.find_all(exp.TableAlias) for c in a.columns}
    bare = {c.name.lower() for c in tree.find_all(exp.Column) if not c.table}
    try:
        sql = rewritten(tree).sql(dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise QueryError(
            f"DuckDB, which stands in for Athena, lacks something: {error}",
            "write it otherwise, or ask a deployed environment: ./lake query --env NAME",
        ) from error
    return Statement(sql, tuple(tables), frozenset(named & bare))


def database(names: Names, written: str, domains: Sequence[str], domain: str | None) -> str:
    """`silver` means the silver database of the domain asked for, or of the only one there is; a full name
    means itself. Raises QueryError when several domains could be meant.
    """
    if written not in DATA_ZONES:
        return written
    if domain is None and len(domains) != 1:
        example = names.database("<domain>", written)
        raise QueryError(
            f"`{written}` of which domain?", f"say --domain ({', '.join(domains)}), or write {example}"
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


def _rows(session: Session, catalog: Catalog, table: TableName, when: AsOf, *, path: bool) -> Any:
    """Of an Iceberg table, or of files as they are; these have no history."""
    try:
        return rows_of(catalog, table, when)
    except NotIcebergError:
        if when is not None:
            raise
    glue, s3 = session.client("glue"), session.client("s3")
    return rows_of_files(glue, s3, table.database, table.table, path=path)


def rows_of(catalog: Catalog, table: TableName, when: AsOf = None) -> Any:
    """All rows of an Iceberg table as of its current snapshot, or the one of a moment, or of an id, deletes
    applied, as Arrow.

    Raises QueryError when there is no such table or snapshot, or it is of another kind.
    """
    try:
        stored = catalog.load_table((table.database, table.table))
        return stored.scan(snapshot_id=None if when is None else _snapshot(stored, when)).to_arrow()
    except NoSuchTableError as error:
        raise QueryError(
            f"there is no table {table.database}.{table.table}",
            "./lake tables names those that are there; ./lake run DOMAIN makes them",
        ) from error
    except (NoSuchIcebergTableError, NoSuchPropertyException) as error:
        raise NotIcebergError(
            f"{table.database}.{table.table} is not an Iceberg table",
            "ask a deployed environment: ./lake query --env NAME",
        ) from error


def _snapshot(stored: Table, when: dt.datetime | int) -> int:
    snapshot = when if isinstance(when, int) else snapshot_at(stored, when)
    if snapshot is None or stored.snapshot_by_id(snapshot) is None:
        raise QueryError(
            f"{'.'.join(stored.name())} has no snapshot as of {when}",
            "take a later moment; ./lake tables says when each was last written",
        )
    return snapshot


def snapshot_at(table: Table, moment: dt.datetime) -> int | None:
    """The snapshot that was current at a moment, by the table's own log of snapshots; None
    before the first.
    """
    millis = int(moment.timestamp() * 1000)
    before = [e for e in table.history() if e.timestamp_ms <= millis]
    return max(before, key=lambda e: e.timestamp_ms).snapshot_id if before else None


def _tables(tree: exp.Query) -> list[exp.Table]:
    ctes = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    return [t for t in tree.find_all(exp.Table) if t.name and (t.db or t.name not in ctes)]


def _replaced(table: exp.Table, resolve: Callable[[str], str]) -> TableName:
    if not (resolved := resolve(table.db)):
        raise QueryError(
            f"{table.name} stands without its database", f"write silver.{table.name} or gold.{table.name}"
        )
    name = TableName(resolved, table.name.lower(), *_versions(table))
    if "$" in name.table:
        raise QueryError(
            f"metadata tables ({table.name}) work in Athena only",
            "ask them of a deployed environment: ./lake query --env NAME",
        )
    if not table.args.get("alias"):
        table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
    table.set("this", exp.to_identifier(name.view, quoted=True))
    table.set("db", None)
    table.set("catalog", None)
    table.set("version", None)
    return name


def _versions(table: exp.Table) -> tuple[str | None, str | None]:
    """What is said of time travel, as DuckDB's SQL: the moment and the snapshot."""
    version = table.args.get("version")
    if version is None:
        return None, None
    written = version.expression.sql(dialect="duckdb")
    return (written, None) if version.name == "TIMESTAMP" else (None, written)
