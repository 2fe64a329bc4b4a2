"""Rows that were put aside: kept whole, with every reason, in one Iceberg table per dataset that replay and analysts read."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession

from glue_scripts.engine.conform import raw_record
from glue_scripts.engine.files import primary_date
from glue_scripts.engine.job import Job
from glue_scripts.engine.judge import with_reasons
from glue_scripts.engine.sql import literal
from glue_scripts.engine.tables import Stored
from shared.contracts import Dataset
from shared.ledger_model import LedgerFile
from shared.zones import BY_EVENT_DATE

COLUMNS = {
    "reasons": "array<string>",
    "columns": "array<string>",
    "raw_record": "string",
    "source_file": "string",
    "source_version": "string",
    "ingested_at": "timestamp",
    "run_id": "string",
    "event_date": "date",
}


def stored(job: Job, dataset: Dataset) -> Stored:
    """The table of a dataset, or of its domain; partitioned by the primary event date of the file a row came with."""
    parts = () if job.contract.layout == BY_EVENT_DATE else ("year", "month", "day")
    columns = COLUMNS | dict.fromkeys(parts, "int")
    return Stored(job.quarantine_identifier(dataset.name), job.quarantine_location(dataset.name), columns, parts or ("event_date",))


def quarantined(rows: DataFrame, files: DataFrame, job: Job, dataset: Dataset) -> DataFrame:
    """Judged rows that are bad, as quarantine keeps them."""
    bad = with_reasons(rows.where("_bad"), dataset).selectExpr("_file", "reasons", "columns", f"{raw_record(dataset)} AS raw_record")
    return bad.join(files.hint("broadcast"), "_file", "inner").selectExpr(
        "reasons",
        "columns",
        "raw_record",
        "_source_file AS source_file",
        "_source_version AS source_version",
        "_ingested_at AS ingested_at",
        f"{literal(job.run_id)} AS run_id",
        "_primary_date AS event_date",
        *(f"{part}(_primary_date) AS {part}" for part in ("year", "month", "day")),
    )


def forget(spark: SparkSession, table: Stored, files: Sequence[LedgerFile]) -> None:
    """Removes what an earlier run put aside from these files, before they are judged again."""
    dates = ", ".join(f"DATE'{d}'" for d in sorted({primary_date(f) for f in files}))
    versions = ", ".join(f"({literal(f.key)}, {literal(f.version)})" for f in files)
    spark.sql(f"DELETE FROM {table.identifier} WHERE event_date IN ({dates}) AND (source_file, source_version) IN ({versions})")
