"""Which rows are quarantined and why.

Rows are judged before any deduplication, so rows without a key never collapse into one.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.read.attempts import any_holds_or_fails, fails, holds
from glue_scripts.engine.read.conform import TEXT, TRIED, derived_columns
from glue_scripts.engine.read.sql import literal, quoted
from shared.contracts import Column, Dataset
from shared.reasons import RowReason

EARLIEST = "timestamp'2000-01-01 00:00:00'"
NONE = "CAST(array() AS array<string>)"

Test = tuple[str, str, tuple[str, ...]]
"""SQL that is true when a row is bad, its reason, and the columns at fault."""


def judged(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """The rows with `_bad`: whether any reason applies.

    Needs `_ingested_at`, the time the file was accepted.
    """
    bad = [f"coalesce({test}, false)" for test, _, _ in (*_tests(dataset), *_tests_of_derived(dataset))]
    if rules := dataset.target.rejects:
        bad.append(any_holds_or_fails([r.when for r in rules]))
    return rows.selectExpr("*", f"({' OR '.join(bad)}) AS _bad")


def _unknown(dataset: Dataset) -> str:
    """SQL that is true for a record of which no column is known."""
    table, names = dataset.target, dataset.received
    empty = " AND ".join(
        f"{quoted(TEXT + n) if table.column(n).type != 'string' else quoted(n)} IS NULL" for n in names
    )
    return f"_raw IS NULL AND _extra IS NOT NULL AND {empty}"


def _known(dataset: Dataset) -> str:
    return f"_raw IS NULL AND NOT coalesce({_unknown(dataset)}, false)"


def _tests(dataset: Dataset) -> list[Test]:
    """What is wrong with a row but for the contract's rules, in the order in which reasons are listed."""
    table, names = dataset.target, dataset.received
    known = _known(dataset)
    checks: list[Test] = [
        ("_raw IS NOT NULL", RowReason.CORRUPT_RECORD, ()),
        (_unknown(dataset), RowReason.SCHEMA_MISMATCH, ()),
    ]
    checks += [
        (f"{known} AND {quoted(k)} IS NULL", RowReason.MISSING_KEY, (k,))
        for k in table.primary_key
        if k in names
    ]
    if date := dataset.event_date_column:
        checks += [
            (f"{known} AND {quoted(TEXT + date)} IS NULL", RowReason.MISSING_TIMESTAMP, (date,)),
            (
                f"{quoted(date)} < {EARLIEST} OR {quoted(date)} > _ingested_at + INTERVAL 1 DAY",
                RowReason.IMPOSSIBLE_TIMESTAMP,
                (date,),
            ),
        ]
    checks += [
        (f"{known} AND {_empty(table.column(n))}", RowReason.MISSING_VALUE, (n,))
        for n in names
        if table.column(n).required and n not in (*table.primary_key, dataset.event_date_column)
    ]
    checks += [
        (f"{quoted(TEXT + n)} IS NOT NULL AND {quoted(n)} IS NULL", RowReason.INVALID_TYPE, (n,))
        for n in names
        if table.column(n).type != "string"
    ]
    checks += [
        (
            f"{quoted(n)} < {EARLIEST} OR {quoted(n)} > _ingested_at + INTERVAL 3650 DAY",
            RowReason.IMPOSSIBLE_TIMESTAMP,
            (n,),
        )
        for n in names
        if table.column(n).type == "timestamp" and n != dataset.event_date_column
    ]
    return checks


def _tests_of_rules(dataset: Dataset) -> list[Test]:
    """The contract's own rules. One that fails on a row is a reason like one that is broken."""
    known, checks = _known(dataset), []
    for rule in dataset.target.rejects:
        checks.append((f"{known} AND {holds(rule.when)}", rule.reason, rule.columns))
        checks.append((f"{known} AND {fails(rule.when)}", RowReason.NOT_COMPUTABLE, rule.columns))
    return checks


def _tests_of_derived(dataset: Dataset) -> list[Test]:
    """What is wrong with derived columns; where anything else is wrong with a row, this follows from it."""
    checks: list[Test] = []
    for column in derived_columns(dataset.target):
        failed, empty = f"{quoted(TRIED + column.name)} IS NULL", f"{quoted(column.name)} IS NULL"
        checks.append((failed, RowReason.NOT_COMPUTABLE, (column.name,)))
        if column.required:
            checks.append((f"{empty} AND NOT {failed}", RowReason.MISSING_VALUE, (column.name,)))
    return checks


def _empty(column: Column) -> str:
    """SQL that is true where neither a value came nor a text that would have been one."""
    text = f" AND {quoted(TEXT + column.name)} IS NULL" if column.type != "string" else ""
    return f"{quoted(column.name)} IS NULL{text}"


def _reasons(tests: Sequence[Test]) -> str:
    """SQL for all reasons that apply to a row, each once."""
    cases = ", ".join(f"CASE WHEN {test} THEN {literal(reason)} END" for test, reason, _ in tests)
    return f"array_distinct(filter(array({cases}), r -> r IS NOT NULL))" if tests else NONE


def _columns_at_fault(tests: Sequence[Test]) -> str:
    """SQL for the names of the columns that the reasons are about."""
    cases = ", ".join(
        f"CASE WHEN {test} THEN array({', '.join(map(literal, columns))}) END"
        for test, _, columns in tests
        if columns
    )
    return f"array_distinct(flatten(filter(array({cases}), c -> c IS NOT NULL)))" if cases else NONE


def with_reasons(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Bad rows with `reasons` and `columns`."""
    own, following = [*_tests(dataset), *_tests_of_rules(dataset)], _tests_of_derived(dataset)
    listed = rows.selectExpr(
        "*",
        f"{_reasons(own)} AS reasons",
        f"{_columns_at_fault(own)} AS columns",
        f"{_reasons(following)} AS _following",
        f"{_columns_at_fault(following)} AS _following_columns",
    )
    return listed.withColumns(
        {
            "reasons": F.expr("if(size(reasons) > 0, reasons, _following)"),
            "columns": F.expr("if(size(reasons) > 0, columns, _following_columns)"),
        }
    ).drop("_following", "_following_columns")
