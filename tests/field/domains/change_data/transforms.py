"""What the orders of a day amount to."""

from __future__ import annotations

from pyspark.sql import DataFrame

from glue_scripts.engine.gold import Lake, Transform


def turnover(lake: Lake) -> DataFrame:
    return (
        lake.touched("orders")
        .groupBy("event_date")
        .agg({"*": "count", "amount": "sum"})
        .selectExpr("event_date AS day", "`count(1)` AS orders", "`sum(amount)` AS amount")
    )


GOLD: dict[str, Transform] = {"turnover": turnover}
