"""Which rows are quarantined and why.

Rows are judged before any deduplication, so rows without a key never collapse into one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.quarantine.value_rules import Test, is_empty, of_text, of_value
from glue_scripts.engine.read.attempts import any_holds_or_fails, fails, holds
from glue_scripts.engine.read.conform import TEXT, TRIED, derived_columns
from glue_scripts.engine.read.operations import is_delete, is_unknown
from glue_scripts.engine.read.sql import literal, quoted
from shared.contracts import Dataset
from shared.reasons import RowReason

LATEST = "INTERVAL 1 DAY"  # after ingestion: clocks of producers differ by so much at most
NONE = "CAST(array() AS array<string>)"


def judged(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """The rows with `_bad`: whether any reason applies.

    Needs `_ingested_at`, the time the file was accepted.
    """
    tests = (*_tests(dataset), *_tests_of_derived(dataset))
    each = [f"coalesce({test}, false)" for test, _, _ in tests]
    return rows.selectExpr("*", f"({' OR '.join(['_faults IS NOT NULL', *each, *_broken(dataset)])}) AS _bad")


def tests(dataset: Dataset) -> list[Test]:
    """All that is judged of a row, in the order in which reasons are listed; what readers find wrong with a
    value is not among them.
    """
    return [*_tests(dataset), *_tests_of_rules(dataset), *_tests_of_derived(dataset)]


def _broken(dataset: Dataset) -> list[str]:
    """SQL that is true where one of the contract's own rules is broken, or fails."""
    kept: dict[bool, list[str]] = {}
    for rule in dataset.target.rejects:
        kept.setdefault(_judges_deletes(dataset, rule.columns), []).append(rule.when)
    deleted = is_delete(dataset.target.operation)
    return [
        any_holds_or_fails(w) if deletes else f"({any_holds_or_fails(w)} AND NOT {deleted})"
        for deletes, w in kept.items()
    ]


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
    table, names, known = dataset.target, dataset.received, _known(dataset)
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
        # What bronze holds with a type has no text beside it.
        neither = f"{quoted(TEXT + date)} IS NULL AND {quoted(date)} IS NULL"
        checks += [
            (f"{known} AND {neither}", RowReason.MISSING_TIMESTAMP, (date,)),
            (f"{quoted(date)} > _ingested_at + {LATEST}", RowReason.IMPOSSIBLE_TIMESTAMP, (date,)),
        ]
    checks += [
        (f"{known} AND {is_empty(table.column(n))}", RowReason.MISSING_VALUE, (n,))
        for n in names
        if _must_have_value(dataset, n)
    ]
    for name in names:
        checks += [*of_value(name, dataset.plan(name)), *of_text(table.column(name))]
    return [*_but_of_deletes(checks, dataset), *_tests_of_changes(dataset)]


def _must_have_value(dataset: Dataset, name: str) -> bool:
    """Whether `missing_value` says that a required column is empty, and no reason of its own."""
    table, operation = dataset.target, dataset.target.operation
    of_changes = (operation.column, *table.order[:1]) if operation else ()
    own = (*table.primary_key, dataset.event_date_column, *of_changes)
    return table.column(name).required and name not in own


def _tests_of_rules(dataset: Dataset) -> list[Test]:
    """The contract's own rules. One that fails on a row is a reason like one that is broken."""
    known = _known(dataset)
    checks: list[Test] = []
    for rule in dataset.target.rejects:
        checks.append((f"{known} AND {holds(rule.when)}", rule.reason, rule.columns))
        checks.append((f"{known} AND {fails(rule.when)}", RowReason.NOT_COMPUTABLE, rule.columns))
    return _but_of_deletes(checks, dataset)


def _tests_of_derived(dataset: Dataset) -> list[Test]:
    """What is wrong with derived columns; where anything else is wrong with a row, this follows from it."""
    table = dataset.target
    checks: list[Test] = []
    for column in derived_columns(table):
        failed, empty = f"{quoted(TRIED + column.name)} IS NULL", f"{quoted(column.name)} IS NULL"
        checks.append((failed, RowReason.NOT_COMPUTABLE, (column.name,)))
        if table.operation and column.name in table.order[:1]:
            checks.append((f"{empty} AND NOT {failed}", RowReason.MISSING_ORDER, (column.name,)))
        elif column.required:
            checks.append((f"{empty} AND NOT {failed}", RowReason.MISSING_VALUE, (column.name,)))
        checks += of_text(column)
    return _but_of_deletes(checks, dataset)


def _tests_of_changes(dataset: Dataset) -> list[Test]:
    """What is wrong with a row as a change."""
    table, operation, known = dataset.target, dataset.target.operation, _known(dataset)
    if operation is None:
        return []
    unknown = (f"{known} AND {is_unknown(operation)}", RowReason.UNKNOWN_OPERATION, (operation.column,))
    unordered = [
        (f"{known} AND {quoted(c)} IS NULL", RowReason.MISSING_ORDER, (c,))
        for c in table.order[:1]
        if c != dataset.event_date_column and table.column(c).derived is None
    ]
    return [unknown, *unordered]


def _but_of_deletes(checks: Iterable[Test], dataset: Dataset) -> list[Test]:
    deleted = is_delete(dataset.target.operation)
    return [
        (test if _judges_deletes(dataset, columns) else f"({test}) AND NOT {deleted}", reason, columns)
        for test, reason, columns in checks
    ]


def _judges_deletes(dataset: Dataset, columns: Sequence[str]) -> bool:
    """Whether a delete, too, must be right in one of these columns. A delete needs only what tells which row
    is gone and when: its other columns are often empty, and nobody reads them. A log keeps it under its date.
    """
    table, operation = dataset.target, dataset.target.operation
    if operation is None or not columns:
        return True
    date = (dataset.event_date_column,) if table.kind == "log" else ()
    return not {*table.primary_key, *table.order, operation.column, *date}.isdisjoint(columns)


def _reasons(tests: Sequence[Test]) -> str:
    """SQL for all reasons that apply to a row, each once."""
    cases = ", ".join(f"CASE WHEN {test} THEN {literal(reason)} END" for test, reason, _ in tests)
    return f"filter(array({cases}), r -> r IS NOT NULL)" if tests else NONE


def _columns_at_fault(tests: Sequence[Test]) -> str:
    """SQL for the names of the columns that the reasons are about."""
    cases = ", ".join(
        f"CASE WHEN {test} THEN array({', '.join(map(literal, columns))}) END"
        for test, _, columns in tests
        if columns
    )
    return f"flatten(filter(array({cases}), c -> c IS NOT NULL))" if cases else NONE


def _of_faults(part: str) -> str:
    """What readers found wrong: `map_values`: the reasons, `map_keys`: the columns."""
    return f"coalesce(array_sort({part}(_faults)), array())"


def with_reasons(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Bad rows with `reasons` and `columns`, each once."""
    own, following = [*_tests(dataset), *_tests_of_rules(dataset)], _tests_of_derived(dataset)
    listed = rows.selectExpr(
        "*",
        f"array_distinct(concat({_reasons(own)}, {_of_faults('map_values')})) AS reasons",
        f"array_distinct(concat({_columns_at_fault(own)}, {_of_faults('map_keys')})) AS columns",
        f"array_distinct({_reasons(following)}) AS _following",
        f"array_distinct({_columns_at_fault(following)}) AS _following_columns",
    )
    return listed.withColumns(
        {
            "reasons": F.expr("if(size(reasons) > 0, reasons, _following)"),
            "columns": F.expr("if(size(reasons) > 0, columns, _following_columns)"),
        }
    ).drop("_following", "_following_columns")
