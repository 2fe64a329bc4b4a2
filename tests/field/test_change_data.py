"""Change data: deletes take rows out, whatever the order of arrival; Debezium's and DMS's files as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from shared.ledger.model import RowCounts, RunResult
from tests.support.rig import Rig

TABLES = (
    *("orders", "orders_deleted", "accounts", "customers", "customers_deleted"),
    *("subscription_changes", "subscriptions", "subscriptions_history"),
)
ORDERS = list(permutations(range(3)))
T1, T2, T3 = (f"2026-01-0{day}T00:00:00Z" for day in (1, 2, 3))
# What the three files of a key say, in the order in which they are written, and what is left of it.
STORIES = {
    "gone": ([("I", "1", T1), ("U", "2", T2), ("D", "2", T3)], None),
    "back": ([("I", "1", T1), ("D", "", T2), ("I", "3", T3)], "3"),
    "late": ([("D", "", T3), ("I", "1", T1), ("U", "2", T2)], None),
    "tied": ([("I", "1", T1), ("D", "", T1), ("U", "4", T1)], "4"),
    "ends": ([("I", "1", T1), ("U", "4", T1), ("D", "", T1)], None),
}
HEADER = "op,order_id,amount,changed_at\n"
SUBSCRIPTIONS = "op,user_id,plan,changed_at\n"


def debezium(op: str, at: int, before: Any = None, after: Any = None) -> bytes:
    source = {"connector": "postgresql", "ts_ms": at, "lsn": at, "table": "customers"}
    change = {"before": before, "after": after, "source": source, "op": op, "ts_ms": at + 5}
    return json.dumps(change).encode() + b"\n"


ANN, BEN, KIM = ({"id": n, "name": name} for n, name in ((1, "Ann"), (2, "Ben"), (3, "Kim")))
NOON = 1_767_268_800_000  # 2026-01-01T12:00:00Z
CUSTOMERS = [
    debezium("r", NOON, after=ANN) + debezium("c", NOON, after=BEN) + debezium("c", NOON, after=KIM),
    debezium("d", NOON + 9, before={"id": 1, "name": None})
    + b"null\n"
    # The connector may wrap each change with its schema.
    + b'{"schema":{},"payload":'
    + debezium("u", NOON + 9, KIM, {**KIM, "name": "Kim Le"}).strip()
    + b"}\n",
    debezium("u", NOON + 4, ANN, {**ANN, "name": "Anna"})  # late: older than the delete
    + debezium("c", NOON + 9, after={"name": "nobody"})
    + debezium("t", NOON + 9)
    + debezium("u", NOON + 9, after=BEN).replace(b'"op": "u"', b'"op": "x"'),
]
LOAD = b"account_id,owner,changed_at\na1,ann,2026-01-01 00:00:00\na2,ben,2026-01-01 00:00:00\n"
CHANGES = (
    b"Op,account_id,owner,changed_at\nD,a1,ann,2026-01-02 00:00:00\nU,a2,kim,2026-01-02 00:00:00\n"
    b"I,a3,lou,2026-01-02 00:00:00\nD,a3,lou,2026-01-02 00:00:00\n,a4,max,2026-01-02 00:00:00\n"
)


@pytest.fixture(scope="module")
def ran(lake: Callable[..., Rig]) -> tuple[Rig, list[dict[str, RunResult]]]:
    """Files are written one after the other; each of three runs reads one of every three, in every order."""
    made, put = lake("change_data", "field-changes"), []
    for name, (story, _) in STORIES.items():
        for order in ORDERS:
            key = f"{name}-{''.join(map(str, order))}"
            files = []
            for n, (op, value, at) in enumerate(story):
                row = f"{op},{key},{value},{at}\n"
                files.append(
                    [
                        made.put(f"change_data/orders/{key}-{n}.csv", (HEADER + row).encode()),
                        made.put(f"change_data/subscriptions/{key}-{n}.csv", (SUBSCRIPTIONS + row).encode()),
                    ]
                )
            put.append((order, files))
    results = []
    for run in range(3):
        for order, files in put:
            for file in files[order[run]]:
                made.take(file)
        made.drop(f"change_data/customers/{run}.ndjson", CUSTOMERS[run])
        if run < 2:
            made.drop(f"change_data/accounts/{run}.csv", (LOAD, CHANGES)[run])
        results.append(made.run(f"run-{run}"))
    return made, results


def state(lake: Rig) -> dict[str, list[tuple[Any, ...]]]:
    return {name: lake.rows(f"silver.{name}") for name in TABLES} | {"turnover": lake.rows("gold.turnover")}


def left(column: str) -> dict[str, Any]:
    """What every order of a story leaves of its key."""
    return {
        f"{name}-{''.join(map(str, order))}": value
        for name, (_, value) in STORIES.items()
        for order in ORDERS
        if value is not None
    }


@pytest.mark.field(
    "30", "Insert, update and delete of a key in three files, in every order of arrival", "right"
)
def test_the_newest_change_decides_in_every_order_of_arrival(ran: Any) -> None:
    found = {k: str(int(v)) for k, v in ran[0].rows("silver.orders", "order_id", "amount")}
    assert found == left("amount")


@pytest.mark.field(
    "30", "What is computed from a log of changes forgets and closes what was deleted", "right"
)
def test_the_tables_that_follow_a_log_follow_its_deletes(ran: Any) -> None:
    assert dict(ran[0].rows("silver.subscriptions", "user_id", "plan")) == left("plan")
    history = ran[0].rows(
        "silver.subscriptions_history", "user_id", "plan", "valid_from", "valid_to", "is_current"
    )
    told = {(u.partition("-")[0], p, f"{f:%d}", t and f"{t:%d}", c) for u, p, f, t, c in history}
    assert told == {
        ("gone", "1", "01", "02", False),
        ("gone", "2", "02", "03", False),
        ("back", "1", "01", "02", False),
        ("back", "3", "03", None, True),
        ("late", "1", "01", "02", False),
        ("late", "2", "02", "03", False),
        ("tied", "4", "01", None, True),
    }
    assert len(history) == len(told) * len(ORDERS)


@pytest.mark.field("30", "A report of a day loses what was deleted from its table", "right")
def test_gold_follows_deletes(ran: Any) -> None:
    found = [(f"{d:%d}", n, int(a)) for d, n, a in ran[0].rows("gold.turnover")]
    assert found == [("01", 6, 24), ("03", 6, 18)]


@pytest.mark.field(
    "30", "Debezium's records with a late update, a tombstone, and a change of nobody", "right"
)
def test_debeziums_records_are_opened(ran: Any) -> None:
    lake, results = ran
    assert lake.rows("silver.customers", "id", "name") == [(2, "Ben"), (3, "Kim Le")]
    assert [r["customers"].rows for r in results] == [
        RowCounts(read=3, written=3),
        RowCounts(read=2, replaced=2),
        RowCounts(read=4, deduplicated=1, quarantined=3),
    ]
    # One row each, and a change without a row lacks its key as well.
    assert results[2]["customers"].reasons == {"missing_key": 2, "unknown_operation": 2}
    assert {r["customers"].metrics["extra_column_rows"] for r in results} == {0}


@pytest.mark.field(
    "30", "DMS: a first load without Op, then changes; delete behind insert in one file", "right"
)
def test_dms_files_are_read_as_they_are(ran: Any) -> None:
    lake, results = ran
    assert lake.rows("silver.accounts", "account_id", "owner", "op") == [("a2", "kim", "U")]
    assert results[1]["accounts"].reasons == {"unknown_operation": 1}
    assert results[1]["accounts"].rows == RowCounts(5, written=1, quarantined=1, deduplicated=1, replaced=2)
    assert lake.rows("silver.accounts_deleted", "account_id") == [("a1",), ("a3",)]


@pytest.mark.field("30", "Changes without the column that says what they are", "refused")
def test_a_file_that_does_not_say_what_its_records_are_is_refused(ran: Any) -> None:
    outcome = ran[0].drop("change_data/orders/bare.csv", b"order_id,amount,changed_at\no1,5,2026-01-01\n")
    assert outcome is not None
    assert (outcome.status, outcome.reason) == ("quarantined", "operation_missing")
    assert outcome.detail == "none of the 3 columns is op"


def test_a_full_refresh_gives_the_same(ran: Any) -> None:
    before = state(ran[0])
    ran[0].run("full", full_refresh=True)
    assert state(ran[0]) == before


@pytest.mark.field("30", "All rows are deleted, then an older version of one comes late", "right")
def test_a_table_that_was_emptied_still_knows_what_was_deleted(lake: Callable[..., Rig]) -> None:
    made = lake("change_data", "field-emptied")
    made.drop("change_data/orders/a.csv", f"{HEADER}I,o1,1,{T1}\nD,o1,,{T3}\n".encode())
    made.silver("first")
    made.drop("change_data/orders/b.csv", f"{HEADER}U,o1,2,{T2}\nI,o2,5,{T2}\n".encode())
    made.silver("second")
    assert made.rows("silver.orders", "order_id") == [("o2",)]
    assert made.rows("silver.orders_deleted", "order_id") == [("o1",)]


def test_a_run_that_died_between_tombstone_and_row_is_repaired(
    ran: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from glue_scripts.engine.silver import merge

    lake = ran[0]
    before = lake.rows("gold.turnover")
    lake.drop("change_data/orders/x1.csv", f"{HEADER}I,x,7,{T1}\n".encode())
    lake.run("x1")
    lake.drop("change_data/orders/x2.csv", f"{HEADER}D,x,,{T2}\n".encode())

    def dies(*_: Any) -> None:
        raise RuntimeError("dies")

    monkeypatch.setattr(merge, "write", dies)
    with pytest.raises(RuntimeError, match="dies"):
        lake.silver("x2")
    monkeypatch.undo()
    assert ("x",) in lake.rows("silver.orders", "order_id")
    lake.run("x3")
    assert ("x",) not in lake.rows("silver.orders", "order_id")
    assert lake.rows("gold.turnover") == before
    assert Decimal(lake.results("x3")["orders"].metrics["removed_rows"]) == 1
