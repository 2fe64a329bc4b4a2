"""Gold of the tests' retailer."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake, Transform

MONEY = "decimal(18,2)"


def customer_value(lake: Lake) -> DataFrame:
    """One row a customer, also for those who bought nothing."""
    back = lake.table("returns").selectExpr("r_item_sk AS s_item_sk", "r_ticket AS s_ticket", "r_amount")
    sold = lake.table("sales").join(back, ["s_item_sk", "s_ticket"], "left")
    sums = sold.groupBy(F.col("s_customer_sk").alias("customer_sk")).agg(
        F.sum("s_quantity").alias("units"),
        F.sum(F.expr("coalesce(s_price, 0) - coalesce(r_amount, 0)")).alias("net_paid"),
    )
    customers = lake.table("customer").selectExpr(
        "c_customer_sk AS customer_sk", "c_customer_id AS customer_id"
    )
    return customers.join(sums, "customer_sk", "left").select(
        "customer_sk",
        "customer_id",
        F.coalesce("units", F.lit(0)).alias("units"),
        F.coalesce("net_paid", F.lit(0)).cast(MONEY).alias("net_paid"),
    )


GOLD: dict[str, Transform] = {"customer_value": customer_value}
