"""What is past its contract's retention leaves every table, and nothing brings it back."""

from __future__ import annotations

import copy
import datetime as dt
import gzip
import itertools
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from glue_scripts.engine.run.job import Delivery
from glue_scripts.engine.silver import expiry
from glue_scripts.engine.silver.isolation import MANY
from shared.contracts import Contract
from shared.contracts.load import document
from shared.contracts.odcs import parsed
from shared.ledger.model import FileStatus
from shared.reasons import FileReason
from tests.support.rig import Rig

DAYS = 10
CAME = dt.date(2026, 6, 1)  # when files come (tests/support/rig.py)
TABLES = ("silver.events", "silver.users_updates", "silver.users", "silver.users_history")
GOLD = ("gold.fact_events", "gold.dim_users", "gold.user_ltv", "gold.daily_revenue", "gold.dim_date")
OLDER = "2026-05-31T23:59:59Z"  # of the last day that is past its retention on EVE + 1
OLDEST = "2026-06-01T00:00:00Z"  # the first moment that is kept then
EVE = dt.datetime(2026, 6, 10, 23, 59, tzinfo=dt.UTC)
NEXT = EVE + dt.timedelta(minutes=2)


def kept_for(days: int, agreed: dict[str, Any], *elements: str) -> Contract:
    said = {"property": "retention", "value": days, "unit": "d", "element": ", ".join(elements)}
    others = [p for p in agreed.get("slaProperties", []) if p["property"] != "retention"]
    return parsed({**agreed, "slaProperties": [*others, said]}, "contract")


def dated_accounts() -> dict[str, Any]:
    """The contract of `web`, whose accounts have an event date."""
    agreed = copy.deepcopy(document("web"))
    accounts = next(t for t in agreed["schema"] if t["name"] == "silver_accounts")
    accounts["customProperties"].append({"property": "eventDate", "value": "changed_at"})
    day = {"name": "event_date", "logicalType": "date", "physicalType": "date", "description": "Its day."}
    accounts["properties"].append(day)
    return agreed


SHOP = kept_for(DAYS, document("shop"), "events.ts", "users_updates.updated_at")


def lines(*records: dict[str, Any]) -> bytes:
    return "\n".join(map(json.dumps, records)).encode()


def event(number: int, ts: str, user: str = "u1") -> dict[str, Any]:
    return {"event_id": f"e{number}", "ts": ts, "user_id": user}


def come(lake: Rig, day: dt.date) -> None:
    """Files come on that day from now on."""
    lake._clock = itertools.count((day - CAME).days * 24 * 60 * 60)


def fates(lake: Rig, run: str, dataset: str = "events") -> tuple[int, int, int]:
    """Read, written and expired."""
    rows = lake.results(run)[dataset].rows
    assert rows.balanced
    return rows.read, rows.written, rows.expired


@pytest.fixture(scope="module")
def lake(rig: Callable[[str], Rig]) -> Rig:
    """On the eve everything is kept but one event; on the next day an event and two updates of users leave."""
    lake = rig("retain")
    events = event(1, "2026-05-30T12:00:00Z"), event(2, OLDER), event(3, OLDEST), event(4, OLDEST, "u2")
    lake.drop("shop/events/a.json", lines(*events))
    users = [
        {"user_id": "u1", "city": "Bonn", "name": "Ann", "updated_at": OLDER},
        {"user_id": "u1", "city": "Rome", "updated_at": OLDEST},
        {"user_id": "u3", "city": "Oslo", "updated_at": OLDER},
    ]
    lake.drop("shop/users/a.json", lines(*users))
    lake.run("eve", contract=SHOP, now=EVE)
    return lake


def test_a_row_of_the_first_day_that_is_kept_is_kept_and_one_of_the_day_before_never_comes(lake: Rig) -> None:
    assert fates(lake, "eve") == (4, 3, 1)
    assert lake.rows("silver.events", "event_id") == [("e2",), ("e3",), ("e4",)]
    assert lake.rows("silver.users", "user_id", "city", "name") == [
        ("u1", "Rome", "Ann"),
        ("u3", "Oslo", None),
    ]


def test_a_day_later_rows_leave_silver_what_follows_it_and_gold_without_a_file(lake: Rig) -> None:
    """Of u1 the name was said before; u3 was seen before, and nowhere else."""
    lake.run("next", contract=SHOP, now=NEXT)
    assert lake.rows("silver.events", "event_id") == [("e3",), ("e4",)]
    assert lake.rows("silver.users_updates", "user_id", "city") == [("u1", "Rome")]
    assert lake.rows("silver.users", "user_id", "city", "name") == [("u1", "Rome", None)]
    assert lake.rows("silver.users_history", "user_id", "city", "is_current") == [("u1", "Rome", True)]
    assert lake.rows("gold.fact_events", "event_id", "user_city") == [("e3", "Rome"), ("e4", None)]
    assert lake.rows("gold.dim_users", "user_id", "name") == [("u1", None), ("u2", None)]
    assert lake.rows("gold.user_ltv", "user_id", "event_count") == [("u1", 1), ("u2", 1)]


def test_the_same_day_again_commits_nothing(lake: Rig) -> None:
    commits = lake.commits("silver.events")
    lake.run("again", contract=SHOP, now=NEXT)
    assert lake.commits("silver.events") == commits


def test_a_full_refresh_gives_what_is_there(lake: Rig) -> None:
    before = {name: lake.rows(name) for name in (*TABLES, *GOLD)}
    lake.run("full", contract=SHOP, now=NEXT, full_refresh=True)
    assert fates(lake, "full") == (4, 2, 2)
    assert {name: lake.rows(name) for name in before} == before


def test_a_late_file_brings_back_nothing_that_has_left(lake: Rig) -> None:
    lake.drop("shop/events/late.json", lines(event(2, OLDER), event(5, OLDER, "u9"), event(6, OLDEST)))
    lake.run("late", contract=SHOP, now=NEXT)
    assert fates(lake, "late") == (3, 1, 2)
    assert lake.rows("silver.events", "event_id") == [("e3",), ("e4",), ("e6",)]
    assert "u9" not in {user for (user,) in lake.rows("gold.dim_users", "user_id")}


def test_a_crash_between_what_leaves_and_what_follows_is_repaired(
    rig: Callable[[str], Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = rig("retaincrash")
    users = [{"user_id": f"u{n}", "city": "Bonn", "updated_at": OLDER} for n in range(2)]
    lake.drop(
        "shop/users/a.json", lines(*users, {**users[1], "updated_at": OLDEST, "city": None, "name": "Bo"})
    )
    lake.run("eve", contract=SHOP, now=EVE)
    with monkeypatch.context() as broken:
        broken.setattr(expiry, "follow", lambda *_: (_ for _ in ()).throw(OSError("the job dies here")))
        with pytest.raises(OSError, match="dies here"):
            lake.run("dies", contract=SHOP, now=NEXT)
    assert lake.rows("silver.users_updates", "user_id") == [("u1",)]
    assert lake.rows("silver.users", "user_id") == [("u0",), ("u1",)]
    lake.run("retry", contract=SHOP, now=NEXT)
    assert lake.rows("silver.users", "user_id", "name", "city") == [("u1", "Bo", None)]
    assert lake.rows("gold.dim_users", "user_id", "name") == [("u1", "Bo")]


def test_quarantined_rows_leave_by_the_day_on_which_they_came(rig: Callable[[str], Rig]) -> None:
    lake = rig("retainbad")
    lake.drop("shop/events/bad.json", lines({**event(7, OLDEST), "age": "many"}, event(8, OLDEST)))
    last = dt.datetime.combine(CAME + dt.timedelta(DAYS), dt.time(23), dt.UTC)
    lake.run("bad", contract=SHOP, now=last)
    assert len(lake.rows("quarantine.events_rows", "raw_record")) == 1
    lake.run("gone", contract=SHOP, now=last + dt.timedelta(hours=2))
    assert lake.rows("quarantine.events_rows", "raw_record") == []


def test_rows_of_files_leave_one_by_one_and_quarantine_of_every_dataset_that_shares_the_table(
    rig: Callable[..., Rig],
) -> None:
    lake, agreed = rig("retainlogs", "web"), kept_for(DAYS, document("web"), "logs.event_timestamp")
    log = {"ip_address": "10.0.0.1", "request_type": "get", "status_code": 200}
    records = [{**log, "event_timestamp": t} for t in (OLDER, OLDEST)] + [{**log, "event_timestamp": "never"}]
    lake.drop("web/ndjson/a.ndjson", lines(*records))
    lake.drop("web/json_gzip/a.json.gz", gzip.compress(json.dumps(records).encode()))
    lake.run("eve", contract=agreed, now=EVE)
    assert [len(lake.rows(name)) for name in ("silver.logs", "quarantine.data_quality")] == [4, 2]
    lake.run("next", contract=agreed, now=NEXT)
    assert [day for (day,) in lake.rows("silver.logs", "event_date")] == [CAME, CAME]
    assert [day for (day,) in lake.rows("gold.daily_activity", "date")] == [CAME]
    assert len(lake.rows("quarantine.data_quality")) == 2
    lake.run("after", contract=agreed, now=NEXT + dt.timedelta(days=1))
    assert [len(lake.rows(name)) for name in ("silver.logs", "quarantine.data_quality")] == [0, 0]
    assert lake.rows("gold.daily_activity") == []


def test_a_full_refresh_does_without_the_files_that_have_left(rig: Callable[[str], Rig]) -> None:
    lake, after = (
        rig("retainleft"),
        dt.datetime(2026, 6, 14, tzinfo=dt.UTC),
    )  # 1 + 10 + 2 days: gone for readers
    lake.drop("shop/events/a.json", lines(event(1, OLDEST), event(2, "2026-06-02T00:00:00Z")))
    lake.run("first", contract=SHOP, now=EVE)
    [left] = lake.objects("bronze", "shop/events/")
    lake.s3.delete_object(Bucket=lake.names.bucket("bronze"), Key=left)
    come(lake, dt.date(2026, 6, 13))
    lake.drop("shop/events/b.json", lines(event(3, "2026-06-13T00:00:00Z")))
    lake.run("full", contract=SHOP, now=after, full_refresh=True)
    assert lake.rows("silver.events", "event_id") == [("e3",)]
    assert fates(lake, "full") == (1, 1, 0)
    assert {f.status.value for f in lake.ledger.files("shop")} == {"accepted"}


def test_tombstones_leave_with_the_rows_that_they_could_keep_out(rig: Callable[..., Rig]) -> None:
    lake, agreed = rig("retaindeletes", "web"), kept_for(DAYS, dated_accounts(), "accounts.changed_at")

    accounts(lake, "a", f"I,a1,Ann,{OLDER}", f"D,a2,,{OLDEST}", f"D,a3,,{OLDER}")
    lake.silver("inserts", contract=agreed, now=EVE)
    accounts(lake, "b", f"D,a1,,{OLDER}")
    lake.silver("deletes", contract=agreed, now=EVE)
    assert lake.rows("silver.accounts", "account_id") == []
    assert lake.rows("silver.accounts_deleted", "account_id") == [("a1",), ("a2",), ("a3",)]
    accounts(
        lake, "c", f"U,a1,Ann,{OLDER}", f"D,a4,,{OLDER}", f"U,a2,Bo,{OLDEST.replace('00:00:00', '00:00:01')}"
    )
    lake.silver("next", contract=agreed, now=NEXT)
    assert lake.rows("silver.accounts_deleted", "account_id") == []
    assert lake.rows("silver.accounts", "account_id", "owner") == [("a2", "Bo")]
    assert fates(lake, "next", "accounts") == (3, 1, 2)


def oracle(files: Sequence[Sequence[dict[str, Any]]], today: dt.date) -> dict[str, tuple[str, str]]:
    """Of each event the newest version, the later file's and then the later line's of equal times; those of
    days that are kept.
    """
    newest: dict[str, tuple[str, str]] = {}
    for record in (r for file in files for r in file):
        known = newest.get(record["event_id"], ("", ""))
        if record["ts"] >= known[0]:
            newest[record["event_id"]] = record["ts"], record["user_id"]
    first = (today - dt.timedelta(days=DAYS)).isoformat()
    return {key: found for key, found in newest.items() if found[0][:10] >= first}


def test_days_of_files_and_of_leaving_rows_end_as_a_full_refresh_and_as_plain_python(
    rig: Callable[[str], Rig],
) -> None:
    lake, chance, files = rig("retaindays"), random.Random(46), list[list[dict[str, Any]]]()
    for today in (dt.date(2026, 6, day) for day in (8, 10, 11, 13)):
        come(lake, today)
        for _ in range(2):
            days = [today - dt.timedelta(days=chance.randrange(16)) for _ in range(20)]
            files.append(
                [
                    event(
                        chance.randrange(25),
                        f"{d}T{chance.randrange(24):02}:00:00Z",
                        f"u{chance.randrange(4)}",
                    )
                    for d in days
                ]
            )
            lake.drop(f"shop/events/{len(files)}.json", lines(*files[-1]))
        now = dt.datetime.combine(today, dt.time(12), dt.UTC)
        lake.run(f"r{today}", contract=SHOP, now=now)
        kept = oracle(files, today)
        found = lake.rows("silver.events", "event_id", "ts", "user_id")
        assert {key: (f"{ts:%Y-%m-%dT%H:%M:%SZ}", user) for key, ts, user in found} == kept
        users = sorted({user for _, user in kept.values()})
        assert lake.rows("gold.user_ltv", "user_id", "event_count") == [
            (u, sum(user == u for _, user in kept.values())) for u in users
        ]
    before = {name: lake.rows(name) for name in ("silver.events", *GOLD)}
    lake.run("full", contract=SHOP, now=now, full_refresh=True)
    assert {name: lake.rows(name) for name in before} == before
    read, written, expired = fates(lake, "full")
    first = (today - dt.timedelta(days=DAYS)).isoformat()
    assert (read, expired) == (160, sum(r["ts"][:10] < first for file in files for r in file))
    assert written == len(kept)


def accounts(lake: Rig, name: str, *rows: str, head: str = "Op,account_id,owner,changed_at") -> None:
    lake.drop(f"web/accounts/{name}.csv", "\n".join([head, *rows]).encode())


def said_of_accounts(agreed: dict[str, Any], **said: Any) -> dict[str, Any]:
    """The contract with properties of its accounts; None takes one away."""
    table = next(t for t in agreed["schema"] if t["name"] == "silver_accounts")
    others = [p for p in table["customProperties"] if p["property"] not in said]
    table["customProperties"] = [*others, *({"property": n, "value": v} for n, v in said.items() if v)]
    return agreed


def kept_since(lake: Rig, table: str) -> str | None:
    database = lake.names.database(lake.domain, "silver")
    return expiry.properties_of(lake.spark, f"glue_catalog.{database}.{table}").get("lakehouse.kept-since")


def test_a_table_from_a_time_before_its_event_date_goes_on_and_keeps_the_promise_from_a_full_refresh_on(
    rig: Callable[..., Rig],
) -> None:
    """Neither its rows nor its tombstones have what their days are counted from."""
    lake, number = rig("retainadopt", "web"), {"name": "seq", "logicalType": "integer", "physicalType": "int"}
    before, after = copy.deepcopy(document("web")), dated_accounts()
    for agreed in before, after:
        table = next(t for t in agreed["schema"] if t["name"] == "silver_accounts")
        table["properties"].append({**number, "required": True, "description": "Its number."})
    said_of_accounts(before, order=["seq"])
    dated = kept_for(DAYS, said_of_accounts(after, order=["changed_at", "seq"]), "accounts.changed_at")
    head = "Op,account_id,owner,changed_at,seq"
    accounts(lake, "a", f"I,a1,Ann,{OLDER},1", f"I,a2,Bo,{OLDEST},2", f"D,a3,,{OLDER},3", head=head)
    lake.silver("before", contract=parsed(before, "contract"), now=EVE)
    accounts(lake, "b", f"I,a4,Cy,{OLDEST},4", head=head)
    lake.silver("adopts", contract=dated, now=NEXT)
    assert fates(lake, "adopts", "accounts") == (1, 1, 0)
    assert lake.rows("silver.accounts", "account_id", "event_date") == [
        ("a1", None),
        ("a2", None),
        ("a4", CAME),
    ]
    lake.silver("full", contract=dated, now=NEXT, full_refresh=True)
    assert lake.rows("silver.accounts", "account_id", "event_date") == [("a2", CAME), ("a4", CAME)]
    assert lake.rows("silver.accounts_deleted", "account_id") == []
    assert kept_since(lake, "accounts") == "undated"
    lake.silver("knows", contract=dated, now=NEXT)
    assert kept_since(lake, "accounts") == CAME.isoformat()


def test_shared_quarantine_keeps_no_row_of_files_that_are_read_for_another_dataset_or_were_delivered(
    rig: Callable[..., Rig],
) -> None:
    agreed = copy.deepcopy(document("shop"))
    agreed["customProperties"].append({"property": "layout", "value": "year_month_day"})
    orders = kept_for(DAYS, agreed, "orders.placed_at", "order_lines.placed_at")
    lake, item = rig("retainshared"), {"line": "many", "sku": "s"}
    placed = [
        {"id": "o1", "placed": {"at": OLDEST}, "lines": [item]},
        {"id": "o2", "placed": {"at": "never"}},
    ]
    lake.drop("shop/orders/a.json", json.dumps({"data": {"orders": placed}}).encode())
    lake.silver("first", contract=orders, now=EVE)
    found = lake.rows("quarantine.data_quality", "source_file")
    assert {key for (key,) in found} == {"shop/orders/a.json", "shop/order_lines/a.json"}
    lake.silver("after", contract=orders, now=NEXT + dt.timedelta(days=1))
    assert lake.rows("quarantine.data_quality", "source_file") == []

    lake, today = rig("retaindelivered", "web"), dt.datetime.now(dt.UTC)
    source = Delivery("deliveries-retain", "from/crm/", ("accounts",))
    lake.s3.create_bucket(Bucket=source.bucket)
    body = f"Op,account_id,owner,changed_at\nI,a1,Ann,{today:%Y-%m-%dT00:00:00Z}\nI,a2,Bo,never\n"
    lake.s3.put_object(Bucket=source.bucket, Key="from/crm/accounts/a.csv", Body=body.encode())
    options: dict[str, Any] = {"contract": kept_for(DAYS, dated_accounts(), "accounts.changed_at")}
    options["source"] = source
    lake.bronze("delivered", **options)
    lake.silver("delivered", **options)
    assert lake.rows("quarantine.data_quality", "source_file") == [("from/crm/accounts/a.csv",)]
    lake.silver("later", **options, now=today + dt.timedelta(days=DAYS + 2))
    assert lake.rows("quarantine.data_quality", "source_file") == []


def test_no_file_waits_for_one_that_has_left(rig: Callable[..., Rig]) -> None:
    """A copy of its content; an older set of a table of which the newest set is all that is read."""
    lake, after = rig("retaincopy"), dt.datetime(2026, 6, 14, 12, tzinfo=dt.UTC)
    lake.drop("shop/events/a.json", lines(event(1, OLDEST)))
    lake.silver("first", contract=SHOP, now=EVE)
    come(lake, after.date())
    lake.drop("shop/events/b.json", lines(event(1, OLDEST)))
    assert len(lake.ledger.unread_copies("shop", "events")) == 1
    lake.silver("copies", contract=SHOP, now=after)
    assert lake.ledger.unread_copies("shop", "events") == []

    lake, agreed = (
        rig("retainset", "web"),
        said_of_accounts(dated_accounts(), operation=None, snapshot="full"),
    )
    table = next(t for t in agreed["schema"] if t["name"] == "silver_accounts")
    table["properties"] = [c for c in table["properties"] if c["name"] != "op"]
    sets = kept_for(DAYS, agreed, "accounts.changed_at")
    accounts(lake, "2026-06-01/a", f"I,a1,Ann,{OLDEST}")
    lake.silver("first", contract=sets, now=EVE)
    come(lake, after.date())
    accounts(lake, "2026-05-20/late", f"I,a1,Bo,{OLDER}")
    assert len(lake.ledger.pending("web", "accounts")) == 1
    lake.silver("late", contract=sets, now=after)
    assert lake.ledger.pending("web", "accounts") == []
    assert lake.rows("silver.accounts") == []


def test_files_that_storage_deleted_before_any_run_read_them_are_told_and_stop_none(
    rig: Callable[[str], Rig],
) -> None:
    """A dataset that paused for longer than its retention, with more files than can be at fault."""
    lake, after = rig("retainpaused"), dt.datetime(2026, 6, 15, tzinfo=dt.UTC)
    gone = [f"shop/events/{n}.json" for n in range(MANY + 1)]
    for number, key in enumerate(gone):
        lake.drop(key, lines(event(number, OLDEST)))
    for key in lake.objects("bronze", "shop/events/"):
        lake.s3.delete_object(Bucket=lake.names.bucket("bronze"), Key=key)
    lake.silver("resumes", contract=SHOP, now=after)
    lake.drop("shop/events/held.json", lines(event(90, OLDEST)))  # as old, but S3 has not come to it yet
    come(lake, dt.date(2026, 6, 14))
    lake.drop("shop/events/now.json", lines(event(91, "2026-06-14T00:00:00Z")))
    lake.silver("goes on", contract=SHOP, now=after)
    assert lake.rows("silver.events", "event_id") == [("e91",)]
    assert fates(lake, "goes on") == (2, 1, 1)
    told = {f.key: f.reason for f in lake.ledger.files("shop") if f.status is FileStatus.QUARANTINED}
    assert told == dict.fromkeys(gone, FileReason.OBJECT_GONE)
