"""Change data that is replayed: a change that was quarantined counts as if it had been read when it came."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from glue_scripts.engine.run.job import Replay
from shared.contracts import Contract, contract
from shared.values import Declared
from tests.support.field import with_column, with_tables
from tests.support.rig import Rig

TABLES = (
    *("orders", "orders_deleted", "accounts", "accounts_deleted", "customers", "customers_deleted"),
    *("subscription_changes", "subscriptions", "subscriptions_history"),
)
T1, T2, T3, T4 = (f"2026-01-0{day}T00:00:00Z" for day in (1, 2, 3, 4))
# The changes of a key, one a file, in the order in which they are written. M and X are quarantined until the
# contract knows them as update and delete. What is left then.
STORIES = {
    "newer": ([("I", "1", T1), ("M", "2", T2), ("U", "3", T3)], "3"),
    "deleted": ([("I", "1", T1), ("M", "2", T2), ("D", "", T3)], None),
    "outdone": ([("I", "1", T1), ("X", "", T2), ("U", "3", T3)], "3"),
    "gone": ([("I", "1", T1), ("U", "2", T2), ("X", "", T3)], None),
    "early": ([("X", "", T3), ("I", "1", T1), ("U", "2", T2)], None),
    "revived": ([("I", "1", T1), ("D", "", T2), ("M", "4", T3)], "4"),
    "between": ([("D", "", T2), ("M", "5", T3), ("D", "", T4)], None),
    "tied": ([("I", "1", T1), ("X", "", T1), ("U", "6", T1)], "6"),
    "last": ([("I", "1", T1), ("M", "7", T1), ("D", "", T1)], None),
    "alone": ([("M", "8", T1)], "8"),
    "never": ([("X", "", T1)], None),
}
KIM, ANN, BEN, LOU = ({"id": n, "name": name} for n, name in enumerate(("Kim", "Ann", "Ben", "Lou")))
NOON = 1_767_268_800_000  # 2026-01-01T12:00:00Z


def debezium(op: str, at: int, before: Any = None, after: Any = None) -> bytes:
    source = {"connector": "postgresql", "ts_ms": NOON + at, "table": "customers"}
    return json.dumps({"before": before, "after": after, "source": source, "op": op}).encode() + b"\n"


CUSTOMERS = [
    b"".join(debezium("r", 0, after=who) for who in (KIM, ANN, BEN, LOU)),
    debezium("m", 4, KIM, {**KIM, "name": "Kim Le"})
    + debezium("m", 4, ANN, {**ANN, "name": "Anna"})
    + debezium("x", 4, BEN)
    + debezium("x", 8, LOU)
    + debezium("u", 6, LOU, {**LOU, "name": "Lou Ho"}),
    debezium("d", 8, KIM) + debezium("u", 8, ANN, {**ANN, "name": "Anne"}) + debezium("c", 8, after=BEN),
]
ACCOUNTS = [  # a time in a spelling of its own, which tells the order
    b"account_id,owner,changed_at\na1,ann,2026-01-01 00:00:00\na2,ben,2026-01-01 00:00:00\n"
    b"a3,lou,2026-01-01 00:00:00\n",
    b"Op,account_id,owner,changed_at\nU,a1,anna,02.01.2026 00:00\nD,a2,ben,02.01.2026 00:00\n"
    b"D,a3,lou,04.01.2026 00:00\n",
    b"Op,account_id,owner,changed_at\nD,a1,anna,2026-01-03 00:00:00\nI,a2,kim,2026-01-03 00:00:00\n"
    b"U,a3,max,2026-01-03 00:00:00\n",
]


def mended(agreed: Contract) -> Contract:
    """M and X are known, in small letters for Debezium; accounts have German times as well."""
    changed = []
    for name in ("orders", "subscription_changes", "customers"):
        table = agreed.table(name)
        assert table.operation is not None
        more = ("m", "x") if name == "customers" else ("M", "X")
        operation = replace(
            table.operation,
            upsert=(*table.operation.upsert, more[0]),
            delete=(*table.operation.delete, more[1]),
        )
        changed.append(replace(table, operation=operation))
    accounts = agreed.table("accounts")
    formats = Declared(formats=("iso", "dd.MM.uuuu HH:mm"))
    changed.append(with_column(accounts, replace(accounts.column("changed_at"), declared=formats)))
    return with_tables(agreed, *changed)


def state(lake: Rig) -> dict[str, list[tuple[Any, ...]]]:
    return {name: lake.rows(f"silver.{name}") for name in TABLES} | {"turnover": lake.rows("gold.turnover")}


@pytest.fixture(scope="module")
def replayed(lake: Callable[..., Rig]) -> tuple[Rig, int]:
    """Each of three runs reads one file of every key; a fourth one replays, under the mended contract. And
    how many rows had been quarantined.
    """
    made, agreed = lake("change_data", "replayed"), mended(contract("change_data"))
    for run in range(3):
        for key, (story, _) in STORIES.items():
            if run < len(story):
                op, value, at = story[run]
                row = f"{op},{key},{value},{at}\n"
                made.drop(
                    f"change_data/orders/{key}-{run}.csv", f"op,order_id,amount,changed_at\n{row}".encode()
                )
                made.drop(
                    f"change_data/subscriptions/{key}-{run}.csv",
                    f"op,user_id,plan,changed_at\n{row}".encode(),
                )
        made.drop(f"change_data/customers/{run}.ndjson", CUSTOMERS[run])
        made.drop(f"change_data/accounts/{run}.csv", ACCOUNTS[run])
        made.run(f"run-{run}")
    held = sum(r.rows.quarantined for run in range(3) for r in made.results(f"run-{run}").values())
    made.run("replay", replay=Replay(), contract=agreed)
    return made, held


LEFT = {key: value for key, (_, value) in STORIES.items() if value is not None}


@pytest.mark.field(
    "30", "Changes are replayed after newer ones, deletes and versions of one time came", "right"
)
def test_a_replayed_change_is_as_old_as_it_was(replayed: tuple[Rig, int]) -> None:
    lake, held = replayed
    unknown = sum(op in "MX" for story, _ in STORIES.values() for op, _, _ in story)
    assert held == 2 * unknown + 4 + 3
    assert {k: str(int(v)) for k, v in lake.rows("silver.orders", "order_id", "amount")} == LEFT
    left = [lake.table(f"quarantine.{d}_rows") for d in ("orders", "subscriptions", "customers", "accounts")]
    assert [rows.count() for rows in left] == [0, 0, 0, 0]


@pytest.mark.field("30", "A replayed delete closes the intervals that follow its log", "right")
def test_what_follows_a_log_follows_its_replayed_changes(replayed: tuple[Rig, int]) -> None:
    lake, _ = replayed
    assert dict(lake.rows("silver.subscriptions", "user_id", "plan")) == LEFT
    history = lake.rows("silver.subscriptions_history", "user_id", "plan", "valid_from", "valid_to")
    told = {k: [(p, f"{f:%d}", t and f"{t:%d}") for u, p, f, t in history if u == k] for k in STORIES}
    assert told == {
        "newer": [("1", "01", "02"), ("2", "02", "03"), ("3", "03", None)],
        "deleted": [("1", "01", "02"), ("2", "02", "03")],
        "outdone": [("1", "01", "02"), ("3", "03", None)],
        "gone": [("1", "01", "02"), ("2", "02", "03")],
        "early": [("1", "01", "02"), ("2", "02", "03")],
        "revived": [("1", "01", "02"), ("4", "03", None)],
        "between": [("5", "03", "04")],
        "tied": [("6", "01", None)],
        "last": [],
        "alone": [("8", "01", None)],
        "never": [],
    }


@pytest.mark.field("30", "Changes of Debezium and DMS are replayed after newer ones came", "right")
def test_replayed_changes_of_debezium_and_dms_are_as_old_as_they_were(replayed: tuple[Rig, int]) -> None:
    lake, _ = replayed
    assert lake.rows("silver.customers", "id", "name") == [(1, "Anne"), (2, "Ben")]
    assert lake.rows("silver.customers_deleted", "id") == [(0,), (3,)]
    assert lake.rows("silver.accounts", "account_id", "owner") == [("a2", "kim")]
    assert lake.rows("silver.accounts_deleted", "account_id") == [("a1",), ("a3",)]


@pytest.mark.field("30", "A full refresh under the mended contract gives what the replay gave", "right")
def test_a_full_refresh_gives_the_same(replayed: tuple[Rig, int]) -> None:
    lake, _ = replayed
    before = state(lake)
    lake.run("full", full_refresh=True, contract=mended(contract("change_data")))
    assert state(lake) == before
