"""Takes what is past the contract's retention out of silver and quarantine; gold follows as it follows every
change.

Once a day for each table, by the run that comes first. Rows that left are in files of older snapshots until
maintenance expires these.
"""

from __future__ import annotations

import datetime as dt

from pyspark.sql import SparkSession

from glue_scripts.engine.lineage.recorder import Recorder
from glue_scripts.engine.quarantine.rows import quarantine_table
from glue_scripts.engine.read.conform import day_of
from glue_scripts.engine.read.sql import before, literal, quoted
from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.lock import Guard
from glue_scripts.engine.silver.derive import follow
from glue_scripts.engine.silver.tombstones import tombstones
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.commits import computed_again, fork, publish
from glue_scripts.engine.tables.iceberg import properties_of, set_properties
from glue_scripts.engine.tables.state import State, state
from shared.contracts import Dataset, Table
from shared.contracts.followers import followers
from shared.retention import KEPT_SINCE, UNDATED, file_days, first_day
from shared.zones import GATHERED

LEAVING = "lakehouse.leaving"  # the day before which rows leave, while their followers may not have followed
NONE = "none"


@computed_again
def expire(spark: SparkSession, job: Job, table: Table, check: Guard, lineage: Recorder) -> None:
    """Keeps no row of an event date before the first that is kept, in a table that datasets are loaded into,
    its tombstones and the tables that follow it; and none in quarantine that came with their files so long
    ago.

    A crash anywhere is repaired by the next run: that it is done is noted last. Nor is it where rows stand
    without a date, of a time before the contract had one: only reading their files again gives them theirs.
    Raises MovedOnError.
    """
    day, name = first_day(table, job.now), job.identifier(table)
    if day is None or not spark.catalog.tableExists(name):
        return
    known = properties_of(spark, name)
    if known.get(KEPT_SINCE) == day.isoformat():
        return
    check()
    for dataset in job.contract.datasets:
        if dataset.target.name == table.name:
            _expire_quarantined(spark, job, dataset)
    undated = _expire_buried(spark, job, table, day)
    if "event_date" in spark.table(name).columns:
        _expire_rows(spark, job, table, day, check, lineage, interrupted=known.get(LEAVING, NONE) != NONE)
    undated |= _has_undated(spark, name, "event_date")
    if undated:
        log.warning(
            job,
            f"{table.name} has rows of a time before its event date, which stay until a full refresh",
            table=table.name,
        )
    set_properties(spark, name, {KEPT_SINCE: UNDATED if undated else day.isoformat(), LEAVING: NONE})


def _expire_buried(spark: SparkSession, job: Job, table: Table, day: dt.date) -> bool:
    """Whether there are tombstones without a date."""
    date = table.event_date_column
    if not table.buries or date is None:
        return False
    name = tombstones(job, table).identifier
    if not spark.catalog.tableExists(name):
        return False
    if date in spark.table(name).columns:
        _delete_some(spark, name, before(day_of(table, date), day))
    return _has_undated(spark, name, date)


def _has_undated(spark: SparkSession, name: str, date: str) -> bool:
    """Whether a table has rows without a date; all are where it has no such column yet."""
    rows = spark.table(name)
    return not (rows.where(f"{quoted(date)} IS NULL") if date in rows.columns else rows).isEmpty()


def _expire_rows(
    spark: SparkSession,
    job: Job,
    table: Table,
    day: dt.date,
    check: Guard,
    lineage: Recorder,
    *,
    interrupted: bool,
) -> None:
    """`interrupted`: rows have left that the followers may still show; which, nobody knows any more."""
    name, expired = job.identifier(table), before("event_date", day)
    since = state(spark, name)
    leaving = spark.table(name).where(expired)
    if found := not leaving.isEmpty():
        # First: a crash in between costs a needless recomputation, never a missed one.
        set_properties(spark, name, {LEAVING: day.isoformat()})
        none = ("CAST(NULL AS date) AS _old_date", "CAST(NULL AS string) AS _old_key")
        changes.record(
            job, table, leaving.selectExpr("event_date", f"{changes.changed_key(table)} AS key", *none)
        )
        check()
        _delete(spark, name, expired, since)
        log.info(job, f"{table.name} is kept since {day}", table=table.name)
    for follower in followers(table, job.contract.silver) if found or interrupted else ():
        # By number: what is kept in memory of a table is read anew once it is written to.
        before_it = spark.read.option("versionAsOf", str(since.snapshot)).table(name).where(expired)
        keys = None if interrupted else before_it.select(*table.primary_key[:1]).distinct()
        follow(spark, job, table, follower, keys, lineage)


def _expire_quarantined(spark: SparkSession, job: Job, dataset: Dataset) -> None:
    """Quarantined rows go by the day on which their file came: many have no date that could be read."""
    days = file_days(job.contract, dataset)
    name = quarantine_table(job, dataset).identifier
    if days is None:
        return
    expired = before("CAST(ingested_at AS date)", job.now.astimezone(dt.UTC).date() - dt.timedelta(days))
    if job.contract.layout == GATHERED:  # other datasets' rows stand there, too
        prefixes = [f"{job.domain}/{dataset.name}/"]
        prefixes += [f"{job.source.prefix}{dataset.name}/"] if job.source else []
        expired += f" AND ({' OR '.join(f'startswith(source_file, {literal(p)})' for p in prefixes)})"
    _delete_some(spark, name, expired)


def _delete_some(spark: SparkSession, name: str, condition: str) -> None:
    """Commits nothing where there is nothing to delete. Raises MovedOnError."""
    if spark.catalog.tableExists(name):
        since = state(spark, name)
        if not spark.table(name).where(condition).isEmpty():
            _delete(spark, name, condition, since)


def _delete(spark: SparkSession, name: str, condition: str, since: State) -> None:
    """In one commit. `since`: the state in which the rows were looked for. Raises MovedOnError."""
    branch = fork(spark, name, since)
    spark.sql(f"DELETE FROM {branch.identifier} WHERE {condition}")
    publish(spark, branch)
