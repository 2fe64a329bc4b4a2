"""What a run touched: event dates and keys of the rows that changed, old and new, kept until gold has
followed.

A change is recorded before the commit it announces, so a crash in between costs a needless recomputation,
never a missed one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.read.sql import literal, quoted
from glue_scripts.engine.read.values import driver_rows
from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.tables.commits import replace_all
from glue_scripts.engine.tables.iceberg import Stored, append, is_empty
from glue_scripts.engine.tables.state import MovedOnError, State, state
from shared.contracts import Table

COLUMNS = {"run_id": "string", "table_name": "string", "event_date": "date", "key": "string"}


@dataclass(frozen=True)
class Changes:
    """All pending changes, at a state of their table. `everything`: tables that were filled or refilled as a
    whole.
    """

    rows: DataFrame
    run_ids: tuple[str, ...]
    dates: dict[str, frozenset[str]]
    everything: frozenset[str]
    since: State

    @property
    def empty(self) -> bool:
        return not self.run_ids

    def keys(self, tables: Sequence[str]) -> DataFrame:
        """Distinct changed keys of the tables, one column `key`."""
        return (
            self.rows.where(F.col("table_name").isin(list(tables)) & F.col("key").isNotNull())
            .select("key")
            .distinct()
        )


def changes_table(job: Job) -> Stored:
    return Stored(job.changes_identifier, job.changes_location, COLUMNS)


def record(job: Job, table: Table, old_and_new: DataFrame) -> None:
    """Announces changed rows: `event_date`, `key`, and for replaced rows `_old_date`, `_old_key`."""
    new = old_and_new.select("event_date", "key")
    replaced = old_and_new.where("_old_date IS NOT NULL OR _old_key IS NOT NULL")
    old = replaced.selectExpr("_old_date AS event_date", "_old_key AS key")
    rows = new.unionByName(old).distinct().coalesce(1)
    append(
        rows.selectExpr(
            f"{literal(job.run_id)} AS run_id", f"{literal(table.name)} AS table_name", "event_date", "key"
        ),
        changes_table(job),
    )


def record_everything(spark: SparkSession, job: Job, table: Table) -> None:
    """Announces that a table was filled as a whole."""
    kinds = {"run_id": pa.string(), "table_name": pa.string(), "event_date": pa.date32(), "key": pa.string()}
    append(driver_rows(spark, kinds, [(job.run_id, table.name, None, None)]), changes_table(job))


def are_pending(spark: SparkSession, job: Job) -> bool:
    """Whether gold has something to follow; of all that waits one row is read."""
    return not is_empty(spark, changes_table(job), state(spark, job.changes_identifier))


def pending(spark: SparkSession, job: Job) -> Changes:
    """What gold has not followed yet."""
    since = state(spark, job.changes_identifier)
    rows = spark.table(job.changes_identifier)
    dates = rows.groupBy("table_name").agg(
        F.collect_set(F.col("event_date").cast("string")).alias("dates"),
        F.collect_set("run_id").alias("run_ids"),
        F.max(F.col("event_date").isNull() & F.col("key").isNull()).alias("all"),
    )
    summaries = dates.collect()
    return Changes(
        rows=rows,
        run_ids=tuple(sorted({i for r in summaries for i in r["run_ids"]})),
        dates={r["table_name"]: frozenset(r["dates"]) for r in summaries},
        everything=frozenset(r["table_name"] for r in summaries if r["all"]),
        since=since,
    )


def settle(spark: SparkSession, job: Job, followed: Changes) -> None:
    """Forgets changes that gold has followed. Where more were announced meanwhile, by a job that was started
    by hand, all stay: the next run follows them once more, and misses none.
    """
    if followed.empty:
        return
    try:
        replace_all(spark.table(job.changes_identifier).where("false"), changes_table(job), followed.since)
    except MovedOnError as error:
        log.warning(job, f"changes stay for the next run: {error}")


def date_of(target: Stored) -> str:
    """SQL for the date under which changes of a table are announced."""
    return quoted(target.date_column) if target.date_column else "CAST(NULL AS date)"


def changed_key(table: Table) -> str:
    """SQL for the key under which changes of a table are announced."""
    return f"CAST({quoted(table.change_key)} AS string)" if table.change_key else "CAST(NULL AS string)"
