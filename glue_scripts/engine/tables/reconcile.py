"""Brings a stored table to what it should be, writing only the rows that differ, in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.read.sql import quoted
from glue_scripts.engine.tables.commits import append_to, apply
from glue_scripts.engine.tables.iceberg import Stored
from glue_scripts.engine.tables.state import State


@dataclass(frozen=True)
class Difference:
    """Rows to insert, update or delete (`_action`, `_old_date`, and the old change key in `_old_key`), and
    how many of each.
    """

    rows: DataFrame
    inserted: int
    updated: int
    deleted: int
    old_dates: frozenset[str] | None

    @property
    def empty(self) -> bool:
        return not (self.inserted or self.updated or self.deleted)


def differing_rows(
    target_rows: DataFrame,
    stored: DataFrame,
    table: Stored,
    key: Sequence[str],
    compared: Sequence[str],
    change_key: str | None = None,
) -> DataFrame:
    """The rows in which the stored ones differ from the wanted ones, as a Difference has them; lineage does
    not count, only `compared` columns do. To be persisted: a difference is counted before it is written.
    """
    old = stored.select(F.struct(*stored.columns).alias("_o")).withColumn("_stored", F.lit(True))
    new = target_rows.select(F.struct(*target_rows.columns).alias("_n")).withColumn("_target", F.lit(True))
    on = [F.col(f"_n.{quoted(k)}").eqNullSafe(F.col(f"_o.{quoted(k)}")) for k in key]
    both = new.join(old, on, "full")
    same = _content("_n", compared, table).eqNullSafe(_content("_o", compared, table))
    action = F.expr(
        "CASE WHEN _stored IS NULL THEN 'insert' WHEN _target IS NULL THEN 'delete' ELSE 'update' END"
    )
    chosen = [
        F.expr(f"coalesce(_n.{quoted(c)}, CASE WHEN _target IS NULL THEN _o.{quoted(c)} END)").alias(c)
        for c in table.columns
    ]
    old_date = F.col(f"_o.{quoted(table.date_column)}") if table.date_column else F.lit(None).cast("date")
    old_key = F.col(f"_o.{quoted(change_key)}") if change_key else F.lit(None).cast("string")
    differing = both.where(F.col("_stored").isNull() | F.col("_target").isNull() | ~same)
    return differing.select(
        *chosen, action.alias("_action"), old_date.alias("_old_date"), old_key.alias("_old_key")
    )


def _content(side: str, compared: Sequence[str], table: Stored) -> Column:
    """The compared columns in one value; maps have no order, so their entries are compared, sorted."""

    def value(name: str) -> Column:
        column = F.col(f"{side}.{quoted(name)}")
        return F.array_sort(F.map_entries(column)) if table.columns[name].startswith("map") else column

    return F.struct(*map(value, compared))


def difference_of(rows: DataFrame, table: Stored) -> Difference:
    """The differing rows with their numbers."""
    counts = rows.groupBy("_action", "_old_date").count().collect()
    total = {a: sum(r["count"] for r in counts if r["_action"] == a) for a in ("insert", "update", "delete")}
    dates = frozenset(str(r["_old_date"]) for r in counts if isinstance(r["_old_date"], date))
    old_dates = dates if table.date_column is not None else None
    return Difference(rows, total["insert"], total["update"], total["delete"], old_dates)


def write(difference: Difference, table: Stored, key: Sequence[str], since: State) -> None:
    """Commits a difference; rows that are only new are appended, which searches nothing. `key`: what
    identifies a row that is replaced or removed. `since`: the state of the table before the difference was
    computed. Raises MovedOnError.
    """
    if difference.empty:
        return
    if not difference.updated and not difference.deleted:
        append_to(difference.rows, table, since)
    else:
        apply(difference.rows, table, key, difference.old_dates, since)
