"""Silver tables computed from a log: the newest values and the history of each key that a run touched."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from glue_scripts.engine.read.sql import literal
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.silver.intervals import intervals
from glue_scripts.engine.silver.target import silver_table
from glue_scripts.engine.silver.versions import latest_values
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.announced import reconcile
from glue_scripts.engine.tables.commits import computed_again, replace_all
from glue_scripts.engine.tables.iceberg import create_or_evolve, is_empty
from glue_scripts.engine.tables.state import state
from shared.contracts import Table

RULES = {"latest": latest_values, "scd2": intervals}


@computed_again
def follow(spark: SparkSession, job: Job, log: Table, table: Table, keys: DataFrame | None) -> None:
    """Recomputes a derived table for the touched keys of its log; None: for all. Raises MovedOnError."""
    target = silver_table(job, table)
    create_or_evolve(spark, target)
    since = state(spark, target.identifier)
    updates = spark.table(job.identifier(log))
    empty = is_empty(spark, target, since)
    if keys is not None and not empty:
        updates = updates.join(keys, list(keys.columns), "left_semi")
    derived = RULES[table.kind](updates, table, log.operation).selectExpr(
        "*", f"{literal(job.run_id)} AS _run_id"
    )
    if keys is None or empty:
        changes.record_everything(spark, job, table)
        replace_all(derived, target, since)
        return
    stored = spark.table(target.identifier).join(keys, list(keys.columns), "left_semi")
    reconcile(job, table, target, derived, stored, table.column_names, since)


def followers(log: Table, tables: tuple[Table, ...]) -> tuple[Table, ...]:
    """The tables that are computed from a log."""
    return tuple(t for t in tables if log.name in t.sources and t.kind in RULES)
