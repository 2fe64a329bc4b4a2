"""Reports of a domain: where they are found, what is refused, and how they run."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from shared.report_chart import Chart
from shared.reports import Report, report, reports_of
from tests.support.reports import NAMES, answer, database, fill, report_of

DOMAIN = "shop"
DAY = dt.date


def test_a_report_without_a_description_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop" / "reports").mkdir(parents=True)
    (tmp_path / "shop" / "reports" / "r.sql").write_text("SELECT 1")
    with pytest.raises(ValueError, match="begin with a comment"):
        reports_of("shop", tmp_path)


def of(folder: Path, text: str) -> Report:
    """The report that a file is read as."""
    (folder / "r.sql").write_text(text, "utf-8")
    return report("shop", folder / "r.sql")


def test_a_chart_is_no_part_of_the_description_or_the_statement(tmp_path: Path) -> None:
    found = of(tmp_path, "-- Money by day.\n-- chart: bar x=date y=total,tax\n-- And tax.\n\nSELECT 1")
    assert found.description == "Money by day. And tax."
    assert found.chart == Chart("bar", "date", ("total", "tax"), 2)
    assert (found.sql, found.first_line) == ("SELECT 1", 5)


@pytest.mark.parametrize(
    "chart",
    [
        "-- chart:",
        "-- chart: pie x=a y=b",
        "-- chart: line x=a",
        "-- chart: line x=a y=b y=c",
        "-- chart: line x=a y=b,",
        "-- chart: line x= y=b",
        "-- chart: line x=a y=b z=c",
    ],
)
def test_a_chart_that_cannot_be_read_is_refused(tmp_path: Path, chart: str) -> None:
    with pytest.raises(ValueError, match="expected -- chart: line x=COLUMN"):
        of(tmp_path, f"-- Money.\n{chart}\nSELECT 1")


def test_one_chart_at_most_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="asks for 2 charts"):
        of(tmp_path, "-- Money.\n-- chart: bar x=a y=b\n-- chart: line x=a y=b\nSELECT 1")


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
