"""Which rows are quarantined and why.

Rows are judged before any deduplication, so rows without a key never collapse into one.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import DataFrame

from glue_scripts.engine.read.conform import TEXT
from glue_scripts.engine.read.operations import is_delete, is_unknown
from glue_scripts.engine.read.sql import left_out, literal, quoted, twice
from shared.contracts import Dataset
from shared.reasons import RowReason
from shared.values import Plan

LATEST = "INTERVAL 1 DAY"  # after ingestion: clocks of producers differ by so much at most


def judged(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """The rows with `_bad`: whether any reason applies.

    Needs `_ingested_at`, the time the file was accepted.
    """
    each = (f"coalesce({test}, false)" for test, _, _ in tests(dataset))
    return rows.selectExpr("*", f"(_faults IS NOT NULL OR {' OR '.join(each)}) AS _bad")


def tests(dataset: Dataset) -> list[tuple[str, str, tuple[str, ...]]]:
    """(SQL that is true when a row is bad, reason, columns at fault), in the order in which reasons are
    listed.
    """
    table, names = dataset.target, dataset.received
    empty = " AND ".join(
        f"{quoted(TEXT + n) if table.column(n).type != 'string' else quoted(n)} IS NULL" for n in names
    )
    unknown = f"_raw IS NULL AND _extra IS NOT NULL AND {empty}"
    known = f"_raw IS NULL AND NOT coalesce({unknown}, false)"
    checks: list[tuple[str, str, tuple[str, ...]]] = [
        ("_raw IS NOT NULL", RowReason.CORRUPT_RECORD, ()),
        (unknown, RowReason.SCHEMA_MISMATCH, ()),
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
    for name in names:
        checks += of_value(name, dataset.plan(name))
    checks += [(f"{known} AND ({rule.when})", rule.reason, rule.columns) for rule in table.rejects]
    return _of_changes(checks, known, dataset) if table.operation is not None else checks


def _of_changes(
    checks: list[tuple[str, str, tuple[str, ...]]], known: str, dataset: Dataset
) -> list[tuple[str, str, tuple[str, ...]]]:
    """The checks of change data. A delete needs only what tells which row is gone and when: its other columns
    are often empty, and nobody reads them. A log keeps it under its date.
    """
    table, operation = dataset.target, dataset.target.operation
    assert operation is not None
    date = dataset.event_date_column if table.kind == "log" else None
    needed = {*table.primary_key, *table.order, operation.column, *([date] if date else [])}
    kept = [
        (test, reason, columns)
        if not columns or needed.intersection(columns)
        else (f"({test}) AND NOT {is_delete(operation)}", reason, columns)
        for test, reason, columns in checks
    ]
    unknown = (f"{known} AND {is_unknown(operation)}", RowReason.UNKNOWN_OPERATION, (operation.column,))
    first = table.order[:1]
    unordered = [
        (f"{known} AND {quoted(c)} IS NULL", RowReason.MISSING_ORDER, (c,))
        for c in first
        if c != dataset.event_date_column
    ]
    return [*kept, unknown, *unordered]


def of_value(name: str, plan: Plan) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What may be wrong with a value by itself: its spelling, a local time that is none, its bounds."""
    if plan.type != "string" or plan.array:
        unread = f"{quoted(TEXT + name)} IS NOT NULL AND {quoted(name)} IS NULL"
        if plan.zoned:
            gap = left_out(quoted(TEXT + name), plan, "_day")
            yield f"{unread} AND {gap}", RowReason.NONEXISTENT_LOCAL_TIME, (name,)
            unread = f"{unread} AND NOT {gap}"
        yield unread, RowReason.INVALID_TYPE, (name,)
    if outside := _outside(name, plan):
        yield outside, RowReason.OUT_OF_RANGE, (name,)


def _outside(name: str, plan: Plan) -> str:
    bounds = [("<", plan.bound("minimum")), (">", plan.bound("maximum"))]
    value = "e" if plan.array else quoted(name)
    outside = " OR ".join(f"{value} {sign} {_bound(b, plan)}" for sign, b in bounds if b is not None)
    return f"exists({quoted(name)}, e -> {outside})" if plan.array and outside else outside


def _bound(value: object, plan: Plan) -> str:
    if plan.type == "timestamp":
        return f"timestamp_micros({value})"
    return f"DATE'{value}'" if plan.type == "date" else f"CAST({literal(str(value))} AS {plan.type})"


def ambiguous(dataset: Dataset) -> str:
    """SQL for the number of a row's local times that their zone has twice."""
    cases = [
        f"CASE WHEN {twice(quoted(TEXT + n), quoted(n), plan, '_day')} THEN 1 ELSE 0 END"
        for n in dataset.received
        if (plan := dataset.plan(n)).zoned
    ]
    return " + ".join(cases) or "0"


def reasons(dataset: Dataset) -> str:
    """SQL for all reasons of a bad row, each once."""
    cases = ", ".join(f"CASE WHEN {test} THEN {literal(reason)} END" for test, reason, _ in tests(dataset))
    return f"array_distinct(concat(filter(array({cases}), r -> r IS NOT NULL), {_of_faults('map_values')}))"


def _of_faults(part: str) -> str:
    """What readers found wrong: `map_values`: the reasons, `map_keys`: the columns."""
    return f"coalesce(array_sort({part}(_faults)), array())"


def columns_at_fault(dataset: Dataset) -> str:
    """SQL for the names of the columns that the reasons are about."""
    cases = ", ".join(
        f"CASE WHEN {test} THEN array({', '.join(map(literal, columns))}) END"
        for test, _, columns in tests(dataset)
        if columns
    )
    found = f"flatten(filter(array({cases}), c -> c IS NOT NULL))"
    return f"array_distinct(concat({found}, {_of_faults('map_keys')}))"


def with_reasons(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Bad rows with `reasons` and `columns`."""
    return rows.selectExpr("*", f"{reasons(dataset)} AS reasons", f"{columns_at_fault(dataset)} AS columns")
