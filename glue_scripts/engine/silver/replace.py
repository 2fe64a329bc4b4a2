"""Silver tables without a key of their own: the rows of a file stand and fall with its newest version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.read.sql import literal, quoted
from glue_scripts.engine.read.values import driver_rows
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.silver.work import Work
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.iceberg import Stored, among, prepare
from glue_scripts.engine.tables.reconcile import difference, write
from shared.contracts import Dataset, Table
from shared.ledger.model import RowCounts


def identified(rows: DataFrame, table: Table) -> DataFrame:
    """The rows with their derived key.

    `_record_id`: hash of the file's content, the record, and its number among equals of the file.
    """
    content = [c.name for c in table.columns if c.name not in table.primary_key]
    record = f"sha2(to_json(struct({', '.join(map(quoted, content))}, _extra)), 256)"
    place = F.row_number().over(Window.partitionBy("_file", "_record").orderBy(F.lit(1)))
    numbered = rows.selectExpr("*", f"{record} AS _record").withColumn("_place", place)
    ids = numbered.selectExpr("*", "sha2(concat_ws('|', _sha256, _record, _place), 256) AS _record_id")
    keys = [f"{table.column(k).derived} AS {quoted(k)}" for k in table.primary_key]
    return ids.selectExpr("*", *keys)


@contextmanager
def replaced(
    spark: SparkSession,
    job: Job,
    dataset: Dataset,
    target: Stored,
    wanted: DataFrame,
    work: Work,
    counted: Callable[[int], RowCounts],
) -> Iterator[tuple[RowCounts, int]]:
    """Makes the files' rows those of silver, touching only rows that differ; gives the run's counts, for
    which `counted` is asked by the number of wanted rows before the commit, and how many rows were
    removed.
    """
    prepare(spark, target)
    staged = wanted.persist(StorageLevel.MEMORY_AND_DISK)
    found = {str(r["event_date"]): r["count"] for r in staged.groupBy("event_date").count().collect()}
    counts = counted(sum(found.values()))
    stored = _old(spark, job, dataset, target, work.keys, work.dates | found.keys())
    table = dataset.target
    with difference(
        staged, stored, target, table.primary_key, (*table.column_names, "_source_file")
    ) as differing:
        if not differing.empty:
            rows = differing.rows.selectExpr(
                "event_date", f"{changes.changed_key(table)} AS key", "_old_date", "_old_key"
            )
            changes.record(job, table, rows)
            write(differing, target, table.primary_key)
        yield counts, differing.deleted
    staged.unpersist()


def _old(
    spark: SparkSession,
    job: Job,
    dataset: Dataset,
    target: Stored,
    keys: frozenset[str],
    dates: frozenset[str],
) -> DataFrame:
    """The stored rows of any version of the files; a full refresh also finds those of files that are no
    longer accepted.
    """
    rows = spark.table(target.identifier)
    if job.full_refresh:
        return rows.where(f"startswith(_source_file, {literal(f'{dataset.domain}/{dataset.name}/')})")
    known = driver_rows(spark, {"_source_file": pa.string()}, ((k,) for k in sorted(keys))).hint("broadcast")
    return rows.where(among("event_date", dates)).join(known, "_source_file", "left_semi")
