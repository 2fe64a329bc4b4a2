"""How wide the warehouse's text columns must be, measured where the contract does not say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.run.job import Job
from shared.contracts import Table
from shared.warehouse import Snapshot, unsized, width


def widths_of(
    spark: SparkSession,
    job: Job,
    table: Table,
    now: Snapshot,
    earlier: Sequence[Snapshot],
    before: Mapping[str, Any],
) -> dict[str, int]:
    """Bytes by column. `before`: the table's entry in the last plan, whose widths hold for the files of its
    snapshot; only the others are looked at.
    """
    columns, known = unsized(table), before.get("widths", {})
    measured: dict[str, int] = {c: known[c] for c in columns if c in known}
    files = set(now.files)
    if len(measured) == len(columns):
        if not columns or before["snapshot"] == now.id:
            return measured
        files -= {f for e in earlier if e.id == before["snapshot"] for f in e.files}
    longest = _longest(spark, job, table, columns, sorted(files))
    return {c: width(longest[c], measured.get(c)) for c in columns}


def _longest(
    spark: SparkSession, job: Job, table: Table, columns: Sequence[str], files: Sequence[str]
) -> dict[str, int]:
    """The bytes of the longest value of each column, in UTF-8."""
    if not columns or not files:
        return dict.fromkeys(columns, 0)
    rows = spark.read.parquet(*files)
    if not set(columns) <= set(rows.columns):  # renamed since: only Iceberg knows which is which
        rows = spark.table(job.identifier(table))
    found = rows.agg(*(F.coalesce(F.max(F.octet_length(c)), F.lit(0)).alias(c) for c in columns)).first()
    return found.asDict() if found else dict.fromkeys(columns, 0)
