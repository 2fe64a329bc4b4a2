"""Gold of the group: what a shop in Berlin sold on each of its days."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake, Transform


def daily_revenue(lake: Lake) -> DataFrame:
    days = lake.touched("berlin").groupBy(F.col("event_date").alias("date"))
    return days.agg(F.coalesce(F.sum("amount"), F.lit(0)).cast("decimal(38,2)").alias("revenue"))


GOLD: dict[str, Transform] = {"daily_revenue": daily_revenue}
