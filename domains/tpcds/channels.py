"""The lines of the three channels under common names, and what is summed from them once for several tables of
gold.

A line's day is that of its date's surrogate key in date_dim; a line without one has no day. Catalog and web
orders are the bill customer's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake

TOTAL = "decimal(38,2)"  # of money: a sum outgrows the type of its parts
BOUGHT = {
    "line_items": "bigint",
    "units": "bigint",
    "list_amount": TOTAL,
    "discount_amount": TOTAL,
    "sales_amount": TOTAL,
    "coupon_amount": TOTAL,
    "net_paid": TOTAL,
    "tax_amount": TOTAL,
    "net_profit": TOTAL,
}
RETURNED = {"return_lines": "bigint", "return_units": "bigint", "return_amount": TOTAL, "return_loss": TOTAL}
_ITEM_SUMS = ("units", "sales_amount", "net_paid", "net_profit")
_SALES = {
    "store": ("store_sales", "ss", "ss_customer_sk", "ss_ticket_number"),
    "catalog": ("catalog_sales", "cs", "cs_bill_customer_sk", "cs_order_number"),
    "web": ("web_sales", "ws", "ws_bill_customer_sk", "ws_order_number"),
}
_RETURNS = {
    "store": ("store_returns", "sr", "sr_ticket_number", "sr_return_amt"),
    "catalog": ("catalog_returns", "cr", "cr_order_number", "cr_return_amount"),
    "web": ("web_returns", "wr", "wr_order_number", "wr_return_amt"),
}


def _total(column: str) -> Column:
    """The sum; 0 where nothing is known."""
    return F.expr(f"coalesce(sum({column}), 0)").alias(column)


def _every_channel(lake: Lake, rows: Callable[[Lake, str], DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, (rows(lake, channel) for channel in lake.parameter("channels")))


def sold_lines(lake: Lake, channel: str) -> DataFrame:
    """A channel's sold lines."""
    table, p, customer, number = _SALES[channel]
    return lake.table(table).selectExpr(
        f"'{channel}' AS channel",
        f"{p}_sold_date_sk AS date_sk",
        f"{customer} AS customer_sk",
        f"{p}_item_sk AS item_sk",
        f"{number} AS number",
        f"{p}_quantity AS units",
        f"{p}_ext_list_price AS list_amount",
        f"{p}_ext_discount_amt AS discount_amount",
        f"{p}_ext_sales_price AS sales_amount",
        f"{p}_coupon_amt AS coupon_amount",
        f"{p}_net_paid AS net_paid",
        f"{p}_ext_tax AS tax_amount",
        f"{p}_net_profit AS net_profit",
    )


def returned_lines(lake: Lake) -> DataFrame:
    """The returned lines of all channels; read once, as they are many small files."""
    return lake.shared("returned_lines", lambda: _every_channel(lake, _returned_lines))


def _returned_lines(lake: Lake, channel: str) -> DataFrame:
    table, p, number, amount = _RETURNS[channel]
    return lake.table(table).selectExpr(
        f"'{channel}' AS channel",
        f"{p}_returned_date_sk AS date_sk",
        f"{p}_item_sk AS item_sk",
        f"{number} AS number",
        f"{p}_return_quantity AS return_units",
        f"{amount} AS return_amount",
        f"{p}_net_loss AS return_loss",
    )


def bought(lake: Lake) -> DataFrame:
    """Sums per channel, order, buyer and day: an order's lines may lack the one or the other."""
    return lake.shared("bought", lambda: _every_channel(lake, _orders))


def _orders(lake: Lake, channel: str) -> DataFrame:
    sums = [_total(n) for n in BOUGHT if n != "line_items"]
    lines = sold_lines(lake, channel).groupBy("channel", "date_sk", "customer_sk", "number")
    return _dated(lake, lines.agg(F.count("*").alias("line_items"), *sums))


def sold_by_day(lake: Lake) -> DataFrame:
    """Sums of sales per channel and day; lines without a day are in none."""
    sums = [F.expr(f"CAST(sum({n}) AS {kind})").alias(n) for n, kind in BOUGHT.items()]
    return lake.shared(
        "sold_by_day", lambda: bought(lake).where("day IS NOT NULL").groupBy("day", "channel").agg(*sums)
    )


def returned(lake: Lake) -> DataFrame:
    """Sums of returns per channel and day of the return."""
    return lake.shared("returned", lambda: _returns_by_day(lake))


def _returns_by_day(lake: Lake) -> DataFrame:
    sums = [_total(n) for n in RETURNED if n != "return_lines"]
    return _dated(
        lake,
        returned_lines(lake).groupBy("channel", "date_sk").agg(F.count("*").alias("return_lines"), *sums),
    )


def _dated(lake: Lake, rows: DataFrame) -> DataFrame:
    days = lake.table("date_dim").selectExpr("d_date_sk AS date_sk", "d_date AS day").hint("broadcast")
    return rows.join(days, "date_sk", "left").drop("date_sk")


def returned_by_buyer(lake: Lake) -> DataFrame:
    """Returns charged to who bought the line, found through the sale; whoever brought it back."""
    return (
        _every_channel(lake, _with_buyer)
        .groupBy("customer_sk")
        .agg(
            F.count("*").alias("return_lines"),
            _total("return_amount"),
            _total("return_loss"),
        )
    )


def _with_buyer(lake: Lake, channel: str) -> DataFrame:
    sales = (
        sold_lines(lake, channel).where("customer_sk IS NOT NULL").select("number", "item_sk", "customer_sk")
    )
    returns = returned_lines(lake).where(F.col("channel") == channel)
    return returns.join(sales, ["number", "item_sk"], "inner").select(
        "customer_sk", "return_amount", "return_loss"
    )


def sold_by_item(lake: Lake) -> DataFrame:
    """Sales per item. A line is the only one of its order and item, so lines are orders here.

    Buyers are counted on their own: beside the sums, Spark would carry all of these through the pairs of item
    and buyer.
    """
    totals = [F.sum(n).alias(n) for n in ("orders", *_ITEM_SUMS)]
    paid = "coalesce(sum(net_paid) FILTER (WHERE channel = '{0}'), 0) AS {0}_net_paid"
    by_channel = [F.expr(paid.format(channel)) for channel in lake.parameter("channels")]
    sums = _every_channel(lake, _sums_of_items).groupBy("item_sk").agg(*totals, *by_channel)
    buyers = (
        _every_channel(lake, sold_lines)
        .groupBy("item_sk")
        .agg(F.countDistinct("customer_sk").alias("customers"))
    )
    return sums.join(buyers, "item_sk", "inner")


def _sums_of_items(lake: Lake, channel: str) -> DataFrame:
    return (
        sold_lines(lake, channel)
        .groupBy("channel", "item_sk")
        .agg(F.count("*").alias("orders"), *(_total(n) for n in _ITEM_SUMS))
    )


def units_by_item(lake: Lake) -> DataFrame:
    """Returns per item, dated or not."""
    return returned_lines(lake).groupBy("item_sk").agg(_total("return_units"), _total("return_amount"))
