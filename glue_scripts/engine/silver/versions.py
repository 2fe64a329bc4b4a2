"""Which version of a row counts: newest per key, newest value per column, and the intervals in between.

Pure functions of rows.

Of versions with equal order the one of the later file counts, and in a file the later record: properties of
the files, so the same files give the same answer in any order of arrival. `_file_order` tells it of stored
rows; rows that were stored before it was known have none, and are older than all others.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.read.operations import is_delete
from glue_scripts.engine.read.sql import quoted
from glue_scripts.engine.read.times_sql import event_day
from shared.contracts import Operation, Table

NUMBERS = 10  # digits of the number of a row among those of its file; more rows than any file has


def content(table: Table) -> str:
    """SQL for a hash of what a row says in the contract's columns, whoever sent it."""
    # The hash skips nulls: an array is hashed as text, which has them in their places, and without the flags
    # a value in one column is the same as in its neighbour.
    columns = [f"to_json({quoted(c.name)})" if c.element else quoted(c.name) for c in table.columns]
    return f"xxhash64({', '.join([*columns, *(f'isnull({c})' for c in columns)])})"


def identity(table: Table) -> tuple[str, ...]:
    """The columns by which two rows are versions of one: the key, or for a log everything."""
    return table.primary_key if table.kind == "keyed" else (*searched(table), "_content")


def searched(table: Table) -> tuple[str, ...]:
    """The columns of the identity that are stored."""
    dated = table.kind == "log" and table.event_date_column
    return (*table.primary_key, *((table.event_date_column,) if dated and table.event_date_column else ()))


def order(table: Table, file_order: str = "_file_order") -> str:
    """SQL for what versions of one row are compared by: the greater wins."""
    return f"struct({', '.join([*map(quoted, table.order), f'{file_order} AS _file_order'])})"


def newest_per_key(rows: DataFrame, table: Table) -> DataFrame:
    """One row per identity, the latest: by the contract's order, then by file, then by its place there.

    `_sent`: of how many.
    """
    columns = [F.col(c).desc_nulls_last() for c in table.order]
    window = Window.partitionBy(*identity(table)).orderBy(*columns, F.desc("_file"), F.desc("_place"))
    every = window.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    ranked = rows.select(
        "*", F.row_number().over(window).alias("_rank"), F.count(F.lit(1)).over(every).alias("_sent")
    )
    return ranked.where("_rank = 1").drop("_rank")


def numbered(rows: DataFrame, table: Table) -> DataFrame:
    """Rows of a log with `_number`: which of the rows of their key in their file they are, from 1."""
    # By the key, which serves `newest_per_key` too: the rows are sent to other tasks once.
    together = rows.repartition(*table.primary_key)
    window = Window.partitionBy(*table.primary_key, "_file").orderBy("_place")
    return together.withColumn("_number", F.row_number().over(window))


def numbered_order(file_order: str) -> str:
    """SQL for `_file_order` of numbered rows. The first of a file has the file's, which most rows share."""
    return (
        f"CASE WHEN _number > 1 THEN concat({file_order}, ' ', lpad(_number, {NUMBERS}, '0')) ELSE"
        f" {file_order} END"
    )


def latest_values(updates: DataFrame, table: Table, operation: Operation | None) -> DataFrame:
    """One row per key: each column its newest value that was not null; a null says nothing.

    A delete forgets all that was said before; a key of which nothing was said since has no row.
    """
    time, key = table.order[0], table.primary_key
    newer = order(table)
    if operation is not None:
        gone = F.expr(f"max(CASE WHEN {is_delete(operation)} THEN {newer} END)")
        forgotten = updates.withColumn("_gone", gone.over(Window.partitionBy(*key)))
        updates = forgotten.where(f"NOT {is_delete(operation)} AND (_gone IS NULL OR {newer} > _gone)")
    plain = [c for c in table.column_names if c not in (*key, time, "event_date")]
    values = [
        F.expr(
            f"max_by({quoted(c)}, struct({newer}, {quoted(c)})) FILTER (WHERE {quoted(c)} IS NOT NULL)"
        ).alias(c)
        for c in plain
    ]
    newest = (
        f"max_by(struct(_source_file, _ingested_at, _file_order, _extra), struct({newer}, _ingested_at,"
        " _source_file))"
    )
    rows = updates.groupBy(*key).agg(*values, F.max(time).alias(time), F.expr(newest).alias("_newest"))
    return rows.selectExpr(
        *map(quoted, [*key, *plain, time]),
        f"{event_day(quoted(time), table.event_timezone)} AS event_date",
        "_newest.*",
    )
