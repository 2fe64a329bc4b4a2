"""What must come of the sample, from dsdgen's clean rows alone, by DuckDB.

Written from the domain's page; knows nothing of the product.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from domains import oracle as duck

_SALES = {
    "store": ("ss", "store_sales", "ss_sold_date_sk", "ss_customer_sk", "ss_ticket_number"),
    "catalog": ("cs", "catalog_sales", "cs_sold_date_sk", "cs_bill_customer_sk", "cs_order_number"),
    "web": ("ws", "web_sales", "ws_sold_date_sk", "ws_bill_customer_sk", "ws_order_number"),
}
_RETURNS = {
    "store": ("sr", "store_returns", "sr_ticket_number", "sr_return_amt"),
    "catalog": ("cr", "catalog_returns", "cr_order_number", "cr_return_amount"),
    "web": ("wr", "web_returns", "wr_order_number", "wr_return_amt"),
}
_LINES = """
create or replace view sales as {sales};
create or replace view returned as {returned};
"""
_SALE = """
select '{channel}' as channel, {date} as date_sk, d_date as day, d_year, d_moy, {customer} as customer_sk,
  {p}_item_sk as item_sk,
  {number} as number, {p}_quantity as quantity, {p}_ext_list_price as list, {p}_ext_discount_amt as discount,
    {p}_ext_sales_price as amount,
  {p}_coupon_amt as coupon, {p}_net_paid as paid, {p}_ext_tax as tax, {p}_net_profit as profit
from {table} left join date_dim on d_date_sk = {date}"""
_RETURN = """
select '{channel}' as channel, d_date as day, d_year, d_moy, {p}_item_sk as item_sk, {number} as number,
  {p}_return_quantity as quantity,
  {amount} as amount, {p}_net_loss as loss
from {table} left join date_dim on d_date_sk = {p}_returned_date_sk"""
_MONEY = "cast(coalesce(sum({}), 0) as decimal(18,2))"
_UNITS = "cast(coalesce(sum(quantity), 0) as bigint)"

_DAILY = f"""
with s as (
  select day, channel, count(distinct number) orders, count(distinct customer_sk) customers,
    count(*) line_items, {_UNITS} units,
    {_MONEY.format("list")} list_amount, {_MONEY.format("discount")} discount_amount,
      {_MONEY.format("amount")} sales_amount,
    {_MONEY.format("coupon")} coupon_amount, {_MONEY.format("paid")} net_paid,
      {_MONEY.format("tax")} tax_amount,
    {_MONEY.format("profit")} net_profit
  from sales where day is not null group by all),
r as (
  select day, channel, count(*) return_lines, {_UNITS} return_units, {_MONEY.format("amount")} return_amount,
    {_MONEY.format("loss")} return_loss
  from returned where day is not null group by all)
select day as sales_date, channel, coalesce(orders, 0) orders, coalesce(customers, 0) customers,
  coalesce(line_items, 0) line_items,
  coalesce(units, 0) units, coalesce(list_amount, 0) list_amount,
  coalesce(discount_amount, 0) discount_amount,
  coalesce(sales_amount, 0) sales_amount, coalesce(coupon_amount, 0) coupon_amount,
  coalesce(net_paid, 0) net_paid,
  coalesce(tax_amount, 0) tax_amount, coalesce(net_profit, 0) net_profit,
  coalesce(return_lines, 0) return_lines,
  coalesce(return_units, 0) return_units, coalesce(return_amount, 0) return_amount,
  coalesce(return_loss, 0) return_loss,
  coalesce(net_paid, 0) - coalesce(return_amount, 0) net_revenue,
    round(cast(net_paid as double) / nullif(orders, 0), 6) avg_order_value
from s full join r using (day, channel)"""

_CUSTOMERS = f"""
with bought as (
  select customer_sk, count(distinct (channel, number)) orders, count(distinct channel) channels,
    {_UNITS} units,
    {_MONEY.format("paid")} net_paid, {_MONEY.format("profit")} profit, min(day) first_purchase,
      max(day) last_purchase
  from sales where customer_sk is not null group by customer_sk),
brought_back as (
  select s.customer_sk, count(*) return_lines, {_MONEY.format("r.amount")} return_amount,
    {_MONEY.format("r.loss")} loss
  from returned r join sales s on s.channel = r.channel and s.number = r.number and s.item_sk = r.item_sk
  where s.customer_sk is not null group by s.customer_sk),
newest as (select max(day) today from sales),
c as (
  select c_customer_sk customer_sk, c_customer_id customer_id, coalesce(orders, 0) orders,
  coalesce(channels, 0) channels,
    coalesce(units, 0) units, coalesce(net_paid, 0) net_paid, coalesce(return_amount, 0) return_amount,
    coalesce(return_lines, 0) return_lines, coalesce(net_paid, 0) - coalesce(return_amount, 0) net_revenue,
    coalesce(profit, 0) - coalesce(loss, 0) lifetime_profit, first_purchase, last_purchase,
    date_diff('day', last_purchase, today) recency_days,
    date_diff('day', first_purchase, today) + 1 tenure_days,
    round(cast(net_paid as double) / nullif(orders, 0), 6) avg_order_value
  from customer left join bought b on b.customer_sk = c_customer_sk
    left join brought_back k on k.customer_sk = c_customer_sk, newest),
cuts as (
  select percentile_disc([0.2, 0.4, 0.6, 0.8]) within group (order by recency_days) r,
    percentile_disc([0.2, 0.4, 0.6, 0.8]) within group (order by orders) f,
    percentile_disc([0.2, 0.4, 0.6, 0.8]) within group (order by net_revenue) m
  from c where last_purchase is not null),
scored as (
  select c.*,
    case when last_purchase is not null then 5 - len(list_filter(r, lambda x: recency_days > x)) end r_score,
    case when last_purchase is not null then 1 + len(list_filter(f, lambda x: orders > x)) end f_score,
    case when last_purchase is not null then 1 + len(list_filter(m, lambda x: net_revenue > x)) end m_score
  from c, cuts)
select *, case
    when r_score is null then 'prospect' when r_score >= 4 and f_score >= 4 and m_score >= 4 then 'champion'
    when f_score >= 4 and m_score >= 3 then 'loyal' when r_score >= 4 and f_score <= 2 then 'new_or_promising'
    when r_score <= 2 and f_score >= 3 then 'at_risk'
    when r_score <= 2 and f_score <= 2 then 'hibernating' else 'regular' end segment,
  case when net_revenue > 10000 then 'premium'
    when net_revenue > 5000 then 'gold' when net_revenue > 1000 then 'silver' else 'bronze' end
    value_tier,
  round(cast(net_revenue as double) / greatest(coalesce(tenure_days, 0), 365) * 365 * 3, 6) predicted_clv_3y
from scored"""

_PRODUCTS = f"""
with sold as (
  select item_sk, count(distinct (channel, number)) orders, count(distinct customer_sk) customers,
    {_UNITS} units,
    {_MONEY.format("amount")} sales_amount, {_MONEY.format("paid")} net_paid,
      {_MONEY.format("profit")} net_profit,
    cast(coalesce(sum(paid) filter (where channel = 'store'), 0) as decimal(18,2)) store_net_paid,
    cast(coalesce(sum(paid) filter (where channel = 'catalog'), 0) as decimal(18,2)) catalog_net_paid,
    cast(coalesce(sum(paid) filter (where channel = 'web'), 0) as decimal(18,2)) web_net_paid
  from sales group by item_sk),
back as (select item_sk, {_UNITS} return_units,
  {_MONEY.format("amount")} return_amount from returned group by item_sk),
p as (
  select i_item_sk item_sk, i_item_id item_id, i_product_name product_name, i_category category,
    i_class as class, i_brand brand,
    coalesce(orders, 0) orders, coalesce(customers, 0) customers, coalesce(units, 0) units,
      coalesce(sales_amount, 0) sales_amount,
    coalesce(net_paid, 0) net_paid, coalesce(net_profit, 0) net_profit,
  coalesce(store_net_paid, 0) store_net_paid,
    coalesce(catalog_net_paid, 0) catalog_net_paid, coalesce(web_net_paid, 0) web_net_paid,
      coalesce(return_units, 0) return_units,
    coalesce(return_amount, 0) return_amount, coalesce(net_paid, 0) - coalesce(return_amount, 0) net_revenue
  from item left join sold s on s.item_sk = i_item_sk left join back b on b.item_sk = i_item_sk),
ordered as (
  select *, round(cast(return_units as double) / nullif(units, 0), 6) return_rate,
    round(cast(net_profit as double) / nullif(cast(net_paid as double), 0), 6) margin,
    rank() over (order by net_revenue desc) revenue_rank,
      rank() over (partition by category order by net_revenue desc) category_rank,
    rank() over (order by units desc) units_rank, sum(net_revenue) over () total,
    coalesce(sum(net_revenue)
      over (order by net_revenue desc, item_sk rows between unbounded preceding and 1 preceding), 0) before
  from p)
select * exclude (total, before),
  case when before * 100 < total * 80 then 'A' when before * 100 < total * 95 then 'B' else 'C' end abc_class
from ordered"""

_MONTHS = f"""
with months as (
  select year(m) d_year, month(m) d_moy, m from (
    select
      unnest(generate_series(date_trunc('month', min(day)), date_trunc('month', max(day)), interval 1 month))
      m from sales)),
grid as (select * from months, (values ('store'), ('catalog'), ('web'), ('all')) c(channel)),
s as (
  select d_year, d_moy, channel, count(distinct number) orders, count(distinct customer_sk) customers,
    {_UNITS} units,
    {_MONEY.format("paid")} net_paid, {_MONEY.format("profit")} net_profit
  from sales where day is not null group by all
  union all
  select d_year, d_moy, 'all', count(distinct (channel, number)), count(distinct customer_sk), {_UNITS},
    {_MONEY.format("paid")},
    {_MONEY.format("profit")}
  from sales where day is not null group by d_year, d_moy),
r as (
  select d_year, d_moy, channel,
    {_MONEY.format("amount")} return_amount from returned where day is not null group by all
  union all
  select d_year, d_moy, 'all', {_MONEY.format("amount")} from returned where day is not null group by d_year,
    d_moy),
f as (
  select g.m, d_year, d_moy, channel, coalesce(orders, 0) orders, coalesce(customers, 0) customers,
    coalesce(units, 0) units,
    coalesce(net_paid, 0) net_paid, coalesce(net_profit, 0) net_profit,
  coalesce(return_amount, 0) return_amount,
    coalesce(net_paid, 0) - coalesce(return_amount, 0) net_revenue
  from grid g left join s using (d_year, d_moy, channel) left join r using (d_year, d_moy, channel)),
b as (
  select f.*, p.net_revenue before, y.net_revenue year_before from f
  left join f p on p.channel = f.channel and p.m = f.m - interval 1 month
  left join f y on y.channel = f.channel and y.m = f.m - interval 1 year)
select * exclude (m, before, year_before),
  round(cast(net_revenue - before as double) / cast(nullif(abs(before), 0) as double), 6) mom_growth,
  round(cast(net_revenue - year_before as double) / cast(nullif(abs(year_before), 0) as double),
    6) yoy_growth,
  round(cast(sum(net_revenue) over w as double) / count(*) over w, 6) moving_avg_3m,
  cast(sum(net_revenue) over (partition by channel, d_year order by d_moy) as decimal(18,2)) ytd_net_revenue
from b window w as (partition by channel order by m rows between 2 preceding and current row)"""

GOLD = {
    "daily_sales_summary": _DAILY,
    "customer_lifetime_value": _CUSTOMERS,
    "product_performance": _PRODUCTS,
    "monthly_trends": _MONTHS,
}


def normalised(con: duckdb.DuckDBPyConnection, path: Path) -> str:
    """SQL for rows as silver must have them: texts without surrounding blanks, an empty text is no value."""
    texts = con.execute(
        f"select name, type = 'BYTE_ARRAY' from parquet_schema('{path}') where num_children is null"
    ).fetchall()
    columns = [f"nullif(trim({c}), '') as {c}" if text else c for c, text in texts]
    return f"select {', '.join(columns)} from '{path}'"


def connected(truth: Path) -> duckdb.DuckDBPyConnection:
    """DuckDB with a view of each clean table, and of the lines of all channels."""
    con = duck.connected(truth)
    sales = [
        _SALE.format(channel=c, p=p, table=t, date=d, customer=k, number=n)
        for c, (p, t, d, k, n) in _SALES.items()
    ]
    returned = [
        _RETURN.format(channel=c, p=p, table=t, number=n, amount=a) for c, (p, t, n, a) in _RETURNS.items()
    ]
    con.execute(_LINES.format(sales=" union all ".join(sales), returned=" union all ".join(returned)))
    return con


def expected(truth: Path) -> dict[str, Any]:
    """Rows of every table, and the headlines."""
    with connected(truth) as con:
        silver = {t.stem: duck.count(con, t.stem) for t in sorted(truth.glob("*.parquet"))}
        for name, sql in GOLD.items():
            con.execute(f"create temp table {name} as {sql}")
        years = (
            "select d_year, channel, sum(net_revenue) net_revenue from monthly_trends group by all order by"
            " 1, 2"
        )
        segments = (
            "select segment, value_tier, count(*) customers from customer_lifetime_value group by all order"
            " by 1, 2"
        )
        return {
            "silver": silver,
            "tables": {f"gold/{name}": duck.count(con, name) for name in GOLD},
            "net_revenue_by_year": duck.records(con, years),
            "segments": duck.records(con, segments),
        }
