"""Maintenance changes files and snapshots, never rows."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from glue_scripts import maintenance
from glue_scripts.engine.run.lock import TakenOverError, guard
from glue_scripts.maintenance import Upkeep
from tests.support.foreign_engine import ForeignEngine
from tests.support.rig import Rig

NOW = dt.datetime.now(dt.UTC)
IN_A_WEEK = NOW + dt.timedelta(days=8)
RUNS = 5  # as many files as compaction waits for


@pytest.fixture(scope="module")
def used(rig: Callable[[str], Rig]) -> Rig:
    """Five small runs on one day, each of which updates a row of the last: data files and delete files pile
    up. Users come in the first and the last.
    """
    lake = rig("maint")
    for n in range(RUNS):
        events = [
            {"event_id": f"e{i}", "ts": f"2024-03-01T10:{n:02}:00Z", "user_id": f"u{i % 3}"}
            for i in (n, n + 1, 99)
        ]
        lake.drop(f"shop/events/{n}.json", "\n".join(map(json.dumps, events)).encode())
        if n in (0, RUNS - 1):
            user = {"user_id": f"u{n}", "country": "DE", "updated_at": f"2024-03-01T10:{n:02}:00Z"}
            lake.drop(f"shop/users/{n}.json", json.dumps(user).encode())
        lake.silver(f"r{n}")
    return lake


def look_after(lake: Rig, table: str, now: dt.datetime) -> Upkeep:
    job = lake.job("m")
    stored = job.contract.table(table)
    return maintenance.look_after(
        lake.spark, job.identifier(stored), job.location(stored), 7, now, guard(job, lake.ledger)
    )


@contextmanager
def orphans_of_this_minute(lake: Rig) -> Iterator[None]:
    """Iceberg calls no file of the last day an orphan, unless it is tested."""
    conf = lake.spark._jsparkSession.sessionState().conf()
    conf.setConfString("spark.testing", "true")
    try:
        yield
    finally:
        conf.unsetConf("spark.testing")


def test_every_table_that_exists_has_its_turn(used: Rig) -> None:
    names = {
        identifier.rpartition("shop_")[2] for identifier, _ in maintenance.tables(used.spark, used.job("m"))
    }
    assert {
        "silver.events",
        "silver.users",
        "silver.users_history",
        "silver.run_changes",
        "quarantine.events_rows",
    } <= names
    assert not [n for n in names if n.startswith("gold.")]  # no run has made one yet


def test_small_files_become_one_and_every_young_snapshot_stays(used: Rig) -> None:
    before, commits = used.rows("silver.events"), used.commits("silver.events")
    assert used.table("silver.events.delete_files").count() > 0
    done = look_after(used, "events", NOW)
    assert (done.rewritten >= 5, done.written, done.snapshots) == (True, 1, 0)
    assert used.table("silver.events.data_files").count() == 1
    assert used.table("silver.events.delete_files").count() == 0
    assert used.commits("silver.events") > commits
    assert used.rows("silver.events") == before


@pytest.mark.field("34", "Orphans are removed; what a table or its neighbour names stays", "right")
def test_old_snapshots_and_stray_files_go_and_the_neighbour_s_files_stay(used: Rig) -> None:
    """`users` is a prefix of `users_history` and `users_updates`: their files must not be taken for its
    orphans.
    """
    before = {t: used.rows(f"silver.{t}") for t in ("users", "users_history", "users_updates")}
    neighbours = used.objects("silver", "shop/users_")
    stray = "shop/users/stray.parquet"
    used.s3.put_object(Bucket=used.names.bucket("silver"), Key=stray, Body=b"of a commit that never was")
    with orphans_of_this_minute(used):
        done = look_after(used, "users", IN_A_WEEK)
    assert done.orphans == 1
    assert stray not in used.objects("silver", "shop/users/")
    assert used.objects("silver", "shop/users_") == neighbours
    # What readers saw a day ago, and what compaction made of it.
    assert (done.snapshots > 0, used.commits("silver.users")) == (True, 2)
    assert {t: used.rows(f"silver.{t}") for t in before} == before


@pytest.mark.field("34", "A query reads while maintenance replaces and expires", "right")
def test_a_reader_goes_on_with_the_snapshot_that_it_began_with(used: Rig) -> None:
    """Maintenance replaces files of a snapshot that is older than `snapshot_days`, and that is being read."""
    used.drop("shop/users/new.json", b'{"user_id": "u9", "updated_at": "2024-03-02T10:00:00Z"}')
    used.silver("new")
    foreign = ForeignEngine(used)
    before = foreign.stored("silver.users")
    with orphans_of_this_minute(used):
        look_after(used, "users", IN_A_WEEK)
    assert foreign.stored("silver.users").current_snapshot() != before.current_snapshot()
    assert sorted(before.scan().to_arrow()["user_id"].to_pylist()) == ["u0", "u4", "u9"]


def test_a_run_that_lost_the_domain_touches_no_table(used: Rig) -> None:
    commits = used.commits("silver.events")
    used.ledger._table.put_item(Item={"pk": "lock#shop", "sk": "lock", "run_id": "another"})
    try:
        with pytest.raises(TakenOverError, match="another owns"):
            look_after(used, "events", NOW)
    finally:
        used.ledger._table.delete_item(Key={"pk": "lock#shop", "sk": "lock"})
    assert used.commits("silver.events") == commits


def test_runs_go_on_after_maintenance(used: Rig) -> None:
    used.drop("shop/events/late.json", b'{"event_id": "e0", "ts": "2024-03-01T11:00:00Z", "user_id": "u7"}')
    used.silver("late")
    assert ("e0", "u7") in used.rows("silver.events", "event_id", "user_id")
