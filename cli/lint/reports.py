"""Reports: one SELECT of Athena each, on tables and columns that the domain has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, TokenError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

from cli.lint.finding import Finding
from shared.contracts import Contract
from shared.project import shown
from shared.quarantine import COLUMNS, date_parts, rows_table
from shared.reports import Report, report, report_files

ATHENA = "athena"
ZONES = ("silver", "gold", "quarantine")


def report_findings(contract: Contract) -> Iterator[Finding]:
    """What is wrong with the reports of a domain."""
    tables = _tables(contract)
    for path in report_files(contract.domain):
        file, subject = shown(path), f"{contract.domain}.{path.stem}"
        try:
            found = report(contract.domain, path)
        except ValueError as error:
            yield Finding(file, 1, subject, str(error).removeprefix(f"{file}: "))
            continue
        for line, reason in sorted(set(_wrong(found, tables))):
            yield Finding(file, line and line + found.first_line - 1, subject, reason)


def _tables(contract: Contract) -> dict[str, list[str]]:
    """The columns of every table that a report may ask, those of quarantined rows among them."""
    rejects = [*COLUMNS, *date_parts(contract.layout)]
    names = [rows_table(contract.domain, d.name, contract.layout) for d in contract.datasets]
    return {
        **{f"{t.zone}.{t.name}": list(t.column_names) for t in contract.tables},
        **{f"quarantine.{name}": rejects for name in names},
    }


def _wrong(found: Report, tables: dict[str, list[str]]) -> Iterator[tuple[int, str]]:
    try:
        trees = sqlglot.parse(found.sql.rstrip().rstrip(";"), read=ATHENA)
    except (ParseError, TokenError) as error:
        details = (getattr(error, "errors", None) or [{}])[0]
        yield details.get("line") or 0, f"Athena cannot read it: {details.get('description', str(error))}"
        return
    if len(trees) != 1 or not isinstance(tree := trees[0], exp.Query):
        yield 1, "expected one SELECT; a report changes nothing"
        return
    missing = list(_missing_tables(tree, tables))
    yield from missing
    if not missing:
        yield from _missing_columns(tree, tables)


def _missing_tables(tree: exp.Expr, tables: dict[str, list[str]]) -> Iterator[tuple[int, str]]:
    known_here = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        name = f"{table.db}.{table.name.partition('$')[0]}"
        if not table.name or (not table.db and table.name in known_here) or name in tables:
            continue
        if not table.db:
            yield (
                _line(table),
                f"{table.name}: write it with its database, silver.{table.name} or gold.{table.name}",
            )
        elif table.db in ZONES:
            yield _line(table), f"{name} is not a table of the contract ({', '.join(sorted(tables))})"


def _missing_columns(tree: exp.Expr, tables: dict[str, list[str]]) -> Iterator[tuple[int, str]]:
    known: dict[str, Any] = {}
    for name, columns in tables.items():
        zone, _, table = name.partition(".")
        known.setdefault(zone, {})[table] = dict.fromkeys(columns, "varchar")
    try:
        qualified = qualify(
            tree,
            schema=MappingSchema(known, dialect=ATHENA),
            dialect=ATHENA,
            validate_qualify_columns=False,
            allow_partial_qualification=True,
            quote_identifiers=False,
            expand_stars=False,
            expand_alias_refs=False,
        )
    except OptimizeError as error:
        yield 0, str(error)
        return
    for scope in traverse_scope(qualified):
        for column in scope.columns:
            if reason := _unknown(column, scope, tables):
                yield _line(column), reason


def _unknown(column: exp.Column, scope: Scope, tables: dict[str, list[str]]) -> str | None:
    """Why a column of a statement is none; the statement's tables have all names by now.

    Lineage is not looked at: the engine gives silver more columns than the contract
    has, all with `_` before them.
    """
    if column.name.startswith("_"):
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
        return f"{column.sql(ATHENA)}: there is no table {column.table!r} here"
    source = above.sources[column.table]
    if isinstance(source, exp.Table):
        columns = tables.get(f"{source.db}.{source.name}")
    else:
        columns = None if source.expression.is_star else _named_selects(source)
    if (
        not columns
        or column.name.lower() in {c.lower() for c in columns}
        or isinstance(column.this, exp.Star)
    ):
        return None
    return f"{column.sql(ATHENA)}: no such column; there are {', '.join(columns)}"


def _named_selects(scope: Scope) -> list[str]:
    return scope.expression.named_selects if isinstance(scope.expression, exp.Query) else []


def _line(part: exp.Expr) -> int:
    """0 where the parser made the part up."""
    return int(part.this.meta.get("line", 0)) if isinstance(part.this, exp.Expr) else 0
