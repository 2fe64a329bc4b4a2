"""A table that its newest file, or day of files, is the whole of: what that lacks is gone."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.quarantine.record_counts import RecordCounts, balanced
from glue_scripts.engine.read.sql import quoted
from glue_scripts.engine.silver.batch import Batch
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.iceberg import Stored
from glue_scripts.engine.tables.memory import persisted
from glue_scripts.engine.tables.reconcile import difference_of, differing_rows, write
from shared.ledger.model import RowCounts


def replace_snapshot(
    batch: Batch, target: Stored, staged: DataFrame, seen: RecordCounts
) -> tuple[RowCounts, int]:
    """Makes the staged rows the table's whole content, touching only rows that differ, in one commit; returns
    the run's counts and how many rows were removed. `seen`: the judged records that the rows come from.

    Raises UnbalancedError, with the table as it was.
    """
    table = batch.table
    [kept] = staged.agg(F.count(F.lit(1)).alias("rows"), F.sum("_sent").alias("sent")).collect()
    outdone = (kept["sent"] or 0) - kept["rows"]
    counts = balanced(batch.dataset, RowCounts(seen.read, kept["rows"], seen.bad, outdone))
    stored = batch.spark.table(target.identifier)
    compared = differing_rows(staged, stored, target, table.primary_key, table.column_names, table.change_key)
    with persisted(compared) as rows:
        difference = difference_of(rows, target)
        if not difference.empty:
            date = quoted(target.date_column) if target.date_column else "CAST(NULL AS date)"
            key = f"{changes.changed_key(table)} AS key"
            changes.record(
                batch.job, table, rows.selectExpr(f"{date} AS event_date", key, "_old_date", "_old_key")
            )
            write(difference, target, table.primary_key)
    return counts, difference.deleted
