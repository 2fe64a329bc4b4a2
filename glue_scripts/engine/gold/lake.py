"""What a gold transform sees: its sources, restricted to what must be recomputed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from threading import RLock

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold.references import check_references, checks_references, unseen
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.lock import Guard
from glue_scripts.engine.tables.changes import Changes
from glue_scripts.engine.tables.iceberg import COPY_ON_WRITE, Stored, among, append, prepare, replace_all
from glue_scripts.engine.tables.memory import persisted
from glue_scripts.engine.tables.reconcile import difference_of, differing_rows, write
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


class Shared:
    """What several tables of a run are computed from, computed once.

    A context manager: afterwards nothing of it is kept.

    Rules may rest on other shared rows.
    """

    def __init__(self) -> None:
        self._rows: dict[str, DataFrame] = {}
        self._lock = RLock()

    def __call__(self, name: str, rows: Callable[[], DataFrame]) -> DataFrame:
        with self._lock:
            if name not in self._rows:
                self._rows[name] = rows().persist(StorageLevel.MEMORY_AND_DISK)
            return self._rows[name]

    def __enter__(self) -> Shared:
        return self

    def __exit__(self, *_: object) -> None:
        for rows in self._rows.values():
            rows.unpersist()


@dataclass(frozen=True)
class Lake:
    """A transform's view of the lake. `touched` gives a source's rows in scope, `table` all of them.

    `shared(name, rows)`: rows that other tables of the run need too, whatever their scope.
    """

    spark: SparkSession
    job: Job
    scope: Scope
    shared: Shared
    reaches: dict[str, frozenset[str] | None] = field(default_factory=dict)

    def table(self, name: str) -> DataFrame:
        return self.spark.table(self.job.identifier(self.job.contract.table(name)))

    def touched(self, name: str) -> DataFrame:
        source = self.table(name)
        if name not in self.reaches:
            self.reaches[name] = self.scope.reach(source)
        return self.scope.rows(source, dates=self.reaches[name])

    def touched_dates(self) -> frozenset[str] | None:
        """All dates in which a row of the table itself may have to change: a stored row of a touched key is
        of a date that its source has now, or had before a change that is pending. None: any date.
        """
        known = [dates for dates in self.reaches.values() if dates is not None]
        return frozenset().union(*known) if known and len(known) == len(self.reaches) else None

    def parameter(self, name: str) -> tuple[str, ...]:
        return self.job.contract.parameters[name]


Transform = Callable[[Lake], DataFrame]


def scope(job: Job, table: Table, pending: Changes) -> Scope | None:
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


def stored_table(job: Job, table: Table) -> Stored:
    """Changes are found by the column event_date where the table has one, else by its first partition column,
    a date.
    """
    date = "event_date" if "event_date" in table.column_names else next(iter(table.partitioned_by), None)
    columns = {c.name: c.type for c in table.columns}
    return Stored(
        job.identifier(table), job.location(table), columns, table.partition_fields, date, COPY_ON_WRITE
    )


def refresh(
    spark: SparkSession,
    job: Job,
    table: Table,
    transform: Transform,
    pending: Changes,
    check: Guard,
    shared: Shared,
) -> None:
    """Brings one gold table up to date in one commit. Incremental and full give equal tables.

    `check` goes before the commit. Raises ReferentialIntegrityError, KeyCollisionError and
    MigrationNeededError, with the table as it was.
    """
    target = stored_table(job, table)
    empty = prepare(spark, target)
    touched = Scope(everything=True) if empty else scope(job, table, pending)
    if touched is None:
        return
    lake = Lake(spark, job, touched, shared)
    computed = transform(lake).selectExpr(*(f"CAST({c.name} AS {c.type}) AS {c.name}" for c in table.columns))
    # Rows that are held against others before they are written are computed once.
    compared = bool(table.appended_by) or checks_references(table)
    with persisted(computed) if compared else nullcontext(computed) as rows:
        check_references(spark, job, table, rows)
        if table.appended_by and not job.full_refresh:
            fresh = unseen(rows, spark.table(target.identifier), table)
            check()
            append(fresh, target)
        elif empty or (job.full_refresh and table.depends_on):
            check()
            replace_all(rows, target)
        else:
            _reconcile(lake, table, rows, target, check)


def _reconcile(lake: Lake, table: Table, rows: DataFrame, target: Stored, check: Guard) -> None:
    """Writes the rows of the scope that differ from the stored ones."""
    dates = lake.touched_dates() if target.date_column else None
    stored = lake.scope.rows(lake.spark.table(target.identifier), target.date_column or "event_date", dates)
    with persisted(differing_rows(rows, stored, target, table.primary_key, table.column_names)) as differing:
        difference = difference_of(differing, target)
        check()
        write(difference, target, table.primary_key)


def check_complete(tables: tuple[Table, ...], transforms: Mapping[str, Transform]) -> None:
    """Raises LookupError unless every table of the contract has a transform, and the other way round."""
    names = {t.name for t in tables}
    missing, unknown = names - transforms.keys(), transforms.keys() - names
    if missing or unknown:
        raise LookupError(
            f"tables of the contract without a transform: {sorted(missing)}; transforms without a table:"
            f" {sorted(unknown)}. Add what is missing to the domain's transforms.py or to its contract."
        )
