"""What may be wrong with a value by itself: that it is missing, its spelling, its bounds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from glue_scripts.engine.read.conform import TEXT
from glue_scripts.engine.read.sql import left_out, literal, quoted, twice
from glue_scripts.engine.read.texts_sql import in_any, too_long, unloadable
from shared.contracts import Column, Dataset
from shared.reasons import RowReason
from shared.values import Plan

Test = tuple[str, str, tuple[str, ...]]
"""SQL that is true when a row is bad, its reason, and the columns at fault."""


def is_empty(column: Column) -> str:
    """SQL that is true where nothing came: no value, no text that would have been one, and nothing that a
    reader could not take.
    """
    text = f" AND {quoted(TEXT + column.name)} IS NULL" if column.type != "string" else ""
    fault = f"coalesce(map_contains_key(_faults, {literal(column.name)}), false)"
    return f"{quoted(column.name)} IS NULL{text} AND NOT {fault}"


def of_value(name: str, plan: Plan) -> Iterator[Test]:
    """What may be wrong with a value that came: its spelling, a local time that is none, its bounds."""
    if plan.type != "string" or plan.array:
        unread = f"{quoted(TEXT + name)} IS NOT NULL AND {quoted(name)} IS NULL"
        if plan.zoned:
            gap = left_out(quoted(TEXT + name), plan, "_day")
            yield f"{unread} AND {gap}", RowReason.NONEXISTENT_LOCAL_TIME, (name,)
            unread = f"{unread} AND NOT {gap}"
        yield unread, RowReason.INVALID_TYPE, (name,)
    if outside := _outside(name, plan):
        yield outside, RowReason.OUT_OF_RANGE, (name,)


def of_text(column: Column) -> Iterator[Test]:
    """What may be wrong with a text that was read, or computed: what no target of it can hold."""
    if (column.element or column.type) != "string":
        return
    long = partial(too_long, max_length=column.max_length)
    for test, reason in ((unloadable, RowReason.INVALID_TEXT), (long, RowReason.TOO_LONG)):
        yield in_any(quoted(column.name), test, column.type), reason, (column.name,)


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
