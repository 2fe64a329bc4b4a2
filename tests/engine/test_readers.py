"""Readers see whole tables: before, during and after runs, and runs that die between writing files and
committing them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts import bronze_to_silver, silver_to_gold
from glue_scripts.engine.gold.lake import Lake
from glue_scripts.engine.silver import load, merge
from glue_scripts.engine.tables.reconcile import Difference
from tests.support.rig import Rig

TABLES = (
    "silver.events",
    "silver.users_updates",
    "silver.users",
    "gold.fact_events",
    "gold.user_ltv",
)
FIRST, MORE = 40, 60
EVERY_ID = sorted(f"e{n}" for n in range(FIRST + MORE))


def events(first: int, last: int) -> bytes:
    return b"".join(
        json.dumps(
            {"event_id": f"e{n}", "user_id": f"u{n % 7}", "ts": f"2026-01-{n % 5 + 1:02}T00:00:00Z"}
        ).encode()
        + b"\n"
        for n in range(first, last)
    )


def users(name: str, day: int) -> bytes:
    return b"".join(
        json.dumps({"user_id": f"u{n}", "name": name, "updated_at": f"2026-01-{day:02}"}).encode() + b"\n"
        for n in range(7)
    )


@pytest.fixture(scope="module")
def lake(rig: Callable[[str], Rig]) -> Rig:
    """A lake after its first run, with news that wait: more events on the same days, newer users."""
    made = rig("readers")
    made.drop("shop/events/a.ndjson", events(0, FIRST))
    made.drop("shop/users/a.ndjson", users("Ann", 1))
    made.run("run-1")
    made.drop("shop/events/b.ndjson", events(FIRST - 10, FIRST + MORE))
    made.drop("shop/users/b.ndjson", users("Bea", 2))
    return made


def content(lake: Rig) -> dict[str, Any]:
    return {t: lake.rows(t) for t in TABLES}


def files(lake: Rig, zone: str) -> int:
    """Data files in a bucket, committed or not."""
    return sum(key.endswith(".parquet") for key in lake.objects(zone))


def poisoned(rows: DataFrame, poison: str) -> DataFrame:
    """The rows, each in a task of its own; writing the one that `poison` selects fails."""
    wrong = F.expr(
        f"CASE WHEN {poison} THEN CAST(raise_error('the executor died') AS string) ELSE user_id END"
    )
    return rows.repartition(8, "user_id").withColumn("user_id", wrong)


def silver_dies(lake: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events while their files are written, users between the commits of two tables."""

    def write(found: Difference, table: Any, key: Any, since: Any) -> None:
        rows = poisoned(found.rows, "user_id = 'u3'") if table.identifier.endswith(".events") else found.rows
        difference = Difference(rows, found.inserted, found.updated, found.deleted, found.old_dates)
        real(difference, table, key, since)

    def follow(*_: Any) -> None:
        raise ConnectionError("the driver died")

    real = merge.write
    monkeypatch.setattr(merge, "write", write)
    monkeypatch.setattr(load, "follow", follow)
    job = lake.job("run-dead-1")
    with pytest.raises((PySparkException, ConnectionError)):
        bronze_to_silver.main(lake.spark, job, lake.clients(job))


def gold_dies(lake: Rig) -> None:
    job = lake.job("run-dead-2")
    bronze_to_silver.main(lake.spark, job, lake.clients(job))
    transforms = silver_to_gold.transforms_of("shop")

    def facts(view: Lake) -> DataFrame:
        return poisoned(transforms["fact_events"](view), "user_id = 'u3'")

    with pytest.raises(PySparkException):
        silver_to_gold.main(lake.spark, job, {**transforms, "fact_events": facts}, lake.clients(job))


def test_a_table_stays_as_it_was_until_its_commit_and_a_retry_completes_it(lake: Rig) -> None:
    old, files_before = content(lake), files(lake, "silver")
    with pytest.MonkeyPatch.context() as monkeypatch:
        silver_dies(lake, monkeypatch)
    assert files(lake, "silver") > files_before  # written, by tasks that ended well
    found = content(lake)
    assert {t: found[t] == old[t] for t in TABLES if t != "silver.users_updates"} == {
        t: True for t in TABLES if t != "silver.users_updates"
    }
    assert len(found["silver.users_updates"]) == 14  # this one was committed
    gold_dies(lake)
    found = content(lake)
    assert sorted(r[0] for r in found["silver.events"]) == EVERY_ID
    assert {r[0] for r in lake.rows("silver.users", "name")} == {"Bea"}
    assert found["gold.fact_events"] == old["gold.fact_events"]
    lake.run("run-2")
    done = content(lake)
    assert {t: done[t] == found[t] for t in TABLES if t.startswith("silver")} == {
        t: True for t in TABLES if t.startswith("silver")
    }
    assert [r[0] for r in lake.rows("gold.fact_events", "event_id")] == [
        r[0] for r in lake.rows("silver.events", "event_id")
    ]


def test_who_reads_while_a_run_writes_sees_the_old_or_the_new_table(lake: Rig) -> None:
    watched = ("silver.events", "gold.fact_events")
    seen: dict[str, set[int]] = {t: set() for t in watched}
    before = {t: lake.table(t).count() for t in watched}
    lake.drop("shop/events/c.ndjson", events(FIRST + MORE - 20, FIRST + 2 * MORE))
    ended = threading.Event()

    def read() -> None:
        while not ended.wait(0.2):
            for table in watched:
                seen[table].add(lake.table(table).count())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        lake.run("run-3")
    finally:
        ended.set()
        reader.join()
    for table in watched:
        seen[table].add(lake.table(table).count())
        assert seen[table] == {before[table], before[table] + MORE}, table
