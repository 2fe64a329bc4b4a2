"""Rows with a key of their own, or of a log → a silver table that holds rows already: the newest of a key
stays, and what was deleted leaves.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.quarantine.record_counts import RecordCounts, balanced
from glue_scripts.engine.read.sql import quoted
from glue_scripts.engine.silver.batch import Batch
from glue_scripts.engine.silver.tombstones import bury, tombstones_state, with_tombstones
from glue_scripts.engine.silver.versions import content, order, searched
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.iceberg import Stored, among
from glue_scripts.engine.tables.memory import persisted
from glue_scripts.engine.tables.reconcile import Difference, write
from glue_scripts.engine.tables.state import State
from shared.contracts import Table
from shared.contracts.followers import followers
from shared.ledger.model import RowCounts

REPLACING = ("update", "again", "delete")  # outcomes that touch a stored row


def merge_rows(
    batch: Batch, target: Stored, staged: DataFrame, seen: RecordCounts, since: State, near: Column
) -> tuple[RowCounts, int]:
    """Brings the staged rows into silver in one commit, after those that are deleted have their tombstones;
    returns the run's counts and how many rows were deleted. `seen`: the judged records that they come from;
    `since`: the state of the table before it was read; `near`: true for each stored row of a staged key.

    Raises UnbalancedError and MovedOnError, with the table as it was.
    """
    table = batch.table
    gone_since = tombstones_state(batch) if table.buries else None
    with persisted(_compared(batch, target, staged, near)) as compared:
        outcomes = (
            compared.groupBy("_outcome", "_old_date")
            .agg(F.count(F.lit(1)).alias("rows"), F.sum("_sent").alias("sent"))
            .collect()
        )
        number = {
            o: sum(r["rows"] for r in outcomes if r["_outcome"] == o)
            for o in ("insert", "same", "bury", "update", "again", "delete")
        }
        written = number["insert"] + number["same"] + number["bury"]
        replaced = number["update"] + number["delete"]
        outdone = sum(r["sent"] for r in outcomes) - written - replaced
        counts = balanced(
            batch.dataset,
            RowCounts(seen.read, written, seen.bad, outdone, replaced, seen.expired, seen.erased),
        )
        # Announced before the commit: a crash in between costs a needless recomputation, never a missed one.
        changes.record(batch.job, table, _announced(compared, target))
        if gone_since is not None:
            bury(batch, compared, gone_since)
        rows = compared.where("_outcome IN ('insert', 'update', 'again', 'delete')").withColumn(
            "_action", F.expr("CASE WHEN _outcome = 'again' THEN 'update' ELSE _outcome END")
        )
        old_dates = frozenset(str(r["_old_date"]) for r in outcomes if r["_outcome"] in REPLACING)
        updated = number["update"] + number["again"]
        difference = Difference(rows, number["insert"], updated, number["delete"], old_dates)
        write(difference, target, table.column_names if table.kind == "log" else table.primary_key, since)
    return counts, number["delete"]


def _announced(compared: DataFrame, target: Stored) -> DataFrame:
    """Date and key of what changed, as before and as now; what left has those of before only."""
    gone = "_outcome = 'delete'"
    return compared.where(
        "_outcome IN ('insert', 'update', 'delete') OR _outcome = 'same' AND NOT _deleted"
    ).selectExpr(
        f"CASE WHEN {gone} THEN _old_date ELSE {changes.date_of(target)} END AS event_date",
        f"CASE WHEN {gone} THEN _old_key ELSE _key END AS key",
        "_old_date",
        "_old_key",
    )


def _near(spark: SparkSession, target: Stored, staged: DataFrame, keys: list[str], near: Column) -> DataFrame:
    """The stored rows of the dates on which some staged key was found; of a table without dates all that are
    near.
    """
    everything = spark.table(target.identifier).where(near)
    if target.date_column is None:
        return everything
    stored = everything.select(*keys, "event_date").join(staged.select(*keys).distinct(), keys, "left_semi")
    dates = [r["event_date"] for r in stored.select("event_date").distinct().collect()]
    return everything.where(among("event_date", dates))


def _compared(batch: Batch, target: Stored, staged: DataFrame, near: Column) -> DataFrame:
    """Staged rows with `_outcome`.

    Of rows: insert, update (it wins against the stored row), again (a later file says the same: only the
    lineage is new), same (this very row stands already). Of deletes: delete (a row leaves), bury (there is
    none, but a late one could come), rebury (by a later delete), same. Of both: older.

    The key alone is searched in all files that may have it; whole rows are read only from the dates where it
    was found.
    """
    table = batch.table
    keys = list(searched(table))
    stored = _near(batch.spark, target, staged, keys, near)
    old = stored.join(staged.select(*keys).distinct(), keys, "left_semi").selectExpr(
        *map(quoted, keys),
        f"{changes.date_of(target)} AS _old_date",
        f"{changes.changed_key(table)} AS _old_key",
        f"{order(table)} AS _old_order",
        f"{content(table)} AS _old_content",
    )
    on = keys
    if table.kind == "log":
        on, old = [*keys, "_content"], old.withColumnRenamed("_old_content", "_content")
        old = old.withColumn("_old_content", F.col("_content"))
    ordered = staged.selectExpr("*", f"{order(table)} AS _order", f"{changes.changed_key(table)} AS _key")
    return with_tombstones(batch, ordered.join(old, on, "left")).selectExpr(
        *(quoted(c) for c in target.columns),
        *("_sent", "_deleted", "_key", "_old_date", "_old_key", "_gone_order"),
        f"{_outcome(table, batch)} AS _outcome",
    )


def _outcome(table: Table, batch: Batch) -> str:
    """A log's row is of the last file that has it only where a table follows: elsewhere nobody asks."""
    followed = table.kind == "keyed" or bool(followers(table, batch.job.contract.silver))
    again = "again" if followed else "older"
    return f"""CASE
        WHEN coalesce(_order < _old_order, false) OR coalesce(_order < _gone_order, false) THEN 'older'
        WHEN _deleted AND _old_order IS NOT NULL THEN 'delete'
        WHEN _deleted AND _gone_order IS NULL THEN 'bury'
        WHEN _deleted THEN CASE WHEN _order = _gone_order THEN 'same' ELSE 'rebury' END
        WHEN _old_order IS NULL THEN 'insert'
        WHEN _content <> _old_content THEN 'update'
        WHEN _order = _old_order THEN 'same' ELSE '{again}' END"""
