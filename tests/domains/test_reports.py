"""Reports of all domains: statements that Athena parses, on columns that exist."""

from __future__ import annotations

import pytest
import sqlglot

from shared.contracts import domains
from shared.project import PRODUCT, project_folder
from shared.reports import Report, reports_of
from tests.support.reports import NAMES, answer, database

ALL = [report for domain in domains() for report in reports_of(domain)]


@pytest.mark.parametrize("report", ALL, ids=lambda r: f"{r.domain}-{r.name}")
def test_every_report_is_one_athena_select_on_columns_that_exist(report: Report) -> None:
    assert (
        len(sqlglot.parse(report.qualified(NAMES), read="athena", error_level=sqlglot.ErrorLevel.RAISE)) == 1
    )
    answer(database(report.domain), report)


@pytest.mark.parametrize("report", ALL, ids=lambda r: f"{r.domain}-{r.name}")
def test_every_report_has_an_order(report: Report) -> None:
    assert sqlglot.parse_one(report.sql, read="athena").args.get("order") is not None


@pytest.mark.skipif(project_folder() != PRODUCT, reason="a company may do without")
def test_every_domain_of_the_product_has_reports() -> None:
    assert {d for d in domains() if not reports_of(d)} == set()
