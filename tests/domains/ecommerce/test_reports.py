"""Reports of the shop: numbers worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from tests.support.reports import answer, database, fill, report_of

DOMAIN = "ecommerce"
DAY, NOON = dt.date, dt.datetime(2026, 5, 1, 12)


def test_daily_revenue_runs_up_to_the_total() -> None:
    connection = database(DOMAIN)
    columns = "date, transaction_count, total_revenue, gross_amount, delivered_count"
    fill(
        connection,
        DOMAIN,
        "gold.daily_revenue",
        columns,
        [(DAY(2026, 5, 1), 2, 10, 15, 1), (DAY(2026, 5, 2), 1, 2.5, 2.5, 0)],
    )
    rows = answer(connection, report_of(DOMAIN, "daily_revenue"))
    assert [(r["date"], r["revenue_to_date"]) for r in rows] == [
        (DAY(2026, 5, 2), Decimal("12.50")),
        (DAY(2026, 5, 1), Decimal("10.00")),
    ]


def test_monthly_revenue_adds_the_days_of_a_month() -> None:
    connection = database(DOMAIN)
    days = [DAY(2026, 5, 1), DAY(2026, 5, 2), DAY(2026, 6, 1)]
    fill(
        connection,
        DOMAIN,
        "gold.daily_revenue",
        "date, transaction_count, total_revenue, gross_amount",
        [(d, 1, 3, 4) for d in days],
    )
    fill(
        connection,
        DOMAIN,
        "gold.dim_date",
        "date, year, month, month_name",
        [(d, d.year, d.month, f"{d:%B}") for d in days],
    )
    rows = answer(connection, report_of(DOMAIN, "monthly_revenue"))
    assert [(r["month_name"], r["total_revenue"], r["revenue_share"]) for r in rows] == [
        ("May", 6, 0.75),
        ("June", 3, 0.75),
    ]


def test_user_activity_counts_the_last_thirty_days_of_the_data_only() -> None:
    connection = database(DOMAIN)
    columns = "user_id, event_date, events_count, transactions_count, total_revenue"
    rows = [
        ("a", DAY(2026, 5, 31), 2, 1, 5),
        ("a", DAY(2026, 5, 2), 3, 0, 0),
        ("a", DAY(2026, 5, 1), 90, 9, 99),
        ("b", DAY(2026, 5, 9), 7, 0, 0),
    ]
    fill(connection, DOMAIN, "gold.fact_user_activity", columns, rows)
    fill(connection, DOMAIN, "gold.dim_users", "user_id, name", [("a", "Ann")])
    found = [
        (r["user_id"], r["name"], r["active_days"], r["events_count"], r["total_revenue"])
        for r in answer(connection, report_of(DOMAIN, "user_activity"))
    ]
    assert found == [("b", None, 1, 7, 0), ("a", "Ann", 2, 5, 5)]


def test_user_ltv_ranks_users_and_tells_their_share() -> None:
    connection = database(DOMAIN)
    fill(connection, DOMAIN, "gold.user_ltv", "user_id, ltv", [("a", 25), ("b", 50), ("c", 25), ("d", 0)])
    found = [
        (r["user_id"], r["ltv_rank"], r["revenue_share"])
        for r in answer(connection, report_of(DOMAIN, "user_ltv"))
    ]
    assert found == [("b", 1, 0.5), ("a", 2, 0.25), ("c", 2, 0.25), ("d", 4, 0.0)]


def test_a_status_that_the_dimension_lacks_is_still_counted() -> None:
    connection = database(DOMAIN)
    fill(
        connection,
        DOMAIN,
        "gold.fact_transactions",
        "tx_id, amount, status",
        [("1", 1, "paid"), ("2", 2, "paid"), ("3", 9, None)],
    )
    fill(connection, DOMAIN, "gold.dim_status", "status, is_revenue", [("paid", True)])
    found = [
        (r["status"], r["is_revenue"], r["transaction_count"], r["amount"])
        for r in answer(connection, report_of(DOMAIN, "revenue_by_status"))
    ]
    assert found == [("paid", True, 2, 3), (None, None, 1, 9)]


def test_events_without_a_country_are_unknown_and_users_are_counted_once() -> None:
    connection = database(DOMAIN)
    rows = [("1", "a", NOON, "DE"), ("2", "a", NOON, "DE"), ("3", "b", NOON, "DE"), ("4", "c", NOON, None)]
    fill(connection, DOMAIN, "gold.fact_events", "event_id, user_id, ts, country", rows)
    found = [
        (r["country"], r["events_count"], r["users"])
        for r in answer(connection, report_of(DOMAIN, "events_by_country"))
    ]
    assert found == [("DE", 3, 2), ("unknown", 1, 1)]


def test_daily_active_users_tells_who_bought() -> None:
    connection = database(DOMAIN)
    columns = "date, event_active_users, tx_active_users, total_active_users"
    fill(
        connection,
        DOMAIN,
        "gold.daily_active_users",
        columns,
        [(DAY(2026, 5, 1), 3, 1, 4), (DAY(2026, 5, 2), 0, 0, 0)],
    )
    assert [r["buying_share"] for r in answer(connection, report_of(DOMAIN, "daily_active_users"))] == [
        None,
        0.25,
    ]


def test_freshness_names_the_latest_row_of_each_landing_table() -> None:
    connection = database(DOMAIN)
    fill(
        connection, DOMAIN, "silver.events", "event_id, ts", [("1", NOON), ("2", NOON - dt.timedelta(days=1))]
    )
    found = [
        (r["silver_table"], r["row_count"], r["latest"])
        for r in answer(connection, report_of(DOMAIN, "data_freshness"))
    ]
    assert found == [("events", 2, NOON), ("transactions", 0, None), ("users_updates", 0, None)]
