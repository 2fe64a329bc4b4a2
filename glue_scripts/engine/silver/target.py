"""The silver tables that files are loaded into, as they are stored."""

from __future__ import annotations

from collections.abc import Collection

from pyspark.sql import SparkSession

from glue_scripts.engine.run.job import Job
from glue_scripts.engine.silver.places import mark, places_known, places_property
from glue_scripts.engine.tables.iceberg import LINEAGE_COLUMNS, Stored
from shared.contracts import Dataset, Table
from shared.contracts.followers import OWN
from shared.contracts.protection import protected
from shared.retention import KEPT_SINCE, first_day
from shared.unknown_columns import NAMES_PROPERTY


def silver_table(job: Job, table: Table) -> Stored:
    """The contract's columns and the lineage of each row."""
    columns = {c.name: c.type for c in table.columns} | LINEAGE_COLUMNS
    date = "event_date" if "event_date" in columns else None
    sources = [d for d in job.contract.datasets if d.target.name == table.name]
    made_with = {k: v for d in sources for k, v in known_properties(d).items()}
    if day := first_day(table, job.now):
        made_with[KEPT_SINCE] = day.isoformat()  # no older row is loaded
    return Stored(
        job.identifier(table),
        job.location(table),
        columns,
        table.partition_fields,
        date,
        properties=made_with,
        computed=table.kind in OWN,
        protected=protected(table),
    )


def keys_of_dates(spark: SparkSession, job: Job, dataset: Dataset) -> frozenset[str]:
    """The raw keys of files of which silver has rows of the requested dates; none where no dates are.

    The ledger has the dates that a file had for the contract of its day. A contract that reads more of its
    dates, or days of another zone, came later.
    """
    target = silver_table(job, dataset.target)
    if not job.by_date or target.date_column is None or not spark.catalog.tableExists(target.identifier):
        return frozenset()
    rows = spark.table(target.identifier).select("_source_file", target.date_column)
    if job.from_date is not None:
        rows = rows.where(f"{target.date_column} >= DATE'{job.from_date}'")
    if job.to_date is not None:
        rows = rows.where(f"{target.date_column} <= DATE'{job.to_date}'")
    return frozenset(r["_source_file"] for r in rows.select("_source_file").distinct().collect())


def names_property(dataset: Dataset) -> str:
    """The property of a silver table that says which spellings of columns its rows of a dataset were read
    with: what else they brought is in `_extra`.
    """
    return NAMES_PROPERTY + mark(dataset.name)


def spellings_known(dataset: Dataset, columns: Collection[str] | None = None) -> str:
    """The marks of the folded spellings of the dataset's columns, or of some, as the property has them."""
    return ",".join(sorted(mark(s) for s, c in dataset.aliases.items() if columns is None or c in columns))


def known_properties(dataset: Dataset) -> dict[str, str]:
    """What a table says whose rows of the dataset were read with today's contract."""
    return {
        names_property(dataset): spellings_known(dataset),
        places_property(dataset): places_known(dataset),
    }
