"""Silver tables computed from a log: the newest values and the history of each key that a run touched."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from glue_scripts.engine.read.sql import literal
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.silver.intervals import intervals
from glue_scripts.engine.silver.target import silver_table
from glue_scripts.engine.silver.versions import latest_values
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.iceberg import prepare, replace_all
from glue_scripts.engine.tables.memory import persisted
from glue_scripts.engine.tables.reconcile import difference_of, differing_rows, write
from shared.contracts import Table

RULES = {"latest": latest_values, "scd2": intervals}


def follow(spark: SparkSession, job: Job, log: Table, table: Table, keys: DataFrame | None) -> None:
    """Recomputes a derived table for the touched keys of its log; None: for all."""
    target = silver_table(job, table)
    updates = spark.table(job.identifier(log))
    empty = prepare(spark, target)
    if keys is not None and not empty:
        updates = updates.join(keys, list(keys.columns), "left_semi")
    derived = RULES[table.kind](updates, table, log.operation).selectExpr(
        "*", f"{literal(job.run_id)} AS _run_id"
    )
    if keys is None or empty:
        changes.record_everything(spark, job, table)
        replace_all(derived, target)
        return
    stored = spark.table(target.identifier).join(keys, list(keys.columns), "left_semi")
    compared = differing_rows(
        derived, stored, target, table.primary_key, table.column_names, table.change_key
    )
    with persisted(compared) as rows:
        difference = difference_of(rows, target)
        if not difference.empty:
            key = f"coalesce({changes.changed_key(table)}, _old_key) AS key"
            changes.record(job, table, rows.selectExpr("event_date", key, "_old_date", "_old_key"))
            write(difference, target, table.primary_key)


def followers(log: Table, tables: tuple[Table, ...]) -> tuple[Table, ...]:
    """The tables that are computed from a log."""
    return tuple(t for t in tables if log.name in t.sources and t.kind in RULES)
