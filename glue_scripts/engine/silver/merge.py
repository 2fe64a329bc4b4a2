"""Rows with a key of their own, or of a log → a silver table that holds rows already: the newest of a key
stays.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.quarantine.record_counts import RecordCounts, balanced
from glue_scripts.engine.read.sql import quoted
from glue_scripts.engine.silver.batch import Batch
from glue_scripts.engine.silver.versions import content, identity
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.iceberg import Stored, among
from glue_scripts.engine.tables.memory import persisted
from glue_scripts.engine.tables.reconcile import Difference, write
from shared.contracts import Table
from shared.ledger.model import RowCounts


def merge_rows(batch: Batch, target: Stored, staged: DataFrame, seen: RecordCounts) -> RowCounts:
    """Brings the staged rows into silver in one commit; `seen`: the judged records that they come from.

    Raises UnbalancedError, with the table as it was.
    """
    table = batch.table
    with persisted(_compared(batch.spark, table, target, staged)) as compared:
        outcomes = (
            compared.groupBy("_outcome", "_old_date")
            .agg(F.count(F.lit(1)).alias("rows"), F.sum("_sent").alias("sent"))
            .collect()
        )
        number = {
            o: sum(r["rows"] for r in outcomes if r["_outcome"] == o) for o in ("insert", "update", "same")
        }
        written, updated = number["insert"] + number["same"], number["update"]
        outdone = sum(r["sent"] for r in outcomes) - written - updated
        counts = balanced(batch.dataset, RowCounts(seen.read, written, seen.bad, outdone, updated))
        changed = compared.where("_outcome <> 'older'").selectExpr(
            f"{_date(target)} AS event_date", f"{changes.changed_key(table)} AS key", "_old_date", "_old_key"
        )
        # Announced before the commit: a crash in between costs a needless recomputation, never a missed one.
        changes.record(batch.job, table, changed)
        rows = compared.where("_outcome IN ('insert', 'update')").withColumnRenamed("_outcome", "_action")
        old_dates = frozenset(str(r["_old_date"]) for r in outcomes if r["_outcome"] == "update")
        difference = Difference(rows, number["insert"], updated, 0, old_dates)
        write(difference, target, identity_in_table(table))
    return counts


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
    stored = everything.select(*keys, "event_date").join(staged.select(*keys).distinct(), keys, "left_semi")
    dates = [r["event_date"] for r in stored.select("event_date").distinct().collect()]
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
