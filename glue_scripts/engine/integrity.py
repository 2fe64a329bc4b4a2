"""Referential integrity of silver, measured when all tables of a run have landed: how many rows refer to nothing."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.job import Job
from glue_scripts.engine.sql import quoted
from shared.contracts import Table
from shared.metrics import ORPHAN_RATE, orphan_rate, orphans


def references(run: Job, table: Table) -> dict[str, tuple[Table, str]]:
    """Column → the silver table and column that it refers to, as the contract says."""
    return {r.column.name: (run.contract.table(r.table), r.key) for r in table.references}


def integrity(spark: SparkSession, run: Job, table: Table) -> dict[str, float]:
    """`orphans_<column>` and `orphan_rate_<column>` of each foreign key, and their worst rate as `orphan_rate`.

    The rate is of the rows that refer to anything. A key whose table no file has reached yet is not measured.
    """
    wanted = references(run, table)
    there = {c: (t, key) for c, (t, key) in wanted.items() if spark.catalog.tableExists(run.identifier(t))}
    if not there:
        return {}
    rows = spark.table(run.identifier(table)).select(*there)
    targets = ((c, spark.table(run.identifier(t)).select(F.col(key).alias(f"_{c}"))) for c, (t, key) in there.items())
    joined = reduce(_looked_up, targets, rows)
    counts = joined.agg(
        *(F.count(c).alias(c) for c in there), *(F.expr(f"count_if({quoted(c)} IS NOT NULL AND {quoted('_' + c)} IS NULL)") for c in there)
    ).collect()[0]
    found = dict(zip(there, zip(counts[len(there) :], counts[: len(there)], strict=True), strict=True))
    known = {c: n for c, n in found.items() if n[0] < n[1] or not n[1] or _has_rows(spark, run, there[c][0])}
    rates = {orphan_rate(c): lost / referring if referring else 0.0 for c, (lost, referring) in known.items()}
    numbers = {orphans(c): lost for c, (lost, _) in known.items()}
    return {**numbers, **rates, ORPHAN_RATE: max(rates.values(), default=0.0)}


def _has_rows(spark: SparkSession, run: Job, table: Table) -> bool:
    return spark.table(run.identifier(table)).limit(1).count() > 0


def _looked_up(rows: DataFrame, target: tuple[str, DataFrame]) -> DataFrame:
    column, keys = target
    return rows.join(keys, F.col(column) == F.col(f"_{column}"), "left")
