"""Which version of a row wins: the later file, in whatever order files are read; and what a corrected file
takes back.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from pyspark.sql import SparkSession

from glue_scripts import bronze_to_silver
from shared.contracts import Contract, contract
from shared.ledger.model import RunResult
from tests.support.rig import Rig

TABLES = ("payments", "profile_updates", "profiles", "profiles_history", "prices", "stock", "notes")
PAYMENTS = "tx_id,amount,status,created_at\n"
PROFILES = "user_id,city,plan,updated_at\n"
AT = "2026-01-05T10:00:00Z"
SPLITS = {"spark.sql.files.maxPartitionBytes": "700b", "spark.sql.files.openCostInBytes": "1b"}
ORDERS = list(permutations(range(3)))
STEPS = {
    "abc": ("pending", "paid", "refunded"),  # three versions, one time
    "aba": ("paid", "refunded", "paid"),  # the last file is the first one again, byte by byte
}


def payments(key: str, status: str, rows: int = 1) -> bytes:
    return (PAYMENTS + "".join(f"{key}{n},10.50,{status},{AT}\n" for n in range(rows))).encode()


def profiles(key: str, city: str) -> bytes:
    return f"{PROFILES}{key},{city},,{AT}\n".encode()


@pytest.fixture(scope="module")
def ran(lake: Callable[..., Rig]) -> tuple[Rig, dict[str, RunResult]]:
    """Files are written one after the other; each of three runs reads one of every three, in every order."""
    versions = lake("versions")
    put: dict[tuple[str, tuple[int, ...]], list[Any]] = {}
    for name, steps in STEPS.items():
        for order in ORDERS:
            key = f"{name}-{''.join(map(str, order))}-"
            put[name, order] = [
                [
                    versions.put(f"versions/payments/{key}{n}.csv", payments(key, step)),
                    versions.put(f"versions/profiles/{key}{n}.csv", profiles(key, step)),
                ]
                for n, step in enumerate(steps)
            ]
    pending = versions.put("versions/payments/many-1.csv", payments("many-", "pending", 42))
    paid = versions.put("versions/payments/many-2.csv", payments("many-", "paid", 42))
    twice = [profiles("in-file", "first") + f"in-file,second,,{AT}\nin-file,first,,{AT}\n".encode()]
    versions.drop("versions/profiles/in-file.csv", twice[0])
    for run in range(3):
        for (_, order), files in put.items():
            for file in files[order[run]]:
                versions.take(file)
        if run < 2:
            versions.take((paid, pending)[run])
        versions.silver(f"run-{run}")
    return versions, versions.results("run-2")


def silver(lake: Rig) -> dict[str, list[tuple[Any, ...]]]:
    return {name: lake.rows(f"silver.{name}") for name in TABLES}


@pytest.mark.field(
    "h16", "Three versions with one time, in every order of arrival: the last file wins", "right"
)
def test_of_versions_with_equal_times_that_of_the_last_file_stands(ran: Any) -> None:
    found = dict(ran[0].rows("silver.payments", "tx_id", "status"))
    assert [found[f"abc-{''.join(map(str, o))}-0"] for o in ORDERS] == ["refunded"] * 6


@pytest.mark.field(
    "h16", "A status that goes back to what it was, by the very same file: the last wins", "right"
)
def test_a_content_that_comes_again_wins_against_what_came_in_between(ran: Any) -> None:
    found = dict(ran[0].rows("silver.payments", "tx_id", "status"))
    assert [found[f"aba-{''.join(map(str, o))}-0"] for o in ORDERS] == ["paid"] * 6


@pytest.mark.field("h16", "42 payments, sent again as paid with the time they were made", "right")
def test_no_update_with_the_old_time_is_lost(ran: Any) -> None:
    rows = ran[0].table("silver.payments").where("tx_id LIKE 'many-%' AND status = 'paid'")
    assert rows.selectExpr("count(*)", "sum(amount)").collect() == [(42, Decimal("441.00"))]


@pytest.mark.field("h16", "Values and history of a key follow the last file too", "right")
def test_what_follows_a_log_follows_the_last_file(ran: Any) -> None:
    now = dict(ran[0].rows("silver.profiles", "user_id", "city"))
    then = ran[0].rows("silver.profiles_history", "user_id", "city", "is_current")
    for name, last in (("abc", "refunded"), ("aba", "paid")):
        keys = [f"{name}-{''.join(map(str, o))}-" for o in ORDERS]
        assert [now[k] for k in keys] == [last] * 6
        assert [r for r in then if r[0].startswith(name)] == sorted((k, last, True) for k in keys)


@pytest.mark.field("h16", "A key three times in one file, with one time: its last record wins", "right")
def test_in_a_file_the_last_record_wins(ran: Any) -> None:
    assert dict(ran[0].rows("silver.profiles", "user_id", "city"))["in-file"] == "first"
    assert ran[0].table("silver.profile_updates").where("user_id = 'in-file'").count() == 2


@pytest.mark.field("29", "Version 3, then 1, then 2 in three runs: as if all had been read at once", "right")
def test_a_full_refresh_gives_the_same(ran: Any) -> None:
    before = silver(ran[0])
    ran[0].silver("full", full_refresh=True)
    assert silver(ran[0]) == before


@pytest.fixture(scope="module")
def corrected(lake: Callable[..., Rig]) -> Rig:
    """Half a file and then all of it under one key, whose events come in reverse; files that take rows back;
    price lists of days, one of which comes late.
    """
    made = lake("versions", "field-corrected")
    made.keep_versions()
    half, whole = (
        made.put("versions/payments/day.csv", content)
        for content in (payments("k", "paid", 5)[:-20], payments("k", "paid", 5))
    )
    made.take(whole)
    made.drop(
        "versions/stock/a.csv",
        b"sku,pieces,counted_at\ns1,1,2026-01-01T00:00:00Z\ns2,5,2026-01-01T00:00:00Z\n",
    )
    made.drop(
        "versions/stock/b.csv",
        b"sku,pieces,counted_at\ns2,6,2026-01-02T00:00:00Z\ns3,3,2026-01-02T00:00:00Z\n",
    )
    made.drop(
        "versions/notes/a.csv",
        b"sku,note,written_at\ns1,wrong,2026-01-01T00:00:00Z\ns1,kept,2026-01-01T00:00:00Z\n",
    )
    made.drop("versions/prices/2026-01-02/a.csv", b"sku,price,seen_at\ns1,1.00,2026-01-02T00:00:00Z\n")
    made.drop("versions/prices/2026-01-02/b.csv", b"sku,price,seen_at\ns2,2.00,2026-01-02T00:00:00Z\n")
    made.silver("first")
    assert made.rows("silver.prices", "sku") == [("s1",), ("s2",)]
    made.take(half)
    made.drop("versions/stock/b.csv", b"sku,pieces,counted_at\ns3,4,2026-01-02T00:00:00Z\n")
    made.drop("versions/notes/a.csv", b"sku,note,written_at\ns1,kept,2026-01-01T00:00:00Z\n")
    made.drop(
        "versions/prices/dt=2026-01-03/a.csv",
        b"sku,price,seen_at\ns2,2.50,2026-01-03T00:00:00Z\ns4,4.00,2026-01-03T00:00:00Z\n",
    )
    made.drop("versions/prices/2026-01-01/a.csv", b"sku,price,seen_at\ns9,9.00,2026-01-09T00:00:00Z\n")
    made.silver("second")
    return made


@pytest.mark.field("27", "Half a file, then all of it under one key, events in reverse", "right")
def test_half_a_file_counts_nothing_twice(corrected: Rig) -> None:
    assert corrected.rows("silver.payments", "tx_id", "status") == [(f"k{n}", "paid") for n in range(5)]


@pytest.mark.field(
    "h17", "A corrected file lacks a row: it is taken back, and what it hid comes out again", "right"
)
def test_rows_stand_and_fall_with_the_newest_version_of_their_file(corrected: Rig) -> None:
    assert corrected.rows("silver.stock", "sku", "pieces") == [("s1", 1), ("s2", 5), ("s3", 4)]
    assert corrected.rows("silver.notes", "sku", "note") == [("s1", "kept")]


@pytest.mark.field(
    "17.5", "A price list is the whole: what the newest day lacks is gone, a late one is nothing", "right"
)
def test_the_newest_days_files_are_the_whole(corrected: Rig) -> None:
    assert corrected.rows("silver.prices", "sku", "price") == [
        ("s2", Decimal("2.50")),
        ("s4", Decimal("4.00")),
    ]
    assert corrected.results("second")["prices"].metrics["removed_rows"] == 1


def test_a_full_refresh_of_corrected_files_gives_the_same(corrected: Rig) -> None:
    before = silver(corrected)
    corrected.silver("full", full_refresh=True)
    assert silver(corrected) == before


@pytest.fixture(scope="module")
def changed(lake: Callable[..., Rig], spark: SparkSession) -> Rig:
    """A first run under a contract that lacks two columns, a second one under the contract; then files of many
    splits, each with many records of one key and one time.
    """
    made = lake("versions", "field-changed")
    rows = f"u1,Hue,free,{AT}\nu1,Hue,paid,2026-01-06T00:00:00Z\nu1,Hoi An,,2026-01-07T00:00:00Z\n"
    later = "u2,Hue,free,2026-01-01T00:00:00Z\nu1,Hoi An,gold,2026-01-08T00:00:00Z\n"
    made.drop("versions/profiles/a.csv", (PROFILES + rows).encode())
    made.drop("versions/payments/a.csv", payments("a", "paid"))
    job = replace(made.job("small"), contract=without(contract("versions"), {"plan", "status"}))
    bronze_to_silver.main(made.spark, job, made.clients(job))
    made.drop("versions/profiles/b.csv", (PROFILES + later).encode())
    made.drop("versions/payments/b.csv", payments("b", "paid"))
    before = {k: spark.conf.get(k) for k in SPLITS}
    for name, value in SPLITS.items():
        spark.conf.set(name, value)
    numbers = [str(n) for n in range(300)]
    csv = PAYMENTS + "".join(f"csv,1,{n},{AT}\n" for n in numbers)
    made.drop("versions/payments/many.csv", csv.encode())
    lines = (json.dumps({"tx_id": "json", "amount": 1, "status": n, "created_at": AT}) for n in numbers)
    made.drop("versions/payments/many.ndjson", "\n".join(lines).encode())
    table = pa.table({"tx_id": ["parquet"] * 300, "status": numbers, "created_at": [AT] * 300})
    parquet.write_table(table, sink := io.BytesIO(), row_group_size=20)
    made.drop("versions/payments/many.parquet", sink.getvalue())
    made.silver("whole")
    for name, value in before.items():
        spark.conf.set(name, value or "")
    return made


def without(whole: Contract, columns: set[str]) -> Contract:
    """The contract as it was before these columns were added."""
    tables = {
        t.name: replace(t, columns=tuple(c for c in t.columns if c.name not in columns)) for t in whole.silver
    }
    datasets = tuple(replace(d, target=tables[d.target.name]) for d in whole.datasets)
    return replace(whole, silver=tuple(tables.values()), datasets=datasets)


@pytest.mark.field("h22", "A column is added to a log; its history does not track it", "right")
def test_a_new_column_reaches_every_kind_of_table(changed: Rig) -> None:
    """Rows that stand have the value that was kept beside them; an untracked column begins no interval."""
    assert changed.rows("silver.profiles", "user_id", "plan") == [("u1", "gold"), ("u2", "free")]
    assert changed.rows("silver.profiles_history", "user_id", "city", "plan", "is_current") == [
        ("u1", "Hoi An", "paid", True),
        ("u1", "Hue", "free", False),
        ("u2", "Hue", "free", True),
    ]
    found = dict(changed.rows("silver.payments", "tx_id", "status"))
    assert (found["a0"], found["b0"]) == ("paid", "paid")


@pytest.mark.field("h16", "A key 300 times in one file that is read in pieces: the last record wins", "right")
def test_of_a_file_in_pieces_the_last_record_wins(changed: Rig) -> None:
    found = dict(changed.rows("silver.payments", "tx_id", "status"))
    assert [found[k] for k in ("csv", "json", "parquet")] == ["299"] * 3
