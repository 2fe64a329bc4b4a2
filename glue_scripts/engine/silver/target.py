"""The silver tables that files are loaded into, as they are stored."""

from __future__ import annotations

from glue_scripts.engine.run.job import Job
from glue_scripts.engine.tables.iceberg import LINEAGE_COLUMNS, Stored
from shared.contracts import Table


def silver_table(job: Job, table: Table) -> Stored:
    """The contract's columns and the lineage of each row."""
    columns = {c.name: c.type for c in table.columns} | LINEAGE_COLUMNS
    date = "event_date" if "event_date" in columns else None
    return Stored(job.identifier(table), job.location(table), columns, table.partition_fields, date)
