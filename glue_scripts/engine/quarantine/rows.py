"""Quarantined rows: kept whole, with every reason, in one Iceberg table per dataset that replay and
analysts read.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.quarantine.row_rules import with_reasons
from glue_scripts.engine.read.bronze_files import primary_date
from glue_scripts.engine.read.conform import raw_record, received_columns
from glue_scripts.engine.read.sql import literal
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.tables.iceberg import Stored, append, prepare
from glue_scripts.engine.tables.state import state
from shared.contracts import Dataset
from shared.ledger.model import LedgerFile
from shared.quarantine import COLUMNS, date_parts

ALL_BAD = "*"  # no reason is named so


def quarantine_table(job: Job, dataset: Dataset) -> Stored:
    """The table of a dataset, or of its domain; partitioned by the primary event date of the file a row came
    with.
    """
    parts = date_parts(job.contract.layout)
    columns = COLUMNS | dict.fromkeys(parts, "int")
    return Stored(
        job.quarantine_identifier(dataset.name),
        job.quarantine_location(dataset.name),
        columns,
        parts or ("event_date",),
    )


def quarantined_rows(rows: DataFrame, files: DataFrame, job: Job, dataset: Dataset) -> DataFrame:
    """Judged rows that are bad, as quarantine keeps them."""
    bad = with_reasons(rows.where("_bad"), dataset).select(
        "_file", "reasons", "columns", *received_columns(dataset)
    )
    return bad.join(files.hint("broadcast"), "_file", "inner").selectExpr(
        "reasons",
        "columns",
        f"{raw_record(dataset)} AS raw_record",
        "_source_file AS source_file",
        "_source_version AS source_version",
        "_ingested_at AS ingested_at",
        f"{literal(job.run_id)} AS run_id",
        "_primary_date AS event_date",
        "CAST(NULL AS array<struct<run_id:string,reasons:array<string>>>) AS history",
        *(f"{part}(_primary_date) AS {part}" for part in ("year", "month", "day")),
    )


def quarantine_rows(
    spark: SparkSession,
    job: Job,
    dataset: Dataset,
    rows: DataFrame,
    files: DataFrame,
    stale: Sequence[LedgerFile],
    expected: int,
) -> tuple[int, dict[str, int]]:
    """Writes the bad ones of judged rows to quarantine, in the place of those of stale files; returns how
    many they are, and how many of each reason.

    They are counted anew where they are not as many as `expected`: tasks that are run again, since a machine
    with their output was lost, count twice.
    """
    target = quarantine_table(job, dataset)
    known = not prepare(spark, target) and bool(stale)
    # The judgement stands behind a barrier: the planner would push it below the casts that it rests on.
    judged = rows.observe(Observation(), F.count(F.lit(1)))
    bad = quarantined_rows(judged, files, job, dataset)
    written = with_history(spark, bad, target, stale) if known else bad
    if known:
        forget(spark, target, stale)
    observed = Observation()
    counts = [F.count_if(F.array_contains("reasons", r)).alias(r) for r in job.contract.row_reasons]
    counts.append(F.count(F.lit(1)).alias(ALL_BAD))
    append(written.observe(observed, *counts), target)
    reasons = observed.get
    if reasons[ALL_BAD] != expected:
        [again] = bad.agg(*counts).collect()
        reasons = again.asDict()
    return reasons[ALL_BAD], {reason: n for reason, n in reasons.items() if n and reason != ALL_BAD}


def clear(spark: SparkSession, job: Job, dataset: Dataset, stale: Sequence[LedgerFile]) -> None:
    """Keeps no row of stale files in quarantine; the table is there afterwards."""
    target = quarantine_table(job, dataset)
    if not prepare(spark, target) and stale:
        forget(spark, target, stale)


def with_history(
    spark: SparkSession, rows: DataFrame, table: Stored, files: Sequence[LedgerFile]
) -> DataFrame:
    """The rows, with the run and history of those that are in quarantine already; a reason that changed
    becomes history.

    The table has rows. They are read from a fixed snapshot: `forget` removes them before the new rows are
    written.
    """
    snapshot = str(state(spark, table.identifier).snapshot)
    before = spark.read.option("versionAsOf", snapshot).table(table.identifier).where(_of(files))
    # A snapshot has the columns of its time: an older release of the product knew fewer.
    missing = [f"CAST(NULL AS {k}) AS {n}" for n, k in table.columns.items() if n not in before.columns]
    before = before.selectExpr("*", *missing)
    key = ["source_file", "source_version", "raw_record"]
    old = before.groupBy(*key).agg(F.max(F.struct("run_id", "reasons", "history")).alias("_old"))
    same = "_old.reasons = reasons"
    entry = "array(struct(_old.run_id AS run_id, _old.reasons AS reasons))"
    past = (
        f"CASE WHEN _old IS NULL THEN NULL WHEN {same} THEN _old.history ELSE concat(coalesce(_old.history,"
        f" array()), {entry}) END"
    )
    known = rows.join(old, key, "left")
    return known.withColumns(
        {"history": F.expr(past), "run_id": F.expr(f"CASE WHEN {same} THEN _old.run_id ELSE run_id END")}
    ).drop("_old")


def forget(spark: SparkSession, table: Stored, files: Sequence[LedgerFile]) -> None:
    """Removes what an earlier run quarantined of these files, before they are judged again."""
    spark.sql(f"DELETE FROM {table.identifier} WHERE {_of(files)}")


def _of(files: Sequence[LedgerFile]) -> str:
    """SQL that is true for the rows of these files."""
    dates = ", ".join(f"DATE'{d}'" for d in sorted({primary_date(f) for f in files}))
    versions = ", ".join(f"({literal(f.key)}, {literal(f.version)})" for f in files)
    return f"event_date IN ({dates}) AND (source_file, source_version) IN ({versions})"
