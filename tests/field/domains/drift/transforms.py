"""Gold of sources that change; before its contract knew the currency, silver had none."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake, Transform


def revenue(lake: Lake) -> DataFrame:
    orders = lake.touched("orders")
    currency = F.coalesce(F.col("currency"), F.lit("?")) if "currency" in orders.columns else F.lit("?")
    days = orders.groupBy("event_date", currency.alias("currency"))
    return days.agg(F.sum("amount").cast("decimal(38,2)").alias("revenue"))


GOLD: dict[str, Transform] = {"revenue": revenue}
