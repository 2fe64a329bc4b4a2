"""Silver tables computed from a log: the newest values and the history of each key that a run touched."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.lineage.catalyst import scoped
from glue_scripts.engine.lineage.made import made_of, tell_written
from glue_scripts.engine.lineage.recorder import Recorder, TableRun
from glue_scripts.engine.read.sql import literal
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.lock import Guard
from glue_scripts.engine.silver.intervals import intervals
from glue_scripts.engine.silver.target import silver_table
from glue_scripts.engine.silver.versions import latest_values
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.announced import reconcile
from glue_scripts.engine.tables.commits import computed_again, replace_all
from glue_scripts.engine.tables.iceberg import caught_up, create_or_evolve, is_behind, is_empty
from glue_scripts.engine.tables.state import state
from shared.contracts import Table
from shared.contracts.followers import followers

RULES = {"latest": latest_values, "scd2": intervals}


@computed_again
def follow(
    spark: SparkSession,
    job: Job,
    log: Table,
    table: Table,
    keys: DataFrame | None,
    lineage: Recorder,
    near: Column | None = None,
) -> None:
    """Recomputes a derived table for the touched keys of its log; None: for all, as it is where the table has
    columns that its rows were not computed with. `near`: true for each row of such a key. Raises
    MovedOnError.
    """
    with lineage.of(table) as run:
        run.begin()
        _follow(spark, job, log, table, keys, F.lit(True) if near is None else near, run)


def _follow(
    spark: SparkSession,
    job: Job,
    log: Table,
    table: Table,
    keys: DataFrame | None,
    near: Column,
    run: TableRun,
) -> None:
    target = silver_table(job, table)
    create_or_evolve(spark, target)
    since = state(spark, target.identifier)
    updates = spark.table(job.identifier(log))
    behind = is_behind(spark, target)
    if is_empty(spark, target, since) or behind:
        keys = None
    if keys is not None:
        updates = scoped(updates.where(near).join(keys, list(keys.columns), "left_semi"))
    derived = RULES[table.kind](updates, table, log.operation).selectExpr(
        "*", f"{literal(job.run_id)} AS _run_id"
    )
    made = made_of(job, table, derived)
    run.tell(made)
    if keys is None:
        changes.record_everything(spark, job, table)
        replace_all(derived, target, since)
        if behind:
            caught_up(spark, target)
    else:
        stored = spark.table(target.identifier).where(near).join(keys, list(keys.columns), "left_semi")
        reconcile(job, table, target, derived, stored, table.column_names, since)
    tell_written(run, spark, job, target.identifier, made)


def catch_up(spark: SparkSession, job: Job, check: Guard, lineage: Recorder) -> None:
    """Computes the tables anew that have columns which their rows were not computed with, where no file came
    for their logs; all tables of silver are there.
    """
    for log in job.contract.silver:
        for table in followers(log, job.contract.silver):
            if is_behind(spark, silver_table(job, table)):
                check()
                follow(spark, job, log, table, None, lineage)
