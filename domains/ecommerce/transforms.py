"""Gold of the e-commerce domain that shares one look at whole tables; the rules of the other tables are in
gold/*.sql.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake, Transform


def _seen(lake: Lake, table: str, column: str) -> DataFrame:
    """The days of a table and a column's values on each: one look at all of it, for all who need one."""
    return lake.shared(f"{table} seen", lambda: lake.table(table).select("event_date", column).distinct())


def _countries(lake: Lake) -> DataFrame:
    return _seen(lake, "events", "country")


def _statuses(lake: Lake) -> DataFrame:
    return _seen(lake, "transactions", "status")


def dim_country(lake: Lake) -> DataFrame:
    return _countries(lake).select("country").where("country IS NOT NULL").distinct()


def dim_status(lake: Lake) -> DataFrame:
    statuses = _statuses(lake).select("status").where("status IS NOT NULL").distinct()
    return statuses.withColumn("is_revenue", F.col("status").isin(list(lake.parameter("revenue_statuses"))))


def dim_date(lake: Lake) -> DataFrame:
    """A complete calendar; days without facts are in it too."""
    dates = _countries(lake).select("event_date").unionByName(_statuses(lake).select("event_date"))
    ends = dates.agg(F.min("event_date").alias("first"), F.max("event_date").alias("last")).where(
        "first IS NOT NULL"
    )
    return ends.selectExpr("explode(sequence(first, last, INTERVAL 1 DAY)) AS date").selectExpr(
        "date",
        "year(date) AS year",
        "month(date) AS month",
        "day(date) AS day",
        "weekday(date) + 1 AS day_of_week",
        "weekofyear(date) AS week_of_year",
        "date_format(date, 'MMMM') AS month_name",
        "weekday(date) >= 5 AS is_weekend",
    )


GOLD: dict[str, Transform] = {
    "dim_country": dim_country,
    "dim_status": dim_status,
    "dim_date": dim_date,
}
