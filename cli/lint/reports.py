"""Reports: one SELECT of Athena each, on tables and columns that the domain has."""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from cli.lint.finding import Finding
from cli.lint.select.names import ATHENA, Tables, missing_columns, missing_tables
from shared.contracts import Contract
from shared.project import shown
from shared.quarantine import COLUMNS, date_parts, rows_table
from shared.report_chart import Chart
from shared.reports import Report, report, report_files

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
        if found.chart and (missing := _not_in_answer(found, found.chart)):
            yield Finding(file, found.chart.line, subject, missing)


def _tables(contract: Contract) -> Tables:
    """The columns of every table that a report may ask, those of quarantined rows among them."""
    rejects = [*COLUMNS, *date_parts(contract.layout)]
    names = [rows_table(contract.domain, d.name, contract.layout) for d in contract.datasets]
    return {
        **{f"{t.zone}.{t.name}": dict.fromkeys(t.column_names, "varchar") for t in contract.tables},
        **{f"quarantine.{name}": dict.fromkeys(rejects, "varchar") for name in names},
    }


def _wrong(found: Report, tables: Tables) -> Iterator[tuple[int, str]]:
    try:
        trees = sqlglot.parse(found.sql.rstrip().rstrip(";"), read=ATHENA)
    except (ParseError, TokenError) as error:
        details = (getattr(error, "errors", None) or [{}])[0]
        yield details.get("line") or 0, f"Athena cannot read it: {details.get('description', str(error))}"
        return
    if len(trees) != 1 or not isinstance(tree := trees[0], exp.Query):
        yield 1, "expected one SELECT; a report changes nothing"
        return
    missing = list(missing_tables(tree, tables, ZONES, others=True))
    yield from missing
    if not missing:
        yield from missing_columns(tree, tables, ATHENA)


def _not_in_answer(found: Report, chart: Chart) -> str | None:
    """Columns of a chart that the answer does not have; nothing where the statement does not name its own."""
    try:
        tree = sqlglot.parse_one(found.sql, read=ATHENA)
    except (ParseError, TokenError):
        return None
    if not isinstance(tree, exp.Query) or tree.is_star:
        return None
    names = {name.lower() for name in tree.named_selects}
    if lost := [name for name in chart.columns if name.lower() not in names]:
        return f"chart: {', '.join(lost)}: no such column; the answer has {', '.join(tree.named_selects)}"
    return None
