"""What sqlglot leaves of Athena's SQL when it translates to DuckDB, and would be wrong or missing there:
functions of dates and times, names of unnamed columns.

Either the answer is Athena's, or the statement is refused by the name of what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from local.errors import LakeError

UNITS = {  # of Trino's date_trunc, date_add and date_diff, with DuckDB's interval of one
    "millisecond": "to_milliseconds(1)",
    "second": "to_seconds(1)",
    "minute": "to_minutes(1)",
    "hour": "to_hours(1)",
    "day": "to_days(1)",
    "week": "to_days(7)",
    "month": "to_months(1)",
    "quarter": "to_months(3)",
    "year": "to_years(1)",
}
TIME_UNITS = ("millisecond", "second", "minute", "hour")  # a date has none of these
UNNAMED = "__unnamed_"
# Both have them, and give something else: of bounds, of what is not found, and of nulls in a list.
OTHERWISE: dict[type[exp.Expression], str] = {
    exp.ArrayDistinct: "array_distinct",
    exp.ArrayExcept: "array_except",
    exp.ArrayIntersect: "array_intersect",
    exp.ArrayMax: "array_max",
    exp.ArrayMin: "array_min",
    exp.ArrayPosition: "array_position",
    exp.ArrayRemove: "array_remove",
    exp.ArraySlice: "slice",
}
NOT_OF_A_DATE = "a date has no hours, minutes and seconds"
NOT_A_TIME = "expected a date or a time"
_TIMES = "typeof(x) in ('DATE', '\"NULL\"') or typeof(x) like 'TIMESTAMP%'"
_LOCAL = "timezone(zone, athena_moment(x))"
_UTC = "timezone('UTC', athena_moment(x))"


def _fails(words: str, kind: str = "") -> str:
    """SQL that fails with the words where it is computed, as a value of x's type or another one; `error()`
    would have side effects, with which DuckDB groups and orders by nothing.
    """
    text = f"'{words}' || substr(typeof(x), 1, 0)"
    return f"cast({text} as {kind})" if kind else f"cast_to_type({text}, x)"


# DuckDB makes timestamps of dates where Trino keeps dates. Not by a form for each type: it does not know the
# type of an aggregate when it chooses a form, and takes a wrong one for what another macro gives.
MACROS = (
    "create macro athena_trunc(part, x) as cast_to_type(date_trunc(part, x), x)",
    f"""create macro athena_trunc_time(part, x) as case when typeof(x) = 'DATE' then {_fails(NOT_OF_A_DATE)}
        else cast_to_type(date_trunc(part, x), x) end""",
    "create macro athena_plus(x, step) as cast_to_type(x + step, x)",
    f"""create macro athena_plus_time(x, step) as case when typeof(x) = 'DATE' then {_fails(NOT_OF_A_DATE)}
        else cast_to_type(x + step, x) end""",
    f"""create macro athena_moment(x) as case when {_TIMES} then cast(x as timestamptz)
        else {_fails(NOT_A_TIME, "timestamptz")} end""",
    f"create macro athena_local(x, zone) as {_LOCAL}",
    f"""create macro athena_iso(x) as case when typeof(x) = 'DATE' then strftime(athena_moment(x), '%Y-%m-%d')
        when typeof(x) = 'TIMESTAMP WITH TIME ZONE' then strftime({_UTC}, '%Y-%m-%dT%H:%M:%S.%gZ')
        else strftime({_UTC}, '%Y-%m-%dT%H:%M:%S.%g') end""",
    """create macro athena_offset(local, utc) as
        case when local = utc then 'Z' else
        printf('%s%02d:%02d', case when local < utc then '-' else '+' end,
        cast(abs(epoch(local) - epoch(utc)) as integer) // 3600,
        cast(abs(epoch(local) - epoch(utc)) as integer) % 3600 // 60) end""",
    f"""create macro athena_iso_local(x, zone) as
        strftime({_LOCAL}, '%Y-%m-%dT%H:%M:%S.%g') || athena_offset({_LOCAL}, {_UTC})""",
    """create macro athena_stamp(local, zone) as strftime(local, '%Y-%m-%d %H:%M:%S.%g') || ' ' || zone""",
    f"create macro athena_shown(x, zone) as athena_stamp({_LOCAL}, zone)",
)


class QueryError(LakeError):
    """A statement cannot be answered on the laptop."""


def rewritten(tree: exp.Query) -> exp.Expr:
    """The statement with DuckDB's counterparts, to be run where MACROS are.

    Raises QueryError for what has none.
    """
    if other := next((name for kind, name in OTHERWISE.items() if tree.find(kind)), None):
        raise QueryError(
            f"{other} gives something else in DuckDB, which stands in for Athena; it works in Athena only",
            "UNNEST the list, or ask a deployed environment: ./lake query --env NAME",
        )
    for select in list(tree.find_all(exp.Select)):
        name_unnamed(select)
    return _each(_each(tree, _zoned), _counterpart)


def _each(tree: exp.Expr, change: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """The tree with every part changed, from the outside in; what a part became is looked into, too, which
    sqlglot's own `transform` leaves out.
    """
    root, left = tree, [tree]
    while left:
        node = left.pop()
        changed = change(node)
        if node is root:
            root = changed
        elif changed is not node:
            node.replace(changed)
        left += changed.iter_expressions()
    return root


def name_unnamed(select: exp.Select) -> None:
    """Marks the columns that Athena would call `_col<place>`: DuckDB would call them after their text."""
    for place, column in enumerate(select.selects):
        inner = column.unnest()
        if isinstance(inner, exp.Dot):
            column.replace(exp.alias_(column.copy(), inner.name))
        elif not isinstance(inner, exp.Column | exp.Star | exp.Alias | exp.Aliases) and not column.alias:
            column.replace(exp.alias_(column.copy(), f"{UNNAMED}{place}", quoted=True))


def athena_names(columns: list[str]) -> tuple[str, ...]:
    """The names that Athena gives the columns of a result."""
    return tuple(f"_col{i}" if name.startswith(UNNAMED) else name for i, name in enumerate(columns))


def plain(words: object) -> str:
    """What sqlglot and DuckDB say, without underlining and without names that nobody wrote."""
    return re.sub(rf'\x1b\[\d+m| AS "{UNNAMED}\d+"', "", str(words))


def _counterpart(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.TimestampTrunc() | exp.DateTrunc():
            unit = _unit(node, "date_trunc")
            return _call(f"athena_trunc{_time(unit)}", exp.Literal.string(unit), node.this)
        case exp.DateAdd() | exp.TimestampAdd():
            unit = _unit(node, "date_add")
            step = exp.Mul(this=exp.maybe_parse(UNITS[unit]), expression=exp.Paren(this=node.expression))
            return _call(f"athena_plus{_time(unit)}", node.this, step)
        case exp.DateDiff() | exp.TimestampDiff():
            unit = _unit(node, "date_diff")  # Trino counts whole units, DuckDB's date_diff their boundaries
            return _call("datesub", exp.Literal.string(unit), node.expression, node.this)
        case exp.Add() | exp.Sub() if isinstance(node.expression, exp.Interval):
            return _plus(node.this, node.expression, negative=isinstance(node, exp.Sub))
        case exp.Add() if isinstance(node.this, exp.Interval):
            return _plus(node.expression, node.this, negative=False)
        case exp.Extract() if node.name.upper() in ("DOW", "DAYOFWEEK", "DAY_OF_WEEK"):
            return exp.Extract(this=exp.var("ISODOW"), expression=node.expression)
        case exp.Anonymous() if node.name.lower() == "to_iso8601":
            return _call("athena_iso", *node.expressions)
        case _:
            return node


def _plus(moment: exp.Expr, step: exp.Interval, *, negative: bool) -> exp.Expr:
    unit = step.text("unit").lower()
    signed = exp.Neg(this=step.copy()) if negative else step.copy()
    return _call(f"athena_plus{_time(unit)}", moment, signed)


def _zoned(node: exp.Expr) -> exp.Expr:
    """A time in a zone. DuckDB's has no zone of its own, so it is answered where only the instant counts, or
    the wall clock of the zone, or the text.
    """
    if isinstance(node, exp.Anonymous) and node.name.lower() == "to_iso8601":
        inside = _at_zone(node.expressions[0]) if node.expressions else None
        return _call("athena_iso_local", *inside) if inside else node
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc) and (inside := _at_zone(node.this)):
        node.set("this", _call("athena_local", *inside))
        return _in_place(node, instant=None, clock=node, text=_call("athena_stamp", node, inside[1]))
    if inside := _at_zone(node):
        instant = exp.cast(inside[0].copy(), exp.DataType.Type.TIMESTAMPTZ)
        text = _call("athena_shown", *inside)
        return _in_place(node, instant=instant, clock=_call("athena_local", *inside), text=text)
    return node


def _in_place(node: exp.Expr, *, instant: exp.Expr | None, clock: exp.Expr, text: exp.Expr) -> exp.Expr:
    """The form that what stands around a time in a zone needs. Raises QueryError where it needs both a time
    and its zone.
    """
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    if _is_shown(parent):
        return text
    if _asks_the_clock(parent):
        return clock
    if isinstance(parent, exp.Group | exp.Ordered):
        return instant or clock
    if instant and isinstance(parent, exp.Predicate):
        return instant
    raise QueryError(
        "a time in a zone (at_timezone, AT TIME ZONE) works on the laptop as a column of the result, in"
        " comparisons, GROUP BY and ORDER BY, in to_iso8601(), date(), cast(… as date), date_trunc(),"
        " date_format(), extract(), hour(), day(), month(), year(); elsewhere in Athena only",
        "write it so, or ask a deployed environment: ./lake query --env NAME",
    )


def _at_zone(written: exp.Expr) -> tuple[exp.Expr, exp.Expr] | None:
    """The moment and the zone, where a time is put into a zone."""
    node = written.unnest()
    if isinstance(node, exp.AtTimeZone):
        return node.this, node.args["zone"]
    if isinstance(node, exp.Anonymous) and node.name.lower() == "at_timezone" and len(node.expressions) == 2:
        return node.expressions[0], node.expressions[1]
    return None


def _is_shown(parent: exp.Expr | None) -> bool:
    """Whether it is a column of the result, and of no part of the statement that goes on computing."""
    select = parent.parent if isinstance(parent, exp.Alias) else parent
    return isinstance(select, exp.Select) and select.parent is None and not select.args.get("distinct")


def _asks_the_clock(parent: exp.Expr | None) -> bool:
    clocks = (exp.Date, exp.TsOrDsToDate, exp.TimestampTrunc, exp.DateTrunc, exp.TimeToStr, exp.Extract)
    fields = (exp.Hour, exp.Minute, exp.Second, exp.Day, exp.Month, exp.Quarter, exp.Year, exp.Week)
    if isinstance(parent, exp.Cast):
        return parent.to.is_type(exp.DataType.Type.DATE)
    return isinstance(parent, (*clocks, *fields, exp.DayOfWeek, exp.DayOfMonth, exp.DayOfYear))


def _unit(node: exp.Expr, function: str) -> str:
    unit = node.text("unit").lower()
    if unit not in UNITS:
        raise QueryError(
            f"{function}: {unit or 'a unit that is computed'} is none of {', '.join(UNITS)}",
            "name one of these",
        )
    return unit


def _time(unit: str) -> str:
    return "_time" if unit.rstrip("s") in TIME_UNITS else ""


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[a.copy() for a in arguments])
