"""What the payments of a day amount to, and how many they are."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake, Transform


def counts(lake: Lake) -> DataFrame:
    return (
        lake.touched("payments").groupBy(F.col("event_date").alias("day")).agg(F.count("*").alias("payments"))
    )


def totals(lake: Lake) -> DataFrame:
    return (
        lake.touched("payments").groupBy(F.col("event_date").alias("day")).agg(F.sum("amount").alias("total"))
    )


GOLD: dict[str, Transform] = {"counts": counts, "totals": totals}
