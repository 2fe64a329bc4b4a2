"""Silver and gold of the tests' retailer."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake, Transform

TOTAL = "decimal(38,2)"
PROMOTION_KEY = "xxhash64(promotion)"


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
        F.coalesce("net_paid", F.lit(0)).cast(TOTAL).alias("net_paid"),
    )


def sale_promotions(lake: Lake) -> DataFrame:
    """A promotion that a sale names twice counts where it stands first."""
    listed = lake.touched("sales").selectExpr(
        "s_item_sk", "s_ticket", "s_customer_sk", "posexplode(split(s_promotions, ',')) AS (at, promotion)"
    )
    return listed.groupBy("s_item_sk", "s_ticket", "s_customer_sk", "promotion").agg(
        (F.min("at") + 1).alias("place")
    )


def dim_promotion(lake: Lake) -> DataFrame:
    """One row for each time that a promotion counts: rows that are appended may be double."""
    return lake.touched("sale_promotions").selectExpr(f"{PROMOTION_KEY} AS promotion_key", "promotion")


def fact_sales(lake: Lake) -> DataFrame:
    known = F.col("s_channel").isin(list(lake.parameter("channels")))
    return lake.touched("sales").select(
        F.col("s_item_sk").alias("item_sk"),
        F.col("s_ticket").alias("ticket"),
        "s_customer_sk",
        F.when(known, F.col("s_channel")).otherwise("other").alias("channel"),
        F.col("s_price").alias("price"),
    )


def bridge_sale_promotion(lake: Lake) -> DataFrame:
    return lake.touched("sale_promotions").selectExpr(
        "s_item_sk AS item_sk",
        "s_ticket AS ticket",
        f"{PROMOTION_KEY} AS promotion_key",
        "place",
        "s_customer_sk",
    )


SILVER: dict[str, Transform] = {"sale_promotions": sale_promotions}
GOLD: dict[str, Transform] = {
    "customer_value": customer_value,
    "dim_promotion": dim_promotion,
    "fact_sales": fact_sales,
    "bridge_sale_promotion": bridge_sale_promotion,
}
