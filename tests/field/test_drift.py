"""Sources that change: a column that comes and goes, silence, a tenth of the usual."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from glue_scripts.engine.silver import promote
from glue_scripts.engine.silver.target import silver_table
from glue_scripts.engine.tables.iceberg import create_or_evolve
from shared.contracts import Contract, contract
from shared.ledger.model import FileStatus, LedgerFile, RunResult
from shared.ledger.observed import Learnt
from shared.usual.days import Day, Rates
from tests.support.rig import Rig

Lakes = Callable[..., Rig]
TABLES = ("silver.orders", "silver.updates", "silver.users", "silver.visits", "gold.revenue")


def without(agreed: Contract, *names: str) -> Contract:
    """The contract as it was before it knew some columns."""
    silver = tuple(
        replace(
            t,
            columns=tuple(c for c in t.columns if c.name not in names),
            rejects=tuple(r for r in t.rejects if not set(r.columns) & set(names)),
        )
        for t in agreed.silver
    )
    tables = {t.name: t for t in silver}
    datasets = tuple(replace(d, target=tables[d.target.name]) for d in agreed.datasets)
    return replace(agreed, silver=silver, datasets=datasets)


def first_days(rig: Rig) -> None:
    """Days 1 and 3: the currency comes under two names, beside a fee that one producer writes as text."""
    rig.drop(
        "drift/orders/day1.csv",
        b"order_id,amount,ordered_at\no1,10.00,2026-05-01T10:00:00Z\no2,20.00,2026-05-01T11:00:00Z\n",
    )
    rig.drop(
        "drift/orders/day3.csv",
        b"order_id,amount,ordered_at,Ccy,fee\n"
        b"o3,30.00,2026-05-03T10:00:00Z, eur ,1.50\n"
        b"o4,40.00,2026-05-03T11:00:00Z,,2.00\n"
        b"o2,21.00,2026-05-03T12:00:00Z,usd,abc\n",
    )
    rig.drop(
        "drift/orders/day3.ndjson",
        b'{"order_id":"o5","amount":"50.00","ordered_at":"2026-05-03T10:00:00Z","currency":"GBP","note":"x"}\n'
        b'{"order_id":"o6","amount":"60.00","ordered_at":"2026-05-03T10:00:00Z"}\n',
    )
    rig.drop(
        "drift/updates/day3.ndjson",
        b'{"user_id":"u1","city":"Hanoi","changed_at":"2026-05-03T10:00:00Z"}\n'
        b'{"user_id":"u1","changed_at":"2026-05-03T11:00:00Z","tier":"gold"}\n'
        b'{"user_id":"u2","city":"Rome","changed_at":"2026-05-03T10:00:00Z"}\n',
    )
    rig.drop(
        "drift/visits/day3.csv",
        b"page,seen_at,browser\n/a,2026-05-03T10:00:00Z,Firefox\n/a,2026-05-03T10:00:00Z,Safari\n",
    )
    rig.drop("drift/visits/day4.csv", b"page,seen_at\n/b,2026-05-04T10:00:00Z\n")


def later_days(rig: Rig) -> None:
    """Day 5, and day 2 late: updates of old keys come with the run that adds the columns."""
    rig.drop(
        "drift/orders/day5.csv",
        b"order_id,amount,ordered_at,currency\n"
        b"o1,11.00,2026-05-05T10:00:00Z,JPY\n"
        b"o3,31.00,2026-05-05T10:00:00Z,CHF\n",
    )
    rig.drop("drift/orders/day2.csv", b"order_id,amount,ordered_at\no7,70.00,2026-05-02T10:00:00Z\n")


def tables(rig: Rig) -> dict[str, list[tuple[Any, ...]]]:
    """What everybody sees, and what is left of columns that nobody knows."""
    seen = {name: rig.rows(name) for name in TABLES}
    extra = rig.table("silver.orders").selectExpr("order_id", "map_entries(_extra) AS extra").collect()
    return seen | {"extra": sorted((r[0], str(r[1])) for r in extra)}


@pytest.fixture(scope="module")
def story(lake: Lakes) -> dict[str, Any]:
    """The story of case 24, run by run."""
    rig, today = lake("drift"), contract("drift")
    first, then = without(today, "currency", "fee", "tier", "browser"), without(today, "fee")
    found: dict[str, Any] = {}
    first_days(rig)
    found["first"] = rig.run("r1", contract=first)
    found["unknown"] = rig.ledger.observed("drift")
    later_days(rig)
    # A run that was killed when it had added the columns and filled none.
    job = rig.job("killed", contract=then)
    for table in then.silver:
        create_or_evolve(rig.spark, silver_table(job, table))
    found["then"] = rig.run("r2", contract=then)
    found["tables"] = tables(rig)
    found["still"] = rig.ledger.observed("drift")["orders"].unknown
    rig.run("r3", contract=then, full_refresh=True)
    found["refreshed"] = tables(rig)
    found["refilled"] = rig.run("r4", contract=today)
    found["refilled tables"] = tables(rig)
    found["quarantined"] = rig.rows("quarantine.orders_rows", "reasons", "columns")
    rig.run("r5", contract=today, full_refresh=True)
    found["refreshed again"] = tables(rig)
    found["idle"] = rig.run("r6", contract=today)
    return found


@pytest.mark.field("24", "A column that no contract knows is reported: name, share, kinds, since", "right")
def test_unknown_columns_are_reported(story: dict[str, Any]) -> None:
    report = {
        c.name: (c.rows, c.of, c.kinds, c.first_seen) for c in story["unknown"]["orders"].unknown.columns
    }
    assert report == {
        "Ccy": (2, 7, ("text",), "2026-06-01"),
        "currency": (1, 7, ("text",), "2026-06-01"),
        "fee": (3, 7, ("decimal", "text"), "2026-06-01"),
        "note": (1, 7, ("text",), "2026-06-01"),
    }
    assert story["first"]["orders"].metrics["unknown_columns"] == 4
    assert story["first"]["visits"].metrics["unknown_columns"] == 1


@pytest.mark.field(
    "24", "The contract names it on day 5: old rows have their value, day 2 comes late", "right"
)
def test_a_new_column_is_filled_from_what_rows_had(story: dict[str, Any]) -> None:
    orders = {r[0]: (str(r[1]), r[4]) for r in story["tables"]["silver.orders"]}
    assert orders == {
        "o1": ("11.00", "JPY"),
        "o2": ("21.00", "USD"),
        "o3": ("31.00", "CHF"),
        "o4": ("40.00", None),
        "o5": ("50.00", "GBP"),
        "o6": ("60.00", None),
        "o7": ("70.00", None),
    }
    assert story["tables"]["extra"] == [
        ("o1", "None"),
        ("o2", "[Row(key='fee', value='abc')]"),
        ("o3", "None"),
        ("o4", "[Row(key='fee', value='2.00')]"),
        ("o5", "[Row(key='note', value='x')]"),
        ("o6", "None"),
        ("o7", "None"),
    ]
    assert [(r[0], r[1], r[4]) for r in story["tables"]["silver.users"]] == [
        ("u1", "Hanoi", "gold"),
        ("u2", "Rome", None),
    ]
    assert sorted((r[1], str(r[4])) for r in story["tables"]["silver.visits"]) == [
        ("/a", "Firefox"),
        ("/a", "Safari"),
        ("/b", "None"),
    ]
    assert [(str(r[0]), r[1], str(r[2])) for r in story["tables"]["gold.revenue"]] == [
        ("2026-05-02", "?", "70.00"),
        ("2026-05-03", "?", "100.00"),
        ("2026-05-03", "GBP", "50.00"),
        ("2026-05-03", "USD", "21.00"),
        ("2026-05-05", "CHF", "31.00"),
        ("2026-05-05", "JPY", "11.00"),
    ]


@pytest.mark.field("24", "What the contract names is reported no more", "right")
def test_a_named_column_is_no_longer_unknown(story: dict[str, Any]) -> None:
    assert [c.name for c in story["still"].columns] == ["fee", "note"]


@pytest.mark.field("32", "A run adds a column and brings updates of old keys", "right")
def test_no_key_is_there_twice_and_only_new_files_were_read(story: dict[str, Any]) -> None:
    assert len(story["tables"]["silver.orders"]) == 7
    assert story["then"]["orders"].files == 2
    assert "updates" not in story["then"]
    assert story["then"]["visits"].files == 1  # rows without a key stand and fall with their file


@pytest.mark.field("24", "Filled in place or read again: the same as a full refresh", "right")
def test_incremental_is_full_refresh(story: dict[str, Any]) -> None:
    assert story["tables"] == story["refreshed"]
    assert story["refilled tables"] == story["refreshed again"]


@pytest.mark.field("24", "A value in an unknown column that is not of the new column's type", "quarantined")
def test_a_text_that_is_no_fee_is_quarantined_and_the_version_before_stands(story: dict[str, Any]) -> None:
    assert story["refilled"]["orders"].files == 5
    orders = {r[0]: (str(r[1]), str(r[5])) for r in story["refilled tables"]["silver.orders"]}
    assert orders["o2"] == ("20.00", "None")
    assert orders["o4"] == ("40.00", "2.00")
    assert story["quarantined"] == [(["invalid_type"], ["fee"])]


def test_a_run_without_news_reads_nothing(story: dict[str, Any]) -> None:
    assert story["idle"] == {}


@pytest.mark.field("24", "A run dies between the filled rows and the tables that follow", "right")
def test_followers_follow_after_a_crash(lake: Lakes, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, today = lake("drift", "driftcrash"), contract("drift")
    first_days(rig)
    rig.silver("r1", contract=without(today, "currency", "fee", "tier", "browser"))
    with monkeypatch.context() as patched:

        def killed(*_: Any) -> None:
            raise KeyboardInterrupt

        patched.setattr(promote, "follow", killed)
        with pytest.raises(KeyboardInterrupt):
            rig.silver("r2", contract=without(today, "fee"))
    assert [r[4] for r in rig.rows("silver.updates")].count("gold") == 1
    assert "tier" not in rig.table("silver.users").columns
    rig.silver("r3", contract=without(today, "fee"))
    assert [(r[0], r[4]) for r in rig.rows("silver.users")] == [("u1", "gold"), ("u2", None)]


# --- case 39: green and empty -------------------------------------------------------------------------------

MONDAY = dt.date(2026, 6, 1)  # the rig's files arrive on this day
NEXT_DAY = dt.datetime(2026, 6, 2, 0, 15, tzinfo=dt.UTC)


def usual_weeks(rig: Rig, dataset: str, last: dt.date) -> None:
    """Ten weeks of a thousand rows a day, one in a hundred without an amount."""
    for n in range(70):
        day = last - dt.timedelta(days=n)
        rig.ledger.note_day("drift", dataset, Day(day, 1, 1000))
        rig.ledger.add_rates("drift", dataset, day, Rates(1000, 0, {"amount": 10, "fee": 1000}))
    rig.ledger.note_learnt("drift", dataset, Learnt("r0", (MONDAY - dt.timedelta(days=1)).isoformat()))


@pytest.fixture(scope="module")
def quiet(lake: Lakes) -> tuple[Rig, dict[str, RunResult]]:
    """A tenth of the usual orders, none with an amount, and no visit for two days and a half."""
    rig = lake("drift", "field-quiet")
    usual_weeks(rig, "orders", MONDAY - dt.timedelta(days=1))
    usual_weeks(rig, "visits", MONDAY - dt.timedelta(days=3))
    rig.ledger.commit(
        LedgerFile(
            *("raw", "drift/visits/old.csv", "v1", "drift", "visits", FileStatus.ACCEPTED),
            ingested_at="2026-05-30T12:00:00+00:00",
            processed_by="r0",
        )
    )
    rows = "".join(f"o{n},,2026-05-31T10:00:00Z\n" for n in range(100))
    rig.drop("drift/orders/small.csv", f"order_id,amount,ordered_at\n{rows}".encode())
    rig.drop("drift/orders/backfill.csv", b"order_id,amount,ordered_at\nb,1.00,2024-05-31T10:00:00Z\n")
    rig.silver("r1", now=NEXT_DAY)
    return rig, rig.results("r1")


@pytest.mark.field("39", "Files that hold a tenth of the usual rows, all amounts null", "right")
def test_a_tenth_of_the_usual_and_a_null_rate_that_jumps_are_findings(
    quiet: tuple[Rig, dict[str, RunResult]],
) -> None:
    _, results = quiet
    null_jump, volume = results["orders"].gate_findings
    assert null_jump.endswith(
        "above 5.0 (halt): column amount has no value in 99% of 101 rows, where 1% is usual"
    )
    assert volume.startswith("volume_deviation is 10.4")
    assert volume.endswith(
        "above 5.0 (warn): 2026-06-01 brought 100 rows, where 334 to 3000 are usual on a Monday"
    )
    assert results["orders"].gate == "halt"


@pytest.mark.field("39", "A source went silent; the finding and the alarm name it", "right")
def test_a_silent_dataset_is_a_finding_though_no_file_came(quiet: tuple[Rig, dict[str, RunResult]]) -> None:
    rig, results = quiet
    assert results["visits"].gate_findings == (
        "silence is 1.6736, above 1.0 (warn): no file for 60 hours, where 36 are usual at most",
    )
    assert "updates" not in results  # it never had files: nothing is usual
    learnt = rig.ledger.observed("drift")["orders"].learnt
    assert learnt is not None
    assert (learnt.day, learnt.rows, learnt.low, learnt.high) == ("2026-06-01", 100, 334, 3000)


@pytest.mark.field(
    "39", "The same day again, a refresh and a replay raise nothing and teach nothing", "right"
)
def test_a_day_is_judged_once_and_only_new_data_teaches(quiet: tuple[Rig, dict[str, RunResult]]) -> None:
    rig, _ = quiet
    before = rig.ledger.days("drift", "orders", MONDAY)
    rig.silver("r2", now=NEXT_DAY, full_refresh=True, accept_gate=True)
    assert rig.results("r2")["orders"].gate_findings == ()
    assert rig.ledger.days("drift", "orders", MONDAY) == before
    assert [(d.files, d.rows) for d in before] == [(1, 100)]  # the backfill is no part of the day
