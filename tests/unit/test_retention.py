"""What a contract may promise of how long rows are kept, and what follows from it for rows and files."""

from __future__ import annotations

import copy
import datetime as dt
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from cli import kept
from cli.console.flow import sentence
from cli.scaffold import TEMPLATES, ScaffoldError, checked_folder
from cli.shown_summary import fates
from glue_scripts.engine.quarantine.row_rules import LATEST
from shared.contracts import Contract
from shared.contracts.load import document as fixture
from shared.contracts.odcs import parsed
from shared.contracts.problems import problems
from shared.ledger.model import FileStatus, LedgerFile, RowCounts
from shared.lineage.facets import balance
from shared.retention import file_days, first_day, has_left, stored_days
from tests.support.shop_document import FILE, SALES, custom, refusal, shop

NOON = dt.datetime(2026, 6, 11, 12, tzinfo=dt.UTC)


def column(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "logicalType": "date", "physicalType": kind, "description": "A day.", **more}


def dated_shop(*promises: dict[str, Any]) -> dict[str, Any]:
    """The shop whose sales have a day, by which they are ordered."""
    document = shop()
    sales = document["schema"][SALES]
    sales["properties"] += [column("sold", "date", required=True), column("event_date", "date")]
    said = {p["property"]: p for p in sales["customProperties"]}
    said["order"]["value"] = ["sold"]
    sales["customProperties"] += custom({"eventDate": "sold"})
    document["slaProperties"] = [{"property": "retention", **p} for p in promises]
    return document


def contract(*promises: dict[str, Any]) -> Contract:
    return parsed(dated_shop(*promises), FILE)


@pytest.mark.parametrize(
    ("promise", "days"),
    [
        ({"value": 90, "unit": "d"}, 90),
        ({"value": 2, "unit": "y"}, 732),
        ({"value": 30, "unit": "d", "element": "silver_sales.sold"}, 30),
        ({"value": 30, "unit": "d", "element": "sales.event_date"}, 30),
    ],
)
def test_rows_are_kept_for_days_or_for_years_that_are_never_too_short(promise: dict[str, Any], days: int):
    assert contract(promise).table("sales").retention_days == days


def test_without_a_promise_everything_is_kept():
    agreed = contract()
    assert agreed.table("sales").retention_days is None
    assert first_day(agreed.table("sales"), NOON) is None
    assert stored_days(agreed, agreed.dataset("sales")) is None


def test_a_promise_of_one_table_goes_before_that_of_all():
    agreed = contract({"value": 9, "unit": "y"}, {"value": 30, "unit": "d", "element": "sales.sold"})
    assert agreed.table("sales").retention_days == 30


@pytest.mark.parametrize(
    ("promise", "message"),
    [
        ({"value": 1, "unit": "m"}, "'m' is not one of d, y"),
        ({"value": 0, "unit": "d"}, "retention is in whole days, from 1 to 36600"),
        ({"value": float("inf"), "unit": "d"}, "expected a number, found inf"),
        ({"value": float("nan"), "unit": "y"}, "expected a number, found nan"),
        ({"value": 1.5, "unit": "d"}, "retention is in whole days, from 1 to 36600"),
        ({"value": 101, "unit": "y"}, "found 36966 days"),
        ({"value": 1, "unit": "d", "table": "sales"}, "unknown key 'table'"),
        ({"value": 1, "unit": "d", "element": "sale.sold"}, "sale is no table; expected one of sales"),
        ({"value": 1, "unit": "d", "element": "sales.sale"}, "by their event date; expected sales.sold"),
        ({"value": 1, "unit": "d", "element": "sales"}, "by their event date; expected sales.sold"),
    ],
)
def test_a_retention_that_cannot_be_read_is_refused(promise: dict[str, Any], message: str):
    assert message in refusal(dated_shop(promise))


def test_two_promises_of_one_table_are_refused():
    twice = {"value": 1, "unit": "d"}
    assert "slaProperties[1]: retention of every table is promised twice" in refusal(dated_shop(twice, twice))
    named = {**twice, "element": "sales.sold"}
    assert "retention of sales is promised twice" in refusal(dated_shop(named, named))


def test_a_table_without_a_date_keeps_no_such_promise():
    document = shop()
    document["slaProperties"] = [{"property": "retention", "value": 1, "unit": "d"}]
    assert "sales has no eventDate, from which its days could be counted" in refusal(document)


def test_a_row_that_may_lack_its_date_would_stay_for_ever():
    document = dated_shop({"value": 1, "unit": "d"})
    document["schema"][SALES]["properties"][1]["required"] = False
    assert "a row without sold would be kept for ever" in refusal(document)


def test_versions_of_a_row_must_leave_in_their_order():
    """The newest has left; an older one of a younger day would come back."""
    document = dated_shop({"value": 1, "unit": "d"})
    said = {p["property"]: p for p in document["schema"][SALES]["customProperties"]}
    said["order"]["value"] = ["sale", "sold"]
    assert "make sold the first of `order`, or part of the key" in refusal(document)
    key = document["schema"][SALES]["properties"][1]
    key |= {"primaryKey": True, "primaryKeyPosition": 2}
    assert parsed(document, FILE).table("sales").retention_days == 1


def test_changes_must_leave_in_the_order_in_which_those_that_follow_them_take_them():
    """A delete that leaves before what it deleted brings it back."""
    document = copy.deepcopy(fixture("shop"))
    log = next(t for t in document["schema"] if t["name"].startswith("silver_users"))
    log["properties"].append(column("seen_at", "timestamp", logicalType="timestamp", required=True))
    said = next(p for p in log["customProperties"] if p["property"] == "eventDate")
    said["value"] = "seen_at"
    promise = {"property": "retention", "value": 1, "unit": "d", "element": "users_updates.seen_at"}
    document["slaProperties"] = [promise]
    told = [str(e) for e in problems(document, FILE)]
    assert ["make seen_at the first of `order` of users" in t for t in told] == [True, True]
    said["value"], promise["element"] = "updated_at", "users_updates.updated_at"
    assert parsed(document, FILE).table("users_updates").retention_days == 1


def test_gold_has_no_retention_of_its_own():
    document = dated_shop({"value": 1, "unit": "d", "element": "gold_days.day"})
    document["schema"].append(
        {
            "name": "gold_days",
            "physicalName": "days",
            "description": "Sales of a day.",
            "customProperties": custom({"layer": "gold", "kind": "mart"}),
            "properties": [column("day", "date", primaryKey=True, primaryKeyPosition=1)],
        }
    )
    assert "gold_days is computed: its rows leave with those it is computed from" in refusal(document)


def test_lint_tells_all_of_it_at_once():
    document = dated_shop({"value": 1, "unit": "d", "element": "sale.sold, sales.sale"})
    assert [e.path for e in problems(document, FILE)] == ["slaProperties[0].element"] * 2


def test_the_first_day_is_of_the_calendar_that_event_dates_are_of():
    """At noon in UTC it is the 12th already where the clock is thirteen hours fast."""
    document = dated_shop({"value": 10, "unit": "d"})
    assert first_day(parsed(document, FILE).table("sales"), NOON) == dt.date(2026, 6, 1)
    document["customProperties"] += custom({"eventDateTimezone": "Pacific/Tongatapu"})
    assert first_day(parsed(document, FILE).table("sales"), NOON) == dt.date(2026, 6, 2)


def file(came: str, processed_by: str | None = "r1") -> LedgerFile:
    status = FileStatus.ACCEPTED
    return LedgerFile(
        "raw", "shop/sales/a.csv", "1", "shop", "sales", status, ingested_at=came, processed_by=processed_by
    )


@pytest.mark.parametrize(
    ("came", "left"), [("2026-05-30T00:00:00+00:00", False), ("2026-05-29T23:59:59+00:00", True)]
)
def test_a_file_is_read_two_days_longer_than_rows_of_its_day_are_kept(came: str, left: bool):
    assert has_left(file(came), 10, NOON) is left
    assert not has_left(
        file(came, processed_by=None), 10, NOON
    )  # whether it is gone is for the run to find out


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_when_a_file_has_left_every_row_that_it_can_have_brought_has_left_before(zone: str):
    """Silver takes a row of 24 hours after its file came, at most."""
    assert LATEST == "INTERVAL 1 DAY"
    document = dated_shop({"value": 10, "unit": "d"})
    document["customProperties"] += custom({"eventDateTimezone": zone})
    table = parsed(document, FILE).table("sales")
    for minutes in range(0, 24 * 60, 30):
        came = dt.datetime(2026, 3, 28, tzinfo=dt.UTC) + dt.timedelta(minutes=minutes)
        newest = (came + dt.timedelta(days=1)).astimezone(ZoneInfo(zone)).date()
        moments = (came + dt.timedelta(minutes=30 * n) for n in range(48 * 15))
        left = next(m for m in moments if has_left(file(came.isoformat()), 10, m))
        assert newest < (first_day(table, left) or newest), came


def lines_from_the_files_of_sales(retention: dict[str, Any] | None) -> dict[str, Any]:
    """A second dataset reads the same files, and keeps its rows as long as it says."""
    document = dated_shop({"value": 10, "unit": "d", "element": "sales.sold"})
    bronze, silver = (dict(entry) for entry in document["schema"])
    formats = {p["property"]: p for p in document["schema"][0]["customProperties"]}["formats"]
    formats["value"] = ["json"]
    bronze |= {"name": "bronze_lines", "physicalName": "lines"}
    bronze["customProperties"] = custom(
        {"layer": "bronze", "formats": ["json"], "filesOf": "sales", "explode": "lines"}
    )
    silver |= {"name": "silver_lines", "physicalName": "lines"}
    silver["customProperties"] = custom(
        {"layer": "silver", "kind": "keyed", "source": "lines", "order": ["sold"], "eventDate": "sold"}
    )
    document["schema"] += [bronze, silver]
    if retention:
        document["slaProperties"].append({"property": "retention", "element": "lines.sold", **retention})
    return document


def test_files_stay_for_as_long_as_any_table_that_is_loaded_from_them_keeps_rows():
    longer = parsed(lines_from_the_files_of_sales({"value": 40, "unit": "d"}), FILE)
    assert [file_days(longer, d) for d in longer.datasets] == [40, 40]
    assert [stored_days(longer, d) for d in longer.datasets] == [43, 43]
    ever = parsed(lines_from_the_files_of_sales(None), FILE)
    assert [file_days(ever, d) for d in ever.datasets] == [None, None]


def test_a_row_does_not_outlive_what_it_refers_to():
    document = lines_from_the_files_of_sales({"value": 40, "unit": "d"})
    lines = document["schema"][-1]
    lines["properties"] = [dict(c) for c in lines["properties"]]
    lines["properties"][0]["relationships"] = [{"to": "silver_sales.sale"}]
    assert "lines is kept for 40 days and refers to sales, which is kept for 10 days" in refusal(document)
    promised = document["slaProperties"].pop()
    assert "lines is kept for ever and refers to sales, which is kept for 10 days" in refusal(document)
    document["slaProperties"].append({**promised, "value": 10})
    assert parsed(document, FILE).table("lines").retention_days == 10


@pytest.mark.parametrize("metric", ["orphan_rate", "orphan_rate_sale", "orphans_sale"])
def test_no_gate_halts_for_ever_since_what_is_referred_to_has_left(metric: str):
    """A sale of the day before its line leaves a day before it."""
    document = lines_from_the_files_of_sales({"value": 10, "unit": "d"})
    lines = document["schema"][-1]
    lines["properties"] = [dict(c) for c in lines["properties"]]
    lines["properties"][0]["relationships"] = [{"to": "silver_sales.sale"}]
    promise = {"metric": metric, "maximum": 0}
    quality = {"type": "custom", "engine": "lakehouse", "severity": "error", "implementation": promise}
    lines["quality"] = [quality]
    assert (
        f"lines refers to sales, whose rows leave by their own dates, and would halt by {metric}"
        in refusal(document)
    )
    quality["severity"] = "warning"
    assert parsed(document, FILE).table("lines").retention_days == 10
    quality["severity"], document["slaProperties"] = "error", []
    assert parsed(document, FILE).table("lines").retention_days is None


def test_no_domain_has_the_name_of_the_folder_of_all_archived_files():
    """The retention of its dataset `shop` would be that of the archive of domain `shop`."""
    assert "'archive' is the folder of all domains' archived files" in refusal(
        {**shop(), "domain": "archive"}
    )
    with pytest.raises(ScaffoldError, match="'archive' cannot name a domain"):
        checked_folder("archive")


def test_the_retention_that_a_new_domain_has_as_a_comment_can_be_kept() -> None:
    text = (TEMPLATES / "contract.odcs.yaml").read_text().replace("DOMAIN", "mine")
    said = text.replace("# slaProperties:\n#   - {", "slaProperties:\n  - {")
    agreed = parsed(yaml.safe_load(said), FILE)
    assert [(t.name, t.retention_days) for t in agreed.silver] == [("orders", 732)]


def test_status_tells_since_when_rows_are_kept_and_what_is_late(monkeypatch: pytest.MonkeyPatch):
    since = {"sales": {"lakehouse.kept-since": "2026-05-23"}}
    catalog: Any = SimpleNamespace(
        table_exists=lambda name: name[1] in since,
        load_table=lambda name: SimpleNamespace(properties=since[name[1]]),
    )
    session: Any = SimpleNamespace(names=SimpleNamespace(database=lambda *_: "silver"))
    agreed = parsed(lines_from_the_files_of_sales({"value": 40, "unit": "d"}), FILE)
    monkeypatch.setattr(kept, "contract", lambda _: agreed)
    monkeypatch.setattr("local.athena.catalog_of", lambda _: catalog)
    found = kept.kept_of(session, "shop", NOON)  # no run has made `lines` yet
    assert found == {"sales": {"days": 10, "since": "2026-05-23", "due": "2026-06-01", "file_days": 43}}
    assert kept.shown(found) == [("sales", 10, "2026-05-23", "2026-06-01", 43)]
    [item] = kept.late("shop", found, " --env prod")
    assert item.what == "sales: rows of 2026-05-23 to 2026-06-01 should have left (kept for 10 days)"
    assert (item.do, item.red) == ("./lake run shop --env prod", True)
    since["sales"]["lakehouse.kept-since"] = "2026-05-24"
    assert not [*kept.late("shop", kept.kept_of(session, "shop", NOON), "")]
    for property in ({}, {"lakehouse.kept-since": ""}):  # never, and not since a rollback
        since["sales"] = property
        found = kept.kept_of(session, "shop", NOON)
        assert kept.shown(found) == [("sales", 10, "not known yet", "2026-06-01", 43)]
        [item] = kept.late("shop", found, "")
        assert item.what == "sales: no run has taken out rows before 2026-06-01 yet (kept for 10 days)"
        assert (item.do, item.red) == ("./lake run shop", True)
    since["sales"] = {"lakehouse.kept-since": "undated"}
    found = kept.kept_of(session, "shop", NOON)
    assert kept.shown(found) == [("sales", 10, "some have no date", "2026-06-01", 43)]
    [item] = kept.late("shop", found, "")
    assert item.what == "sales: rows from a time before its event date never leave (kept for 10 days)"
    assert (item.do, item.red) == ("./lake run shop --full-refresh", True)


def test_expired_is_shown_only_where_records_are():
    assert "expired" not in fates(RowCounts(3, 3), RowCounts())
    assert fates(RowCounts(3, 3), RowCounts(3, 2, expired=1))[-1] == "expired"
    assert RowCounts(3, 2, expired=1).balanced
    assert not RowCounts(3, 2).balanced
    assert "1 expired: balanced" in sentence(RowCounts(3, 2, expired=1))
    assert balance(RowCounts(3, 2, expired=1), 1)["lakehouse_balance"]["expired"] == 1
