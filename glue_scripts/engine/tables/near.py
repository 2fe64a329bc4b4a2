"""Which files of a stored table can hold some keys: Iceberg knows each file's least and greatest value."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from shared.contracts import Table

# Iceberg holds so many values against the bounds of each file; of a longer list it opens all files
# (IN_PREDICATE_LIMIT of its InclusiveMetricsEvaluator).
HELD_AGAINST_BOUNDS = 200
COMPARED_ALIKE = ("string", "int", "bigint")  # by Python, Spark and Iceberg


def may_have(rows: DataFrame, table: Table) -> Column:
    """A condition for stored rows, true wherever the first column of their key has a value that is among the
    rows'. Where keys grow with time, as most do, a run then opens few of a table's files.

    Looks the values up; rows are to be persisted.
    """
    key = table.primary_key[0]
    if table.column(key).type not in COMPARED_ALIKE:
        return F.lit(True)
    values = rows.select(key).where(F.col(key).isNotNull())
    few = [row[0] for row in values.distinct().limit(HELD_AGAINST_BOUNDS + 1).collect()]
    if len(few) <= HELD_AGAINST_BOUNDS:
        return F.col(key).isin(few) if few else F.lit(False)
    [bounds] = values.agg(F.min(key).alias("least"), F.max(key).alias("greatest")).collect()
    return F.col(key).between(bounds["least"], bounds["greatest"])
