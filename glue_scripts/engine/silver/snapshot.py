"""A table that its newest file, or day of files, is the whole of: what that lacks is gone."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.quarantine.record_counts import RecordCounts, balanced
from glue_scripts.engine.silver.batch import Batch
from glue_scripts.engine.tables.announced import reconcile
from glue_scripts.engine.tables.iceberg import Stored
from glue_scripts.engine.tables.state import State
from shared.ledger.model import RowCounts


def replace_snapshot(
    batch: Batch, target: Stored, staged: DataFrame, seen: RecordCounts, since: State
) -> tuple[RowCounts, int]:
    """Makes the staged rows the table's whole content, touching only rows that differ, in one commit; returns
    the run's counts and how many rows were removed. `seen`: the judged records that the rows come from.

    `since`: the state of the table before it was read. Raises UnbalancedError and MovedOnError, with the
    table as it was.
    """
    table = batch.table
    [kept] = staged.agg(F.count(F.lit(1)).alias("rows"), F.sum("_sent").alias("sent")).collect()
    outdone = (kept["sent"] or 0) - kept["rows"]
    counts = balanced(
        batch.dataset,
        RowCounts(seen.read, kept["rows"], seen.bad, outdone, expired=seen.expired, erased=seen.erased),
    )
    stored = batch.spark.table(target.identifier)
    difference = reconcile(batch.job, table, target, staged, stored, table.column_names, since)
    return counts, difference.deleted
