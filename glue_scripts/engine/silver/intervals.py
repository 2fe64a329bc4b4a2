"""Slowly changing dimension, type 2: what was known of a key, and from when until when. Pure functions of
rows.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.read.operations import is_delete
from glue_scripts.engine.read.sql import quoted
from glue_scripts.engine.read.times_sql import event_day
from shared.contracts import Operation, Table, followers

OWN = followers.OWN["scd2"]


def intervals(updates: DataFrame, table: Table, operation: Operation | None) -> DataFrame:
    """One row for each change of a tracked column, from its time until the next change or the delete.

    Columns that are not tracked have what was known at the interval's start. At equal times the later file
    counts.
    """
    time, key = table.order[0], list(table.primary_key[:-1])
    states = _states(_moments(updates, table, operation), table)
    by_time = Window.partitionBy(*key).orderBy(time)
    state = F.struct("_deleted", *table.tracked)
    changes = states.withColumn("_before", F.lag(state).over(by_time))
    kept = changes.where(F.col("_before").isNull() | ~state.eqNullSafe(F.col("_before")))
    rows = kept.withColumn("valid_to", F.lead(time).over(by_time)).where("NOT _deleted")
    own = {
        "valid_from": quoted(time),
        "is_current": "valid_to IS NULL",
        "event_date": event_day(quoted(time), table.event_timezone),
    }
    columns = [f"{own[c]} AS {quoted(c)}" if c in own else quoted(c) for c in table.column_names]
    return rows.selectExpr(*columns, "_newest.*")


def _moments(updates: DataFrame, table: Table, operation: Operation | None) -> DataFrame:
    """One row per key and time: the last value of each column, `_deleted` where a delete came last, and
    `_reset` where one came at all: then values said before it count no more.
    """
    time, key, delete = table.order[0], list(table.primary_key[:-1]), is_delete(operation)
    if operation is not None:
        gone = F.expr(f"max(CASE WHEN {delete} THEN struct(_file_order) END)")
        updates = updates.withColumn("_gone", gone.over(Window.partitionBy(*key, time)))
    said = "true" if operation is None else f"NOT {delete} AND (_gone IS NULL OR struct(_file_order) > _gone)"
    values = [
        F.expr(
            f"max_by({quoted(c)}, struct(_file_order, {quoted(c)}))"
            f" FILTER (WHERE {quoted(c)} IS NOT NULL AND {said})"
        ).alias(c)
        for c in _said(table)
    ]
    newest = (
        "max_by(struct(_source_file, _ingested_at, _file_order, _extra), struct(_file_order, _ingested_at,"
        " _source_file))"
    )
    return updates.groupBy(*key, time).agg(
        *values,
        F.expr(newest).alias("_newest"),
        F.expr(f"max_by({delete}, struct(_file_order, {delete}))").alias("_deleted"),
        F.expr(f"max({delete})").alias("_reset"),
    )


def _states(moments: DataFrame, table: Table) -> DataFrame:
    """What was known of a key at each of its moments: values stay until another is said, or a delete."""
    time, key = table.order[0], list(table.primary_key[:-1])
    so_far = Window.partitionBy(*key).orderBy(time).rowsBetween(Window.unboundedPreceding, 0)
    lives = moments.withColumn("_life", F.count_if("_reset").over(so_far))
    of_life = Window.partitionBy(*key, "_life").orderBy(time).rowsBetween(Window.unboundedPreceding, 0)
    known = [F.last(c, ignorenulls=True).over(of_life).alias(c) for c in _said(table)]
    return lives.select(*key, time, "_newest", "_deleted", *known)


def _said(table: Table) -> list[str]:
    """The columns that updates bring values of."""
    return [c for c in table.column_names if c not in (*table.primary_key, table.order[0], *OWN)]
