"""Which commit of a table its readers see, and whether others have committed since.

Iceberg's own Java interface: it is asked several times for each table that a run writes, and takes ten
milliseconds where a query over the table's metadata takes a hundred.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pyspark.sql import SparkSession

COMPACTED = "replace"  # the operation of a snapshot that has the rows of its parent, in other files


class State(NamedTuple):
    """A table's current snapshot, and when it became that (ms): a rollback comes back to an old snapshot.
    None: nothing was ever committed.
    """

    snapshot: int | None
    at: int


class MovedOnError(RuntimeError):
    """Another writer committed to a table after this run had read it. Nothing of what was computed from it
    was committed.
    """


def loaded(spark: SparkSession, identifier: str) -> Any:
    """Iceberg's own object of a table, as it is in the catalog now. What Spark reads from here on is that
    too: by itself it goes on for half a minute with what it knows of a table.
    """
    jvm: Any = spark._jvm
    table = jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(spark._jsparkSession, identifier)
    table.refresh()
    return table


def state(spark: SparkSession, identifier: str) -> State:
    """To be taken before the table is read, and handed to the commit that rests on what was read."""
    return state_of(loaded(spark, identifier))


def state_of(table: Any) -> State:
    """The state of a table that is loaded."""
    current, log = table.currentSnapshot(), table.history()
    at = log.get(log.size() - 1).timestampMillis() if log.size() else 0
    return State(current.snapshotId() if current is not None else None, at)


def has_its_rows(table: Any, since: State) -> bool:
    """Whether the table is at the state, or was only compacted since."""
    if state_of(table) == since:
        return True
    log = table.history()
    for place in reversed(range(1, log.size())):
        after, before = table.snapshot(log.get(place).snapshotId()), log.get(place - 1)
        if after is None or (after.operation(), after.parentId()) != (COMPACTED, before.snapshotId()):
            return False
        if since == (before.snapshotId(), before.timestampMillis()):
            return True
    return False
