"""One dataset's files → its silver table: judge, quarantine, deduplicate, merge.

Every record is accounted for before readers see one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyspark.sql import Observation, SparkSession

from glue_scripts.engine.lineage.recorder import Recorder
from glue_scripts.engine.read.bronze_files import BronzeFile, files_table
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.lock import Guard
from glue_scripts.engine.silver.batch import Batch, Loaded
from glue_scripts.engine.silver.derive import follow
from glue_scripts.engine.silver.fill import fill_table
from glue_scripts.engine.silver.merge import merge_rows
from glue_scripts.engine.silver.protection import check_hash_key
from glue_scripts.engine.silver.replace import replace_rows
from glue_scripts.engine.silver.snapshot import replace_snapshot
from glue_scripts.engine.silver.target import silver_table
from glue_scripts.engine.silver.tombstones import tombstones
from glue_scripts.engine.silver.work import Work
from glue_scripts.engine.tables.iceberg import create_or_evolve, is_empty, prepare
from glue_scripts.engine.tables.memory import persisted
from glue_scripts.engine.tables.near import may_have
from glue_scripts.engine.tables.state import State, state
from shared.contracts import Dataset, Table
from shared.contracts.followers import followers


def load_dataset(
    spark: SparkSession,
    job: Job,
    dataset: Dataset,
    files: Sequence[BronzeFile],
    work: Work,
    check: Guard,
    lineage: Recorder,
    *,
    again: bool,
) -> Loaded:
    """Loads the files, then the tables that follow theirs; `check` goes before each commit of bad or good
    rows. `again`: an earlier run may have quarantined rows of them already.

    Raises RecordsLostError, UnbalancedError, MigrationNeededError, HashKeyError and MovedOnError, with the
    silver table as it was.
    """
    check()
    table, target = dataset.target, silver_table(job, dataset.target)
    create_or_evolve(spark, target)
    check_hash_key(spark, job, table)
    since = state(spark, target.identifier)  # before anything is decided by what the table holds
    stale = [*work.superseded, *(f for f in work.files if again or job.full_refresh or f.processed_by)]
    batch = Batch(spark, job, dataset, files, files_table(spark, files, dataset), stale)
    if table.kind != "files" and (_is_empty(spark, job, table, since) or job.full_refresh or work.refill):
        loaded = fill_table(batch, target, check, since)
        for follower in followers(table, job.contract.silver):
            follow(spark, job, table, follower, None, lineage)
        return loaded
    judged, rows = Observation(), batch.judged()
    with persisted(batch.silver_rows(rows.observe(judged, *batch.aggregates))) as staged:
        staged.count()  # all rows are judged once, here
        seen = batch.seen(rows, judged.get)
        check()
        bad, reasons = batch.quarantine(seen)
        seen = replace(seen, bad=bad)
        check()
        near = None
        if table.kind == "files":
            keys = None  # a removed row has no staged key: its followers are computed whole
            known = bool(stale)
            counts, removed = replace_rows(
                spark, job, dataset, target, staged, work, seen, since, known=known
            )
        elif table.snapshot:
            keys = None
            counts, removed = replace_snapshot(batch, target, staged, seen, since)
        else:
            keys = staged.select(*table.primary_key[:1]).distinct()
            near = may_have(staged, table)
            counts, removed = merge_rows(batch, target, staged, seen, since, near)
        # While the staged rows are kept: the keys are computed from them.
        for follower in followers(table, job.contract.silver):
            follow(spark, job, table, follower, keys, lineage, near)
    return Loaded(counts, reasons, seen.nulls, seen.extra, removed, seen.unknown, seen.ambiguous)


def _is_empty(spark: SparkSession, job: Job, table: Table, now: State) -> bool:
    """Whether nothing is known of any key; where all rows were deleted, their tombstones are."""
    empty = is_empty(spark, silver_table(job, table), now)
    return empty and (not table.buries or prepare(spark, tombstones(job, table)))
