"""What gives another answer in another run: a table that is computed anew must not change for it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from cli.lint.select.parts import Found, line_of

OF_THE_RUN = (
    exp.Rand,
    exp.Randn,
    exp.Randstr,
    exp.Uniform,
    exp.Uuid,
    exp.Shuffle,
    exp.CurrentCatalog,
    exp.CurrentDatabase,
    exp.CurrentDate,
    exp.CurrentDatetime,
    exp.CurrentSchema,
    exp.CurrentTime,
    exp.CurrentTimestamp,
    exp.CurrentUser,
    exp.Localtime,
    exp.Localtimestamp,
    exp.SessionUser,
)
NAMES_OF_THE_RUN = {
    "current_timezone",
    "input_file_block_length",
    "input_file_block_start",
    "input_file_name",
    "localtimestamp",
    "monotonically_increasing_id",
    "now",
    "session_user",
    "spark_partition_id",
    "user",
}
OF_ANY_ROW = (exp.First, exp.Last, exp.FirstValue, exp.LastValue, exp.AnyValue, exp.Mode, exp.ApproxQuantile)
NAMES_OF_ANY_ROW = {"approx_top_k", "histogram_numeric"}
LISTS = (exp.ArrayAgg, exp.ArrayUniqueAgg)
SPARKS: dict[type[exp.Func], str] = {  # what Spark calls them
    exp.ArrayAgg: "collect_list",
    exp.ArrayUniqueAgg: "collect_set",
    exp.GroupConcat: "listagg",
    exp.ApproxQuantile: "percentile_approx",
}
WHATEVER_THE_ORDER = (exp.ArraySize, exp.ArrayMax, exp.ArrayMin, exp.ArrayContains)
TIME = "the time, the files or the user of a run are not of the data; use columns"


def uncertain(tree: exp.Expr) -> Iterator[Found]:
    """Functions whose answer the rows do not decide. What an order leaves open is `Reading.undecided`."""
    for part in tree.walk():
        name = _name(part)
        if isinstance(part, OF_THE_RUN) or name in NAMES_OF_THE_RUN:
            yield line_of(part), f"{name} gives something else in every run: {TIME}"
        elif (isinstance(part, OF_ANY_ROW) or name in NAMES_OF_ANY_ROW) and not _ordered(part):
            yield line_of(part), f"{name} takes any of several rows: say which, such as by max or max_by"
        elif isinstance(part, LISTS) and not _sorted(part):
            yield line_of(part), f"{name} has no order: put array_sort around it"
        elif isinstance(part, exp.GroupConcat) and not _sorts_itself(part):
            yield line_of(part), f"{name} has no order: WITHIN GROUP (ORDER BY the same value)"
        elif isinstance(part, exp.TableSample):
            yield line_of(part), "TABLESAMPLE takes other rows in every run"


def _name(part: exp.Expr) -> str:
    if isinstance(part, exp.Anonymous):
        return str(part.name).lower()
    if isinstance(part, exp.Column) and not part.table:
        return part.name.lower() if part.name.lower() in NAMES_OF_THE_RUN - {"user"} else ""
    return SPARKS.get(type(part), part.sql_name().lower()) if isinstance(part, exp.Func) else ""


def _ordered(part: exp.Expr) -> bool:
    """Whether it is of a window that is ordered."""
    above = part.parent
    while isinstance(above, exp.IgnoreNulls | exp.RespectNulls | exp.Filter):
        above = above.parent
    return isinstance(above, exp.Window) and above.args.get("order") is not None


def _sorted(part: exp.Expr) -> bool:
    """Whether the list is sorted by its elements, or its order does not matter."""
    above = part.parent
    while isinstance(above, exp.Filter | exp.Paren | exp.Distinct):
        above = above.parent
    if isinstance(above, exp.ArraySort):
        return not isinstance(above.args.get("expression"), exp.Lambda)
    return isinstance(above, WHATEVER_THE_ORDER)


def _sorts_itself(part: exp.Expr) -> bool:
    order = part.this
    if not isinstance(order, exp.Order):
        return False
    value = order.this.expressions[0] if isinstance(order.this, exp.Distinct) else order.this
    return any(o.this == value for o in order.expressions)
