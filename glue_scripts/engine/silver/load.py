"""One dataset's files → its silver table: judge, put aside, deduplicate, merge.

Every record is accounted for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.quarantine import rows as quarantine
from glue_scripts.engine.quarantine.record_counts import (
    RecordCounts,
    balanced,
    check_nothing_lost,
    expected_records,
    observed_counts,
    record_aggregates,
)
from glue_scripts.engine.quarantine.row_rules import judged
from glue_scripts.engine.read.bronze_files import BronzeFile, files_table
from glue_scripts.engine.read.conform import conformed
from glue_scripts.engine.read.readers import records
from glue_scripts.engine.read.sql import literal, quoted
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.lock import Guard
from glue_scripts.engine.silver.replace import identified, replaced
from glue_scripts.engine.silver.versions import content, identity, newest_per_key
from glue_scripts.engine.silver.work import Work
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.iceberg import LINEAGE_COLUMNS, Stored, among, audited, prepare
from glue_scripts.engine.tables.reconcile import Difference, write
from shared.contracts import Dataset, Table
from shared.ledger.model import LedgerFile, RowCounts


@dataclass(frozen=True)
class Landed:
    """What became of a dataset's records.

    `keys`: the touched keys of the landing table, None when all are.
    """

    rows: RowCounts
    reasons: dict[str, int]
    nulls: dict[str, int]
    extra_rows: int
    removed: int
    keys: DataFrame | None


@dataclass(frozen=True)
class Batch:
    """The files of a dataset that a run lands. `stale`: files of which quarantine may hold rows already."""

    spark: SparkSession
    job: Job
    dataset: Dataset
    files: Sequence[BronzeFile]
    numbers: DataFrame
    stale: Sequence[LedgerFile]

    @property
    def table(self) -> Table:
        return self.dataset.target

    def judged(self, files: Sequence[BronzeFile]) -> DataFrame:
        """All rows of some of the files."""
        return judged(
            conformed(
                records(self.spark, files, self.numbers, self.dataset), self.job.contract, self.dataset
            ),
            self.dataset,
        )

    def quarantine(self, files: Sequence[BronzeFile]) -> tuple[RecordCounts, dict[str, int]]:
        """Brings bad rows of some of the files to quarantine, in the place of stale files' rows; counts all
        rows, and the bad by reason.
        """
        if not files:
            quarantine.clear(self.spark, self.job, self.dataset, self.stale)
            return RecordCounts(), {}
        return quarantine.quarantine_rows(
            self.spark, self.job, self.dataset, self.judged(files), self.numbers, self.stale
        )

    def wanted(self, judged_rows: DataFrame) -> DataFrame:
        """What silver is to hold of judged rows. The judgement must stand behind a barrier, such as an
        observation: the planner would push it below the casts that it rests on.
        """
        table = self.table
        computed = {k for k in table.primary_key if table.column(k).derived}
        good = judged_rows.where("NOT _bad").selectExpr(
            *(quoted(c) for c in table.column_names if c not in computed), "_extra", "_file"
        )
        known = self.numbers.select("_file", "_source_file", "_sha256", "_ingested_at").hint("broadcast")
        own = [
            *map(quoted, table.column_names),
            "_source_file",
            "_ingested_at",
            f"{literal(self.job.run_id)} AS _run_id",
            "_extra",
        ]
        if table.kind == "files":
            return identified(good.join(known, "_file", "inner"), table).selectExpr(*own)
        newest = newest_per_key(good.selectExpr("*", f"{content(table)} AS _content"), table)
        return newest.join(known, "_file", "inner").selectExpr(*own, "_content", "_sent")


def silver_table(job: Job, table: Table) -> Stored:
    columns = {c.name: c.type for c in table.columns} | LINEAGE_COLUMNS
    date = "event_date" if "event_date" in columns else None
    return Stored(job.identifier(table), job.location(table), columns, table.partition_fields, date)


@contextmanager
def landed(
    spark: SparkSession,
    job: Job,
    dataset: Dataset,
    files: Sequence[BronzeFile],
    work: Work,
    check: Guard,
    again: bool,
) -> Iterator[Landed]:
    """Lands the files; `check` goes before each commit.

    `again`: an earlier run may have put rows of them aside already.
    """
    check()
    stale = [*work.superseded, *(f for f in work.files if again or job.full_refresh or f.processed_by)]
    batch = Batch(spark, job, dataset, files, files_table(spark, files), stale)
    target = silver_table(job, dataset.target)
    if dataset.target.kind != "files" and (prepare(spark, target) or job.full_refresh):
        yield _filled(batch, target, check)
        return
    seen, reasons = batch.quarantine(files)
    check_nothing_lost(seen.read, files)
    check()

    def counted(written: int, again_sent: int = 0, updated: int = 0) -> RowCounts:
        return balanced(dataset, RowCounts(seen.read, written, seen.bad, again_sent, updated))

    wanted = batch.wanted(batch.judged(files).observe(Observation(), F.count(F.lit(1)).alias("read")))
    if dataset.target.kind == "files":
        with replaced(spark, job, dataset, target, wanted, work, counted) as (rows, removed):
            yield Landed(rows, reasons, seen.nulls, seen.extra, removed, None)
    else:
        with _merged(spark, job, dataset.target, target, wanted, counted) as (rows, keys):
            yield Landed(rows, reasons, seen.nulls, seen.extra, 0, keys)


def _filled(batch: Batch, target: Stored, check: Guard) -> Landed:
    """Makes the files the table's whole content. They are read once: what is counted on the way is held
    against the door's count, and bad rows are put aside, before readers see the table.
    """
    observed, kept = Observation(), Observation()
    rows = batch.judged(batch.files)
    wanted = batch.wanted(rows.observe(observed, *record_aggregates(batch.dataset)))
    with audited(
        batch.spark,
        wanted.observe(kept, F.count(F.lit(1)).alias("rows"), F.sum("_sent").alias("sent")),
        target,
    ):
        written, sent = kept.get["rows"], kept.get["sent"] or 0
        seen = _seen(batch, rows, observed)
        check_nothing_lost(seen.read, batch.files)
        check()
        aside, reasons = batch.quarantine([f for f in batch.files if f.number in seen.bad_files])
        counts = balanced(batch.dataset, RowCounts(seen.read, written, aside.bad, sent - written))
        changes.record_everything(batch.spark, batch.job, batch.table)
        check()
    return Landed(counts, reasons, seen.nulls, seen.extra, 0, None)


def _seen(batch: Batch, rows: DataFrame, observed: Observation) -> RecordCounts:
    """What was observed; counted anew where it is not what the door counted: an observation counts a task
    twice that was run again.
    """
    if (seen := observed_counts(observed.get, batch.dataset)).read == expected_records(batch.files):
        return seen
    [counted] = rows.agg(*record_aggregates(batch.dataset)).collect()
    return observed_counts(counted.asDict(), batch.dataset)


@contextmanager
def _merged(
    spark: SparkSession,
    job: Job,
    table: Table,
    target: Stored,
    wanted: DataFrame,
    counted: Callable[[int, int, int], RowCounts],
) -> Iterator[tuple[RowCounts, DataFrame]]:
    """Brings the wanted rows into silver; gives the run's counts and the touched keys. `counted` is asked
    before the commit: from the numbers of rows that stand, that a newer one outdid, and that were
    replaced.
    """
    staged = wanted.persist(StorageLevel.MEMORY_AND_DISK)
    compared = _compared(spark, table, target, staged).persist(StorageLevel.MEMORY_AND_DISK)
    found = (
        compared.groupBy("_outcome", "_old_date")
        .agg(F.count(F.lit(1)).alias("rows"), F.sum("_sent").alias("sent"))
        .collect()
    )
    total = {
        o: sum(c["rows"] for c in found if c["_outcome"] == o) for o in ("insert", "update", "same", "older")
    }
    standing, updated = total["insert"] + total["same"], total["update"]
    counts = counted(standing, sum(c["sent"] for c in found) - standing - updated, updated)
    changed = compared.where("_outcome <> 'older'").selectExpr(
        f"{_date(target)} AS event_date", f"{changes.changed_key(table)} AS key", "_old_date", "_old_key"
    )
    changes.record(job, table, changed)
    rows = compared.where("_outcome IN ('insert', 'update')").withColumnRenamed("_outcome", "_action")
    old = frozenset(str(c["_old_date"]) for c in found if c["_outcome"] == "update")
    write(Difference(rows, total["insert"], updated, 0, old), target, identity_in_table(table))
    yield counts, staged.select(*table.primary_key[:1]).distinct()
    compared.unpersist()
    staged.unpersist()


def identity_in_table(table: Table) -> tuple[str, ...]:
    """Stored columns that identify a row; a log is only ever appended to."""
    return tuple(c for c in identity(table) if c != "_content")


def _date(target: Stored) -> str:
    """SQL for the date by which a table's changes are found."""
    return quoted(target.date_column) if target.date_column else "CAST(NULL AS date)"


def _near(spark: SparkSession, target: Stored, staged: DataFrame, keys: list[str]) -> DataFrame:
    """The stored rows of the dates on which some staged key was found; of a table without dates all."""
    everything = spark.table(target.identifier)
    if target.date_column is None:
        return everything
    found = everything.select(*keys, "event_date").join(staged.select(*keys).distinct(), keys, "left_semi")
    dates = [r["event_date"] for r in found.select("event_date").distinct().collect()]
    return everything.where(among("event_date", dates))


def _compared(spark: SparkSession, table: Table, target: Stored, staged: DataFrame) -> DataFrame:
    """Staged rows with `_outcome`: insert, update (newer than the stored row), same (this very row stands
    already), older.

    The key alone is searched in the whole table; whole rows are read only from the dates where it was found.
    """
    keys = list(identity_in_table(table))
    stored = _near(spark, target, staged, keys)
    order = [quoted(c) for c in table.order]
    old = stored.join(staged.select(*keys).distinct(), keys, "left_semi").selectExpr(
        *map(quoted, keys),
        f"{_date(target)} AS _old_date",
        f"{changes.changed_key(table)} AS _old_key",
        f"struct({', '.join([*order, content(table)])}) AS _old_order",
        f"{content(table)} AS _old_content",
        "_source_file AS _old_source",
        "_ingested_at AS _old_ingested",
    )
    on = [*keys, *(["_content"] if table.kind == "log" else [])]
    old = (
        old.withColumnRenamed("_old_content", "_content") if table.kind == "log" else old.drop("_old_content")
    )
    newer = f"struct({', '.join([*order, '_content'])}) > _old_order"
    return staged.join(old, on, "left").selectExpr(
        *(quoted(c) for c in target.columns),
        "_sent",
        "_old_date",
        "_old_key",
        f"CASE WHEN _old_order IS NULL THEN 'insert' WHEN {newer} THEN 'update' WHEN _old_source ="
        " _source_file AND _old_ingested = _ingested_at THEN 'same' ELSE 'older' END AS _outcome",
    )
