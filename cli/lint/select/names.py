"""Whether the tables and columns that a SELECT names are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

ATHENA = "athena"
SPARK = "spark, normalization_strategy=case_sensitive"  # as the jobs set it: spark.sql.caseSensitive
Tables = Mapping[str, Mapping[str, str]]
"""`silver.events` → its columns with their types."""
Found = tuple[int, str]


def missing_tables(
    tree: exp.Expr, tables: Tables, zones: tuple[str, ...], *, others: bool
) -> Iterator[Found]:
    """`others`: tables of other databases than the zones are not looked at."""
    known_here = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        name = f"{table.db}.{table.name.partition('$')[0]}"
        if not table.name or (not table.db and table.name in known_here) or name in tables:
            continue
        if not table.db:
            written = " or ".join(f"{zone}.{table.name}" for zone in zones if zone in ("silver", "gold"))
            yield line(table), f"{table.name}: write it with its database, {written}"
        elif table.db in zones or not others:
            yield line(table), f"{name} is not a table of the contract ({', '.join(sorted(tables))})"


def qualified(tree: exp.Expr, tables: Tables, dialect: str, *, aliases: bool) -> exp.Expr:
    """The statement with the table before each column. `aliases`: names that it gives are put back where they
    are used, as Spark does it. Raises OptimizeError.
    """
    known: dict[str, Any] = {}
    for name, columns in tables.items():
        zone, _, table = name.partition(".")
        known.setdefault(zone, {})[table] = dict(columns)
    return qualify(
        tree,
        schema=MappingSchema(known, dialect=dialect),
        dialect=dialect,
        validate_qualify_columns=False,
        allow_partial_qualification=True,
        quote_identifiers=False,
        expand_stars=False,
        expand_alias_refs=aliases,
    )


def missing_columns(tree: exp.Expr, tables: Tables, dialect: str) -> Iterator[Found]:
    """Of a statement whose tables are there."""
    try:
        found = qualified(tree, tables, dialect, aliases=dialect != ATHENA)
    except OptimizeError as error:
        yield 0, str(error)
        return
    for scope in traverse_scope(found):
        for column in scope.columns:
            if reason := _unknown(column, scope, tables, dialect):
                yield line(column), reason


def _unknown(column: exp.Column, scope: Scope, tables: Tables, dialect: str) -> str | None:
    """Why a column of a statement is none; the statement's tables have all names by now.

    Of reports lineage is not looked at: the engine gives silver more columns than the contract
    has, all with `_` before them.
    """
    if column.name.startswith("_") and dialect == ATHENA:
        return None
    if not column.table:
        ordered = isinstance(column.find_ancestor(exp.Order, exp.Select), exp.Order)
        if ordered and column.name in _named_selects(scope):
            return None
        return f"{column.name!r} is a column of no table here"
    above: Scope | None = scope
    while above is not None and column.table not in above.sources:
        above = above.parent
    if above is None:
        return f"{column.sql(dialect)}: there is no table {column.table!r} here"
    source = above.sources[column.table]
    if isinstance(source, exp.Table):
        columns = [*tables.get(f"{source.db}.{source.name}", ())]
    else:
        columns = [] if source.expression.is_star else _named_selects(source)
    name, known = column.name, {*columns}
    if dialect == ATHENA:
        name, known = name.lower(), {c.lower() for c in columns}
    if not columns or name in known or isinstance(column.this, exp.Star):
        return None
    return f"{column.sql(dialect)}: no such column; there are {', '.join(columns)}"


def _named_selects(scope: Scope) -> list[str]:
    return scope.expression.named_selects if isinstance(scope.expression, exp.Query) else []


def line(part: exp.Expr) -> int:
    """0 where the parser made the part up."""
    return int(part.this.meta.get("line", 0)) if isinstance(part.this, exp.Expr) else 0
