"""Every event ends in exactly one outcome: accepted, quarantined or duplicate; or there was nothing to do."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.contracts import contract
from shared.ingestion import BusyError, Ingest
from shared.ingestion import ingest as module
from shared.ledger.model import FileId, FileStatus, LedgerFile
from shared.records import Limits
from tests.support.ingest_rig import GOOD, NAMES, NOON, InjectedError, Rig, message, rig

SHA = hashlib.sha256(GOOD).hexdigest()


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        yield made


def test_a_good_file_goes_to_bronze_under_its_most_frequent_date(lake: Rig):
    outcome = lake.arrive("shop/events/shop 1/Day One.NDJSON", GOOD)
    key = f"shop/events/event_date=2024-03-02/Day_One-{SHA[:8]}.ndjson"
    assert lake.objects("bronze") == {key: GOOD}
    assert lake.objects("quarantine") == {}
    assert lake.ledger.files() == [outcome]
    assert lake.ledger.pending("shop", "events") == [outcome]
    assert (outcome.status, outcome.target_bucket, outcome.target_key) == (
        FileStatus.ACCEPTED,
        NAMES.bucket("bronze"),
        key,
    )
    assert (outcome.bytes, outcome.records, outcome.unreadable_records, outcome.sha256) == (
        len(GOOD),
        3,
        0,
        SHA,
    )
    assert outcome.event_dates == ("2024-03-01", "2024-03-02")
    assert outcome.ingested_at == "2024-03-05T12:00:00.000000+00:00"
    assert outcome.profile is not None
    assert (outcome.profile.format, outcome.profile.native) == ("ndjson", True)


def test_a_bad_file_goes_to_quarantine_with_its_reason(lake: Rig):
    content = gzip.compress(GOOD)[:-4]
    outcome = lake.arrive("shop/events/a b/x.json.gz", content)
    aside = lake.objects("quarantine")
    (key,) = (k for k in aside if re.fullmatch(r"shop/events/files/a b/x-[0-9a-f]{12}\.json\.gz", k))
    assert set(aside) == {key, f"{key}.reason.json"}
    assert aside[key] == content
    told = json.loads(aside[f"{key}.reason.json"])
    assert told == {
        "reason": "corrupt_gzip",
        "detail": outcome.detail,
        "help": "The gzip stream is truncated, fails its checksum or has rubbish behind it. Have it sent again.",
        "bucket": NAMES.bucket("raw"),
        "key": "shop/events/a b/x.json.gz",
        "version": outcome.version,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "ingested_at": "2024-03-05T12:00:00.000000+00:00",
    }
    assert lake.ledger.files() == [outcome]
    assert lake.ledger.accepted("shop", "events") == []
    assert lake.objects("bronze") == {}


@pytest.mark.parametrize(
    ("key", "status", "why"),
    [
        ("shop/events/a b+c%20d.json", "accepted", None),
        ("shop/events/100%.csv", "accepted", None),
        ("shop/events/Zoë/日本語.ndjson", "accepted", None),
        ("shop/events/DATA.JSON", "accepted", None),
        ("shop/events/no_extension", "accepted", None),
        ("shop/events/..", "accepted", None),
        ("shop/events/.hidden", "accepted", None),
        ("shop/events/a//b.json", "accepted", None),
        ("shop/events/marker with content/", "accepted", None),
        ("shop/events/" + "x" * 1000, "accepted", None),
        ("shop/events/" + "é" * 500, "accepted", None),
        ("shop/events/" + "😀" * 249, "accepted", None),  # 1,013 bytes
        ("shop/returns/a.json", "quarantined", "unknown_dataset"),
        ("nowhere/events/a.json", "quarantined", "unknown_dataset"),
        ("shop/events", "quarantined", "unknown_dataset"),
        ("ECOMMERCE/events/a.json", "quarantined", "unknown_dataset"),
        ("a.json", "quarantined", "unknown_dataset"),
        ("x" * 1024, "quarantined", "unknown_dataset"),
        ("//a.json", "quarantined", "unknown_dataset"),
        ("nowhere/" + "é" * 500, "quarantined", "unknown_dataset"),
        ("shop/events/" + "x" * 1012, "accepted", None),  # 1,024 bytes, as the next three
        ("shop/events/" + "é" * 504 + ".csv", "accepted", None),
        ("shop/returns/" + "x" * 1006 + ".json", "quarantined", "unknown_dataset"),
        ("x" * 1020 + "/y/z", "quarantined", "unknown_dataset"),
        ("shop/events/../../web/pages/a.json", "accepted", None),
        ("shop/events/../users/a.json", "accepted", None),
        ("../../etc/a.json", "quarantined", "unknown_dataset"),
        ("shop/../web/a.json", "quarantined", "unknown_dataset"),
        ("/shop/events/a.json", "quarantined", "unknown_dataset"),
        ("shop//events/a.json", "quarantined", "unknown_dataset"),
        ("shop2/events/a.json", "quarantined", "unknown_dataset"),
        ("shop/events2/a.json", "quarantined", "unknown_dataset"),
        ("shop/events\n/a.json", "quarantined", "unknown_dataset"),
        ("shop/events/a\n\t\x01\x7f\x85\u2028b.json", "accepted", None),
        ("archive/shop/events/a.json", "quarantined", "unknown_dataset"),
        ("system/lambda/a.json", "quarantined", "unknown_dataset"),
    ],
)
def test_any_key_has_one_outcome(lake: Rig, key: str, status: str, why: str | None):
    outcome = lake.arrive(key, GOOD)
    assert (outcome.status, outcome.reason, outcome.key) == (status, why, key)
    assert lake.ledger.files() == [outcome]
    copies = lake.objects("bronze" if status == "accepted" else "quarantine")
    assert copies[outcome.target_key or ""] == GOOD
    assert len(copies) == (1 if status == "accepted" else 2)
    for copied in copies:
        assert len(copied.encode()) <= 1024
        assert not {"", ".", ".."} & set(copied.split("/"))
        assert copied.isprintable()
        assert status == "quarantined" or copied.startswith("shop/events/event_date=2024-03-02/")


@pytest.mark.parametrize(
    "name",
    [
        "_SUCCESS",
        "_started_3571",
        "_committed_3571",
        ".part-0.parquet.crc",
        "_temporary/0/_temporary/attempt_202403011200_0001_m_000000_0/part-0.json",
        "day=1/_temporary/0/task_1/day=1/part-0.json",
        "_spark_metadata/0",
        "_spark_metadata/9.compact",
        ".spark-staging-6f1c/day=1/part-0.json",
        ".hive-staging_hive_2024-03-01_1/-ext-10000/part-0.json",
        "__magic_job-7f/tasks/t_1/__base/part-0.json.pending",
    ],
)
def test_what_spark_keeps_beside_a_table_or_of_an_unfinished_write_is_ignored(lake: Rig, name: str):
    outcome = lake.arrive(f"shop/events/{name}", GOOD)
    assert (outcome.status, outcome.reason, outcome.target_key) == ("ignored", None, None)
    assert (lake.objects("bronze"), lake.objects("quarantine")) == ({}, {})
    assert lake.ledger.files() == [outcome]


@pytest.mark.parametrize(
    "name", ["_temporary", "my_temporary/a.json", "_temporary2/a.json", "_delta_log/0.json"]
)
def test_a_name_that_only_resembles_those_is_read(lake: Rig, name: str):
    assert lake.arrive(f"shop/events/{name}", GOOD).status == "accepted"


def test_a_key_of_1024_bytes_is_quarantined_under_a_shorter_one_and_whole_in_the_ledger(lake: Rig):
    keys = ["shop/events/" + "é" * 503 + end for end in ("1.json", "2.json")]
    assert {len(k.encode()) for k in keys} == {1024}
    outcomes = [lake.arrive(key, b"") for key in keys]
    aside = lake.objects("quarantine")
    assert [o.reason for o in outcomes] == ["empty_file", "empty_file"]
    assert sorted(f.key for f in lake.ledger.files()) == keys
    assert {o.target_key for o in outcomes} | {f"{o.target_key}.reason.json" for o in outcomes} == set(aside)
    assert len(aside) == 4
    assert max(len(k.encode()) for k in aside) in (1023, 1024)
    assert all((o.target_key or "").endswith(".json") for o in outcomes)
    assert [json.loads(aside[f"{o.target_key}.reason.json"])["key"] for o in outcomes] == keys


def test_a_hostile_key_is_quarantined_under_a_harmless_one(lake: Rig):
    for key, place in {
        "shop/events/../../web/./x//a\n.json": "shop/events/files/_/_/web/_/x/_/a_",
        "../../../etc/a.json": "system/lambda/_/_/_/etc/a",
        "shop/../web/pages/a.json": "system/lambda/shop/_/web/pages/a",
        "/shop/events/a.json": "system/lambda/_/shop/events/a",
        "shop\x00/events/a.json": "system/lambda/shop_/events/a",
    }.items():
        outcome = lake.arrive(key, b"")
        assert re.fullmatch(re.escape(place) + r"-[0-9a-f]{12}\.json", outcome.target_key or ""), key
        assert outcome.key == key


def test_keys_that_differ_only_in_what_is_made_harmless_stand_side_by_side(lake: Rig):
    keys = [f"shop/events/{name}.json" for name in ("../a", "./a", "_/a", "/a", "_/a\n", "_/a\t", "_/a_")]
    assert len({lake.arrive(key, b"").target_key for key in keys}) == len(keys)


def test_a_dataset_that_does_not_exist_gets_no_folder_among_the_files_of_a_table(lake: Rig):
    """Where the rejects of a domain stand together, `data_quality` is the folder of an Iceberg table, and
    maintenance removes what the table does not know.
    """
    outcome = lake.arrive("web/data_quality/metadata/a.json", GOOD)
    assert outcome.reason == "unknown_dataset"
    assert re.fullmatch(
        r"web/system/lambda/data_quality/metadata/a-[0-9a-f]{12}\.json", outcome.target_key or ""
    )


def test_long_keys_that_begin_alike_do_not_overwrite_each_other_in_quarantine(lake: Rig):
    keys = ["nowhere/x/" + "y" * 1010 + end for end in ("1", "2")]
    assert len({lake.arrive(key, GOOD).target_key for key in keys}) == 2


def test_two_rejected_versions_of_a_key_stand_side_by_side_in_quarantine(lake: Rig):
    outcomes = [lake.arrive("shop/events/a.json", content) for content in (b"", b"\0")]
    aside = lake.objects("quarantine")
    assert [aside[o.target_key or ""] for o in outcomes] == [b"", b"\0"]
    told = [json.loads(aside[f"{o.target_key}.reason.json"]) for o in outcomes]
    assert [t["version"] for t in told] == [o.version for o in outcomes]


def test_an_empty_object_is_quarantined_and_a_folder_marker_ignored(lake: Rig):
    assert lake.arrive("shop/events/empty.csv", b"").reason == "empty_file"
    assert lake.deliver(lake.drop("shop/events/new folder/", b"")) == [None]
    assert len(lake.ledger.files()) == 1


def test_an_event_that_comes_again_changes_nothing(lake: Rig):
    for content in (GOOD, b"", GOOD + GOOD):
        body = lake.drop("shop/events/a.json", content)
        (first,) = lake.deliver(body)
        before = lake.state()
        assert first is not None
        assert lake.deliver(body) == [None]
        assert lake.deliver(body, "another message") == [None]
        assert lake.state() == before


def test_an_overwritten_key_is_a_new_version(lake: Rig):
    first = lake.arrive("shop/events/a.json", GOOD)
    second = lake.arrive("shop/events/a.json", GOOD + GOOD)
    assert {first.status, second.status} == {FileStatus.ACCEPTED}
    assert len(lake.objects("bronze")) == 2
    assert len(lake.ledger.files()) == 2


@pytest.mark.field("h9", "An older version whose event comes late", "right")
def test_a_version_whose_event_comes_late_is_accepted_as_the_older_one(lake: Rig):
    """It may hold rows that the newer version lacks; which one wins is no matter of delivery."""
    old = lake.drop("shop/events/a.json", GOOD)
    new = lake.drop("shop/events/a.json", GOOD + GOOD)
    (newer,), (older,) = lake.deliver(new), lake.deliver(old)
    assert newer is not None
    assert older is not None
    assert {newer.status, older.status} == {FileStatus.ACCEPTED}
    assert older.order < newer.order
    assert (older.written_at or "").endswith(":00")


def test_a_copy_that_was_written_later_than_the_file_that_has_its_content_is_known_as_such(lake: Rig):
    """Between the two a third file may have said otherwise: then the copy must win."""
    bodies = [lake.drop(f"shop/events/{name}.json", GOOD) for name in "abc"]
    (first,), (later,), (earlier,) = (lake.deliver(bodies[i]) for i in (1, 2, 0))
    assert first is not None
    assert later is not None
    assert earlier is not None
    assert {later.status, earlier.status} == {FileStatus.DUPLICATE}
    assert (later.later_copy, earlier.later_copy) == (True, None)
    assert lake.ledger.unread_copies("shop", "events") == [later]
    assert lake.ledger.pending("shop", "events") == [first]


def test_each_version_is_read_and_copied_even_after_it_was_overwritten(lake: Rig):
    old = lake.drop("shop/events/a.json", GOOD)
    lake.drop("shop/events/a.json", b"")
    (outcome,) = lake.deliver(old)
    assert outcome is not None
    assert outcome.sha256 == SHA
    assert list(lake.objects("bronze").values()) == [GOOD]


def test_an_object_deleted_meanwhile_is_gone(lake: Rig):
    body = lake.drop("shop/events/a.json", GOOD)
    version = json.loads(body)["detail"]["object"]["version-id"]
    lake.s3.delete_object(Bucket=NAMES.bucket("raw"), Key="shop/events/a.json", VersionId=version)
    (outcome,) = lake.deliver(body)
    assert outcome is not None
    assert (outcome.status, outcome.reason, outcome.target_key) == ("quarantined", "object_gone", None)
    assert lake.objects("quarantine") == {}
    assert lake.deliver(message("shop/events/never.json", None, "1"))[0].reason == "object_gone"  # type: ignore[union-attr]


def test_the_same_content_again_is_a_duplicate(lake: Rig):
    first = lake.arrive("shop/events/a.json", GOOD)
    second = lake.arrive("shop/events/other/b.json", GOOD)
    assert (second.status, second.duplicate_of) == ("duplicate", f"shop/events/a.json@{first.version}")
    assert len(lake.objects("bronze")) == 1
    assert lake.ledger.pending("shop", "events") == [first]
    shared = b'{"user_id":"u1"}'
    assert [lake.arrive(f"shop/{d}/u.json", shared).status for d in ("events", "users")] == [
        "accepted",
        "accepted",
    ]


def test_the_contract_may_accept_the_same_content_again(lake: Rig, monkeypatch: pytest.MonkeyPatch):
    shop = contract("shop")
    tolerant = replace(shop, datasets=tuple(replace(d, duplicate_files="accept") for d in shop.datasets))
    monkeypatch.setattr(module, "contract", lambda _: tolerant)
    assert [lake.arrive(f"shop/events/{name}", GOOD).status for name in ("a.json", "b.json")] == [
        "accepted",
        "accepted",
    ]
    assert len(lake.objects("bronze")) == 2


def test_content_whose_first_file_was_never_accepted_is_no_duplicate(lake: Rig):
    """The first file's worker died between taking the content and the copy; then the object was deleted."""
    first = FileId(NAMES.bucket("raw"), "shop/events/a.json", "v0", "01")
    lake.ledger.claim(first, "dead worker", now=0)
    assert lake.ledger.content_owner("shop", "events", SHA, first) == "shop/events/a.json@v0"
    second = lake.arrive("shop/events/b.json", GOOD)
    assert second.status == "accepted"
    assert lake.arrive("shop/events/c.json", GOOD).duplicate_of == f"shop/events/b.json@{second.version}"


def test_content_of_a_file_in_work_waits_for_its_outcome(lake: Rig):
    first = FileId(NAMES.bucket("raw"), "shop/events/a.json", "v0", "01")
    lake.ledger.claim(first, "living worker")
    lake.ledger.content_owner("shop", "events", SHA, first)
    body = lake.drop("shop/events/b.json", GOOD)
    with pytest.raises(BusyError, match=r"content of shop/events/b\.json"):
        lake.deliver(body)
    lake.ledger.release(first, "living worker")
    with pytest.raises(BusyError, match="content"):
        lake.deliver(body)  # the first file's retry comes first
    hour_ago = time.time() - 3602
    lake.ledger.claim(first, "living worker", now=hour_ago)
    lake.ledger.release(first, "living worker", now=hour_ago)
    assert lake.deliver(body)[0].status == "accepted"  # type: ignore[union-attr]
    assert [f.status for f in lake.ledger.files()] == ["claimed", "accepted"]


def test_two_files_of_one_content_at_the_same_time_both_get_their_outcome_at_once(lake: Rig):
    """Back in the queue the second would stay there for half an hour."""
    first = FileId(NAMES.bucket("raw"), "shop/events/a.json", "v0", "01")
    lake.ledger.claim(first, "other worker")
    lake.ledger.content_owner("shop", "events", SHA, first)
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            lake.ledger.commit(
                LedgerFile(
                    first.bucket,
                    first.key,
                    first.version,
                    "shop",
                    "events",
                    FileStatus.ACCEPTED,
                    sha256=SHA,
                )
            )

    body = lake.drop("shop/events/b.json", GOOD)
    lake.ingest = replace(lake.ingest, wait=wait)
    (second,) = lake.deliver(body)
    assert second is not None
    assert (second.status, second.duplicate_of) == ("duplicate", "shop/events/a.json@v0")
    assert len(waited) == 3


def test_a_claim_whose_key_was_overwritten_before_its_retry_is_forgotten(lake: Rig):
    old, new = (message("shop/events/a.json", None, number) for number in ("01", "02"))
    lake.drop("shop/events/a.json", GOOD)
    lake.faults.arm(6, "before", False)  # the place takes three calls
    with pytest.raises(InjectedError):
        lake.deliver(old)
    lake.faults.at = 0
    assert [f.status for f in lake.ledger.files()] == ["claimed"]
    (outcome,) = lake.deliver(new)
    assert lake.deliver(old) == [None]
    assert lake.ledger.files() == [outcome]


def test_a_file_that_another_worker_holds_is_busy(lake: Rig):
    body = lake.drop("shop/events/a.json", GOOD)
    found = json.loads(body)["detail"]["object"]
    file = FileId(NAMES.bucket("raw"), found["key"], found["version-id"], found["sequencer"])
    lake.ledger.claim(file, "another")
    with pytest.raises(BusyError, match="by another worker"):
        lake.deliver(body)
    lake.ledger.release(file, "another")
    assert lake.deliver(body)[0].status == "accepted"  # type: ignore[union-attr]


def test_a_file_larger_than_the_function_can_read_in_time_is_quarantined_unread(lake: Rig):
    small = Ingest(NAMES, lake.ledger, lake.ingest.store, Limits(max_bytes=100), lambda: NOON)
    (outcome,) = [
        small(FileId(NAMES.bucket("raw"), "shop/events/a.json", v, "01"), "m") for v in [_version(lake)]
    ]
    assert outcome is not None
    assert (outcome.reason, outcome.detail) == ("too_large", f"{len(GOOD)} bytes are more than 100")


def _version(lake: Rig) -> str:
    return str(json.loads(lake.drop("shop/events/a.json", GOOD))["detail"]["object"]["version-id"])


def test_a_file_without_dates_is_never_filed_under_today(lake: Rig):
    outcome = lake.arrive("shop/events/a.json", b'{"event_id":"e1"}')
    assert (outcome.target_key or "").startswith("shop/events/event_date=1970-01-01/")
    assert outcome.event_dates == ()


def test_files_received_are_files_accounted_for(lake: Rig):
    contents = [GOOD, b"", GOOD, b"PAR1", b"event_id,ts\n1,2024-03-01\n", b"\0", GOOD]
    outcomes = [lake.arrive(f"shop/events/{i}", c).status for i, c in enumerate(contents)]
    assert outcomes == [
        "accepted",
        "quarantined",
        "duplicate",
        "quarantined",
        "accepted",
        "quarantined",
        "duplicate",
    ]
    assert sorted(f.status for f in lake.ledger.files()) == sorted(outcomes)


@pytest.mark.field("h25", "Names and dates beyond what an item of the ledger holds", "right")
@pytest.mark.parametrize(
    "content",
    [
        (
            "event_id,ts,"
            + ",".join(f"{i:04}" + "n" * 996 for i in range(500))
            + "\n"
            + f"e1,2026-05-01{',' * 500}\n"
        ),
        "event_id,ts," + "x" * 3_000_000 + "\ne1,2026-05-01,\n",
        "event_id,ts\n"
        + "".join(f"e{i},{dt.date(1900, 1, 1) + dt.timedelta(days=i)}\n" for i in range(40_000)),
    ],
    ids=["many long names", "one very long name", "many dates"],
)
def test_what_is_too_long_for_the_ledger_costs_no_outcome(lake: Rig, content: str):
    """DynamoDB refuses an item of more than 400 kB."""
    outcome = lake.arrive("shop/events/a.csv", content.encode())
    assert outcome.status == "accepted"
    [kept] = lake.ledger.files()
    assert kept.profile is not None
    assert kept.profile.columns[:2] == ("event_id", "ts")
    assert kept.profile.native == (outcome.records > 1)  # a header that is not all there is read by us
