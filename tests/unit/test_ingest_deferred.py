"""Files too large for the function: deferred by it, finished by the job, with the outcome that a function of
endless time would give.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import time
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from boto3.s3.transfer import TransferConfig

from shared.ingestion import COPY, BusyError, Ingest, Store
from shared.ledger.model import FileId, FileStatus, LedgerFile
from shared.records import Late, Limits
from shared.records.parquet import batches
from tests.support.ingest_rig import GOOD, NAMES, InjectedError, Rig, rig

SMALL = Limits(max_bytes=100)
LARGE = GOOD * 20_000  # 2.3 MB: more than is read whatever the clock says


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        yield made


def function(lake: Rig, limits: Limits = SMALL) -> Ingest:
    return replace(lake.ingest, limits=limits, defers=True)


def deferred(lake: Rig, key: str, content: bytes, limits: Limits = SMALL) -> LedgerFile:
    body, by_job = lake.drop(key, content), lake.ingest
    lake.ingest = function(lake, limits)
    (left,) = lake.deliver(body)
    lake.ingest = by_job
    assert left is not None
    return left


def too_late() -> Limits:
    return Limits(deadline=time.monotonic() - 1)


def test_a_file_above_the_limit_waits_untouched_for_the_job(lake: Rig):
    left = deferred(lake, "shop/events/big.json", GOOD)
    assert (left.status, left.reason, left.bytes, left.sha256) == (
        FileStatus.DEFERRED,
        None,
        len(GOOD),
        None,
    )
    assert left.detail == f"{len(GOOD)} bytes are more than 100"
    assert lake.ledger.deferred("shop") == [left]
    assert lake.ledger.deferred("web") == []
    assert lake.ledger.accepted("shop", "events") == []
    assert (lake.objects("bronze"), lake.objects("quarantine")) == ({}, {})


def test_its_event_again_changes_nothing(lake: Rig):
    body, lake.ingest = lake.drop("shop/events/big.json", GOOD), function(lake)
    lake.deliver(body)
    before = lake.state()
    assert lake.deliver(body, "another message") == [None]
    assert lake.state() == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.ndjson", LARGE),
        ("unpacks.ndjson.gz", gzip.compress(LARGE)),
        ("bad in its first line.csv", b"\0" * len(LARGE)),
    ],
)
def test_a_file_that_outlasts_the_function_is_deferred(lake: Rig, name: str, content: bytes):
    left = deferred(lake, f"shop/events/{name}", content, too_late())
    assert (left.status, (left.detail or "")[:21]) == (FileStatus.DEFERRED, "the time was up after")


def test_parquet_takes_time_after_its_last_byte_has_arrived_too():
    content = io.BytesIO()
    pq.write_table(pa.table({"event_id": [f"{i:0>300}" for i in range(9000)]}), content)
    with pytest.raises(Late):
        list(batches(content, Limits(deadline=0)))


def test_a_small_file_behind_slow_ones_of_its_batch_is_read_though_the_time_is_up(lake: Rig):
    assert deferred(lake, "shop/events/small.json", GOOD, too_late()).status is FileStatus.ACCEPTED


@pytest.mark.parametrize(
    ("name", "content"),
    [("good.json", GOOD), ("bad.gz", gzip.compress(GOOD * 100)[:-4]), ("rubbish", bytes(range(256)))],
)
def test_the_job_gives_the_outcome_of_an_unhurried_function(name: str, content: bytes):
    with rig() as lake:
        straight = lake.arrive(f"shop/events/{name}", content)
        expected = lake.objects("bronze"), {unversioned(k) for k in lake.objects("quarantine")}
    with rig() as lake:
        outcome = lake.ingest.finish(deferred(lake, f"shop/events/{name}", content, Limits(max_bytes=10)))
        assert outcome is not None
        assert unversioned(outcome.target_key) == unversioned(straight.target_key)
        assert replace(outcome, version=straight.version, target_key=straight.target_key) == straight
        assert (lake.objects("bronze"), {unversioned(k) for k in lake.objects("quarantine")}) == expected
        assert lake.ledger.files() == [outcome]
        assert lake.ledger.deferred("shop") == []
        assert lake.ledger.pending("shop", "events") == (
            [outcome] if straight.status is FileStatus.ACCEPTED else []
        )


def unversioned(key: str | None) -> str:
    """The key without the hash of the version, which the emulation draws by lot."""
    return re.sub(r"-[0-9a-f]{12}(?=\.|$)", "", key or "")


def test_the_arrival_is_when_the_function_saw_it(lake: Rig):
    left = deferred(lake, "shop/events/big.json", GOOD)
    outcome = replace(lake.ingest, now=lambda: pytest.fail("asked for the time")).finish(left)
    assert outcome is not None
    assert outcome.ingested_at == left.ingested_at == "2024-03-05T12:00:00.000000+00:00"


def test_content_that_came_before_is_a_duplicate_and_a_later_version_of_the_key_another_file(lake: Rig):
    first = lake.arrive("shop/events/first.json", GOOD)
    left = deferred(lake, "shop/events/again.json", GOOD)
    newer = lake.arrive("shop/events/again.json", GOOD + b'{"event_id":"e4","ts":"2024-03-02"}\n')
    outcome = lake.ingest.finish(left)
    assert outcome is not None
    assert (outcome.status, outcome.duplicate_of) == (FileStatus.DUPLICATE, f"{first.key}@{first.version}")
    assert lake.ledger.pending("shop", "events") == [newer, first]  # one time of arrival: by key


def test_a_file_that_is_gone_is_quarantined_as_such(lake: Rig):
    left = deferred(lake, "shop/events/big.json", GOOD)
    lake.s3.delete_object(Bucket=NAMES.bucket("raw"), Key=left.key, VersionId=left.version)
    outcome = lake.ingest.finish(left)
    assert outcome is not None
    assert (outcome.status, outcome.reason) == (FileStatus.QUARANTINED, "object_gone")


def test_the_job_again_leaves_an_outcome_as_it_is(lake: Rig):
    left = deferred(lake, "shop/events/big.json", GOOD)
    outcome = lake.ingest.finish(left)
    assert outcome is not None
    lake.ledger.mark_processed([outcome], "run-1")
    before = lake.state()
    assert lake.ingest.finish(left) is None
    assert not lake.ledger.settle(replace(left, status=FileStatus.QUARANTINED))
    assert lake.state() == before


def test_while_a_file_waits_with_a_content_nobody_else_brings_it(lake: Rig):
    """The job died between taking the content and the outcome."""
    left = deferred(lake, "shop/events/big.json", GOOD)
    assert lake.ledger.content_owner("shop", "events", hashlib.sha256(GOOD).hexdigest(), left.file_id)
    later = lake.drop("shop/events/other.json", GOOD)
    with pytest.raises(BusyError):
        lake.deliver(later)
    assert lake.ingest.finish(left).status is FileStatus.ACCEPTED  # type: ignore[union-attr]
    assert [f.status for f in lake.deliver(later) if f] == [FileStatus.DUPLICATE]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("key", ["shop/events/a.json", "web/ndjson/a.json"], ids=["kept in raw", "archived"])
def test_a_crash_at_any_call_of_the_job_leaves_the_file_to_the_next_run(key: str, when: str):
    def run(at: int) -> tuple[object, int]:
        with rig() as lake:
            left = deferred(lake, key, GOOD, Limits(max_bytes=10))
            lake.faults.arm(at, when, dead=True)
            try:
                lake.ingest.finish(left)
            except InjectedError:
                lake.faults.at = 0
                lake.ingest.finish(left)
            calls, lake.faults.at = len(lake.faults.calls), 0
            (entry,) = lake.ledger.files()
            assert entry.status in (FileStatus.ACCEPTED, FileStatus.QUARANTINED)
            return (
                replace(entry, version=""),
                lake.objects("bronze"),
                set(lake.objects("quarantine")),
                lake.objects("raw"),
            ), calls

    undisturbed, calls = run(0)
    assert calls >= 5
    for at in range(1, calls + 1):
        assert run(at)[0] == undisturbed, at


def test_large_objects_are_copied_in_parts(lake: Rig):
    content = bytes(range(256)) * 4 * 11 * 1024  # 11 MB; S3 takes parts from 5 MB
    lake.drop("shop/events/huge", content)
    version = lake.s3.head_object(Bucket=NAMES.bucket("raw"), Key="shop/events/huge")["VersionId"]
    store = Store(lake.s3, TransferConfig(multipart_threshold=6 << 20, multipart_chunksize=5 << 20))
    left = LedgerFile(NAMES.bucket("raw"), "shop/events/huge", version, "shop", "events", FileStatus.DEFERRED)
    lake.faults.calls.clear()
    store.copy(left.file_id, NAMES.bucket("bronze"), "k")
    assert lake.faults.calls.count("UploadPartCopy") == 3
    assert lake.objects("bronze") == {"k": content}
    lake.faults.calls.clear()
    store.copy(left.file_id, NAMES.bucket("bronze"), "k", len(content))
    assert lake.faults.calls.count("UploadPartCopy") == 3


def test_a_small_object_of_a_known_size_is_copied_with_one_request(lake: Rig):
    lake.drop("shop/events/small", b"old")
    version = lake.s3.head_object(Bucket=NAMES.bucket("raw"), Key="shop/events/small")["VersionId"]
    lake.drop("shop/events/small", b"newer")
    file = FileId(NAMES.bucket("raw"), "shop/events/small", version)
    lake.faults.calls.clear()
    Store(lake.s3, TransferConfig(**COPY)).copy(file, NAMES.bucket("bronze"), "k", 3)
    assert lake.faults.calls == ["CopyObject"]
    assert lake.objects("bronze") == {"k": b"old"}
