"""Referential integrity of silver, measured when all tables of a run have landed: how many rows refer to nothing."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.job import Job
from glue_scripts.engine.sql import quoted
from shared.contracts import Reference, Table
from shared.metrics import ORPHAN_RATE, orphan_rate, orphans


def integrity(spark: SparkSession, run: Job, table: Table) -> dict[str, float]:
    """`orphans_<column>` and `orphan_rate_<column>` of each foreign key, and their worst rate as `orphan_rate`.

    The rate is of the rows that refer to anything. A key whose table no file has reached yet is not measured.
    """
    there = {r: home for r in table.references if spark.catalog.tableExists(home := run.identifier(run.contract.table(r.table)))}
    if not there:
        return {}
    rows = spark.table(run.identifier(table)).select(*dict.fromkeys(c for r in there for c in r.columns))
    joined = reduce(lambda found, r: _looked_up(found, r, spark.table(there[r])), there, rows)
    refers = {r: " AND ".join(f"{quoted(c)} IS NOT NULL" for c in r.columns) for r in there}
    counts = joined.agg(
        *(F.expr(f"count_if({refers[r]})") for r in there),
        *(F.expr(f"count_if({refers[r]} AND {quoted(_found(r, r.columns[0]))} IS NULL)") for r in there),
    ).collect()[0]
    found = dict(zip(there, zip(counts[len(there) :], counts[: len(there)], strict=True), strict=True))
    known = {r: n for r, n in found.items() if n[0] < n[1] or not n[1] or _has_rows(spark, there[r])}
    rates = {orphan_rate(r.name): lost / referring if referring else 0.0 for r, (lost, referring) in known.items()}
    numbers = {orphans(r.name): lost for r, (lost, _) in known.items()}
    return {**numbers, **rates, ORPHAN_RATE: max(rates.values(), default=0.0)}


def _has_rows(spark: SparkSession, identifier: str) -> bool:
    return not spark.table(identifier).isEmpty()


def _looked_up(rows: DataFrame, reference: Reference, home: DataFrame) -> DataFrame:
    """The rows with the keys of the row that each refers to, null where there is none."""
    names = [_found(reference, column) for column in reference.columns]
    keys = home.select(*(F.col(key).alias(name) for key, name in zip(reference.keys, names, strict=True)))
    return rows.join(keys, [F.col(c) == F.col(name) for c, name in zip(reference.columns, names, strict=True)], "left")


def _found(reference: Reference, column: str) -> str:
    """Under which name the row's own column stands as it was found in the other table."""
    return f"_{column}_of_{reference.table}"
