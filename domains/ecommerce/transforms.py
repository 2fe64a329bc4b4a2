"""Gold of the e-commerce domain. The contract describes each table; each function here is its rule."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake, Transform

USER_ATTRIBUTES = {"user_city": "city", "user_age": "age", "user_email": "email"}
MONEY = "decimal(18,2)"
TOTAL = "decimal(38,2)"  # a sum outgrows the type of its parts


def _is_revenue(lake: Lake) -> Column:
    return F.coalesce(F.col("status").isin(list(lake.parameter("revenue_statuses"))), F.lit(False))


def _sum_where(condition: Column) -> Column:
    """A sum of money; rows without an amount count as nothing, no rows make 0."""
    return F.coalesce(F.sum(F.when(condition, F.col("amount"))), F.lit(0)).cast(TOTAL)


def _mean_amount() -> Column:
    return F.round(F.avg("amount"), 2).cast(MONEY)


def _with_user(lake: Lake, facts: DataFrame) -> DataFrame:
    attributes = [F.col(c).alias(new) for new, c in USER_ATTRIBUTES.items()]
    return facts.join(lake.table("users").select("user_id", *attributes), "user_id", "left")


def dim_users(lake: Lake) -> DataFrame:
    """Everybody who was seen anywhere."""
    seen = [lake.touched(t).select("user_id") for t in ("users", "events", "transactions")]
    everybody = reduce(DataFrame.unionByName, seen).where("user_id IS NOT NULL").distinct()
    return everybody.join(
        lake.touched("users").select("user_id", "name", "email", "city", "phone", "age", "updated_at"),
        "user_id",
        "left",
    )


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
    return statuses.withColumn("is_revenue", _is_revenue(lake))


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


def fact_events(lake: Lake) -> DataFrame:
    return _with_user(
        lake, lake.touched("events").select("event_id", "user_id", "ts", "event_date", "country")
    )


def fact_transactions(lake: Lake) -> DataFrame:
    columns = ("tx_id", "user_id", "amount", "status", "created_at", "delivered_at", "event_date")
    return _with_user(lake, lake.touched("transactions").select(*columns))


def fact_user_activity(lake: Lake) -> DataFrame:
    """Days of a user with an event or a transaction; rows without a user are nobody's."""
    grain = ["user_id", "event_date"]
    events = (
        lake.touched("events").where("user_id IS NOT NULL").groupBy(*grain).agg(F.count("*").alias("events"))
    )
    transactions = (
        lake.touched("transactions")
        .where("user_id IS NOT NULL")
        .groupBy(*grain)
        .agg(
            F.count("*").alias("transactions"),
            _sum_where(_is_revenue(lake)).alias("revenue"),
            _mean_amount().alias("avg_transaction_amount"),
        )
    )
    return events.join(transactions, grain, "full").select(
        *grain,
        F.coalesce("events", F.lit(0)).alias("events_count"),
        F.coalesce("transactions", F.lit(0)).alias("transactions_count"),
        F.coalesce("revenue", F.lit(0).cast(TOTAL)).alias("total_revenue"),
        "avg_transaction_amount",
    )


def daily_revenue(lake: Lake) -> DataFrame:
    return (
        lake.touched("transactions")
        .groupBy(F.col("event_date").alias("date"))
        .agg(
            F.count("*").alias("transaction_count"),
            _sum_where(_is_revenue(lake)).alias("total_revenue"),
            _sum_where(F.lit(True)).alias("gross_amount"),
            _mean_amount().alias("avg_amount"),
            F.count_if(F.col("status") == "delivered").alias("delivered_count"),
        )
    )


def daily_active_users(lake: Lake) -> DataFrame:
    """Exact distinct users; somebody with events and transactions counts once in the total.

    A day without any user has a row of zeros.
    """
    sides = [
        lake.touched(t).select("event_date", "user_id", F.lit(t).alias("side"))
        for t in ("events", "transactions")
    ]
    pairs = sides[0].unionByName(sides[1]).distinct()
    return pairs.groupBy(F.col("event_date").alias("date")).agg(
        F.countDistinct(F.when(F.col("side") == "events", F.col("user_id"))).alias("event_active_users"),
        F.countDistinct(F.when(F.col("side") == "transactions", F.col("user_id"))).alias("tx_active_users"),
        F.countDistinct("user_id").alias("total_active_users"),
    )


def user_ltv(lake: Lake) -> DataFrame:
    """Everybody with an event or a transaction."""
    events = (
        lake.touched("events")
        .where("user_id IS NOT NULL")
        .groupBy("user_id")
        .agg(F.count("*").alias("events"), F.min("ts").alias("first_event"), F.max("ts").alias("last_event"))
    )
    transactions = (
        lake.touched("transactions")
        .where("user_id IS NOT NULL")
        .groupBy("user_id")
        .agg(F.count("*").alias("transactions"), _sum_where(_is_revenue(lake)).alias("revenue"))
    )
    revenue = F.coalesce("revenue", F.lit(0).cast(TOTAL))
    return events.join(transactions, "user_id", "full").select(
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
    "dim_country": dim_country,
    "dim_status": dim_status,
    "dim_date": dim_date,
    "fact_events": fact_events,
    "fact_transactions": fact_transactions,
    "fact_user_activity": fact_user_activity,
    "daily_revenue": daily_revenue,
    "daily_active_users": daily_active_users,
    "user_ltv": user_ltv,
}
