"""A run that lost its domain to another one (failed, taken over, redriven) writes nothing; one that lost it
on the way stops before its commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import current_thread, get_ident, main_thread
from typing import Any

import boto3
import pytest

from glue_scripts import bronze_ingest, bronze_to_silver, silver_to_gold
from glue_scripts.engine.run.lock import TakenOverError
from shared.ledger import Ledger
from tests.support.rig import Rig

EVENTS = b'{"event_id":"e1","ts":"2026-01-01T10:00:00Z"}\n{"event_id":"","ts":"2026-01-01"}\n'


class Answers(Ledger):
    """A ledger that names these owners of the lock, one after the other."""

    def __init__(self, table: Any, *owners: str | None) -> None:
        super().__init__(table)
        self.owners: Iterator[str | None] = iter(owners)

    def lock_owner(self, domain: str) -> str | None:
        return next(self.owners)


class LostLater(Ledger):
    """A ledger in which the lock is run-1's for so many questions of each dataset, then run-2's."""

    def __init__(self, table: Any, after: int) -> None:
        super().__init__(table)
        self.after, self.asked = after, Counter[int]()

    def lock_owner(self, domain: str) -> str | None:
        if current_thread() is main_thread():  # the job's start; each dataset is in a thread of its own
            return "run-1"
        self.asked[get_ident()] += 1
        return "run-1" if self.asked[get_ident()] <= self.after else "run-2"


def silver(lake: Rig, run_id: str, ledger: Ledger) -> None:
    job = lake.job(run_id)
    bronze_to_silver.main(lake.spark, job, replace(lake.clients(job), ledger=ledger))


def gold(lake: Rig, run_id: str, ledger: Ledger) -> None:
    job = lake.job(run_id)
    silver_to_gold.main(
        lake.spark, job, silver_to_gold.transforms_of("shop"), replace(lake.clients(job), ledger=ledger)
    )


def test_only_the_owner_writes(rig: Callable[[str], Rig]):
    lake = rig("lock")
    table = boto3.resource("dynamodb").Table(lake.names.ledger_table)
    lake.drop("shop/events/a.json", EVENTS)
    lake.drop("shop/users/u.json", b'{"user_id":"u1","updated_at":"2026-01-01"}\n')
    lake.drop(
        "shop/transactions/t.json",
        b'{"tx_id":"t1","user_id":"u1","amount":1,"status":"paid","created_at":"2026-01-01"}\n',
    )
    lake.drop_deferred("shop/events/b.json", EVENTS + EVENTS)
    pending = lake.ledger.files()
    table.put_item(Item={"pk": "lock#shop", "sk": "lock", "run_id": "run-2"})
    job = lake.job("run-1")
    for refused in (
        lambda: bronze_ingest.main(lake.spark, job, lake.clients(job)),
        lambda: silver(lake, "run-1", lake.ledger),
        lambda: gold(lake, "run-1", lake.ledger),
    ):
        with pytest.raises(TakenOverError, match="run run-1 must not write: run run-2 owns shop now"):
            refused()
    assert lake.ledger.files() == pending
    assert not lake.spark.catalog.tableExists(
        f"glue_catalog.{lake.names.database('shop', 'silver')}.run_changes"
    )

    def stands(name: str) -> bool:
        zone, _, name = name.partition(".")
        return bool(
            lake.spark.catalog.tableExists(f"glue_catalog.{lake.names.database('shop', zone)}.{name}")
        )

    with pytest.raises(TakenOverError):
        silver(lake, "run-1", LostLater(table, after=0))  # when it knows its files
    assert not stands("quarantine.events_rows")
    assert not stands("silver.events")
    with pytest.raises(TakenOverError):
        silver(lake, "run-1", LostLater(table, after=1))  # while the files were read
    assert not stands("quarantine.events_rows")
    assert lake.rows("silver.events") == []
    with pytest.raises(TakenOverError):
        silver(lake, "run-1", LostLater(table, after=2))  # while bad rows were quarantined
    assert lake.rows("quarantine.events_rows", "source_file") == [("shop/events/a.json",)]
    assert lake.rows("silver.events") == []

    silver(lake, "run-2", lake.ledger)
    assert lake.rows("silver.events", "event_id") == [("e1",)]
    assert lake.rows("quarantine.events_rows", "source_file") == [("shop/events/a.json",)]

    lake.drop("shop/events/c.json", b'{"event_id":"","ts":"2026-01-02"}\n')
    with pytest.raises(TakenOverError):
        silver(lake, "run-1", LostLater(table, after=1))  # while the files of an increment were read
    assert lake.rows("quarantine.events_rows", "source_file") == [("shop/events/a.json",)]

    with pytest.raises(TakenOverError):
        gold(lake, "run-2", Answers(table, "run-2", *["run-3"] * 50))
    assert lake.rows("gold.fact_events", "event_id") == []
    table.delete_item(Key={"pk": "lock#shop", "sk": "lock"})
    gold(lake, "by hand", lake.ledger)
    assert [r[0] for r in lake.rows("gold.fact_events", "event_id")] == ["e1"]
