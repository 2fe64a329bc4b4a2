"""The shop's contract against its page."""

from __future__ import annotations

from shared.contracts import contract


def test_silver_and_gold_hold_the_tables_of_the_domain_page():
    found = contract("ecommerce")
    assert [t.name for t in found.silver] == [
        "events",
        "users_updates",
        "users",
        "users_history",
        "transactions",
    ]
    assert [t.name for t in found.gold] == [
        "dim_users",
        "dim_country",
        "dim_status",
        "dim_date",
        "fact_events",
        "fact_transactions",
        "fact_user_activity",
        "daily_revenue",
        "daily_active_users",
        "user_ltv",
    ]


def test_revenue_statuses_are_those_of_the_domain_page():
    assert contract("ecommerce").parameters["revenue_statuses"] == (
        "delivered",
        "completed",
        "paid",
        "shipped",
        "success",
    )
