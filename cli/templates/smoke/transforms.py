"""Gold of DOMAIN. The contract describes each table; each function here is its rule."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake, Transform


def readings_by_day(lake: Lake) -> DataFrame:
    days = lake.touched("readings").groupBy(F.col("event_date").alias("date"))
    amount = F.coalesce(F.sum("amount"), F.lit(0)).cast("decimal(38,2)")
    return days.agg(F.count("*").alias("readings"), amount.alias("amount"))


GOLD: dict[str, Transform] = {"readings_by_day": readings_by_day}
