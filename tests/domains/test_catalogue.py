"""The catalogue of the shipped domains, against their contracts as plain YAML."""

from __future__ import annotations

from functools import cache

from cli.catalogue import Catalogue, catalogue
from cli.catalogue_page import document
from shared.contracts import domains
from shared.project import domains_folder
from tests.support.catalogue_page import Page, missing


@cache
def everything() -> Catalogue:
    return catalogue(domains())


@cache
def page() -> Page:
    return Page(document(everything()))


def test_every_table_and_column_of_the_contracts_is_on_the_page() -> None:
    assert missing(page(), domains_folder()) == []


def test_every_link_leads_to_one_place() -> None:
    assert page().broken == []
    assert [id for id, times in page().ids.items() if times > 1] == []


def test_the_sql_of_every_report_is_understood() -> None:
    found = everything()
    assert [r.place for d in found.domains for r in d.reports if r.unread is not None] == []
    read = {f.target for d in found.domains for f in d.column_flows}
    reports = {r.place for d in found.domains for r in d.reports}
    assert reports == {column.table for column in read if column.table.layer == "report"}
