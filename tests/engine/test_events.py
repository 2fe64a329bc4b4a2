"""From the event to silver, through the deployed rule, queue and function: odd keys, and events that come
late, twice and in reverse.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from glue_scripts import bronze_to_silver
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import aws
from local import deploy, session, synth
from local.aws import process
from shared.contracts import contract

HERE = "shop/events/"
KEYS = [
    HERE + "k" * (1000 - len(HERE)),
    HERE + "with blanks / and more.json",
    HERE + "plus+plus.json",
    HERE + "percent%20is%2Fno blank.json",
    HERE + "ü/日本 😀.json",
    HERE + "UPPER.JSON",
    HERE + "no extension",
]
TWICE = HERE + "overwritten.ndjson"
IGNORED = [HERE + "folder/"]
STRANGE = ["nowhere/events/a.json", HERE + "empty.csv"]


def event(number: int, **more: Any) -> bytes:
    return (
        json.dumps({"event_id": f"e{number}", "ts": f"2026-01-{number + 1:02}T00:00:00Z", **more}).encode()
        + b"\n"
    )


@dataclass(frozen=True)
class Lake:
    """The deployed laptop, with a second queue that gets a copy of every event."""

    session: session.Session

    @property
    def queue(self) -> str:
        return str(
            self.session.client("sqs").get_queue_url(QueueName=self.session.names.queue("ingest"))["QueueUrl"]
        )

    def reading(self, enabled: bool) -> None:
        """Lets the function read its queue, or not."""
        client = self.session.client("lambda")
        for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
            client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)

    def put(self, key: str, content: bytes) -> None:
        self.session.client("s3").put_object(Bucket=self.session.names.bucket("raw"), Key=key, Body=content)

    def redeliver_soon(self) -> None:
        """A message that met another worker on its file comes back after this time; half an hour is no time
        for a test.
        """
        self.session.client("sqs").set_queue_attributes(
            QueueUrl=self.queue, Attributes={"VisibilityTimeout": "3"}
        )

    def taken(self, count: int) -> list[str]:
        """The messages that wait in the queue, taken out of it."""
        sqs, found = self.session.client("sqs"), []
        deadline = time.monotonic() + 30
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} events arrived"
            for message in sqs.receive_message(
                QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1
            ).get("Messages", []):
                found.append(message["Body"])
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def send(self, bodies: list[str]) -> None:
        for body in bodies:
            self.session.client("sqs").send_message(QueueUrl=self.queue, MessageBody=body)

    def drain(self) -> None:
        """Waits until no message waits or is in work."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        deadline = time.monotonic() + 90
        while any(int(v) for v in self._attributes(names)):
            assert time.monotonic() < deadline, "the queue does not drain"
            time.sleep(0.2)

    def _attributes(self, names: list[str]) -> list[str]:
        found = self.session.client("sqs").get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)[
            "Attributes"
        ]
        return [found[n] for n in names]

    def state(self) -> Any:
        """All that ingestion left behind."""
        s3 = self.session.client("s3")
        listed = {
            zone: sorted(
                o["Key"]
                for page in s3.get_paginator("list_objects_v2").paginate(
                    Bucket=self.session.names.bucket(zone)
                )
                for o in page.get("Contents", [])
            )
            for zone in ("bronze", "quarantine")
        }
        return sorted(self.session.ledger.files(), key=repr), listed


@pytest.fixture(scope="module")
def lake(spark: Any, emulation: process.Emulation) -> Lake:
    """All files were dropped while nothing read the queue; then their events came in reverse order, each
    twice, and were worked off.
    """
    target = session.laptop_session(emulation)
    deploy.deploy_assembly(target, synth.local_assembly("dev"), emulation.state / "recorded.json")
    made = Lake(target)
    made.reading(False)
    made.redeliver_soon()
    for number, key in enumerate(KEYS):
        made.put(key, event(number))
    made.put(TWICE, event(20, country="FR"))
    made.put(TWICE, event(20, country="VN") + event(21))
    for key in (*IGNORED, STRANGE[1]):
        made.put(key, b"")
    made.put(STRANGE[0], event(22))
    events = made.taken(len(KEYS) + 5)
    made.send([*reversed(events), *events])
    made.reading(True)
    made.drain()
    return made


def test_every_file_has_one_outcome(lake: Lake) -> None:
    found = Counter((f.key, str(f.status)) for f in lake.session.ledger.files())
    # The queue promises no order: whichever version of the key came first, the newest one has its outcome,
    # once.
    assert found.pop((TWICE, "accepted")) in (1, 2)
    assert found == Counter(
        [*((key, "accepted") for key in KEYS), *((key, "quarantined") for key in STRANGE)]
    )


def test_the_same_events_once_more_change_nothing(lake: Lake) -> None:
    before = lake.state()
    lake.reading(False)
    lake.put(HERE + "again.json", event(23))
    (new,) = lake.taken(1)
    lake.send([new, new, new])
    lake.reading(True)
    lake.drain()
    once = lake.state()
    assert len(once[0]) == len(before[0]) + 1
    lake.send([new])
    lake.drain()
    assert lake.state() == once


def test_silver_holds_every_record_once_under_the_key_it_came_with(spark: Any, lake: Lake) -> None:
    lake.drain()
    names = lake.session.names
    job = Job(names, contract("shop"), "odd-keys")
    bronze_to_silver.main(spark, job, aws(job))
    rows = spark.table(f"glue_catalog.{names.database('shop', 'silver')}.events").collect()
    found = sorted(
        (r["event_id"], r["_source_file"], r["event_date"])
        for r in rows
        if r["event_id"] not in ("e20", "e21", "e23")
    )
    assert found == [(f"e{n}", key, dt.date(2026, 1, n + 1)) for n, key in enumerate(KEYS)]
    assert Counter(r["event_id"] for r in rows if r["event_id"] in ("e20", "e21", "e23")) == {
        "e20": 1,
        "e21": 1,
        "e23": 1,
    }
