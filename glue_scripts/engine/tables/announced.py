"""Brings a silver table to what it should be, and tells gold what changed."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame

from glue_scripts.engine.run.job import Job
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.iceberg import Stored
from glue_scripts.engine.tables.memory import persisted
from glue_scripts.engine.tables.reconcile import Difference, difference_of, differing_rows, write
from glue_scripts.engine.tables.state import State
from shared.contracts import Table


def reconcile(
    job: Job,
    table: Table,
    target: Stored,
    rows: DataFrame,
    stored: DataFrame,
    compared: Sequence[str],
    since: State,
) -> Difference:
    """Makes the stored rows the wanted ones in one commit, touching only rows that differ in `compared`
    columns. `since`: the state of the table before they were read. Raises MovedOnError.

    Announced before the commit: a crash in between costs a needless recomputation, never a missed one.
    """
    differing = differing_rows(rows, stored, target, table.primary_key, compared, table.change_key)
    with persisted(differing) as found:
        difference = difference_of(found, target)
        if not difference.empty:
            key = f"coalesce({changes.changed_key(table)}, _old_key) AS key"
            date = f"{changes.date_of(target)} AS event_date"
            changes.record(job, table, found.selectExpr(date, key, "_old_date", "_old_key"))
            write(difference, target, table.primary_key, since)
    return difference
