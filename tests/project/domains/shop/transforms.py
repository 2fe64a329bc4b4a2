"""Gold of the tests' shop: a dimension by key, a calendar, a mart by key; a fact with a user's attributes and a
mart by day are in gold/*.sql.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake, Transform

TOTAL = "decimal(38,2)"


def _is_revenue(lake: Lake) -> Column:
    return F.coalesce(F.col("status").isin(list(lake.parameter("revenue_statuses"))), F.lit(False))


def _sum_where(condition: Column) -> Column:
    amounts = F.sum(F.when(condition, F.col("amount")))
    return F.coalesce(amounts, F.lit(0)).cast(TOTAL)


def dim_users(lake: Lake) -> DataFrame:
    seen = [lake.touched(t).select("user_id") for t in ("users", "events", "transactions")]
    everybody = reduce(DataFrame.unionByName, seen).where("user_id IS NOT NULL").distinct()
    known = lake.touched("users").select("user_id", "name", "email", "city", "phone", "age", "updated_at")
    return everybody.join(known, "user_id", "left")


def dim_date(lake: Lake) -> DataFrame:
    days = [lake.table(t).select("event_date") for t in ("events", "transactions")]
    ends = reduce(DataFrame.unionByName, days).selectExpr(
        "min(event_date) AS first", "max(event_date) AS last"
    )
    every_day = ends.where("first IS NOT NULL").selectExpr("explode(sequence(first, last)) AS date")
    return every_day.selectExpr(
        "date",
        "year(date) AS year",
        "month(date) AS month",
        "day(date) AS day",
        "weekday(date) + 1 AS day_of_week",
        "weekofyear(date) AS week_of_year",
        "date_format(date, 'MMMM') AS month_name",
        "weekday(date) >= 5 AS is_weekend",
    )


def user_ltv(lake: Lake) -> DataFrame:
    events = lake.touched("events").where("user_id IS NOT NULL").groupBy("user_id")
    transactions = lake.touched("transactions").where("user_id IS NOT NULL").groupBy("user_id")
    seen = events.agg(
        F.count("*").alias("events"), F.min("ts").alias("first_event"), F.max("ts").alias("last_event")
    )
    bought = transactions.agg(
        F.count("*").alias("transactions"), _sum_where(_is_revenue(lake)).alias("revenue")
    )
    revenue = F.coalesce("revenue", F.lit(0).cast(TOTAL))
    return seen.join(bought, "user_id", "full").select(
        "user_id",
        F.coalesce("events", F.lit(0)).alias("event_count"),
        "first_event",
        "last_event",
        F.coalesce("transactions", F.lit(0)).alias("transaction_count"),
        revenue.alias("total_revenue"),
        revenue.alias("ltv"),
    )


GOLD: dict[str, Transform] = {
    "dim_users": dim_users,
    "dim_date": dim_date,
    "user_ltv": user_ltv,
}
