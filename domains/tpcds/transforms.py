"""Gold of the TPC-DS domain: all three channels, returns included.

The contract describes each table; each function here is its rule.

Sums take no value as nothing. Money is summed exactly; ratios are doubles of 6 places.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from domains.tpcds.channels import (
    BOUGHT,
    RETURNED,
    TOTAL,
    bought,
    returned,
    returned_by_buyer,
    sold_by_day,
    sold_by_item,
    units_by_item,
)
from glue_scripts.engine.gold import Lake, Transform

CUTS = "array(0.2, 0.4, 0.6, 0.8)"
COUNTED = ("orders", "channels", "units", "net_paid", "return_amount", "return_lines")
REVENUE = "coalesce(net_paid, 0) - coalesce(return_amount, 0)"


def _zero(*names: str) -> list[Column]:
    return [F.coalesce(n, F.lit(0)).alias(n) for n in names]


def _ratio(part: str, whole: str) -> str:
    """SQL for a share; no value when the whole is zero or missing."""
    return f"round(CAST({part} AS double) / nullif(CAST({whole} AS double), 0D), 6)"


def _counted(sums: DataFrame, orders: DataFrame, *grain: str) -> DataFrame:
    """Adds how many different orders and buyers there are in each group; no column of the grain is null.

    Each is counted on its own: in one aggregation Spark carries the sums through every value of either.
    """
    counted = {"orders": "number", "customers": "customer_sk"}
    counts = [
        orders.groupBy(*grain).agg(F.countDistinct(column).alias(name)) for name, column in counted.items()
    ]
    return reduce(lambda joined, count: joined.join(count, list(grain), "inner"), counts, sums)


def _returned(lake: Lake, *grain: str) -> DataFrame:
    sums = [F.expr(f"CAST(sum({n}) AS {kind})").alias(n) for n, kind in RETURNED.items()]
    return returned(lake).where("day IS NOT NULL").groupBy(*grain).agg(*sums)


def daily_sales_summary(lake: Lake) -> DataFrame:
    """Days with sales or returns; a day with returns only has zeros for sales."""
    sales = _counted(sold_by_day(lake), bought(lake).where("day IS NOT NULL"), "day", "channel")
    both = sales.join(_returned(lake, "day", "channel"), ["day", "channel"], "full")
    return both.select(
        F.col("day").alias("sales_date"),
        "channel",
        *_zero("orders", "customers", *BOUGHT, *RETURNED),
        F.expr(f"{REVENUE} AS net_revenue"),
        F.expr(f"{_ratio('net_paid', 'orders')} AS avg_order_value"),
    )


def customer_lifetime_value(lake: Lake) -> DataFrame:
    """Every customer; those without a dated order have no scores and are prospects."""
    orders = bought(lake)
    newest = sold_by_day(lake).agg(F.max("day").alias("today"))
    per_order = orders.where("customer_sk IS NOT NULL").groupBy("customer_sk", "channel", "number")
    distinct = per_order.agg(
        *(F.sum(n).alias(n) for n in ("units", "net_paid", "net_profit")),
        F.min("day").alias("first"),
        F.max("day").alias("last"),
    )
    purchases = distinct.groupBy("customer_sk").agg(
        F.count("*").alias("orders"),
        F.countDistinct("channel").alias("channels"),
        *(F.sum(n).alias(n) for n in ("units", "net_paid", "net_profit")),
        F.min("first").alias("first_purchase"),
        F.max("last").alias("last_purchase"),
    )
    customers = lake.table("customer").selectExpr(
        "c_customer_sk AS customer_sk", "c_customer_id AS customer_id"
    )
    known = (
        customers.join(purchases, "customer_sk", "left")
        .join(returned_by_buyer(lake), "customer_sk", "left")
        .crossJoin(newest)
    )
    valued = known.select(
        "*",
        F.expr(f"CAST({REVENUE} AS {TOTAL}) AS net_revenue"),
        F.expr("coalesce(net_profit, 0) - coalesce(return_loss, 0) AS lifetime_profit"),
        F.expr("date_diff(today, last_purchase) AS recency_days"),
        F.expr("date_diff(today, first_purchase) + 1 AS tenure_days"),
        F.expr(f"{_ratio('net_paid', 'orders')} AS avg_order_value"),
    )
    counted = valued.select(*(c for c in valued.columns if c not in COUNTED), *_zero(*COUNTED))
    scored = _scored(lake.shared("valued", lambda: counted))  # read twice: for the cuts and for the rows
    return _segmented(scored).drop("return_loss", "today", "net_profit")


def _scored(customers: DataFrame) -> DataFrame:
    """1 to 5 by the fifths of those with a dated order; the most recent, most frequent and most valuable get
    5.
    """
    measures = {"r": "recency_days", "f": "orders", "m": "net_revenue"}
    cuts = [
        f"percentile_disc({CUTS}) WITHIN GROUP (ORDER BY {column}) AS {m}" for m, column in measures.items()
    ]
    marks = customers.where("last_purchase IS NOT NULL").agg(*map(F.expr, cuts))
    above = {m: f"size(filter({m}, cut -> {column} > cut))" for m, column in measures.items()}
    score = {"r": f"5 - {above['r']}", "f": f"1 + {above['f']}", "m": f"1 + {above['m']}"}
    scores = [f"CASE WHEN last_purchase IS NOT NULL THEN {sql} END AS {m}_score" for m, sql in score.items()]
    return customers.crossJoin(marks).selectExpr("*", *scores).drop(*measures)


def _segmented(customers: DataFrame) -> DataFrame:
    segment = (
        "CASE WHEN r_score IS NULL THEN 'prospect' WHEN r_score >= 4 AND f_score >= 4 AND m_score >= 4 THEN"
        " 'champion' WHEN f_score >= 4 AND m_score >= 3 THEN 'loyal' WHEN r_score >= 4 AND f_score <= 2 THEN"
        " 'new_or_promising' WHEN r_score <= 2 AND f_score >= 3 THEN 'at_risk' WHEN r_score <= 2 AND f_score"
        " <= 2 THEN 'hibernating' ELSE 'regular' END"
    )
    tier = (
        "CASE WHEN net_revenue > 10000 THEN 'premium' WHEN net_revenue > 5000 THEN 'gold' WHEN net_revenue >"
        " 1000 THEN 'silver' ELSE 'bronze' END"
    )
    pace = "round(CAST(net_revenue AS double) / greatest(tenure_days, 365) * 365 * 3, 6)"
    return customers.selectExpr(
        "*", f"{segment} AS segment", f"{tier} AS value_tier", f"{pace} AS predicted_clv_3y"
    )


def product_performance(lake: Lake) -> DataFrame:
    """Every item, sold or not; ranks have gaps behind equals, the ABC class follows the item's number among
    them.
    """
    items = lake.table("item").selectExpr(
        "i_item_sk AS item_sk",
        "i_item_id AS item_id",
        "i_product_name AS product_name",
        "i_category AS category",
        "i_class AS class",
        "i_brand AS brand",
    )
    known = items.join(sold_by_item(lake), "item_sk", "left").join(units_by_item(lake), "item_sk", "left")
    measures = [c for c in known.columns if c not in items.columns]
    filled = known.select(*items.columns, *_zero(*measures)).selectExpr(
        "*", f"CAST({REVENUE} AS {TOTAL}) AS net_revenue"
    )
    before = (
        "sum(net_revenue) OVER (ORDER BY net_revenue DESC, item_sk ROWS BETWEEN UNBOUNDED PRECEDING AND 1"
        " PRECEDING)"
    )
    ranked = filled.selectExpr(
        "*",
        f"{_ratio('return_units', 'units')} AS return_rate",
        f"{_ratio('net_profit', 'net_paid')} AS margin",
        "rank() OVER (ORDER BY net_revenue DESC) AS revenue_rank",
        "rank() OVER (PARTITION BY category ORDER BY net_revenue DESC) AS category_rank",
        "rank() OVER (ORDER BY units DESC) AS units_rank",
        f"coalesce({before}, 0) * 100 AS before",
        "sum(net_revenue) OVER () AS total",
    )
    return ranked.selectExpr(
        "*",
        "CASE WHEN before < total * 80 THEN 'A' WHEN before < total * 95 THEN 'B' ELSE 'C' END AS abc_class",
    ).drop("before", "total")


def monthly_trends(lake: Lake) -> DataFrame:
    """Every month from the first to the last sale, for each channel and for all together."""
    month = F.trunc("day", "month").alias("month")
    orders = bought(lake).where("day IS NOT NULL").select("*", month)
    sold = (
        sold_by_day(lake)
        .groupBy(month, "channel")
        .agg(*(F.sum(n).alias(n) for n in ("units", "net_paid", "net_profit")))
    )
    by_channel = _counted(sold, orders, "month", "channel")
    sums = ("orders", "units", "net_paid", "net_profit")
    everybody = orders.groupBy("month").agg(F.countDistinct("customer_sk").alias("customers"))
    whole = (
        by_channel.groupBy("month").agg(*(F.sum(n).alias(n) for n in sums)).join(everybody, "month", "inner")
    )
    sales = by_channel.select("month", "channel", "customers", *sums).unionByName(
        whole.withColumn("channel", F.lit("all"))
    )
    back = returned(lake).where("day IS NOT NULL").groupBy(month, "channel")
    back_by_channel = back.agg(F.sum("return_amount").alias("return_amount"))
    back_whole = (
        back_by_channel.groupBy("month")
        .agg(F.sum("return_amount").alias("return_amount"))
        .withColumn("channel", F.lit("all"))
    )
    grain = ["month", "channel"]
    filled = (
        _months(lake, by_channel)
        .join(sales, grain, "left")
        .join(back_by_channel.unionByName(back_whole), grain, "left")
    )
    rows = filled.select(*grain, *_zero("customers", *sums, "return_amount")).selectExpr(
        "*", "year(month) AS d_year", "month(month) AS d_moy", f"CAST({REVENUE} AS {TOTAL}) AS net_revenue"
    )
    grown = rows.selectExpr("*", *_growth(1, "mom_growth"), *_growth(12, "yoy_growth"), *_running())
    return grown.drop("month")


def _months(lake: Lake, sales: DataFrame) -> DataFrame:
    channels = ", ".join(f"'{c}'" for c in (*lake.parameter("channels"), "all"))
    ends = sales.agg(F.min("month").alias("first"), F.max("month").alias("last")).where("first IS NOT NULL")
    months = ends.selectExpr("explode(sequence(first, last, INTERVAL 1 MONTH)) AS month")
    return months.selectExpr("month", f"explode(array({channels})) AS channel")


def _growth(months: int, name: str) -> list[str]:
    earlier = f"lag(net_revenue, {months}) OVER (PARTITION BY channel ORDER BY month)"
    return [f"{_ratio(f'(net_revenue - {earlier})', f'abs({earlier})')} AS {name}"]


def _running() -> list[str]:
    near = "OVER (PARTITION BY channel ORDER BY month ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)"
    return [
        f"round(CAST(sum(net_revenue) {near} AS double) / count(*) {near}, 6) AS moving_avg_3m",
        "sum(net_revenue) OVER (PARTITION BY channel, year(month) ORDER BY month) AS ytd_net_revenue",
    ]


GOLD: dict[str, Transform] = {
    "daily_sales_summary": daily_sales_summary,
    "customer_lifetime_value": customer_lifetime_value,
    "product_performance": product_performance,
    "monthly_trends": monthly_trends,
}
