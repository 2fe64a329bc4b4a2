"""Mistakes that other systems of this kind made (domain page, 1 to 10): one small shop in which each would
show.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts import bronze_to_silver
from glue_scripts.engine.quarantine.record_counts import UnbalancedError
from glue_scripts.engine.silver import batch, merge
from shared.ledger.model import LedgerFile, RunResult
from tests.support.rig import Rig


def lines(*records: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(r).encode() + b"\n" for r in records)


EVENTS = {
    "shop/a.ndjson": lines(
        {
            "event_id": "e1",
            "user_id": "u1",
            "ts": "2026-01-01T10:00:00Z",
            "country": " vn ",
            "price": "1,234.50",
            "page": {"n": 1},
        },
        {"event_id": None, "user_id": "u1", "ts": "2026-01-01T10:00:00Z"},
        {"event_id": "null", "user_id": "u2", "ts": "2026-01-01T10:00:00Z"},
        {"event_id": "e2", "user_id": "u2", "ts": "2026-01-01T23:30:00-02:00"},
    )
    + b'{"event_id": "e3", "ts"\n' * 1,
    "shop/b.csv.gz": gzip.compress(
        b"User-ID,eventId,timestamp\nu3,e4,02/01/2026\nu3,e5,not a time\nu3,e6,\n"
    ),
    "shop/c.json.gz": gzip.compress(
        json.dumps(
            [{"id": "e7", "ts": 1767312000}, {"id": "e1", "ts": "2026-01-02", "country": "FR"}]
        ).encode()
    ),
    "other/a.ndjson": lines(
        {"event_id": "e8", "ts": "2026-01-01", "age": 12.5}, {"event_id": "e9", "ts": "2026-01-01", "age": 30}
    ),
    "shop/d.txt": b"ts;event_id;user_id\n2026-01-03 00:00:00.5;e10;u4\n",
}
USERS = lines(
    {"user_id": "u1", "name": "Ann", "city": "Hue", "updated_at": "2026-01-01"},
    {"user_id": "u1", "email": "ann@example.com", "updated_at": "2026-01-03"},
)
LATE_USERS = lines({"user_id": "u1", "name": "Anna", "updated_at": "2026-01-02"})
TRANSACTIONS = lines(
    {"tx_id": "t1", "user_id": "u1", "amount": "$10.00", "status": "Delivered", "created_at": "2026-01-01"},
    {"tx_id": "t2", "user_id": "u1", "amount": 7, "status": "cancelled", "created_at": "2026-01-01"},
    {"tx_id": "t3", "user_id": "u1", "amount": 5, "status": "returned", "created_at": "2026-01-01"},
    {"tx_id": "t4", "user_id": "u1", "amount": -5, "status": "paid", "created_at": "2026-01-01"},
    {"tx_id": "t5", "user_id": "u5", "amount": 12.345, "status": "paid", "created_at": "2026-01-01"},
)


@pytest.fixture(scope="module", autouse=True)
def settings() -> None:
    """Plans are compiled, as in production: here is every format and nearly every kind of table."""


@pytest.fixture(scope="module")
def shop(rig: Callable[[str], Rig]) -> tuple[Rig, dict[str, RunResult]]:
    lake = rig("mistakes")
    for name, content in EVENTS.items():
        lake.drop(f"shop/events/{name}", content)
    lake.drop("shop/users/u.ndjson", USERS)
    lake.drop("shop/transactions/t.ndjson", TRANSACTIONS)
    return lake, lake.run("run-1")


def aside(lake: Rig, dataset: str) -> list[tuple[list[str], list[str], str]]:
    return lake.rows(f"quarantine.{dataset}_rows", "reasons", "columns", "raw_record")


def test_rows_without_a_key_stay_separate_rows_and_are_all_kept(shop: Any):
    found = [raw for reasons, _, raw in aside(shop[0], "events") if reasons == ["missing_key"]]
    assert sorted(json.loads(raw)["user_id"] for raw in found) == ["u1", "u2"]


def test_no_row_vanishes_in_the_normaliser(shop: Any):
    assert shop[1]["events"].rows.read == 13
    assert shop[1]["events"].rows.balanced


def test_an_unreadable_line_is_kept_with_its_text(shop: Any):
    assert (["corrupt_record"], [], '{"event_id": "e3", "ts"') in aside(shop[0], "events")


@pytest.mark.field("23", "Columns in another order in each file of a run", "right")
def test_every_format_beside_every_other_is_read_with_its_own_header(shop: Any):
    found = {
        r[0]: r[1:] for r in shop[0].rows("silver.events", "event_id", "user_id", "ts", "country", "age")
    }
    assert found == {
        "e1": (None, dt.datetime(2026, 1, 2), "FR", None),  # the later version, although it knows less
        "e2": ("u2", dt.datetime(2026, 1, 2, 1, 30), None, None),
        "e4": ("u3", dt.datetime(2026, 1, 2), None, None),
        "e7": (None, dt.datetime(2026, 1, 2), None, None),
        "e9": (None, dt.datetime(2026, 1, 1), None, 30),
        "e10": ("u4", dt.datetime(2026, 1, 3, 0, 0, 0, 500000), None, None),
    }


def test_two_files_with_one_base_name_are_both_there(shop: Any):
    assert {r[0] for r in shop[0].rows("silver.events", "_source_file")} >= {
        "shop/events/other/a.ndjson",
        "shop/events/shop/a.ndjson",
    }


def test_the_days_of_a_month_lie_together(shop: Any):
    for table, days in {"silver.events": 3, "gold.fact_events": 3, "gold.daily_revenue": 1}.items():
        date = "date" if table == "gold.daily_revenue" else "event_date"
        assert len({d for (d,) in shop[0].rows(table, date)}) == days
        months = [row["partition"][0] for row in shop[0].table(f"{table}.partitions").collect()]
        assert months == [(2026 - 1970) * 12]  # Iceberg counts from 1970


def test_each_table_was_shown_in_one_commit_so_readers_never_saw_a_part(shop: Any):
    """Not the number of snapshots: a table is filled on a branch, which is one too; the history tells what readers
    saw.
    """
    tables = [f"{t.zone}.{t.name}" for t in shop[0].job("any").contract.tables]
    empty = {"silver.orders": 0, "silver.order_lines": 0}  # no file of theirs came
    assert {t: shop[0].table(f"{t}.history").count() for t in tables} == dict.fromkeys(tables, 1) | empty


def test_a_record_without_a_date_is_quarantined_and_never_dated_today(shop: Any):
    found = {
        record.get("event_id", record.get("eventId")): reasons
        for reasons, _, raw in aside(shop[0], "events")
        if raw.endswith("}") and (record := json.loads(raw))
    }
    assert found["e6"] == ["missing_timestamp"]
    assert found["e5"] == ["invalid_type"]
    assert max(r[0] for r in shop[0].rows("silver.events", "event_date")) == dt.date(2026, 1, 3)


def test_a_number_that_would_lose_digits_is_quarantined_with_its_column(shop: Any):
    assert [c for r, c, _ in aside(shop[0], "transactions") if r == ["invalid_type"]] == [["amount"]]
    assert [c for r, c, raw in aside(shop[0], "events") if '"e8"' in raw] == [["age"]]


def test_a_partial_update_erases_nothing(shop: Any):
    assert shop[0].rows("silver.users", "user_id", "name", "city", "email") == [
        ("u1", "Ann", "Hue", "ann@example.com")
    ]


def test_revenue_leaves_out_cancelled_and_returned_transactions(shop: Any):
    found = shop[0].rows("gold.daily_revenue", "date", "transaction_count", "total_revenue", "gross_amount")
    assert found == [(dt.date(2026, 1, 1), 3, Decimal("10.00"), Decimal("22.00"))]


def test_an_unknown_column_is_kept_and_counted(shop: Any):
    lake, results = shop
    assert (
        json.loads(next(json.loads(raw) for _, _, raw in aside(lake, "transactions"))["amount"]) is not None
    )
    assert results["events"].metrics["drift_column_page"] == 1
    assert results["events"].rows.quarantined == 6


def test_a_crash_after_silver_and_before_the_ledger_is_repaired_by_the_next_run(
    shop: Any, monkeypatch: pytest.MonkeyPatch
):
    """Late news of a user, too: the history gets its interval where it belongs."""
    lake, _ = shop
    lake.drop("shop/users/late.ndjson", LATE_USERS)
    lake.drop(
        "shop/events/more.ndjson",
        lines({"event_id": "e11", "user_id": "u1", "ts": "2026-01-05"}, {"event_id": "", "ts": "2026-01-05"}),
    )
    before = lake.rows("gold.fact_events")

    def crash(*_: object) -> None:
        raise ConnectionError("the ledger is out of reach")

    with monkeypatch.context() as broken:
        broken.setattr(type(lake.ledger), "mark_processed", crash)
        job = lake.job("run-2")
        with pytest.raises(ConnectionError):
            bronze_to_silver.main(lake.spark, job, lake.clients(job))
    assert lake.rows("gold.fact_events") == before
    results = lake.run("run-3")
    assert results["events"].rows.written == 1
    assert results["events"].rows.quarantined == 1
    assert [raw for r, _, raw in aside(lake, "events") if "2026-01-05" in raw] == [
        '{"event_id":"","ts":"2026-01-05"}'
    ]
    history = lake.rows("silver.users_history", "name", "email", "valid_from", "valid_to", "is_current")
    assert sorted(history, key=lambda r: r[2]) == [
        ("Ann", None, dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 2), False),
        ("Anna", None, dt.datetime(2026, 1, 2), dt.datetime(2026, 1, 3), False),
        ("Anna", "ann@example.com", dt.datetime(2026, 1, 3), None, True),
    ]
    emails = {r[0]: r[1] for r in lake.rows("gold.fact_events", "event_id", "user_email")}
    assert emails["e11"] == "ann@example.com"


def test_nothing_pending_is_nothing_done(shop: Any):
    lake, _ = shop
    commits = lake.commits("gold.fact_events")
    assert lake.run("run-4") == {}
    assert lake.commits("gold.fact_events") == commits


def test_every_file_is_processed_once(shop: Any):
    files: list[LedgerFile] = shop[0].ledger.files("shop")
    assert {f.processed_by for f in files} == {"run-1", "run-3"}


def test_the_first_files_may_be_of_one_dataset_only(rig: Callable[[str], Rig]):
    """Silver makes all tables, since gold may make none there. The contract takes Latin-1 for users, too.

    Two updates of one moment with equal values in different columns are two.
    """
    lake = rig("onedataset")
    lake.drop(
        "shop/users/u.ndjson",
        lines(
            {"user_id": "u1", "name": "Paris", "updated_at": "2026-01-01T10:00:00Z"},
            {"user_id": "u1", "city": "Paris", "updated_at": "2026-01-01T10:00:00Z"},
        ),
    )
    lake.drop("shop/users/latin.csv", "user_id,name,updated_at\nu2,Zoë,2026-01-01\n".encode("latin-1"))
    job = lake.silver("run-1")
    assert lake.rows("silver.transactions") == lake.rows("silver.events") == []
    assert lake.rows("silver.users", "user_id", "name", "city") == [
        ("u1", "Paris", "Paris"),
        ("u2", "Zoë", None),
    ]
    lake.gold(job)
    assert lake.rows("gold.dim_users", "user_id", "name", "city") == [
        ("u1", "Paris", "Paris"),
        ("u2", "Zoë", None),
    ]
    assert lake.rows("gold.daily_revenue") == []


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_row_that_is_lost_on_its_way_into_silver_stops_the_run(
    rig: Callable[[str], Rig], monkeypatch: pytest.MonkeyPatch, place: str
):
    """Lost where the rows get their file, or where they are held against what stands."""
    lake = rig(f"lost{place}")
    lake.drop(
        "shop/events/a.ndjson",
        lines({"event_id": "e1", "ts": "2026-01-01"}, {"event_id": "e2", "ts": "2026-01-01"}),
    )
    lake.silver("run-1")
    lake.drop(
        "shop/events/b.ndjson",
        lines({"event_id": "e3", "ts": "2026-01-01"}, {"event_id": "e2", "ts": "2026-01-02"}),
    )
    if place == "before":
        newest = batch.newest_per_key
        monkeypatch.setattr(
            batch,
            "newest_per_key",
            lambda *a: newest(*a).withColumn("_file", F.expr("if(event_id = 'e3', -1, _file)")),
        )
    else:
        compared = merge._compared
        monkeypatch.setattr(merge, "_compared", lambda *a: compared(*a).where("event_id <> 'e3'"))
    before = lake.rows("silver.events")
    with pytest.raises(UnbalancedError, match=r"shop/events: RowCounts\(read=2, written=0"):
        lake.silver("run-2")
    assert lake.rows("silver.events") == before
