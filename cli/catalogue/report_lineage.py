"""Which tables and columns a report reads, by the parsed SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope
from sqlglot.schema import MappingSchema

from cli.catalogue.model import ColumnFlow, ColumnPlace, Flow, Place, ReportEntry
from shared.reports import Report

ATHENA = "athena"
LAYERS = ("silver", "gold", "quarantine")
Columns = Mapping[Place, Sequence[str]]


@dataclass(frozen=True)
class ReportReading:
    entry: ReportEntry
    flows: tuple[Flow, ...] = ()
    column_flows: tuple[ColumnFlow, ...] = ()


def reading(report: Report, columns: Columns) -> ReportReading:
    """What a report reads of the domain's tables: `columns` of each of them.

    SQL that cannot be read is an entry with the reason; tables of no contract are left out, for lint tells
    of both.
    """
    place = Place(report.domain, "report", report.name)
    try:
        tree = sqlglot.parse_one(report.sql, read=ATHENA)
        tables = _tables(tree, place.domain, columns)
        columns_read = tuple(_column_flows(tree, place, columns))
    except SqlglotError as error:
        reason = str(error).partition("\n")[0]
        return ReportReading(ReportEntry(place, report.description, report.sql, reason))
    return ReportReading(
        ReportEntry(place, report.description, report.sql),
        tuple(Flow(table, place, "queried") for table in tables),
        columns_read,
    )


def _tables(tree: exp.Expr, domain: str, columns: Columns) -> list[Place]:
    found = {_place(table, domain) for table in tree.find_all(exp.Table)}
    return [place for place in columns if place in found]


def _place(table: exp.Table, domain: str) -> Place | None:
    match table.db:
        case "silver" | "gold" | "quarantine" as layer:
            return Place(domain, layer, table.name.partition("$")[0])
    return None


def _column_flows(tree: exp.Expr, report: Place, columns: Columns) -> Iterator[ColumnFlow]:
    """The columns of tables from which each column of the answer takes its value."""
    schema: dict[str, Any] = {}
    for place, names in columns.items():
        schema.setdefault(place.layer, {})[place.name] = dict.fromkeys(names, "varchar")
    known = MappingSchema(schema, dialect=ATHENA)
    qualified = qualify(
        tree, schema=known, dialect=ATHENA, validate_qualify_columns=False, quote_identifiers=False
    )
    scope = build_scope(qualified)
    if scope is None or not isinstance(qualified, exp.Query):
        return
    for name in qualified.named_selects:
        root = lineage(name, qualified, schema=known, dialect=ATHENA, scope=scope, trim_selects=False)
        sources = {found for node in root.walk() if (found := _source(node, report.domain, columns))}
        for place, listed in columns.items():
            for column in listed:
                if ColumnPlace(place, column) in sources:
                    yield ColumnFlow(ColumnPlace(place, column), ColumnPlace(report, name), "queried")


def _source(node: Node, domain: str, columns: Columns) -> ColumnPlace | None:
    """The column of a table that a leaf of the lineage is."""
    if not isinstance(node.expression, exp.Table):
        return None
    place, name = _place(node.expression, domain), node.name.rpartition(".")[2].strip('"')
    return ColumnPlace(place, name) if place is not None and name in columns.get(place, ()) else None
