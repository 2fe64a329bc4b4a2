"""The catalogue as values: what is made of what, and what a contract's document says to people."""

from __future__ import annotations

import pytest

from cli.catalogue import Place, catalogue, domain_entry
from cli.catalogue.layout import Size, layered
from cli.catalogue.lineage import columns_read
from cli.catalogue.model import Channel, Person
from cli.catalogue.report_lineage import reading
from cli.catalogue.written import Written
from shared.contracts import contract
from shared.reports import Report

TABLES = {
    "raw.events → silver.events",
    "raw.events → quarantine.events_rows",
    "raw.users → silver.users_updates",
    "raw.users → quarantine.users_rows",
    "raw.transactions → silver.transactions",
    "raw.transactions → quarantine.transactions_rows",
    "raw.orders → silver.orders",
    "raw.orders → quarantine.orders_rows",
    "raw.orders → raw.order_lines",
    "raw.order_lines → silver.order_lines",
    "raw.order_lines → quarantine.order_lines_rows",
    "silver.users_updates → silver.users",
    "silver.users_updates → silver.users_history",
    "silver.users → gold.dim_users",
    "silver.events → gold.dim_users",
    "silver.transactions → gold.dim_users",
    "silver.events → gold.fact_events",
    "silver.users → gold.fact_events",
    "silver.transactions → gold.daily_revenue",
    "silver.events → gold.user_ltv",
    "silver.transactions → gold.user_ltv",
    "gold.daily_revenue → report.daily_revenue",
    "gold.dim_users → report.user_ltv",
    "gold.user_ltv → report.user_ltv",
}
HISTORY = {
    "user_id": "user_id",
    "name": "name",
    "email": "email",
    "phone": "phone",
    "city": "city",
    "age": "age",
    "updated_at": "updated_at",
    "event_date": "updated_at",
    "valid_from": "updated_at",
    "valid_to": "updated_at",
    "is_current": "updated_at",
}
LTV = {
    ("user_id", "gold.user_ltv.user_id"),
    ("name", "gold.dim_users.name"),
    ("city", "gold.dim_users.city"),
    ("ltv", "gold.user_ltv.ltv"),
    ("ltv_rank", "gold.user_ltv.ltv"),
    ("revenue_share", "gold.user_ltv.ltv"),
    ("transaction_count", "gold.user_ltv.transaction_count"),
    ("event_count", "gold.user_ltv.event_count"),
    ("first_event", "gold.user_ltv.first_event"),
    ("last_event", "gold.user_ltv.last_event"),
}


def shown(place: Place) -> str:
    return f"{place.layer}.{place.name}"


def test_lineage_of_tables_is_what_contract_and_reports_say() -> None:
    shop = domain_entry(contract("shop"))
    assert {f"{shown(f.source)} → {shown(f.target)}" for f in shop.flows} == TABLES


def test_a_follower_has_the_logs_columns_and_its_own_from_the_logs_order() -> None:
    shop = domain_entry(contract("shop"))
    history = Place("shop", "silver", "users_history")
    found = [f for f in shop.column_flows if f.target.table == history]
    assert {f.target.column: f.source.column for f in found} == HISTORY
    assert {shown(f.source.table) for f in found} == {"silver.users_updates"}


def test_the_event_date_is_made_of_the_column_that_gives_it() -> None:
    shop = domain_entry(contract("shop"))
    [flow] = [f for f in shop.column_flows if f.target == (Place("shop", "silver", "events"), "event_date")]
    assert (flow.source.table.name, flow.source.column, flow.how) == ("events", "ts", "its day in UTC")


def test_columns_of_a_report_are_followed_through_its_sql() -> None:
    shop = domain_entry(contract("shop"))
    report = Place("shop", "report", "user_ltv")
    found = [f for f in shop.column_flows if f.target.table == report]
    assert {(f.target.column, f"{shown(f.source.table)}.{f.source.column}") for f in found} == LTV


def test_no_column_of_gold_is_said_to_be_made_of_another_for_transforms_are_code() -> None:
    found = catalogue(("retail", "shop", "web"))
    into = {f.target.table.layer for d in found.domains for f in d.column_flows}
    assert into == {"silver", "report"}


def test_a_constant_has_no_source_and_several_datasets_are_loaded_into_one_table() -> None:
    web = domain_entry(contract("web"))
    logs = Place("web", "silver", "logs")
    assert {f.source.name for f in web.upstream(logs)} == {"ndjson", "json_gzip", "xml_errors"}
    into = [f for f in web.column_flows if f.target == (logs, "log_type")]
    assert into == []


def test_what_is_around_a_table_leads_to_it_or_from_it() -> None:
    shop = domain_entry(contract("shop"))
    around = shop.around(Place("shop", "gold", "daily_revenue"))
    assert {f"{shown(f.source)} → {shown(f.target)}" for f in around} == {
        "raw.transactions → silver.transactions",
        "silver.transactions → gold.daily_revenue",
        "gold.daily_revenue → report.daily_revenue",
    }


def test_a_star_and_a_subquery_are_followed_to_the_table() -> None:
    sales = Place("shop", "gold", "sales")
    sql = "WITH s AS (SELECT * FROM gold.sales) SELECT day, sum(t.paid) AS total FROM (SELECT * FROM s) t GROUP BY 1"
    found = reading(Report("shop", "totals", "Totals.", sql), {sales: ["day", "paid", "tax"]})
    assert {(f.source, f.target.column) for f in found.column_flows} == {
        ((sales, "day"), "day"),
        ((sales, "paid"), "total"),
    }


def test_sql_that_cannot_be_parsed_is_said_to_be_unread() -> None:
    found = reading(Report("shop", "broken", "Broken.", "SELECT FROM WHERE ("), {})
    assert found.entry.unread is not None
    assert (found.flows, found.column_flows) == ((), ())


def test_an_expression_reads_the_columns_it_names_and_no_functions_or_texts() -> None:
    known = ("a", "b", "upper", "c")
    assert columns_read("upper(b) || 'c' || CAST(a AS string)", known) == ("a", "b")


DOCUMENT = {
    "team": {
        "name": "Shop data",
        "description": "Mondays",
        "members": [
            {"username": "ada@example.com", "name": "Ada", "role": "owner"},
            {"username": "bob@example.com", "dateOut": "2026-01-31"},
        ],
    },
    "support": [
        {"channel": "#shop", "tool": "slack", "url": "https://chat.example.com/shop"},
        {"channel": "trap", "url": "javascript:alert(1)"},
    ],
    "slaProperties": [{"property": "freshness", "value": 30, "unit": "h"}],
    "tags": ["finance"],
    "schema": [
        {
            "physicalName": "log",
            "customProperties": [{"property": "layer", "value": "silver"}],
            "quality": [{"type": "text", "description": "Complete by noon."}],
            "properties": [{"name": "mail", "classification": "restricted"}, {"name": "day"}],
        },
        {
            "physicalName": "newest",
            "customProperties": [
                {"property": "layer", "value": "silver"},
                {"property": "columnsOf", "value": "log"},
            ],
            "properties": [{"name": "note", "classification": "internal"}],
        },
    ],
}


def test_owners_support_and_service_levels_are_those_of_the_document() -> None:
    found = Written(DOCUMENT)
    assert found.team == "Shop data, Mondays"
    assert found.people == (Person("Ada", "owner", "ada@example.com"),)
    assert found.channels == (Channel("#shop", "https://chat.example.com/shop", "slack"), Channel("trap"))
    assert (found.agreed, found.tags) == ((("freshness", "30 h"),), ("finance",))
    assert list(found.promises("silver", "log")) == ["Complete by noon."]


def test_members_in_the_older_form_of_the_standard_are_found() -> None:
    found = Written({"team": [{"username": "ada@example.com", "role": "owner"}]})
    assert (found.team, found.people) == ("", (Person("ada@example.com", "owner"),))


def test_classifications_are_also_those_of_the_table_that_columns_are_of() -> None:
    assert Written(DOCUMENT).classifications("silver", "newest") == {"mail": "restricted", "note": "internal"}


def test_arrows_lead_to_the_right_and_no_box_covers_another() -> None:
    sizes = {name: Size(60, 30) for name in "abcde"}
    picture = layered(sizes, [("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")])
    x = {name: spot.x for name, spot in picture.spots.items()}
    assert x["a"] < x["b"] < x["c"]
    assert x["d"] == x["b"]
    places = list(picture.spots.values())
    for n, one in enumerate(places):
        for other in places[n + 1 :]:
            assert one.x != other.x or abs(one.y - other.y) >= 30
    assert len(picture.ways["a", "c"]) == 2


@pytest.mark.parametrize("arrows", [[("a", "b"), ("b", "a")], [("a", "a")], [("a", "gone")], []])
def test_circles_and_arrows_to_nowhere_end(arrows: list[tuple[str, str]]) -> None:
    picture = layered({"a": Size(60, 30), "b": Size(60, 30)}, arrows)
    assert set(picture.spots) == {"a", "b"}
    assert set(picture.ways) == {a for a in arrows if a[0] != a[1] and a[1] != "gone"}
