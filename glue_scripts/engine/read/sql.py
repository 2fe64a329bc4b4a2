"""Spark SQL as text: quoting, and the casts of text by a column's plan.

Every function takes and returns SQL expressions. A cast gives null when the text is of no declared spelling;
the caller can distinguish that from an empty value.
"""

from __future__ import annotations

import datetime as dt

from glue_scripts.engine.read import numbers_sql, times_sql
from glue_scripts.engine.read.literals import literal, quoted
from shared.spellings import Spelling
from shared.values import Plan
from shared.values.plan import BLANKS, INVISIBLE

__all__ = ["BLANKS", "INVISIBLE", "cast", "cleaned", "left_out", "literal", "quoted", "twice", "typed"]


def cleaned(value: str, null_spellings: tuple[str, ...], blanks: str = BLANKS) -> str:
    """The text without surrounding blanks; null for any spelling of null, in any case."""
    trimmed = f"trim(BOTH {literal(blanks)} FROM {value})"
    if null_spellings == ("",):
        return f"nullif({trimmed}, '')"
    spellings = ", ".join(literal(s) for s in null_spellings)
    longest = max(map(len, null_spellings))
    return (
        f"CASE WHEN length({trimmed}) <= {longest} AND lower({trimmed}) IN ({spellings}) THEN NULL ELSE"
        f" {trimmed} END"
    )


def typed(
    value: str,
    plan: Plan,
    case: str | None = None,
    day: str = "CAST(NULL AS string)",
    nothing: tuple[str, ...] = ("",),
) -> str:
    """Cleaned text as a value of the column's type. `day`: the day, as text, that a bare clock time is of.
    `nothing`: what means no value, of the elements of a list, which are cleaned here.
    """
    if plan.array:
        return _array(value, plan, case, day, nothing)
    if plan.kind == "other":
        return f"{case}({value})" if case else value
    return cast(respelled(value, plan.respelled, day), plan)


def _array(value: str, plan: Plan, case: str | None, day: str, nothing: tuple[str, ...]) -> str:
    """The list in a text of JSON, each element as text cast by itself; null when one of them is not of the
    type. An element that means no value is a null one.
    """
    texts = f"transform(from_json({value}, 'array<string>'), e -> {cleaned('e', nothing)})"
    element = typed("e", plan.of_element, case, day)
    return (
        f"CASE WHEN startswith({value}, '[') AND forall({texts}, e -> e IS NULL OR ({element}) IS NOT NULL)"
        f" THEN transform({texts}, e -> {element}) END"
    )


def cast(value: str, plan: Plan) -> str:
    """Cleaned text as a value of the plan's type; null for what is of no declared spelling."""
    match plan.kind:
        case "date" | "timestamp":
            return times_sql.cast(value, plan)
        case "number":
            return numbers_sql.cast(value, plan.numbers, plan.type)
        case "boolean":
            return _boolean(value, plan)
    raise ValueError(f"no cast to {plan.type}")


def left_out(value: str, plan: Plan, day: str) -> str:
    """SQL that is true for the text of a local time that the column's zone does not have."""
    return times_sql.left_out(respelled(value, plan.respelled, day), plan)


def twice(value: str, time: str, plan: Plan, day: str) -> str:
    """SQL that is true for the text of a local time that the zone has twice; `time`: what was read."""
    return times_sql.twice(respelled(value, plan.respelled, day), time, plan)


def respelled(value: str, spellings: tuple[Spelling, ...], day: str) -> str:
    """A time in one of the domain's own spellings as one that the column's formats read."""
    for spelling in spellings:
        value = spelling.sql(value, day)
    return value


def _boolean(value: str, plan: Plan) -> str:
    yes, no = (", ".join(map(literal, words)) for words in plan.booleans)
    return f"CASE WHEN lower({value}) IN ({yes}) THEN true WHEN lower({value}) IN ({no}) THEN false END"


def before(date: str, day: dt.date) -> str:
    """SQL that is true for dates before a day, and false without one."""
    return f"coalesce({date} < DATE'{day.isoformat()}', false)"
