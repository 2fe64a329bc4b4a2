"""Brings a stored table to what it should be, writing only the rows that differ, in one commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.sql import quoted
from glue_scripts.engine.tables import Stored, append, apply


@dataclass(frozen=True)
class Difference:
    """Rows to insert, update or delete (`_action`, `_old_partition`, and the old change key in `_old_key`), and how many of each."""

    rows: DataFrame
    inserted: int
    updated: int
    deleted: int
    old_partitions: frozenset[str] | None

    @property
    def empty(self) -> bool:
        return not (self.inserted or self.updated or self.deleted)


@contextmanager
def difference(
    wanted: DataFrame, stored: DataFrame, table: Stored, key: Sequence[str], compared: Sequence[str], change_key: str | None = None
) -> Iterator[Difference]:
    """What separates the stored rows from the wanted ones; lineage does not count, only `compared` columns do."""
    old = stored.select(F.struct(*stored.columns).alias("_o")).withColumn("_stored", F.lit(True))
    new = wanted.select(F.struct(*wanted.columns).alias("_n")).withColumn("_wanted", F.lit(True))
    on = [F.col(f"_n.{quoted(k)}").eqNullSafe(F.col(f"_o.{quoted(k)}")) for k in key]
    both = new.join(old, on, "full")
    same = F.struct(*(F.col(f"_n.{quoted(c)}") for c in compared)).eqNullSafe(F.struct(*(F.col(f"_o.{quoted(c)}") for c in compared)))
    action = F.expr("CASE WHEN _stored IS NULL THEN 'insert' WHEN _wanted IS NULL THEN 'delete' ELSE 'update' END")
    chosen = [F.expr(f"coalesce(_n.{quoted(c)}, CASE WHEN _wanted IS NULL THEN _o.{quoted(c)} END)").alias(c) for c in table.columns]
    partition = F.col(f"_o.{quoted(table.partitioned_by[0])}") if table.partitioned_by else F.lit(None).cast("date")
    old_key = F.col(f"_o.{quoted(change_key)}") if change_key else F.lit(None).cast("string")
    differing = both.where(F.col("_stored").isNull() | F.col("_wanted").isNull() | ~same)
    rows = differing.select(*chosen, action.alias("_action"), partition.alias("_old_partition"), old_key.alias("_old_key"))
    rows = rows.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        yield _summary(rows, bool(table.partitioned_by))
    finally:
        rows.unpersist()


def _summary(rows: DataFrame, partitioned: bool) -> Difference:
    counts = rows.groupBy("_action", "_old_partition").count().collect()
    total = {a: sum(r["count"] for r in counts if r["_action"] == a) for a in ("insert", "update", "delete")}
    old = frozenset(str(r["_old_partition"]) for r in counts if isinstance(r["_old_partition"], date)) if partitioned else None
    return Difference(rows, total["insert"], total["update"], total["delete"], old)


def write(spark: SparkSession, found: Difference, table: Stored, key: Sequence[str]) -> None:
    """Commits a difference; rows that are only new are appended, which searches nothing."""
    if found.empty:
        return
    if not found.updated and not found.deleted:
        append(found.rows, table)
    else:
        apply(spark, found.rows, table, key, found.old_partitions)
