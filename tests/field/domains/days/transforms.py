"""Rows of a day, and pieces of an article."""

from __future__ import annotations

from pyspark.sql import DataFrame

from glue_scripts.engine.gold import Lake, Transform


def by_day(source: str) -> Transform:
    def rows(lake: Lake) -> DataFrame:
        days = lake.touched(source).groupBy("event_date").count()
        return days.selectExpr("event_date AS day", "count AS rows")

    return rows


def stock_by_sku(lake: Lake) -> DataFrame:
    return lake.touched("stock").groupBy("sku").sum("pieces").selectExpr("sku", "`sum(pieces)` AS pieces")


GOLD: dict[str, Transform] = {
    **{f"{source}_by_day": by_day(source) for source in ("notes", "stock", "prices", "visits", "scans")},
    "stock_by_sku": stock_by_sku,
}
