"""Files on their way through ingestion while faults strike: the queue with its redelivery, the bronze job with
its next run, the clocks, and all that is left behind.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from moto.moto_api._internal import mock_random

from lambdas.ingest.event import created_objects
from shared.ingestion import BusyError, Ingest
from shared.ledger.counters import CHANGES
from shared.records import Limits
from tests.support.clock import Clock
from tests.support.faults import Faults, Kind, ProcessEndedError
from tests.support.ingest_rig import NAMES, Rig, rig

MAX_RECEIVES = 5  # then the queue gives a message to the dead letters
VISIBLE_AFTER = 1830  # seconds, stacks/ingestion.py
DOMAINS = ("shop", "web")
SMALL = Limits(max_bytes=100)
FAILURES = (BusyError, ProcessEndedError, BotoCoreError, ClientError, Boto3Error)

Drops = Sequence[tuple[str, bytes]]


@dataclass
class Message:
    body: str
    id: str
    receives: int = 0


@dataclass
class World:
    """A lake whose workers can be struck. `defers`: the function leaves files to the bronze job. `skews`: how
    wrong the clocks of the workers are, by turns; with more than one each is told of a file by an event of
    its own, so that none is known as the owner of an earlier claim.
    """

    lake: Rig
    faults: Faults
    clock: Clock
    defers: bool = False
    skews: Sequence[float] = (0.0,)
    workers: int = 0
    dead_letters: list[Message] = field(default_factory=list)
    called: list[int] = field(default_factory=list)
    run_id: str = "run-1"

    @property
    def job(self) -> Ingest:
        return replace(self.lake.ingest, wait=self.clock.sleep)

    @property
    def function(self) -> Ingest:
        return replace(self.job, limits=SMALL if self.defers else Limits(), defers=True)

    def drop(self, drops: Drops) -> list[Message]:
        """Puts the objects; version ids are the same each time."""
        messages = []
        for number, (key, content) in enumerate(drops):
            mock_random.seed(number)
            messages.append(Message(self.lake.drop(key, content), f"message-{number}"))
        return messages

    def drain(self, messages: Sequence[Message], *, undeleted: int | None = None) -> None:
        """Delivers until the queue is empty: what failed comes again, and after the fifth time is a dead
        letter. `undeleted`: the message whose deletion is lost the first time.
        """
        waiting = list(messages)
        while waiting:
            batch, waiting = waiting[:10], waiting[10:]
            for message in batch:
                message.receives += 1
            failed = self._invocation(batch)
            if undeleted is not None:
                lost = messages[undeleted]
                failed = [m for m in batch if m in failed or m is lost]
                undeleted = None
            self.dead_letters += [m for m in failed if m.receives == MAX_RECEIVES]
            waiting += [m for m in failed if m.receives < MAX_RECEIVES]
            self.clock.sleep(VISIBLE_AFTER)

    def deliver(self, message: Message, owner: str) -> None:
        for file in created_objects(message.body, NAMES):
            list(self.function.outcomes(file, owner))

    def _invocation(self, batch: Sequence[Message]) -> list[Message]:
        """The messages that are not deleted: those that failed, and all of them where the process ended."""
        failed: list[Message] = []
        with self._worker():
            for message in batch:
                try:
                    owner = message.id if len(self.skews) == 1 else f"{message.id}-{message.receives}"
                    self.deliver(message, owner)
                except FAILURES:  # as Powertools does: one message's failure is reported
                    failed.append(message)
            return list(batch) if self.faults.dead else failed

    def job_runs(self, last: int | None = None) -> int:
        """Runs of the bronze jobs until nothing is deferred; how many failed on the way. `last`: the number
        of the file that each finishes last.
        """
        failed = 0
        for _ in range(MAX_RECEIVES):
            with self._worker():
                ended = [self._job(domain, last) for domain in DOMAINS]
            self.clock.sleep(VISIBLE_AFTER)
            if all(ended):
                return failed
            failed += 1
        return failed

    def _job(self, domain: str, last: int | None = None) -> bool:
        """Whether a domain's bronze job came to its end. A failed file stops no other."""
        good = True
        try:
            waiting = self.lake.ledger.deferred(domain)
        except FAILURES:
            return False
        if last is not None and last < len(waiting):
            waiting.append(waiting.pop(last))
        for file in waiting:
            try:
                self.job.finished(file)
            except FAILURES:
                good = False
        return good

    @contextmanager
    def _worker(self) -> Iterator[None]:
        """A process with a clock of its own."""
        self.clock.skew = self.skews[self.workers % len(self.skews)]
        self.workers += 1
        self.faults.new_process()
        yield
        self.called.append(len(self.faults.calls))
        self.faults.new_process()
        self.clock.skew = 0.0

    def silver(self) -> None:
        """What a run of silver leaves in the ledger."""
        for domain, dataset in self.lake.ledger.places():
            self.lake.ledger.mark_processed(self.lake.ledger.pending(domain, dataset), self.run_id)

    def state(self) -> Any:
        """All that is left behind, after a run of silver: the ledger's items and the objects of each zone."""
        self.faults.lift()
        self.silver()
        items = self.lake.ledger._table.scan()["Items"]
        ledger = {
            (i["pk"], i["sk"]): {k: v for k, v in i.items() if k != "expires_at"}
            for i in items
            if not i["pk"].startswith("counter#")
        }
        # Which of a dataset's counters a change went to is chance: their sums count.
        for place, counted in self.lake.ledger._counted(
            {
                i["pk"].removeprefix("counter#").rpartition("#")[0]
                for i in items
                if i["pk"].startswith("counter#")
            }
        ).items():
            sums = {name: number for name, number in counted.items() if number and name != CHANGES}
            ledger["counter", place] = sums
        zones = {zone: self.lake.objects(zone) for zone in ("bronze", "quarantine")}
        versions = self.lake.s3.list_object_versions(Bucket=NAMES.bucket("raw"))
        raw = {(v["Key"], v["VersionId"]) for v in versions.get("Versions", [])}
        return ledger, zones, raw


@contextmanager
def world(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[World]:
    """Nothing waits in it: its clock does."""
    clock = Clock()
    with rig() as lake, monkeypatch.context() as patched:
        for module in (
            "shared.ledger.files",
            "shared.ledger.contents",
            "shared.ledger.table",
            "botocore.endpoint",
        ):
            patched.setattr(f"{module}.time", clock)
        faults = Faults()
        for client in (lake.s3, lake.ledger._table.meta.client):
            faults.watch(client)
        lake.ingest = replace(lake.ingest, now=lambda: dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC))
        yield World(lake, faults, clock, **options)


@dataclass(frozen=True)
class Undisturbed:
    """What may be left, and how many calls the function and the bronze job make for it."""

    states: list[Any]
    calls: int
    calls_of_job: int


def undisturbed(monkeypatch: pytest.MonkeyPatch, drops: Drops, *, defers: bool) -> Undisturbed:
    """What an undisturbed run leaves, and one that gets one of the messages last, as that which failed."""
    states: list[Any] = []
    calls: list[int] = []
    numbers = range(len(drops) - 1)
    orders = [(None, None), *((n, None) for n in numbers), *((None, n) for n in numbers if defers)]
    for last, last_in_job in orders:
        with world(monkeypatch, defers=defers) as made:
            messages = made.drop(drops)
            if last is not None:
                messages.append(messages.pop(last))
            made.drain(messages)
            assert made.job_runs(last_in_job) == 0
            calls = calls or made.called
            state = made.state()
            if state not in states:
                states.append(state)
    return Undisturbed(states, *calls)


@dataclass(frozen=True)
class Injection:
    """One fault: at which call of the function, or of the bronze job, in how many processes, by which clocks;
    or a message of which the deletion is lost.
    """

    at: int
    kind: Kind | None
    in_job: bool = False
    lives: int = 1
    skews: tuple[float, ...] = (0.0,)


def disturbed(
    monkeypatch: pytest.MonkeyPatch, drops: Drops, injection: Injection, **options: Any
) -> tuple[Any, World]:
    """What is left after a fault and all retries; and the world, whose faults tell whether it struck."""
    with world(monkeypatch, skews=injection.skews, **options) as made:
        messages = made.drop(drops)
        if injection.kind is None:
            made.drain(messages, undeleted=injection.at - 1)
            made.job_runs()
            made.faults.struck.append("DeleteMessage")
            return made.state(), made

        def arm() -> None:
            others = partial(overtaken, made, messages)
            assert injection.kind is not None
            made.faults.arm(injection.at, injection.kind, injection.lives, others)

        if not injection.in_job:
            arm()
        made.drain(messages)
        if injection.in_job:
            arm()
        made.job_runs()
        return made.state(), made


def overtaken(made: World, messages: Sequence[Message]) -> None:
    """Others get the same messages once more, by a clock for which every claim has expired, and the job and a
    run of silver follow.
    """
    skew, made.clock.skew = made.clock.skew, made.clock.skew + 960
    for message in messages:
        made.deliver(message, f"again-{message.id}")
    for file in (f for domain in DOMAINS for f in made.lake.ledger.deferred(domain)):
        made.job.finished(file)
    made.silver()
    made.run_id = "run-2"
    made.clock.skew = skew
