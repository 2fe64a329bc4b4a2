"""A table that is made anew: readers have the old one until the new is full, then that, in one commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from glue_scripts import bronze_to_silver, maintenance
from glue_scripts.engine.gold import tables as gold_tables
from glue_scripts.engine.gold.tables import stored_table
from glue_scripts.engine.silver.tombstones import tombstones
from glue_scripts.engine.tables import anew
from glue_scripts.engine.tables.iceberg import MigrationNeededError
from glue_scripts.engine.tables.state import MovedOnError
from shared.contracts import Contract, Table, contract
from shared.contracts.evolution import ANEW, BESIDE, SWAPPED
from tests.engine.test_maintenance import IN_A_WEEK, orphans_of_this_minute
from tests.support.foreign_engine import ForeignEngine
from tests.support.rig import Rig

USERS = "user_id,name,age,updated_at\n"
ACCOUNTS = "Op,account_id,owner,changed_at\n"
AGED = [
    "silver.users_updates",
    *(
        f"{t.zone}.{t.name}"
        for t in contract("shop").tables
        if "age" in t.column_names and t.name != "users_updates"
    ),
]


def retyped(of: Contract, column: str, kind: str) -> Contract:
    """The contract when a column of its tables had another type."""

    def older(table: Table) -> Table:
        columns = (replace(c, type=kind) if c.name == column else c for c in table.columns)
        return replace(table, columns=tuple(columns))

    datasets = tuple(replace(d, target=older(d.target)) for d in of.datasets)
    silver, gold = (tuple(older(t) for t in tables) for tables in (of.silver, of.gold))
    return replace(of, datasets=datasets, silver=silver, gold=gold)


def mark(foreign: ForeignEngine, *tables: str) -> None:
    """As `./lake migrate` does."""
    for table in tables:
        with foreign.stored(table).transaction() as change:
            change.set_properties({ANEW: "a-run"})


def types(foreign: ForeignEngine, table: str) -> dict[str, str]:
    return {f.name: str(f.field_type) for f in foreign.stored(table).schema().fields}


@contextmanager
def before_each_swap(monkeypatch: pytest.MonkeyPatch, look: Callable[[], None]) -> Iterator[None]:
    point_to = anew._point_to

    def looked(spark: Any, name: str, new: str) -> None:
        look()
        point_to(spark, name, new)

    with monkeypatch.context() as patch:
        patch.setattr(anew, "_point_to", looked)
        yield


@pytest.fixture
def shop(rig: Callable[..., Rig], request: pytest.FixtureRequest) -> Rig:
    """Users whose ages were texts in the contract of their day."""
    made, old = (
        rig(f"anew{abs(hash(request.node.name)) % 10**6}", "shop"),
        retyped(contract("shop"), "age", "string"),
    )
    made.drop(
        "shop/users/u.csv",
        (
            USERS
            + "u1,Ann,41,2026-01-01 08:00:00\nu2,Bea,29,2026-01-01 08:00:00\nu3,Cem,,2026-01-01 08:00:00\n"
        ).encode(),
    )
    made.gold(made.silver("old", contract=old))
    return made


@pytest.mark.field("34", "A table is made anew at the same place, then maintained", "right")
def test_readers_have_the_old_table_until_the_new_is_full(shop: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign, seen = ForeignEngine(shop), list[Any]()
    assert types(foreign, "silver.users_updates")["age"] == "string"
    assert {"silver.users", "silver.users_history", "gold.dim_users"} < {*AGED}
    mark(foreign, *AGED, "gold.daily_revenue")

    def look() -> None:
        seen.append((types(foreign, AGED[0])["age"], foreign.rows(AGED[0], "user_id", "age", where="true")))

    with before_each_swap(monkeypatch, look):
        shop.run("new", full_refresh=True)
    assert seen[0] == ("string", [("u1", "41"), ("u2", "29"), ("u3", None)])
    assert len(seen) == len(AGED) + 1
    for table in AGED:
        assert types(foreign, table)["age"] == "int"
        stored = foreign.stored(table)
        assert ANEW not in stored.properties
        if (shown := stored.current_snapshot()) is not None:  # what was written before was not shown before
            assert int(stored.properties[SWAPPED]) >= shown.timestamp_ms
    for table in ("silver.users_updates", "silver.users", "gold.dim_users"):
        assert foreign.missing_files(table) == set()
    assert foreign.rows("silver.users", "user_id", "age", where="true") == [
        ("u1", 41),
        ("u2", 29),
        ("u3", None),
    ]
    assert shop.rows("silver.users", "user_id", "age") == [("u1", 41), ("u2", 29), ("u3", None)]
    assert shop.rows("gold.dim_users", "user_id", "age") == [("u1", 41), ("u2", 29), ("u3", None)]
    catalog = foreign.session.client("glue").get_paginator("get_tables")
    pages = catalog.paginate(DatabaseName=shop.names.database("shop", "silver"))
    assert [t["Name"] for page in pages for t in page["TableList"] if t["Name"].endswith(BESIDE)] == []
    # Maintenance takes the old table's files, and none of the new; not while queries may read them.
    before = shop.objects("silver", "shop/users_updates/")
    with orphans_of_this_minute(shop):
        look_after(shop, dt.datetime.now(dt.UTC) + dt.timedelta(days=2))
        kept = shop.objects("silver", "shop/users_updates/")
        assert before.keys() <= kept.keys()
        look_after(shop, IN_A_WEEK)
    assert len(before.keys() - shop.objects("silver", "shop/users_updates/").keys()) >= 3
    assert foreign.missing_files("silver.users_updates") == set()
    # What comes later goes on from there.
    shop.drop("shop/users/v.csv", (USERS + "u2,Bea,52,2026-01-02 08:00:00\n").encode())
    shop.run("later")
    assert shop.rows("gold.dim_users", "user_id", "age") == [("u1", 41), ("u2", 52), ("u3", None)]


def test_a_run_that_fails_leaves_the_old_and_the_next_makes_it_anew(
    shop: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = ForeignEngine(shop)
    mark(foreign, *AGED)
    with monkeypatch.context() as patch:
        patch.setattr(bronze_to_silver, "swap", _killed)
        with pytest.raises(RuntimeError, match="killed"):
            shop.silver("dies", full_refresh=True)
    assert [types(foreign, t)["age"] for t in AGED] == ["string"] * len(AGED)
    assert foreign.rows(AGED[0], "user_id", "age", where="true") == [
        ("u1", "41"),
        ("u2", "29"),
        ("u3", None),
    ]
    shop.drop("shop/users/v.csv", (USERS + "u2,Bea,52,2026-01-02 08:00:00\n").encode())
    with pytest.raises(MigrationNeededError, match="only a full refresh"):
        shop.silver("ordinary")
    # Maintenance may have taken the files of what was left beside the table.
    left = foreign.stored("silver.users_updates__anew").metadata_location.partition("//")[2].partition("/")[2]
    shop.s3.delete_object(Bucket=shop.names.bucket("silver"), Key=left)
    shop.run("again", full_refresh=True)
    assert [types(foreign, t)["age"] for t in AGED] == ["int"] * len(AGED)
    assert shop.rows("gold.dim_users", "user_id", "age") == [("u1", 41), ("u2", 52), ("u3", None)]


def look_after(lake: Rig, now: dt.datetime) -> None:
    job, table = lake.job("maintenance"), contract("shop").table("users_updates")
    maintenance.look_after(lake.spark, job.identifier(table), job.location(table), 7, now, lambda: None)


def _killed(*_: Any) -> None:
    raise RuntimeError("killed")


def test_a_writer_that_is_faster_than_the_swap_is_not_overwritten(
    shop: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = ForeignEngine(shop)
    mark(foreign, "gold.dim_users")
    commit = gold_tables.swap

    def raced(spark: Any, job: Any, beside: Any, *tables: Table) -> None:
        loaded = anew.loaded

        def then_others_commit(spark: Any, identifier: str) -> Any:
            table = loaded(spark, identifier)
            if identifier.endswith("dim_users__anew"):
                foreign.append("gold.dim_users", user_id="'x'")
            return table

        with monkeypatch.context() as patch:
            patch.setattr(anew, "loaded", then_others_commit)
            commit(spark, job, beside, *tables)

    with monkeypatch.context() as patch:
        patch.setattr(gold_tables, "swap", raced)
        with pytest.raises(MovedOnError, match=r"dim_users: another writer"):
            shop.gold(shop.job("raced", full_refresh=True))
    assert ("x",) in foreign.rows("gold.dim_users", "user_id", where="true")
    assert ANEW in foreign.stored("gold.dim_users").properties


@pytest.mark.parametrize("lost", [False, True])
def test_what_remembers_deletes_is_made_anew_too(rig: Callable[..., Rig], lost: bool) -> None:
    lake, web = rig(f"anewdel{lost}".lower(), "web"), contract("web")
    old = retyped(web, "account_id", "bigint")
    lake.drop(
        "web/accounts/a.csv",
        (
            ACCOUNTS
            + "I,1,ann,2026-01-01 08:00:00\nI,2,bea,2026-01-01 08:00:00\nD,2,bea,2026-01-03 08:00:00\n"
        ).encode(),
    )
    lake.silver("old", contract=old)
    foreign, accounts = ForeignEngine(lake), web.table("accounts")
    assert types(foreign, "silver.accounts_deleted")["account_id"] == "long"
    mark(foreign, "silver.accounts")
    if lost:  # as where the contract did not say before what deletes
        glue = foreign.session.client("glue")
        glue.delete_table(DatabaseName=lake.names.database("web", "silver"), Name="accounts_deleted")
    lake.silver("new", full_refresh=True)
    assert types(foreign, "silver.accounts_deleted")["account_id"] == "string"
    assert lake.rows("silver.accounts", "account_id", "owner") == [("1", "ann")]
    # Older than the delete: it stays deleted.
    lake.drop("web/accounts/b.csv", (ACCOUNTS + "U,2,late,2026-01-02 08:00:00\n").encode())
    lake.silver("later")
    assert lake.rows("silver.accounts", "account_id", "owner") == [("1", "ann")]
    assert tombstones(lake.job("any"), accounts).identifier.endswith("accounts_deleted")
    assert stored_table(lake.job("any"), accounts).identifier.endswith(".accounts")
