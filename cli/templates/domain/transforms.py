"""Gold of DOMAIN. The contract describes each table; each function here is its rule."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake, Transform


def orders_by_day(lake: Lake) -> DataFrame:
    days = lake.touched("orders").groupBy(F.col("event_date").alias("date"))
    amount = F.coalesce(F.sum("amount"), F.lit(0)).cast("decimal(38,2)")
    return days.agg(F.count("*").alias("orders"), amount.alias("amount"))


GOLD: dict[str, Transform] = {"orders_by_day": orders_by_day}
