"""Referential integrity of silver, measured when all tables of a run are loaded: how many rows refer to
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
    existing = {name: target for name, target in targets.items() if spark.catalog.tableExists(target)}
    measurable = {
        t.name: known for t in tables if (known := tuple(r for r in t.references if r.table in existing))
    }
    if not measurable:
        return {}
    parts = [
        _counted(spark, job.identifier(job.contract.table(name)), name, measurable[name], existing)
        for name in measurable
    ]
    counts = {row["table"]: row["counts"] for row in reduce(DataFrame.union, parts).collect()}
    return {
        name: _rates(spark, references, counts[name], existing) for name, references in measurable.items()
    }


def _counted(
    spark: SparkSession, target: str, name: str, references: Sequence[Reference], existing: Mapping[str, str]
) -> DataFrame:
    """One row: of each reference how many rows refer to anything, then of each how many of these refer to
    nothing that is there.
    """
    rows = spark.table(target).select(*dict.fromkeys(c for r in references for c in r.columns))
    joined = reduce(lambda joined, r: _looked_up(joined, r, spark.table(existing[r.table])), references, rows)
    refers = [" AND ".join(f"{quoted(c)} IS NOT NULL" for c in r.columns) for r in references]
    lost = [
        f"{refer} AND {quoted(_key_name(r, r.columns[0]))} IS NULL"
        for refer, r in zip(refers, references, strict=True)
    ]
    return joined.agg(
        F.array(*(F.expr(f"count_if({test})") for test in [*refers, *lost])).alias("counts")
    ).select(F.lit(name).alias("table"), "counts")


def _rates(
    spark: SparkSession, references: Sequence[Reference], counts: Sequence[int], existing: Mapping[str, str]
) -> dict[str, float]:
    referring, lost = counts[: len(references)], counts[len(references) :]
    numbers = dict(zip(references, zip(lost, referring, strict=True), strict=True))
    # Without a row that is referred to, the table was made for its columns: no file has reached it yet.
    known = {
        r: n for r, n in numbers.items() if n[0] < n[1] or not n[1] or _has_rows(spark, existing[r.table])
    }
    rates = {orphan_rate(r.name): n / of if of else 0.0 for r, (n, of) in known.items()}
    orphan_rows = {orphans(r.name): n for r, (n, _) in known.items()}
    return {**orphan_rows, **rates, ORPHAN_RATE: max(rates.values(), default=0.0)}


def _has_rows(spark: SparkSession, identifier: str) -> bool:
    return not spark.table(identifier).isEmpty()


def _looked_up(rows: DataFrame, reference: Reference, target: DataFrame) -> DataFrame:
    """The rows with the keys of the row that each refers to, null where there is none."""
    names = [_key_name(reference, column) for column in reference.columns]
    keys = target.select(*(F.col(key).alias(name) for key, name in zip(reference.keys, names, strict=True)))
    return rows.join(
        keys, [F.col(c) == F.col(name) for c, name in zip(reference.columns, names, strict=True)], "left"
    )


def _key_name(reference: Reference, column: str) -> str:
    """The name that the other table's key of a column gets beside it."""
    return f"_{column}_of_{reference.table}"
