"""The pages of answers, in a real browser: quality, queries, reports and the catalogue."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from local.aws import process
from local.session import Session, laptop_session
from shared.usual import Day
from tests.console.conftest import PHONE, WIDTH, Visitor, called

EVENTS = b"""\
{"event_id": "e41", "user_id": "u41", "ts": "2026-03-01T10:00:00Z", "age": 41, "email": "ann@example.org"}
{"event_id": "e42", "user_id": "u42", "ts": "2026-03-01T10:00:00Z", "age": 42, "email": "ben@example.org"}
{"event_id": "e42", "user_id": "u42", "ts": "2026-03-01T10:00:00Z", "age": 42, "email": "ben@example.org"}
{"event_id": "e43", "user_id": "u43", "ts": "2026-03-02T10:00:00Z", "age": 200, "email": "eve@example.org"}
{"event_id": "e44", "user_id": "u44", "ts": "2026-03-02T10:00:00Z"}
{"event_id": "e45", "user_id": "u45", "ts": "2026-03-02T10:00:00Z"}
"""
SALES = b"""\
tx_id,user_id,amount,status,created_at
t41,u41,10.00,paid,2026-03-01T10:00:00Z
t42,u42,2.50,paid,2026-03-02T10:00:00Z
t43,u42,4.00,cancelled,2026-03-02T11:00:00Z
"""
FILES = {"shop/events/answers.ndjson": EVENTS, "shop/transactions/answers.csv": SALES}
RUN_MS = 240_000
ENDLESS = "select count(*) from silver.events a" + "".join(f", silver.events e{n}" for n in range(40))


@pytest.fixture(scope="module")
def run_id(lake: Path) -> str:
    """A run has brought files to gold, one record of them to quarantine; orders came on five Mondays."""
    emulation = process.running(lake / ".lake" / "aws")
    assert emulation is not None
    session = laptop_session(emulation)
    for key, content in FILES.items():
        session.client("s3").put_object(Bucket=session.names.bucket("raw"), Key=key, Body=content)
    from cli import demo  # not above: it brings the product's domains before the fixture's are chosen

    demo.wait_for_outcomes(session, "shop", set(FILES))
    note_days(session)
    called(lake, "run", "shop")
    return next(r.run_id for r in reversed(session.ledger.runs("shop")) if r.dataset == "events")


def note_days(session: Session) -> None:
    today = dt.datetime.now(dt.UTC).date()
    monday = today - dt.timedelta(days=today.weekday() + 35)
    for week, rows in enumerate((100, 100, 100, 100, 1000)):
        session.ledger.note_day("shop", "orders", Day(monday + dt.timedelta(weeks=week), 1, rows))


PAGES = (
    "/quality?domain=shop",
    "/quality?domain=shop&dataset=orders",
    "/query?domain=shop&report=daily_revenue",
    "/reports?domain=shop",
    "/report?domain=shop&report=daily_revenue",
    "/report?domain=shop&report=nothing",
    "/catalogue",
    "/catalogue?at=shop",
    "/catalogue?at=shop.silver.events",
    "/catalogue?at=shop.report.user_ltv",
    "/catalogue?find=email",
)


def settle(visitor: Visitor, path: str) -> None:
    visitor.open(path)
    visitor.page.wait_for_function("!document.querySelector('[aria-busy=true], .turning')")


@pytest.mark.parametrize(
    "visitor", [(WIDTH, "light"), (WIDTH, "dark"), (PHONE, "light")], indirect=True, ids=str
)
def test_axe_finds_nothing_serious_and_no_page_is_wider_than_its_screen(
    visitor: Visitor, run_id: str
) -> None:
    found = {}
    for path in PAGES:
        settle(visitor, path)
        wide = visitor.page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        found[path] = [*visitor.findings(), *([f"{wide} px too wide"] if wide > 0 else [])]
    assert {path: what for path, what in found.items() if what} == {}


def row(table: Locator, text: str) -> Locator:
    return table.get_by_role("row").filter(has_text=text)


def test_quality_tells_what_became_of_records_and_replays_those_in_quarantine(
    visitor: Visitor, run_id: str
) -> None:
    page = visitor.page
    settle(visitor, f"/quality?domain=shop&run={run_id}")
    told = "6 received = 4 written + 1 quarantined + 1 deduplicated + 0 replaced: balanced"
    expect(page.get_by_role("img", name=told)).to_be_visible()
    counts = page.get_by_role("table", name="Records by what became of them")
    expect(row(counts, "events")).to_have_text("events164110balanced")
    reasons = page.get_by_role("table", name="Records that broke a rule")
    expect(row(reasons, "invalid_value")).to_have_text("invalid_value1")
    gate = page.get_by_role("table", name="Thresholds of the quality gate")
    expect(row(gate, "quarantine_rate").first).to_have_text("quarantine_ratetoo few rows0.1666670.2warn")
    nulls = page.get_by_role("table", name="Share of good records without a value")
    expect(row(nulls, "country")).to_contain_text("100.0%")
    visitor.picture("quality")

    kept = page.get_by_role("table", name="Quarantined rows of events")
    expect(row(kept, "e43")).to_contain_text("•••")
    assert "eve@example.org" not in page.content()
    page.get_by_role("button", name="Show confidential").click()
    expect(row(kept, "e43")).to_contain_text("eve@example.org")
    page.get_by_role("button", name="Show confidential").click()
    expect(row(kept, "e43")).to_contain_text("•••")
    page.get_by_role("combobox", name="Reason").select_option("invalid_value")
    page.get_by_role("button", name="Replay invalid_value of events").click()
    page.wait_for_url("**/run?*", timeout=RUN_MS)
    asked = '{"replay": {"dataset": "events", "reason": "invalid_value"}}'
    expect(page.get_by_text(asked)).to_be_visible(timeout=RUN_MS)
    expect(page.get_by_text("SUCCEEDED")).to_be_visible(timeout=RUN_MS)


def test_a_day_that_is_unusual_stands_out(visitor: Visitor, run_id: str) -> None:
    settle(visitor, "/quality?domain=shop&dataset=orders")
    days = visitor.page.get_by_role("table", name="Days on which files of orders came")
    expect(row(days, "1,000")).to_contain_text("34 to 300")
    expect(row(days, "1,000")).to_contain_text("unusual")
    expect(visitor.page.get_by_role("img", name="Line chart: rows of orders a day")).to_be_visible()


def test_a_query_is_answered_masked_drawn_and_downloaded(visitor: Visitor, run_id: str) -> None:
    page = visitor.page
    settle(visitor, "/query?domain=shop")
    statement = page.get_by_label("SQL")
    statement.fill(
        "select event_id, email as mail, age from silver.events where event_id in ('e41', 'e42') order by 1"
    )
    statement.press("Control+Enter")
    expect(page.get_by_text("come from confidential columns: mail")).to_be_visible()
    found = page.get_by_role("table", name="Rows 1 to 2 of 2")
    expect(found.get_by_role("row")).to_have_text(["event_idmailage", "e41•••41", "e42•••42"])
    assert "ann@example.org" not in page.content()
    page.get_by_role("combobox", name="Chart").select_option("bar")
    page.get_by_role("combobox", name="Along").select_option("event_id")
    expect(page.get_by_role("img", name="Bar chart: age by event_id")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert download.value.suggested_filename == "query.csv"
    assert download.value.path().read_text() == "event_id,mail,age\ne41,•••,41\ne42,•••,42\n"
    page.get_by_role("button", name="Show confidential").click()
    expect(page.get_by_role("cell", name="ann@example.org")).to_be_visible()
    page.get_by_role("button", name="Show confidential").click()
    expect(page.get_by_role("cell", name="•••").first).to_be_visible()


def test_what_was_asked_is_found_again_and_what_was_answered_is_not_kept(
    visitor: Visitor, run_id: str, lake: Path
) -> None:
    page = visitor.page
    settle(visitor, "/query?domain=shop")
    page.get_by_label("SQL").fill("select email, 'asked before' from silver.events")
    page.get_by_role("button", name="Run query").click()
    expect(page.get_by_text("come from confidential columns: email")).to_be_visible()
    settle(visitor, "/query?domain=shop")
    past = page.get_by_role("table", name="The newest statements")
    row(past, "asked before").first.get_by_role("link").click()
    expect(page.get_by_label("SQL")).to_have_value("select email, 'asked before' from silver.events")
    kept = (lake / ".lake" / "aws" / "console" / "queries.jsonl").read_text()
    assert "asked before" in kept
    assert "@example.org" not in kept


def test_a_long_query_goes_on_when_its_page_is_left_until_it_is_stopped(
    visitor: Visitor, run_id: str
) -> None:
    page = visitor.page
    settle(visitor, "/query?domain=shop")
    page.get_by_label("SQL").fill(ENDLESS)
    page.get_by_role("button", name="Run query").click()
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    visitor.open("/reports?domain=shop")
    visitor.open("/query?domain=shop")
    expect(page.get_by_text("The query is under way")).to_be_visible()
    page.get_by_role("button", name="Run query").click()
    expect(page.get_by_role("alert")).to_contain_text("the statement before is under way")
    stop.click()
    expect(page.get_by_text("the query was stopped")).to_be_visible()


def test_a_query_that_is_wrong_says_why_and_what_to_do(visitor: Visitor, run_id: str) -> None:
    settle(visitor, "/query?domain=shop")
    visitor.page.get_by_label("SQL").fill("select nothing from silver.events")
    visitor.page.get_by_role("button", name="Run query").click()
    alert = visitor.page.get_by_role("alert")
    expect(alert).to_contain_text('Referenced column "nothing" not found')
    expect(alert).to_contain_text("write it otherwise")


def test_what_is_typed_stays_while_the_page_changes(visitor: Visitor, run_id: str) -> None:
    page = visitor.page
    settle(visitor, "/query?domain=shop")
    page.get_by_label("SQL").fill("select 1 as one")
    page.get_by_label("SQL").press("Control+Enter")
    page.get_by_label("SQL").press("End")
    page.keyboard.type(", 2 as two")
    expect(page.get_by_role("table", name="Rows 1 to 1 of 1")).to_be_visible()
    expect(page.get_by_label("SQL")).to_have_value("select 1 as one, 2 as two")
    expect(page.get_by_label("SQL")).to_be_focused()


def test_a_report_is_shown_with_the_chart_that_it_asks_for(visitor: Visitor, run_id: str) -> None:
    page = visitor.page
    settle(visitor, "/reports?domain=shop")
    expect(row(page.get_by_role("table", name="Reports of shop"), "daily_revenue")).to_contain_text("line")
    page.get_by_role("link", name="daily_revenue").click()
    chart = page.get_by_role("img", name="Line chart: total_revenue, gross_amount by date")
    expect(chart).to_be_visible()
    expect(row(page.get_by_role("table", name="Rows 1 to"), "2026-03-02")).to_contain_text("6.50")
    page.get_by_role("link", name="Change it on the page Query").click()
    expect(page.get_by_label("SQL")).to_have_value(re.compile("FROM gold.daily_revenue"))


def test_the_catalogue_is_searched_and_walked_by_its_diagrams(visitor: Visitor, run_id: str) -> None:
    page = visitor.page
    settle(visitor, "/catalogue")
    page.get_by_label("Find a table, column or report").fill("user_email")
    page.keyboard.press("Enter")
    found = page.get_by_role("table", name="1 found")
    expect(row(found, "user_email")).to_contain_text("shop, gold fact_events")
    found.get_by_role("link", name="user_email").click()
    expect(page.get_by_role("heading", name="gold fact_events")).to_be_visible()
    columns = page.get_by_role("table", name="Columns of gold fact_events")
    expect(row(columns, "user_email")).to_contain_text("confidential")
    diagram = page.get_by_role("region", name="References of gold fact_events")
    diagram.get_by_role("link", name="gold dim_users").click()
    expect(page.get_by_role("heading", name="gold dim_users")).to_be_visible()
    lineage = page.get_by_role("region", name="Lineage of gold dim_users")
    lineage.get_by_role("link", name="silver users", exact=True).click()
    expect(page.get_by_role("heading", name="silver users", exact=True)).to_be_visible()
    visitor.open("/catalogue?at=shop.gold.nothing")
    page.get_by_role("link", name="All of shop").click()
    expect(page.get_by_role("region", name="Keys and references of shop").first).to_be_visible()


def test_a_keyboard_is_enough(visitor: Visitor, run_id: str) -> None:
    page, keys = visitor.page, visitor.page.keyboard
    settle(visitor, "/query?domain=shop&report=user_ltv")
    page.get_by_label("SQL").focus()
    keys.press("Tab")
    expect(page.locator(":focus")).to_have_text("Run query")
    keys.press("Enter")
    expect(page.get_by_role("columnheader", name="ltv_rank")).to_be_visible()
    chart = page.get_by_role("combobox", name="Chart")
    while not chart.evaluate("e => e === document.activeElement"):
        keys.press("Tab")
    keys.type("bar")
    expect(page.get_by_role("img", name="Bar chart")).to_be_visible()
    for name in ("Rows 1 to", "Download CSV"):
        for _ in range(10):
            keys.press("Tab")
            if name in page.evaluate(
                "document.activeElement.ariaLabel || document.activeElement.textContent"
            ):
                break
        else:
            raise AssertionError(f"Tab never came to {name}")
