"""Two writers at one table: what came between a run's reading and its commit is neither lost nor overwritten,
a run that lost its domain is refused, and readers see the tables of whole runs alone.

The tests share a lake, where each has rows of its own.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cli.rollback import roll_back
from glue_scripts import bronze_to_silver, maintenance
from glue_scripts.engine.run.lock import TakenOverError, guard
from glue_scripts.engine.tables import changes, commits
from glue_scripts.engine.tables.commits import append_to
from glue_scripts.engine.tables.iceberg import Stored, prepare
from glue_scripts.engine.tables.state import MovedOnError, State, state, state_of
from tests.engine.test_maintenance import orphans_of_this_minute
from tests.support.figures import Noted
from tests.support.foreign_engine import ForeignEngine
from tests.support.halfway import Halfway, halfway
from tests.support.rig import Rig

EVENTS = "silver.events"
TABLES = (EVENTS, "silver.run_changes", "quarantine.events_rows")
KEPT = "Files that a manifest of any snapshot names: none missing"


@pytest.fixture(scope="module")
def lake(rig: Callable[[str], Rig]) -> Rig:
    """Events of three users and one bad row, in silver and gold."""
    made = rig("concurrent")
    drop(made, "first", event("z1", "u1"), event("z2", "u2"), event("z3", "u3"), event(None, "u1"))
    made.run("first")
    return made


@pytest.fixture(scope="module")
def foreign(lake: Rig) -> ForeignEngine:
    return ForeignEngine(lake)


@pytest.fixture
def stop(foreign: ForeignEngine, figures: Noted) -> Iterator[Halfway]:
    """Whatever happened: all files that a table names are there, and no branch is left."""
    with halfway() as stopped:
        yield stopped
    nothing_is_missing(foreign)
    looked_up = sum(len(foreign.named_files(table)) for table in TABLES)
    figures.add(KEPT, "foreign writers, compaction, rollback, maintenance beside runs: look-ups", looked_up)


def nothing_is_missing(foreign: ForeignEngine) -> None:
    for table in TABLES:
        assert foreign.missing_files(table) == set()
        assert foreign.branches(table) == ["main"]


def event(event_id: str | None, user_id: str, minute: int = 0) -> dict[str, Any]:
    return {"event_id": event_id, "ts": f"2026-05-01T10:{minute:02}:00Z", "user_id": user_id}


def drop(lake: Rig, name: str, *events: dict[str, Any]) -> None:
    lake.drop(f"shop/events/{name}.ndjson", "".join(json.dumps(e) + "\n" for e in events).encode())


def foreign_event(event_id: str, user_id: str, minute: int) -> dict[str, str]:
    return {
        "event_id": f"'{event_id}'",
        "user_id": f"'{user_id}'",
        "ts": f"TIMESTAMP'2026-05-01 10:{minute:02}:00 UTC'",
        "event_date": "DATE'2026-05-01'",
        "_file_order": "'0'",
    }


def rows(lake: Rig, mine: str) -> list[tuple[str, str]]:
    """Key and user of the events whose key begins so."""
    return [r for r in lake.rows(EVENTS, "event_id", "user_id") if r[0].startswith(mine)]


def owned_by(lake: Rig, run_id: str | None) -> None:
    key = {"pk": "lock#shop", "sk": "lock"}
    lake.ledger._table.delete_item(Key=key)
    if run_id:
        lake.ledger._table.put_item(Item={**key, "run_id": run_id})


def test_what_a_foreign_writer_adds_to_a_table_that_is_filled_stays(rig: Callable[[str], Rig]) -> None:
    """The table was empty when the run began: it is not when it is filled, so the rows are merged."""
    lake = rig("confill")
    foreign = ForeignEngine(lake)
    drop(lake, "a", event("e1", "u1"), event("e2", "u2"), event(None, "u3"))
    with halfway() as stop:
        stop.at("written", EVENTS, lambda: foreign.append(EVENTS, **foreign_event("e9", "u9", 0)))
        lake.silver("run-1")
    assert rows(lake, "e") == [("e1", "u1"), ("e2", "u2"), ("e9", "u9")]
    assert len(lake.rows("quarantine.events_rows", "raw_record")) == 1
    told = lake.results("run-1")["events"].rows
    assert (told.read, told.written, told.quarantined) == (3, 2, 1)
    nothing_is_missing(foreign)


@pytest.mark.field("35", "Another engine adds and deletes while silver merges", "right")
def test_a_merge_rests_on_what_foreign_writers_left(lake: Rig, foreign: ForeignEngine, stop: Halfway) -> None:
    """When the run knows what it will write, somebody adds a key that the run has too, in a newer version, and
    deletes a row that the run updates and one that it does not.
    """

    def adds_and_deletes() -> None:
        foreign.append(EVENTS, **foreign_event("m3", "u3 foreign", 9))
        foreign.delete(EVENTS, "event_id IN ('m1', 'm2')")

    drop(lake, "m1", event("m1", "u1"), event("m2", "u2"), event("m4", "u4"))
    lake.silver("m1")
    drop(lake, "m2", event("m1", "u1 later", 5), event("m3", "u3", 5), event("m5", "u5", 5))
    stop.at("read", EVENTS, adds_and_deletes)
    lake.silver("m2")
    expected = [("m1", "u1 later"), ("m3", "u3 foreign"), ("m4", "u4"), ("m5", "u5")]
    assert rows(lake, "m") == expected
    assert foreign.rows(EVENTS, "event_id", "user_id", where="event_id LIKE 'm%'") == expected


@pytest.mark.slow
def test_a_foreign_writer_that_never_rests_sets_the_table_aside_with_a_reason(
    lake: Rig, foreign: ForeignEngine, stop: Halfway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bronze_to_silver, "TRIES", 2)
    drop(lake, "b1", event("b1", "u1"))
    adds = [lambda n=n: foreign.append(EVENTS, **foreign_event(f"b{n}", "other", 0)) for n in (8, 9)]
    stop.at("read", EVENTS, *adds)
    with pytest.raises(MovedOnError, match=r"shop_silver\.events: another writer committed to it"):
        lake.silver("b1")
    assert rows(lake, "b") == [("b8", "other"), ("b9", "other")]
    assert len(lake.ledger.pending("shop", "events")) == 1
    lake.silver("b2")
    assert rows(lake, "b") == [("b1", "u1"), ("b8", "other"), ("b9", "other")]


@pytest.mark.field("35", "Another engine compacts while silver merges", "right")
@pytest.mark.slow
def test_compaction_by_another_engine_is_no_harm(lake: Rig, foreign: ForeignEngine, stop: Halfway) -> None:
    compact = lambda: foreign.compact(EVENTS)  # noqa: E731
    compactions = foreign.operations(EVENTS).count("replace")
    drop(lake, "c1", event("z1", "u1", 1), event("c1", "u1"))
    stop.at("read", EVENTS, compact)
    lake.silver("c1")
    assert stop.reached.count(f"read {EVENTS}") == 1  # what was computed before it still holds
    drop(lake, "c2", event("c1", "u1 later", 6))
    stop.at("written", EVENTS, compact)
    lake.silver("c2")
    assert stop.reached.count(f"read {EVENTS}") == 3
    assert rows(lake, "c") == [("c1", "u1 later")]
    assert foreign.rows(EVENTS, "event_id", "user_id", where="event_id = 'c1'") == [("c1", "u1 later")]
    assert foreign.operations(EVENTS).count("replace") == compactions + 2


def test_a_rollback_during_a_run_is_not_undone_by_it(
    lake: Rig, foreign: ForeignEngine, stop: Halfway
) -> None:
    moment = dt.datetime.now(dt.UTC)
    time.sleep(0.01)
    drop(lake, "r1", event("r1", "u1"))
    lake.silver("r1")
    drop(lake, "r2", event("r2", "u2"))
    stop.at("written", EVENTS, lambda: roll_back(foreign.session, "shop", moment))
    lake.silver("r2")
    assert rows(lake, "r") == [("r2", "u2")]
    assert foreign.rows(EVENTS, "event_id", "user_id", where="event_id LIKE 'r%'") == [("r2", "u2")]


@pytest.mark.slow
def test_of_two_executions_the_one_that_owns_the_domain_writes(
    lake: Rig, stop: Halfway, request: pytest.FixtureRequest
) -> None:
    """Run 1 is taken for dead when its rows wait for their commit; run 2 takes the domain and does the same
    work.
    """
    request.addfinalizer(lambda: owned_by(lake, None))
    drop(lake, "t1", event("t1", "u1"), event("t2", "u2"), event(None, "t3"))
    owned_by(lake, "run-1")

    def takes_over() -> None:
        with pytest.raises(TakenOverError, match="run run-2 must not write: run run-1 owns shop now"):
            lake.silver("run-2")
        owned_by(lake, "run-2")
        lake.silver("run-2")

    stop.at("written", EVENTS, takes_over)
    with pytest.raises(TakenOverError, match="run run-1 must not write: run run-2 owns shop now"):
        lake.silver("run-1")
    found = [r for r in lake.rows(EVENTS, "event_id", "_run_id") if r[0].startswith("t")]
    assert found == [("t1", "run-2"), ("t2", "run-2")]
    bad = lake.rows("quarantine.events_rows", "source_file")
    assert bad.count(("shop/events/t1.ndjson",)) == 1
    assert [f.processed_by for f in lake.ledger.files() if f.key == "shop/events/t1.ndjson"] == ["run-2"]


@pytest.mark.slow
def test_files_that_come_while_a_run_reads_are_for_the_next(lake: Rig, stop: Halfway) -> None:
    drop(lake, "f1", event("f1", "u1"))
    stop.at("read", EVENTS, lambda: drop(lake, "f2", event("f1", "u1 later", 5), event("f2", "u2")))
    stop.at("written", EVENTS, lambda: drop(lake, "f3", event("f3", "u3")))
    lake.silver("f1")
    assert rows(lake, "f") == [("f1", "u1")]
    processed = {f.key[12:]: f.processed_by for f in lake.ledger.files() if f.key[12:13] == "f"}
    assert processed == {"first.ndjson": "first", "f1.ndjson": "f1", "f2.ndjson": None, "f3.ndjson": None}
    lake.silver("f2")
    assert rows(lake, "f") == [("f1", "u1 later"), ("f2", "u2"), ("f3", "u3")]
    assert lake.ledger.pending("shop", "events") == []


def test_a_reader_sees_whole_runs_alone(lake: Rig, foreign: ForeignEngine, stop: Halfway) -> None:
    def seen() -> list[tuple[Any, ...]]:
        return foreign.rows(EVENTS, "event_id", "user_id", where="event_id LIKE 'w%'")

    drop(lake, "w1", event("w1", "u1"), event("w2", "u2"))
    lake.silver("w1")
    drop(lake, "w2", event("w1", "u1 later", 5), event("w3", "u3", 5))
    states = list[Any]()
    stop.watch(lambda: states.append(seen()))
    lake.silver("w2")
    before = [("w1", "u1"), ("w2", "u2")]
    after = [("w1", "u1 later"), ("w2", "u2"), ("w3", "u3")]
    assert states == [before, before]  # before the branch, and with all rows on it
    assert seen() == after


def test_nobody_slips_in_between_the_last_look_and_the_commit(
    lake: Rig, foreign: ForeignEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"glue_catalog.{foreign.name('silver.slip')}"
    table = Stored(place, f"s3://{lake.names.bucket('silver')}/shop/slip", {"k": "string"})
    prepare(lake.spark, table)
    for mine, theirs in (("first", "early"), ("second", "late")):  # a table without a commit, and one with
        since = state(lake.spark, place)
        row = lake.spark.sql(f"SELECT '{mine}' AS k")
        looks = iter([lambda: None, lambda k=theirs: foreign.append("silver.slip", k=f"'{k}'")])

        def looked(table: Any, looks: Iterator[Callable[[], None]] = looks) -> State:
            found = state_of(table)
            next(looks)()
            return found

        monkeypatch.setattr(commits, "state_of", looked)
        with pytest.raises(MovedOnError, match="slip: another writer committed"):
            append_to(row, table, since)
        monkeypatch.undo()
        assert foreign.branches("silver.slip") == ["main"]
    assert foreign.rows("silver.slip", "k", where="k is not null") == [("early",), ("late",)]
    assert foreign.missing_files("silver.slip") == set()
    append_to(row, table, state(lake.spark, place))
    assert lake.rows("silver.slip", "k") == [("early",), ("late",), ("second",)]
    assert foreign.branches("silver.slip") == ["main"]


def test_gold_rests_on_what_it_read_and_settles_only_what_it_followed(
    lake: Rig, foreign: ForeignEngine, stop: Halfway
) -> None:
    drop(lake, "g1", event("g1", "g-user"), event("g2", "g-other"))
    job = lake.silver("g1")
    stop.at(
        "written",
        "gold.fact_events",
        lambda: foreign.append("gold.fact_events", event_id="'g1'", event_date="DATE'2026-05-01'"),
    )
    stop.at("read", "gold.user_ltv", lambda: foreign.delete("gold.user_ltv", "user_id = 'u2'"))
    # A silver job that somebody started by hand announces what it is about to write.
    stop.at(
        "written",
        "silver.run_changes",
        lambda: foreign.append("silver.run_changes", run_id="'g1'", table_name="'events'", key="'u7'"),
    )
    lake.gold(job)
    facts = [r for r in lake.rows("gold.fact_events", "event_id", "user_id") if r[0].startswith("g")]
    assert facts == [("g1", "g-user"), ("g2", "g-other")]
    spent = [r for r in lake.rows("gold.user_ltv", "user_id", "event_count") if r[0].startswith("g-")]
    assert spent == [("g-other", 1), ("g-user", 1)]
    assert ("u7",) in lake.rows("silver.run_changes", "key")
    assert not changes.pending(lake.spark, job).empty
    lake.gold(lake.job("g2"))
    assert lake.rows("silver.run_changes") == []
    for table in ("gold.fact_events", "gold.user_ltv"):
        assert foreign.missing_files(table) == set()
        assert foreign.branches(table) == ["main"]


@pytest.mark.field("34", "Maintenance beside a run that outlives its lock", "right")
@pytest.mark.slow
def test_maintenance_beside_a_run_changes_no_row(lake: Rig, foreign: ForeignEngine, stop: Halfway) -> None:
    """Started by hand: the state machine lets nobody else work in the domain meanwhile."""
    for n in range(3):
        drop(lake, f"k{n}", event("k", f"u{n}", n), event(f"k{n}", "u", n))
        lake.silver(f"k{n}")
    job = lake.job("by hand")
    events = job.contract.table("events")

    def looks_after() -> None:
        in_a_week = dt.datetime.now(dt.UTC) + dt.timedelta(days=8)
        place = (job.identifier(events), job.location(events))
        with orphans_of_this_minute(lake):
            maintenance.look_after(lake.spark, *place, 7, in_a_week, guard(job, lake.ledger))

    drop(lake, "k9", event("k", "u later", 9), event("k9", "u", 9))
    stop.at("read", EVENTS, looks_after)
    lake.silver("k9")
    drop(lake, "k10", event("k", "u latest", 10))
    stop.at("written", EVENTS, looks_after)
    lake.silver("k10")
    expected = [("k", "u latest"), ("k0", "u"), ("k1", "u"), ("k2", "u"), ("k9", "u")]
    assert rows(lake, "k") == expected
    assert foreign.rows(EVENTS, "event_id", "user_id", where="event_id LIKE 'k%'") == expected
