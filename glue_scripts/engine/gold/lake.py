"""What a gold transform sees: its sources, restricted to what must be recomputed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession

from glue_scripts.engine.gold.scope import Scope
from glue_scripts.engine.lineage.catalyst import scoped
from glue_scripts.engine.run.job import Job


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
        rows = self.scope.rows(source, dates=self.reaches[name])
        return rows if rows is source else scoped(rows)

    def touched_dates(self) -> frozenset[str] | None:
        """All dates in which a row of the table itself may have to change: a stored row of a touched key is
        of a date that its source has now, or had before a change that is pending. None: any date.
        """
        known = [dates for dates in self.reaches.values() if dates is not None]
        return frozenset().union(*known) if known and len(known) == len(self.reaches) else None

    def parameter(self, name: str) -> tuple[str, ...]:
        return self.job.contract.parameters[name]


Transform = Callable[[Lake], DataFrame]
