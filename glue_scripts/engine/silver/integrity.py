"""Referential integrity of silver, measured when all tables of a run have landed: how many rows refer to
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.read.sql import quoted
from glue_scripts.engine.run.job import Job
from shared.contracts import Reference, Table
from shared.metrics import ORPHAN_RATE, orphan_rate, orphans


def orphan_counts(spark: SparkSession, job: Job, tables: Sequence[Table]) -> dict[str, dict[str, float]]:
    """By table: `orphans_<column>` and `orphan_rate_<column>` of each foreign key, and their worst rate as
    `orphan_rate`.

    The rate is of the rows that refer to anything. A key whose table no file has reached yet is not measured.
    One query measures all tables, so keys that several of them refer to are read once.
    """
    targets = {
        name: job.identifier(job.contract.table(name))
        for name in {r.table for t in tables for r in t.references}
    }
    there = {name: target for name, target in targets.items() if spark.catalog.tableExists(target)}
    held = {t.name: known for t in tables if (known := tuple(r for r in t.references if r.table in there))}
    if not held:
        return {}
    parts = [
        _counted(spark, job.identifier(job.contract.table(name)), name, held[name], there) for name in held
    ]
    counts = {row["table"]: row["counts"] for row in reduce(DataFrame.union, parts).collect()}
    return {name: _measured(spark, references, counts[name], there) for name, references in held.items()}


def _counted(
    spark: SparkSession, target: str, name: str, references: Sequence[Reference], there: Mapping[str, str]
) -> DataFrame:
    """One row: of each reference how many rows refer to anything, then of each how many of these refer to
    nothing that is there.
    """
    rows = spark.table(target).select(*dict.fromkeys(c for r in references for c in r.columns))
    joined = reduce(lambda found, r: _looked_up(found, r, spark.table(there[r.table])), references, rows)
    refers = [" AND ".join(f"{quoted(c)} IS NOT NULL" for c in r.columns) for r in references]
    lost = [
        f"{refer} AND {quoted(_found(r, r.columns[0]))} IS NULL"
        for refer, r in zip(refers, references, strict=True)
    ]
    return joined.agg(
        F.array(*(F.expr(f"count_if({test})") for test in [*refers, *lost])).alias("counts")
    ).select(F.lit(name).alias("table"), "counts")


def _measured(
    spark: SparkSession, references: Sequence[Reference], counts: Sequence[int], there: Mapping[str, str]
) -> dict[str, float]:
    found = dict(
        zip(references, zip(counts[len(references) :], counts[: len(references)], strict=True), strict=True)
    )
    known = {r: n for r, n in found.items() if n[0] < n[1] or not n[1] or _has_rows(spark, there[r.table])}
    rates = {
        orphan_rate(r.name): lost / referring if referring else 0.0 for r, (lost, referring) in known.items()
    }
    numbers = {orphans(r.name): lost for r, (lost, _) in known.items()}
    return {**numbers, **rates, ORPHAN_RATE: max(rates.values(), default=0.0)}


def _has_rows(spark: SparkSession, identifier: str) -> bool:
    return not spark.table(identifier).isEmpty()


def _looked_up(rows: DataFrame, reference: Reference, target: DataFrame) -> DataFrame:
    """The rows with the keys of the row that each refers to, null where there is none."""
    names = [_found(reference, column) for column in reference.columns]
    keys = target.select(*(F.col(key).alias(name) for key, name in zip(reference.keys, names, strict=True)))
    return rows.join(
        keys, [F.col(c) == F.col(name) for c, name in zip(reference.columns, names, strict=True)], "left"
    )


def _found(reference: Reference, column: str) -> str:
    """Under which name the row's own column stands as it was found in the other table."""
    return f"_{column}_of_{reference.table}"
