"""One dataset's files → its silver table: judge, put aside, deduplicate, merge. Every record is accounted for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine import changes, quarantine
from glue_scripts.engine.conform import conformed
from glue_scripts.engine.files import BronzeFile, files_table
from glue_scripts.engine.job import Job
from glue_scripts.engine.judge import judged
from glue_scripts.engine.lock import Guard
from glue_scripts.engine.read import expected_records, records
from glue_scripts.engine.reconcile import Difference, write
from glue_scripts.engine.replace import identified, replaced
from glue_scripts.engine.sql import literal, quoted
from glue_scripts.engine.tables import LINEAGE_COLUMNS, Stored, among, append, ensure, replace_all
from glue_scripts.engine.versions import content, identity, newest_per_key
from glue_scripts.engine.work import Work
from shared.contracts import Dataset, Table
from shared.ledger_model import LedgerFile, RowCounts
from shared.reasons import RowReason


class RecordsLostError(RuntimeError):
    """Silver did not see the records that the door counted."""


@dataclass(frozen=True)
class Landed:
    """What became of a dataset's records. `keys`: the touched keys of the landing table, None when all are."""

    rows: RowCounts
    reasons: dict[str, int]
    nulls: dict[str, int]
    extra_rows: int
    removed: int
    keys: DataFrame | None


def silver_table(job: Job, table: Table) -> Stored:
    columns = {c.name: c.type for c in table.columns} | LINEAGE_COLUMNS
    date = "event_date" if "event_date" in columns else None
    return Stored(job.identifier(table), job.location(table), columns, table.partition_fields, date)


@contextmanager
def landed(
    spark: SparkSession, job: Job, dataset: Dataset, files: Sequence[BronzeFile], work: Work, check: Guard, again: bool
) -> Iterator[Landed]:
    """Lands the files; `check` goes before each commit. `again`: an earlier run may have put rows of them aside already."""
    numbers = files_table(spark, files)
    table, home = dataset.lands_in, silver_table(job, dataset.lands_in)
    rows = judged(conformed(records(spark, files, numbers, dataset), job.contract, dataset), dataset)
    stale = [*work.superseded, *(f for f in work.files if again or job.full_refresh or f.processed_by)]
    check()
    seen = _put_aside(spark, job, dataset, rows, numbers, stale)
    _nothing_lost(seen["read"], files)
    # An observation nobody reads: it keeps the planner from pushing the judgement below the casts it rests on.
    counted = rows.observe(Observation(), F.count(F.lit(1)).alias("read"))
    computed = {k for k in table.primary_key if table.column(k).derived}
    good = counted.where("NOT _bad").selectExpr(*(quoted(c) for c in table.column_names if c not in computed), "_extra", "_file")
    known = numbers.select("_file", "_source_file", "_sha256", "_ingested_at").hint("broadcast")
    own = [*map(quoted, table.column_names), "_source_file", "_ingested_at", f"{literal(job.run_id)} AS _run_id", "_extra"]
    reasons = {r.value: seen[f"reason_{r}"] for r in RowReason if seen[f"reason_{r}"]}
    nulls = {c: seen[f"null_{c}"] for c in table.column_names if f"null_{c}" in seen}
    check()
    if table.kind == "files":
        wanted = identified(good.join(known, "_file", "inner"), table).selectExpr(*own)
        with replaced(spark, job, dataset, home, wanted, work) as (written, removed):
            yield Landed(RowCounts(seen["read"], written, seen["bad"]), reasons, nulls, seen["extra"], removed, None)
    else:
        newest = newest_per_key(good.selectExpr("*", f"{content(table)} AS _content"), table)
        wanted = newest.join(known, "_file", "inner").selectExpr(*own, "_content", "_sent")
        with _merged(spark, job, table, home, wanted) as (inserted, updated, again_sent, keys):
            counts = RowCounts(seen["read"], inserted, seen["bad"], again_sent, updated)
            yield Landed(counts, reasons, nulls, seen["extra"], 0, keys)


def _put_aside(
    spark: SparkSession, job: Job, dataset: Dataset, rows: DataFrame, numbers: DataFrame, stale: Sequence[LedgerFile]
) -> dict[str, Any]:
    """Writes the bad rows to quarantine, in the place of those of stale files, and counts all rows on the way."""
    home = quarantine.stored(job, dataset)
    known = not ensure(spark, home) and bool(stale)
    all_rows, bad_rows = Observation(), Observation()
    names = dataset.received
    counted = rows.observe(
        all_rows,
        F.count(F.lit(1)).alias("read"),
        F.count_if("_bad").alias("bad"),
        F.count_if(F.expr("NOT _bad AND _extra IS NOT NULL")).alias("extra"),
        *(F.count_if(F.expr(f"NOT _bad AND {quoted(n)} IS NULL")).alias(f"null_{n}") for n in names),
    )
    bad = quarantine.quarantined(counted, numbers, job, dataset)
    if known:
        bad = quarantine.with_history(spark, bad, home, stale)
        quarantine.forget(spark, home, stale)
    observed = bad.observe(bad_rows, *(F.count_if(F.array_contains("reasons", r.value)).alias(f"reason_{r}") for r in RowReason))
    append(observed, home)
    return {**all_rows.get, **bad_rows.get}


def _nothing_lost(read: int, files: Sequence[BronzeFile]) -> None:
    expected = expected_records(files)
    if read != expected:
        raise RecordsLostError(
            f"the door counted {expected} records in {len(files)} files, silver read {read}. The silver table was not changed; "
            "rows that were put aside stand in quarantine already, and the next run of these files puts them aside anew instead of "
            f"twice. First file: {files[0].entry.key}. Run again; when it stays, it is a bug in a reader: report it with the file."
        )


@contextmanager
def _merged(
    spark: SparkSession, job: Job, table: Table, home: Stored, wanted: DataFrame
) -> Iterator[tuple[int, int, int, DataFrame | None]]:
    """Brings the wanted rows into silver; gives the numbers of inserted and replaced rows and of those that a newer one outdid, and the
    touched keys. All are counted at the commit, so a row that got lost before makes a run that does not balance."""
    if ensure(spark, home) or job.full_refresh:
        counted = Observation()
        changes.record_everything(spark, job, table)
        replace_all(wanted.observe(counted, F.count(F.lit(1)).alias("rows"), F.sum("_sent").alias("sent")), home)
        rows = counted.get["rows"]
        yield rows, 0, (counted.get["sent"] or 0) - rows, None
        return
    staged = wanted.persist(StorageLevel.MEMORY_AND_DISK)
    compared = _compared(spark, table, home, staged).persist(StorageLevel.MEMORY_AND_DISK)
    counts = compared.groupBy("_outcome", "_old_date").agg(F.count(F.lit(1)).alias("rows"), F.sum("_sent").alias("sent")).collect()
    total = {o: sum(c["rows"] for c in counts if c["_outcome"] == o) for o in ("insert", "update", "same", "older")}
    changed = compared.where("_outcome <> 'older'").selectExpr(
        f"{_date(home)} AS event_date", f"{changes.changed_key(table)} AS key", "_old_date", "_old_key"
    )
    changes.record(job, table, changed)
    rows = compared.where("_outcome IN ('insert', 'update')").withColumnRenamed("_outcome", "_action")
    old = frozenset(str(c["_old_date"]) for c in counts if c["_outcome"] == "update")
    write(Difference(rows, total["insert"], total["update"], 0, old), home, identity_in_table(table))
    standing = total["insert"] + total["same"]
    yield (
        standing,
        total["update"],
        sum(c["sent"] for c in counts) - standing - total["update"],
        staged.select(*table.primary_key[:1]).distinct(),
    )
    compared.unpersist()
    staged.unpersist()


def identity_in_table(table: Table) -> tuple[str, ...]:
    """Stored columns that identify a row; a log is only ever appended to."""
    return tuple(c for c in identity(table) if c != "_content")


def _date(home: Stored) -> str:
    """SQL for the date by which a table's changes are found."""
    return quoted(home.date_column) if home.date_column else "CAST(NULL AS date)"


def _near(spark: SparkSession, home: Stored, staged: DataFrame, keys: list[str]) -> DataFrame:
    """The stored rows of the dates on which some staged key was found; of a table without dates all."""
    everything = spark.table(home.identifier)
    if home.date_column is None:
        return everything
    found = everything.select(*keys, "event_date").join(staged.select(*keys).distinct(), keys, "left_semi")
    dates = [r["event_date"] for r in found.select("event_date").distinct().collect()]
    return everything.where(among("event_date", dates))


def _compared(spark: SparkSession, table: Table, home: Stored, staged: DataFrame) -> DataFrame:
    """Staged rows with `_outcome`: insert, update (newer than the stored row), same (this very row stands already), older.

    The key alone is searched in the whole table; whole rows are read only from the dates where it was found.
    """
    keys = list(identity_in_table(table))
    stored = _near(spark, home, staged, keys)
    order = [quoted(c) for c in table.order]
    old = stored.join(staged.select(*keys).distinct(), keys, "left_semi").selectExpr(
        *map(quoted, keys),
        f"{_date(home)} AS _old_date",
        f"{changes.changed_key(table)} AS _old_key",
        f"struct({', '.join([*order, content(table)])}) AS _old_order",
        f"{content(table)} AS _old_content",
        "_source_file AS _old_source",
        "_ingested_at AS _old_ingested",
    )
    on = [*keys, *(["_content"] if table.kind == "log" else [])]
    old = old.withColumnRenamed("_old_content", "_content") if table.kind == "log" else old.drop("_old_content")
    newer = f"struct({', '.join([*order, '_content'])}) > _old_order"
    return staged.join(old, on, "left").selectExpr(
        *(quoted(c) for c in home.columns),
        "_sent",
        "_old_date",
        "_old_key",
        "CASE WHEN _old_order IS NULL THEN 'insert' "
        f"WHEN {newer} THEN 'update' "
        "WHEN _old_source = _source_file AND _old_ingested = _ingested_at THEN 'same' ELSE 'older' END AS _outcome",
    )
