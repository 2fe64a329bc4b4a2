"""Reports of a domain: where they are found, what is refused, and how they run."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from shared.reports import Report, reports_of
from tests.support.reports import NAMES, answer, database, fill, report_of

DOMAIN = "shop"
DAY = dt.date


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


def test_the_database_of_rejects_is_completed_too() -> None:
    report = Report("shop", "r", "", "SELECT quarantine.t.x FROM quarantine.t")
    full = "lakehouse_dev_shop_quarantine"
    assert report.qualified(NAMES) == f"SELECT {full}.t.x FROM {full}.t"


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
