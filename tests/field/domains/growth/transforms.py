"""Tables that are computed; each also from tables of silver that have not all their columns yet."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake, Transform


def _text(rows: DataFrame, name: str) -> Column:
    return F.col(name) if name in rows.columns else F.lit(None).cast("string").alias(name)


def pages(lake: Lake) -> DataFrame:
    return lake.table("visits").groupBy("page").agg(F.sum("hits").alias("hits"), F.count("*").alias("visits"))


def dim_items(lake: Lake) -> DataFrame:
    items = lake.touched("items")
    return items.select("item_id", "amount", F.expr("amount >= 10 AS is_large"), _text(items, "color"))


def fact_visits(lake: Lake) -> DataFrame:
    return lake.touched("visits").selectExpr("visit_id", "hits", "event_date", "hits > 5 AS is_long")


def days(lake: Lake) -> DataFrame:
    found = lake.touched("items").groupBy(F.col("event_date").alias("day"))
    return found.agg(F.sum("amount").alias("total"), F.count("*").alias("items"))


def bridge_cities(lake: Lake) -> DataFrame:
    updates = lake.table("updates").where("city IS NOT NULL")
    tier = F.max(_text(updates, "tier")).alias("tier")
    return updates.groupBy("user_id", "city").agg(F.max("points").alias("points"), tier)


def dim_pages(lake: Lake) -> DataFrame:
    return lake.table("pages").selectExpr("xxhash64(page) AS page_key", "page", "page = '/' AS is_home")


SILVER: dict[str, Transform] = {"pages": pages}
GOLD: dict[str, Transform] = {
    "dim_items": dim_items,
    "fact_visits": fact_visits,
    "days": days,
    "bridge_cities": bridge_cities,
    "dim_pages": dim_pages,
}
