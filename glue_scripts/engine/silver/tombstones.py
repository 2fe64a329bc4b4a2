"""What was deleted: key and order of each row that is gone, so that an older version that comes late does not
bring it back, and a newer one does.

A table beside the silver table. Both are committed one after the other, tombstones first: a crash in between
leaves a row that is deleted by the retry, since its files are still pending.
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from glue_scripts.engine.read.sql import quoted
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.silver.batch import Batch
from glue_scripts.engine.silver.versions import order
from glue_scripts.engine.tables.commits import replace_all
from glue_scripts.engine.tables.iceberg import LINEAGE_COLUMNS, Stored, create_or_evolve
from glue_scripts.engine.tables.reconcile import Difference, write
from glue_scripts.engine.tables.state import State, state
from shared.contracts import Table

ACTION = (
    "CASE WHEN NOT _deleted THEN 'delete' WHEN _gone_order IS NULL THEN 'insert' ELSE 'update' END AS _action"
)


def tombstones(job: Job, table: Table) -> Stored:
    """The tombstones of a table: its key, what versions are compared by, and where the delete came from."""
    names = dict.fromkeys((*table.primary_key, *table.order))
    columns = {n: table.column(n).type for n in names} | LINEAGE_COLUMNS
    del columns["_extra"]
    return Stored(*tombstones_place(job, table), columns)


def tombstones_place(job: Job, table: Table) -> tuple[str, str]:
    """Identifier and location."""
    folder = job.location(table).removesuffix(table.name)
    return job.tombstones_identifier(table), folder + table.tombstones


def tombstones_state(batch: Batch) -> State:
    """The state of the tombstones, which are there afterwards."""
    buried = tombstones(batch.job, batch.table)
    create_or_evolve(batch.spark, buried)
    return state(batch.spark, buried.identifier)


def with_tombstones(batch: Batch, rows: DataFrame) -> DataFrame:
    """The rows with `_gone_order`: that of the tombstone of their key, if any. The tombstones are there."""
    table = batch.table
    if not table.buries:
        return rows.selectExpr("*", "CASE WHEN false THEN _order END AS _gone_order")
    buried = tombstones(batch.job, table)
    gone = batch.spark.table(buried.identifier).selectExpr(
        *map(quoted, table.primary_key), f"{order(table)} AS _gone_order"
    )
    return rows.join(gone, list(table.primary_key), "left")


def bury(batch: Batch, compared: DataFrame, since: State) -> None:
    """Brings the tombstones up to date with rows whose `_outcome` is known: the deleted have one, the others
    none. `since`: the state of the tombstones with which the outcome was found. Raises MovedOnError.
    """
    buried = tombstones(batch.job, batch.table)
    won = compared.where("_outcome <> 'older'")
    rows = won.where(
        "_deleted AND _outcome <> 'same' OR NOT _deleted AND _gone_order IS NOT NULL"
    ).selectExpr(*map(quoted, buried.columns), ACTION, "CAST(NULL AS date) AS _old_date")
    count = {r["_action"]: r["count"] for r in rows.groupBy("_action").count().collect()}
    inserted, updated, deleted = (count.get(a, 0) for a in ("insert", "update", "delete"))
    write(Difference(rows, inserted, updated, deleted, None), buried, batch.table.primary_key, since)


def bury_all(batch: Batch, deletes: DataFrame) -> None:
    """Makes the deletes all that is remembered. Raises MovedOnError."""
    now = tombstones_state(batch)
    replace_all(deletes, tombstones(batch.job, batch.table), now)
