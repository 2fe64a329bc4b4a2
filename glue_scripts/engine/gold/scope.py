"""For which dates and keys a computed table is recomputed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.run.job import Job
from glue_scripts.engine.tables.changes import Changes
from glue_scripts.engine.tables.iceberg import among
from shared.contracts import Table


@dataclass(frozen=True)
class Scope:
    """The dates and keys for which a table is recomputed; `everything` when all of it is."""

    everything: bool
    dates: frozenset[str] = frozenset()
    key_column: str | None = None
    keys: DataFrame | None = None

    def rows(
        self, source: DataFrame, date_column: str = "event_date", dates: Iterable[str] | None = None
    ) -> DataFrame:
        """The rows of a source, or of the table itself, that lie in the scope.

        `dates`: no row of the scope has another.
        """
        if self.everything:
            return source
        in_dates = among(date_column, self.dates)
        if self.keys is None or self.key_column is None or self.key_column not in source.columns:
            return source.where(in_dates)
        # Other dates' files are not opened.
        within = source if dates is None else source.where(among(date_column, dates))
        keys = self.keys.select(F.col("key").alias(self.key_column))
        if not self.dates:
            return within.join(keys, self.key_column, "left_semi")
        marked = within.join(
            keys.withColumn("_touched", F.lit(True)).hint("broadcast"), self.key_column, "left"
        )
        return marked.where(in_dates | F.col("_touched")).drop("_touched")

    def reach(self, source: DataFrame) -> frozenset[str] | None:
        """The dates of a source that have rows in the scope, from its date and key alone; None where that is
        no help.
        """
        key = self.key_column
        if (
            self.everything
            or not self.dates
            or self.keys is None
            or key is None
            or not {"event_date", key} <= set(source.columns)
        ):
            return None
        keys = self.keys.select(F.col("key").alias(key))
        of_keys = (
            source.select("event_date", key).join(keys, key, "left_semi").select("event_date").distinct()
        )
        return self.dates | {str(r["event_date"]) for r in of_keys.collect()}


def follows(table: Table, source: Table) -> bool:
    """Whether rows of a table in scope are made of rows of the source in scope alone, by its `dependsOn`.

    Where some sources are followed by date and others by key, the former are what rows are made of, by both;
    the latter are looked up, and looked up in all of their rows.
    """
    named = {d.column for d in table.depends_on} - {None}
    own = {d.column for d in table.depends_on if d.table == source.name}
    if len(named) < 2:
        return bool(own) and own <= named
    return "event_date" in own and None not in own and named <= {*source.column_names}


def scope_of(job: Job, table: Table, pending: Changes) -> Scope | None:
    """The scope of a gold table; None when nothing that it depends on changed.

    A table that names no dependency is computed whole.
    """
    if job.full_refresh or not table.depends_on:
        return Scope(everything=True)
    sources = {d.table for d in table.depends_on}
    if sources & pending.everything or any(
        d.column is None and d.table in pending.dates for d in table.depends_on
    ):
        return Scope(everything=True)
    dates = frozenset().union(
        *(pending.dates.get(d.table, frozenset()) for d in table.depends_on if d.column == "event_date")
    )
    keyed = [d for d in table.depends_on if d.column not in (None, "event_date") and d.table in pending.dates]
    if not dates and not keyed:
        return None
    keys = pending.keys([d.table for d in keyed]) if keyed else None
    return Scope(False, dates, keyed[0].column if keyed else None, keys)
