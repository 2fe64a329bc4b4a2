"""Which version of a row counts: newest per key, newest value per column, and the intervals in between.

Pure functions of rows.

All ties are broken by content, so the same rows give the same answer in any order of arrival.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.read.sql import quoted
from shared.contracts import Table


def content(table: Table) -> str:
    """SQL for a hash of what a row says in the contract's columns, whoever sent it."""
    # The hash skips nulls: an array is hashed as text, which has them in their places, and without the flags
    # a value in one column is the same as in its neighbour.
    columns = [f"to_json({quoted(c.name)})" if c.element else quoted(c.name) for c in table.columns]
    return f"xxhash64({', '.join([*columns, *(f'isnull({c})' for c in columns)])})"


def identity(table: Table) -> tuple[str, ...]:
    """The columns by which two rows are versions of one: the key, or for a log everything."""
    return table.primary_key if table.kind == "keyed" else (*table.primary_key, *_dated(table), "_content")


def _dated(table: Table) -> tuple[str, ...]:
    return (table.event_date_column,) if table.event_date_column else ()


def newest_per_key(rows: DataFrame, table: Table) -> DataFrame:
    """One row per identity: the latest by the contract's order, then by content, then the first to arrive.

    `_sent`: of how many.
    """
    order = [F.col(c).desc_nulls_last() for c in table.order]
    window = Window.partitionBy(*identity(table)).orderBy(
        *order, F.desc("_content"), F.expr("to_json(_extra)").desc_nulls_last(), F.asc("_file")
    )
    every = window.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    placed = rows.select(
        "*", F.row_number().over(window).alias("_place"), F.count(F.lit(1)).over(every).alias("_sent")
    )
    return placed.where("_place = 1").drop("_place")


def latest_values(updates: DataFrame, table: Table) -> DataFrame:
    """One row per key: each column its newest value that was not null; a null says nothing.

    Equal times: the greater value.
    """
    time, key = table.order[0], table.primary_key
    plain = [c for c in table.column_names if c not in (*key, time, "event_date")]
    values = [
        F.expr(
            f"max_by({quoted(c)}, struct({quoted(time)}, {quoted(c)})) FILTER (WHERE {quoted(c)} IS NOT NULL)"
        ).alias(c)
        for c in plain
    ]
    newest = (
        f"max_by(struct(_source_file, _ingested_at, _extra), struct({quoted(time)}, _ingested_at,"
        " _source_file))"
    )
    rows = updates.groupBy(*key).agg(*values, F.max(time).alias(time), F.expr(newest).alias("_newest"))
    return rows.selectExpr(
        *map(quoted, [*key, *plain, time]), f"CAST({quoted(time)} AS date) AS event_date", "_newest.*"
    )


def intervals(updates: DataFrame, table: Table) -> DataFrame:
    """Slowly changing dimension, type 2: one row for each change of a tracked column, from its time until the
    next change.
    """
    time, key, tracked = table.order[0], list(table.primary_key[:-1]), list(table.tracked)
    moments = updates.groupBy(*key, time).agg(
        *(F.max(c).alias(c) for c in tracked),
        F.expr(
            "min_by(struct(_source_file, _ingested_at, _extra), struct(_ingested_at, _source_file))"
        ).alias("_newest"),
    )
    so_far = Window.partitionBy(*key).orderBy(time).rowsBetween(Window.unboundedPreceding, 0)
    by_time = Window.partitionBy(*key).orderBy(time)
    states = moments.select(
        *key, time, "_newest", *(F.last(c, ignorenulls=True).over(so_far).alias(c) for c in tracked)
    )
    state = F.struct(*tracked)
    changes = states.withColumn("_before", F.lag(state).over(by_time)).withColumn(
        "_first", F.row_number().over(by_time) == 1
    )
    kept = changes.where(F.col("_first") | ~F.struct(*tracked).eqNullSafe(F.col("_before")))
    rows = kept.withColumn("valid_to", F.lead(time).over(by_time))
    own = {
        "valid_from": quoted(time),
        "is_current": "valid_to IS NULL",
        "event_date": f"CAST({quoted(time)} AS date)",
    }
    columns = [f"{own[c]} AS {quoted(c)}" if c in own else quoted(c) for c in table.column_names]
    return rows.selectExpr(*columns, "_newest.*")
