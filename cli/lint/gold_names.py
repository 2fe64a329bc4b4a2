"""What the statement of a gold table names: tables, columns, functions, parameters, and its own columns."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from cli.lint.contract_sql import functions
from cli.lint.select.certainty import uncertain
from cli.lint.select.names import SPARK, Tables, line, missing_columns, missing_tables
from cli.lint.select.parts import Found, line_of
from shared.contracts import Contract, Table

ZONES = ("silver", "gold")
PARAMETER = "parameter"


def wrong_names(tree: exp.Query, contract: Contract, table: Table) -> Iterator[Found]:
    """What the statement names that is not there, or not in the way that a table of gold needs it."""
    tables = columns_of_tables(contract)
    missing = [*missing_tables(tree, tables, ZONES, others=False), *_of_itself(tree, table)]
    yield from missing
    yield from _stars(tree)
    yield from _unnamed(tree, table)
    yield from _unknown_functions(tree, contract)
    yield from uncertain(tree)
    if not missing:
        yield from _without_zone(tree)
        yield from missing_columns(tree.copy(), tables, SPARK)


def _of_itself(tree: exp.Query, table: Table) -> Iterator[Found]:
    for each in tree.find_all(exp.Table):
        if (each.db, each.name) == ("gold", table.name):
            yield line(each), f"gold.{table.name} is computed from itself; read what it is made of"


def _stars(tree: exp.Query) -> Iterator[Found]:
    for select in tree.find_all(exp.Select):
        if select.is_star and not isinstance(select.parent, exp.Exists):
            yield (
                line_of(select),
                "SELECT * takes every column that a table gets later, too: name the columns",
            )
    for join in tree.find_all(exp.Join):
        if join.method.upper() == "NATURAL":
            yield line_of(join), "NATURAL JOIN joins by columns that tables get later, too: USING (column, …)"


def _unnamed(tree: exp.Query, table: Table) -> Iterator[Found]:
    """Columns of the result against those of the contract."""
    if tree.is_star:
        return
    names = [e.alias_or_name for e in tree.selects]
    for position, (name, value) in enumerate(zip(names, tree.selects, strict=True), 1):
        if not name or not isinstance(value, exp.Alias | exp.Column | exp.Dot):
            yield line_of(value), f"column {position} has no name: write AS and one of the contract's"
    known = {e.alias_or_name for e in tree.selects if isinstance(e, exp.Alias | exp.Column | exp.Dot)}
    if double := sorted({n for n in known if names.count(n) > 1}):
        yield line_of(tree), f"selects {', '.join(double)} twice"
    if extra := sorted(known - {*table.column_names}):
        yield line_of(tree), f"selects {', '.join(extra)}, which the contract's table does not have"
    if missing := [c for c in table.column_names if c not in known]:
        yield line_of(tree), f"does not select {', '.join(missing)}, which the contract's table has"


def _unknown_functions(tree: exp.Query, contract: Contract) -> Iterator[Found]:
    for call in tree.find_all(exp.Anonymous):
        name = str(call.name).lower()
        if name != PARAMETER:
            if name not in functions():
                yield line_of(call), f"Spark 4.1 has no function {call.name!r}"
            continue
        given = call.expressions[0] if len(call.expressions) == 1 else None
        if not isinstance(given, exp.Literal) or not given.is_string:
            yield line_of(call), "expected parameter('name'), one name in quotes"
        elif given.name not in contract.parameters:
            known = ", ".join(sorted(contract.parameters)) or "it has none"
            yield line_of(call), f"parameter({given.name!r}): the contract has no such parameter ({known})"
        elif isinstance(call.parent, exp.In):
            value = call.parent.this.sql("spark")
            yield line_of(call), f"a parameter is a list: array_contains(parameter({given.name!r}), {value})"


def _without_zone(tree: exp.Query) -> Iterator[Found]:
    """`events.user_id` of `FROM silver.events`: Spark knows the table by the name that it has here."""
    bare = {t.name: t for t in tree.find_all(exp.Table) if t.db and not t.alias}
    given = {t.alias for t in tree.find_all(exp.Table) if t.alias} | {c.alias for c in tree.find_all(exp.CTE)}
    for column in tree.find_all(exp.Column):
        if column.table in bare and not column.args.get("db") and column.table not in given:
            table = bare[column.table]
            yield (
                line(column),
                f"{column.sql('spark')}: give the table this name, {table.db}.{table.name} AS {table.name}",
            )


def columns_of_tables(contract: Contract) -> Tables:
    return {f"{t.zone}.{t.name}": {c.name: c.type for c in t.columns} for t in contract.tables}
