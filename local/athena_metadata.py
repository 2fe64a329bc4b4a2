"""What Athena tells of tables, from the Glue catalog: SHOW, DESCRIBE and information_schema.

Columns of the answers are named and typed as Athena does (Athena SQL reference, "DDL statements", and Trino's
information_schema).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from local.errors import LakeError

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import TableTypeDef

CATALOG = "awsdatacatalog"
INFORMATION_SCHEMA = "information_schema"
VIEWS = {
    "schemata": ("catalog_name", "schema_name"),
    "tables": ("table_catalog", "table_schema", "table_name", "table_type"),
    "columns": (
        *("table_catalog", "table_schema", "table_name", "column_name", "ordinal_position"),
        *("column_default", "is_nullable", "data_type", "comment"),
    ),
}
TRINO_TYPES = {"string": "varchar", "int": "integer", "float": "real", "binary": "varbinary"}
NAME = r"[`\"]?([a-zA-Z_]\w*)[`\"]?"
STATEMENTS = {
    "tables": re.compile(rf"show\s+tables(?:\s+(?:in|from)\s+{NAME})?(?:\s+(?:like\s+)?'([^']*)')?", re.I),
    "databases": re.compile(r"show\s+(?:databases|schemas)()(?:\s+(?:like\s+)?'([^']*)')?", re.I),
    "columns": re.compile(
        rf"show\s+columns\s+(?:in|from)\s+(?:{NAME}\s*\.\s*)?{NAME}(?:\s+(?:in|from)\s+{NAME})?", re.I
    ),
    "describe": re.compile(rf"(?:describe|desc)\s+(?:{NAME}\s*\.\s*)?{NAME}", re.I),
}


class UnknownStatementError(LakeError):
    """A statement about tables that only Athena itself answers, or that does not say of what."""


@dataclass(frozen=True)
class MetadataStatement:
    """`kind`: one of STATEMENTS. `database` as written; `name`: a table, or the pattern of names to show."""

    kind: str
    database: str | None = None
    name: str | None = None

    @property
    def sql(self) -> str:
        """As Athena takes it."""
        match self.kind:
            case "tables":
                return f"SHOW TABLES IN `{self.database}`" + (f" '{self.name}'" if self.name else "")
            case "databases":
                return "SHOW DATABASES" + (f" LIKE '{self.name}'" if self.name else "")
            case "columns":
                return f"SHOW COLUMNS IN `{self.database}`.`{self.name}`"
        return f"DESCRIBE `{self.database}`.`{self.name}`"


def metadata_statement(text: str, resolve: Callable[[str], str]) -> MetadataStatement | None:
    """The statement with its database resolved, also where it names none; None for any other.

    Raises UnknownStatementError for one that is not answered here.
    """
    statement = text.strip().rstrip(";").strip()
    if not re.match(r"(show|describe|desc)\b", statement, re.I):
        return None
    for kind, pattern in STATEMENTS.items():
        if found := pattern.fullmatch(statement):
            parts = list(found.groups())
            database = parts.pop() or parts[0] if kind == "columns" else parts[0]
            if kind == "databases":
                return MetadataStatement(kind, None, parts[1])
            if not (resolved := resolve((database or "").lower())):
                raise UnknownStatementError("of which database?", f"say silver or gold: {_example(kind)}")
            return MetadataStatement(kind, resolved, parts[1])
    raise UnknownStatementError(
        f"{' '.join(statement.split()[:2])}: expected SHOW TABLES IN silver, SHOW COLUMNS IN silver.<table>,"
        " SHOW DATABASES or DESCRIBE silver.<table>; other statements about tables work in Athena's own"
        " console",
        "write one of these",
    )


def _example(kind: str) -> str:
    return {"tables": "SHOW TABLES IN silver", "columns": "SHOW COLUMNS IN silver.<table>"}.get(
        kind, "DESCRIBE silver.<table>"
    )


def answer(glue: GlueClient, asked: MetadataStatement) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Names of the columns, and rows. Raises UnknownStatementError for what is not there."""
    if asked.kind == "databases":
        return ("database_name",), [(n,) for n in _databases(glue) if _matches(n, asked.name)]
    tables = {t["Name"]: t for t in _tables(glue, asked.database or "")}
    if asked.kind == "tables":
        return ("tab_name",), [(n,) for n in sorted(tables) if _matches(n, asked.name)]
    table = tables.get((asked.name or "").lower())
    if table is None:
        raise UnknownStatementError(
            f"there is no table {asked.database}.{asked.name}; there are:"
            f" {', '.join(sorted(tables)) or 'none yet'}",
            "name one of these; ./lake run DOMAIN makes those of a contract",
        )
    if asked.kind == "columns":
        return ("field",), [(c["Name"],) for c in _columns(table)]
    return ("col_name", "data_type", "comment"), [
        (c["Name"], c.get("Type", ""), c.get("Comment", "")) for c in _columns(table)
    ]


def view(glue: GlueClient, name: str) -> pa.Table:
    """A table of information_schema. Raises UnknownStatementError for one that is not answered here."""
    if name not in VIEWS:
        raise UnknownStatementError(
            f"{INFORMATION_SCHEMA} has {', '.join(VIEWS)} here, not {name}", "name one of these"
        )
    rows = list({"schemata": _schemata, "tables": _listed, "columns": _typed}[name](glue))
    types = {"ordinal_position": pa.int64()}
    schema = pa.schema([(c, types.get(c, pa.string())) for c in VIEWS[name]])
    return pa.table(
        [list(column) for column in zip(*rows, strict=True)] or [[] for _ in schema], schema=schema
    )


def _schemata(glue: GlueClient) -> Iterator[tuple[Any, ...]]:
    yield from ((CATALOG, name) for name in (*_databases(glue), INFORMATION_SCHEMA))


def _listed(glue: GlueClient) -> Iterator[tuple[Any, ...]]:
    for database in _databases(glue):
        for table in _tables(glue, database):
            kind = "VIEW" if table.get("TableType") == "VIRTUAL_VIEW" else "BASE TABLE"
            yield CATALOG, database, table["Name"], kind


def _typed(glue: GlueClient) -> Iterator[tuple[Any, ...]]:
    for database in _databases(glue):
        for table in _tables(glue, database):
            iceberg = table.get("Parameters", {}).get("table_type", "").upper() == "ICEBERG"
            for position, column in enumerate(_columns(table), 1):
                kind = _trino(column.get("Type", ""), iceberg=iceberg)
                comment = column.get("Comment") or None
                yield CATALOG, database, table["Name"], column["Name"], position, None, "YES", kind, comment


def _trino(hive: str, *, iceberg: bool) -> str:
    """Athena's name of a type; an Iceberg time of Spark's has microseconds and a zone."""
    if nested := re.fullmatch(r"(array|map)<(.*)>", hive):
        parts = (nested[2],) if nested[1] == "array" else nested[2].split(",", 1)
        return f"{nested[1]}({', '.join(_trino(p, iceberg=iceberg) for p in parts)})"
    if hive == "timestamp":
        return "timestamp(6) with time zone" if iceberg else "timestamp(3)"
    return TRINO_TYPES.get(hive, hive)


def _databases(glue: GlueClient) -> list[str]:
    pages = glue.get_paginator("get_databases").paginate()
    return sorted(d["Name"] for page in pages for d in page["DatabaseList"])


def _tables(glue: GlueClient, database: str) -> list[TableTypeDef]:
    try:
        pages = list(glue.get_paginator("get_tables").paginate(DatabaseName=database))
    except glue.exceptions.EntityNotFoundException as error:
        raise UnknownStatementError(
            f"there is no database {database}", "./lake tables names what is there"
        ) from error
    return sorted((t for page in pages for t in page["TableList"]), key=lambda table: table["Name"])


def _columns(table: TableTypeDef) -> list[Mapping[str, Any]]:
    """Iceberg keeps dropped columns in the catalog, marked; a crawled table has its partitions apart."""
    every = [*table.get("StorageDescriptor", {}).get("Columns", ()), *table.get("PartitionKeys", ())]
    return [c for c in every if c.get("Parameters", {}).get("iceberg.field.current", "true") == "true"]


def _matches(name: str, pattern: str | None) -> bool:
    """Athena's patterns: `*` is any text, `|` separates alternatives."""
    if not pattern:
        return True
    each = (re.escape(p).replace(r"\*", ".*").replace("%", ".*") for p in pattern.split("|"))
    return any(re.fullmatch(p, name, re.I) for p in each)
