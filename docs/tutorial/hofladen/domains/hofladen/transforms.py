"""Gold of hofladen. The contract describes each table; each function here is its rule."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake, Transform


def daily_sales(lake: Lake) -> DataFrame:
    till = lake.touched("sales").selectExpr("event_date AS date", "amount AS till", "0 AS online")
    online = lake.touched("order_lines").selectExpr(
        "event_date AS date", "0 AS till", "quantity * price AS online"
    )
    days = till.unionByName(online).groupBy("date")
    return days.agg(*(F.sum(c).cast("decimal(38,2)").alias(c) for c in ("till", "online")))


GOLD: dict[str, Transform] = {"daily_sales": daily_sales}
