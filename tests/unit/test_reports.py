"""Reports: statements that Athena parses, columns that exist, and numbers worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot

from local.athena import translate
from shared.contracts import contract, domains
from shared.names import Names
from shared.reports import Report, reports_of

NAMES = Names("dev", "123456789012", "us-east-1")
ALL = [report for domain in domains() for report in reports_of(domain)]
DAY, NOON = dt.date, dt.datetime(2026, 5, 1, 12)
DUCKDB_TYPES = {"string": "varchar", "double": "double", "map<string,bigint>": "map(varchar, bigint)"}
LINEAGE = {"_source_file": "varchar", "_ingested_at": "timestamp", "_run_id": "varchar"}


def database(domain: str) -> duckdb.DuckDBPyConnection:
    """Empty tables with the columns of a domain's contract, as the laptop's Athena names them."""
    connection = duckdb.connect()
    connection.execute("set integer_division=true; set default_null_order='nulls_last'")
    for table in contract(domain).tables:
        types = {c.name: DUCKDB_TYPES.get(c.type, c.type) for c in table.columns} | (
            LINEAGE if table.zone == "silver" else {}
        )
        columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
        connection.execute(f'create table "{NAMES.database(domain, table.zone)}__{table.name}" ({columns})')
    return connection


def answer(connection: duckdb.DuckDBPyConnection, report: Report) -> list[dict[str, Any]]:
    found = connection.execute(translate(report.qualified(NAMES), lambda written: written).sql)
    names = [c[0] for c in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def fill(
    connection: duckdb.DuckDBPyConnection, table: str, columns: str, rows: list[tuple[Any, ...]]
) -> None:
    zone, _, name = table.partition(".")
    marks = ", ".join("?" * len(rows[0]))
    connection.executemany(
        f'insert into "{NAMES.database("ecommerce", zone)}__{name}" ({columns}) values ({marks})', rows
    )


def ecommerce(name: str) -> Report:
    return next(r for r in reports_of("ecommerce") if r.name == name)


@pytest.mark.parametrize("report", ALL, ids=lambda r: f"{r.domain}-{r.name}")
def test_every_report_is_one_athena_select_on_columns_that_exist(report: Report) -> None:
    assert (
        len(sqlglot.parse(report.qualified(NAMES), read="athena", error_level=sqlglot.ErrorLevel.RAISE)) == 1
    )
    answer(database(report.domain), report)


@pytest.mark.parametrize("report", ALL, ids=lambda r: f"{r.domain}-{r.name}")
def test_every_report_has_an_order(report: Report) -> None:
    assert sqlglot.parse_one(report.sql, read="athena").args.get("order") is not None


def test_every_domain_has_reports() -> None:
    assert {d for d in domains() if not reports_of(d)} == set()


def test_a_report_without_a_description_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop" / "reports").mkdir(parents=True)
    (tmp_path / "shop" / "reports" / "r.sql").write_text("SELECT 1")
    with pytest.raises(ValueError, match="begin with a comment"):
        reports_of("shop", tmp_path)


def test_names_of_databases_are_completed_and_columns_are_left_alone() -> None:
    report = Report("shop", "r", "", "SELECT old_gold.x, gold.t.y FROM gold.t JOIN silver.s USING (x)")
    full = "lakehouse_dev_shop_gold"
    assert (
        report.qualified(NAMES)
        == f"SELECT old_gold.x, {full}.t.y FROM {full}.t JOIN lakehouse_dev_shop_silver.s USING (x)"
    )


def test_daily_revenue_runs_up_to_the_total() -> None:
    connection = database("ecommerce")
    columns = "date, transaction_count, total_revenue, gross_amount, delivered_count"
    fill(
        connection,
        "gold.daily_revenue",
        columns,
        [(DAY(2026, 5, 1), 2, 10, 15, 1), (DAY(2026, 5, 2), 1, 2.5, 2.5, 0)],
    )
    rows = answer(connection, ecommerce("daily_revenue"))
    assert [(r["date"], r["revenue_to_date"]) for r in rows] == [
        (DAY(2026, 5, 2), Decimal("12.50")),
        (DAY(2026, 5, 1), Decimal("10.00")),
    ]


def test_monthly_revenue_adds_the_days_of_a_month() -> None:
    connection = database("ecommerce")
    days = [DAY(2026, 5, 1), DAY(2026, 5, 2), DAY(2026, 6, 1)]
    fill(
        connection,
        "gold.daily_revenue",
        "date, transaction_count, total_revenue, gross_amount",
        [(d, 1, 3, 4) for d in days],
    )
    fill(
        connection,
        "gold.dim_date",
        "date, year, month, month_name",
        [(d, d.year, d.month, f"{d:%B}") for d in days],
    )
    rows = answer(connection, ecommerce("monthly_revenue"))
    assert [(r["month_name"], r["total_revenue"], r["revenue_share"]) for r in rows] == [
        ("May", 6, 0.75),
        ("June", 3, 0.75),
    ]


def test_user_activity_counts_the_last_thirty_days_of_the_data_only() -> None:
    connection = database("ecommerce")
    columns = "user_id, event_date, events_count, transactions_count, total_revenue"
    rows = [
        ("a", DAY(2026, 5, 31), 2, 1, 5),
        ("a", DAY(2026, 5, 2), 3, 0, 0),
        ("a", DAY(2026, 5, 1), 90, 9, 99),
        ("b", DAY(2026, 5, 9), 7, 0, 0),
    ]
    fill(connection, "gold.fact_user_activity", columns, rows)
    fill(connection, "gold.dim_users", "user_id, name", [("a", "Ann")])
    found = [
        (r["user_id"], r["name"], r["active_days"], r["events_count"], r["total_revenue"])
        for r in answer(connection, ecommerce("user_activity"))
    ]
    assert found == [("b", None, 1, 7, 0), ("a", "Ann", 2, 5, 5)]


def test_user_ltv_ranks_users_and_tells_their_share() -> None:
    connection = database("ecommerce")
    fill(connection, "gold.user_ltv", "user_id, ltv", [("a", 25), ("b", 50), ("c", 25), ("d", 0)])
    found = [
        (r["user_id"], r["ltv_rank"], r["revenue_share"]) for r in answer(connection, ecommerce("user_ltv"))
    ]
    assert found == [("b", 1, 0.5), ("a", 2, 0.25), ("c", 2, 0.25), ("d", 4, 0.0)]


def test_a_status_that_the_dimension_lacks_is_still_counted() -> None:
    connection = database("ecommerce")
    fill(
        connection,
        "gold.fact_transactions",
        "tx_id, amount, status",
        [("1", 1, "paid"), ("2", 2, "paid"), ("3", 9, None)],
    )
    fill(connection, "gold.dim_status", "status, is_revenue", [("paid", True)])
    found = [
        (r["status"], r["is_revenue"], r["transaction_count"], r["amount"])
        for r in answer(connection, ecommerce("revenue_by_status"))
    ]
    assert found == [("paid", True, 2, 3), (None, None, 1, 9)]


def test_events_without_a_country_are_unknown_and_users_are_counted_once() -> None:
    connection = database("ecommerce")
    rows = [("1", "a", NOON, "DE"), ("2", "a", NOON, "DE"), ("3", "b", NOON, "DE"), ("4", "c", NOON, None)]
    fill(connection, "gold.fact_events", "event_id, user_id, ts, country", rows)
    found = [
        (r["country"], r["events_count"], r["users"])
        for r in answer(connection, ecommerce("events_by_country"))
    ]
    assert found == [("DE", 3, 2), ("unknown", 1, 1)]


def test_daily_active_users_tells_who_bought() -> None:
    connection = database("ecommerce")
    columns = "date, event_active_users, tx_active_users, total_active_users"
    fill(
        connection,
        "gold.daily_active_users",
        columns,
        [(DAY(2026, 5, 1), 3, 1, 4), (DAY(2026, 5, 2), 0, 0, 0)],
    )
    assert [r["buying_share"] for r in answer(connection, ecommerce("daily_active_users"))] == [None, 0.25]


def test_freshness_names_the_latest_row_of_each_landing_table() -> None:
    connection = database("ecommerce")
    fill(connection, "silver.events", "event_id, ts", [("1", NOON), ("2", NOON - dt.timedelta(days=1))])
    found = [
        (r["silver_table"], r["row_count"], r["latest"])
        for r in answer(connection, ecommerce("data_freshness"))
    ]
    assert found == [("events", 2, NOON), ("transactions", 0, None), ("users_updates", 0, None)]
