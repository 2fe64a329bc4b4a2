"""Silver tables without a key of their own: the rows of a file stand and fall with its newest version."""

from __future__ import annotations

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.quarantine.record_counts import RecordCounts, balanced
from glue_scripts.engine.read.sql import literal, quoted
from glue_scripts.engine.read.values import driver_rows
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.silver.work import Work
from glue_scripts.engine.tables.announced import reconcile
from glue_scripts.engine.tables.iceberg import Stored, among
from glue_scripts.engine.tables.state import State
from shared.contracts import Dataset, Table
from shared.ledger.model import RowCounts


def identified(rows: DataFrame, table: Table) -> DataFrame:
    """The rows with their derived key.

    `_record_id`: hash of the file's content, the record, and its number among equals of the file.
    """
    content = [c.name for c in table.columns if c.name not in table.primary_key]
    record = f"sha2(to_json(struct({', '.join(map(quoted, content))}, _extra)), 256)"
    number = F.row_number().over(Window.partitionBy("_file", "_record").orderBy(F.lit(1)))
    numbered = rows.selectExpr("*", f"{record} AS _record").withColumn("_number", number)
    ids = numbered.selectExpr("*", "sha2(concat_ws('|', _sha256, _record, _number), 256) AS _record_id")
    keys = [f"{table.column(k).derived} AS {quoted(k)}" for k in table.primary_key]
    return ids.selectExpr("*", *keys)


def replace_rows(
    spark: SparkSession,
    job: Job,
    dataset: Dataset,
    target: Stored,
    staged: DataFrame,
    work: Work,
    seen: RecordCounts,
    since: State,
    *,
    known: bool,
) -> tuple[RowCounts, int]:
    """Makes the staged rows those that silver holds of the files, touching only rows that differ, in one
    commit; returns the run's counts and how many rows were removed. `seen`: the judged records that the rows
    come from; `known`: silver may hold rows of the files already.

    `since`: the state of the table before it was read. Raises UnbalancedError and MovedOnError, with the
    table as it was.
    """
    table = dataset.target
    written = {str(r["event_date"]): r["count"] for r in staged.groupBy("event_date").count().collect()}
    rows = sum(written.values())
    counts = RowCounts(seen.read, rows, seen.bad, expired=seen.expired, erased=seen.erased)
    balanced(dataset, counts)
    stored = _old(spark, job, dataset, target, work.keys, work.dates | written.keys(), known=known)
    compared = (*table.column_names, "_source_file")
    return counts, reconcile(job, table, target, staged, stored, compared, since).deleted


def _old(
    spark: SparkSession,
    job: Job,
    dataset: Dataset,
    target: Stored,
    keys: frozenset[str],
    dates: frozenset[str],
    *,
    known: bool,
) -> DataFrame:
    """The stored rows of any version of the files; a full refresh also finds those of files that are no
    longer accepted.

    The ledger has the dates that a file had for the contract of its day; where rows may have been read with
    another one, theirs are looked up.
    """
    rows = spark.table(target.identifier)
    if job.full_refresh:
        return rows.where(f"startswith(_source_file, {literal(f'{dataset.domain}/{dataset.name}/')})")
    names = driver_rows(spark, {"_source_file": pa.string()}, ((k,) for k in sorted(keys))).hint("broadcast")
    if known:
        held = rows.select("_source_file", "event_date").join(names, "_source_file", "left_semi")
        dates |= {str(r["event_date"]) for r in held.select("event_date").distinct().collect()}
    return rows.where(among("event_date", dates)).join(names, "_source_file", "left_semi")
