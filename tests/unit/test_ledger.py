"""The ledger: conditional writes decide, repeated and late events change nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.ledger_table import create_ledger_table
from shared.ledger import Claim, Ledger
from shared.ledger.items import item_of
from shared.ledger.model import FileId, FileStatus, LedgerFile, Profile, RowCounts, RunResult
from shared.ledger.observed import Learnt, Observed
from shared.unknown_columns import UnknownColumns, observed_column
from shared.usual.days import Day, Rates
from tests.support.clock import Clock

FILE = FileId("raw", "shop/events/a.csv", "v1", "0A")
NEWER = FileId("raw", "shop/events/a.csv", "v2", "100")
ENTRY = LedgerFile(
    *("raw", "shop/events/a.csv", "v1", "shop", "events", FileStatus.ACCEPTED, "0A"),
    bytes=10,
    records=3,
    unreadable_records=1,
    sha256="ff",
    event_dates=("2024-03-01",),
    profile=Profile("csv", columns=("a", "b"), multiline=True),
    target_bucket="bronze",
    target_key="k",
    ingested_at="2024-03-05T12:00:00.000000+00:00",
)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with mock_aws():
        resource = boto3.resource(
            "dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        yield Ledger(create_ledger_table(resource, "ledger"))


def test_only_a_claim_that_never_had_an_outcome_may_be_forgotten(ledger: Ledger):
    ledger.claim(FILE, "a", now=1000)
    assert [i["expires_at"] for i in ledger._table.scan()["Items"] if i["sk"] == "v#v1"] == [
        1000 + 30 * 24 * 3600
    ]
    ledger.commit(ENTRY)
    assert not [i for i in ledger._table.scan()["Items"] if "expires_at" in i]


def test_one_worker_gets_the_claim_until_it_expires_or_is_given_back(ledger: Ledger):
    assert ledger.claim(FILE, "a", now=1000) is Claim.GRANTED
    assert ledger.claim(FILE, "b", now=1899) is Claim.BUSY
    assert ledger.claim(FILE, "a", now=1500) is Claim.AGAIN  # the same message again
    assert ledger.claim(FILE, "b", now=2401) is Claim.AGAIN
    ledger.release(FILE, "a", now=2402)  # no longer its claim
    assert ledger.claim(FILE, "a", now=2403) is Claim.BUSY
    ledger.release(FILE, "b", now=2404)
    assert ledger.claim(FILE, "a", now=2405) is Claim.AGAIN


def test_a_file_with_an_outcome_is_done(ledger: Ledger):
    for status in (FileStatus.ACCEPTED, FileStatus.QUARANTINED, FileStatus.DUPLICATE):
        file = replace(FILE, key=status)
        ledger.claim(file, "a")
        ledger.commit(replace(ENTRY, key=status, status=status))
        ledger.release(file, "a")
        assert ledger.claim(file, "a") is Claim.DONE


def test_an_older_version_of_a_key_is_still_to_be_read(ledger: Ledger):
    assert ledger.claim(NEWER, "a") is Claim.GRANTED
    assert ledger.claim(FILE, "b") is Claim.GRANTED


def test_of_an_object_without_versions_what_was_overwritten_is_done(ledger: Ledger):
    """Sequencers compare after padding on the right: 81E6 is newer than 81E5F0."""
    newer, older = (replace(FILE, version=s, sequencer=s) for s in ("81E6", "81E5F0"))
    assert ledger.claim(newer, "a") is Claim.GRANTED
    assert ledger.claim(older, "b") is Claim.DONE
    assert ledger.claim(replace(older, key="other"), "b") is Claim.GRANTED
    assert ledger.claim(replace(FILE, version="null", sequencer=""), "b") is Claim.GRANTED  # no order known


@pytest.mark.field("h9", "Sequencers of unequal length", "right")
def test_the_later_of_two_files_is_told_by_time_then_sequencer_then_key() -> None:
    second = "2024-03-05T12:00:01.000000+00:00"
    early = replace(ENTRY, written_at="2024-03-05T12:00:00.000000+00:00", sequencer="FF")
    ordered = [
        early,
        replace(ENTRY, written_at=second, sequencer="81E5F0"),
        replace(ENTRY, written_at=second, sequencer="81E6"),
        replace(ENTRY, written_at=second, sequencer="81E60"),
        replace(ENTRY, written_at=second, sequencer="81E60", key="shop/events/b.csv"),
    ]
    assert [f.order for f in ordered] == sorted({f.order for f in ordered})
    unknown = replace(ENTRY, written_at=None, ingested_at="2024-03-05T12:00:00.500000+00:00")
    assert early.order < unknown.order < ordered[1].order


def test_an_entry_is_read_as_it_was_written(ledger: Ledger):
    ledger.commit(ENTRY)
    assert ledger.files() == [ENTRY]
    assert ledger.files("shop") == [ENTRY]
    assert ledger.files("elsewhere") == []


def test_accepted_files_are_pending_oldest_first_until_they_are_processed(ledger: Ledger):
    later = replace(ENTRY, key="shop/events/0.csv", ingested_at="2024-03-05T12:00:00.000001+00:00")
    ledger.commit(later)
    ledger.commit(ENTRY)
    ledger.commit(replace(ENTRY, key="bad", status=FileStatus.QUARANTINED))
    assert ledger.pending("shop", "events") == [ENTRY, later]
    ledger.mark_processed([ENTRY], "run-1")
    assert ledger.pending("shop", "events") == [later]
    assert [f.processed_by for f in ledger.accepted("shop", "events")] == [None, "run-1"]
    assert ledger.pending("shop", "users") == []


def test_a_hundred_files_are_marked_in_one_request_and_again_without_a_change(ledger: Ledger):
    files = [replace(ENTRY, key=f"shop/events/{n}.csv") for n in range(205)]
    ledger.commit(files[0])
    with ledger._table.batch_writer() as batch:  # moto copies its whole table for every transaction
        for file in files[1:]:
            batch.put_item(Item=item_of(file))
    ledger.moved(files[7], "archive/7.csv")  # `files` does not know
    calls: list[str] = []
    ledger._table.meta.client.meta.events.register(
        "before-call.*", lambda model, **_: calls.append(model.name)
    )
    ledger.mark_processed([*files, files[0]], "run-1")
    assert calls == ["TransactWriteItems"] * 3
    marked = ledger.accepted("shop", "events")
    assert (len(marked), {f.processed_by for f in marked}, ledger.pending("shop", "events")) == (
        205,
        {"run-1"},
        [],
    )
    assert [f.target_key for f in marked if f.key == "shop/events/7.csv"] == ["archive/7.csv"]
    ledger.mark_processed(files, "run-1")
    assert ledger.accepted("shop", "events") == marked


def test_a_file_takes_two_requests_and_its_event_that_comes_again_one(ledger: Ledger):
    other = replace(FILE, key="shop/events/other.csv")
    ledger.claim(other, "a")  # the first of its dataset and this process
    calls: list[str] = []
    ledger._table.meta.client.meta.events.register(
        "before-call.*", lambda model, **_: calls.append(model.name)
    )
    assert ledger.claim(FILE, "a") is Claim.GRANTED
    assert ledger.claim(FILE, "b") is Claim.BUSY
    assert ledger.conclude(ENTRY, "a") == ENTRY
    assert ledger.claim(FILE, "a") is Claim.DONE
    assert calls == ["UpdateItem", "UpdateItem", "TransactWriteItems", "UpdateItem"]


def refuse(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, operation: str, times: int, code: str, *reasons: str
) -> list[str]:
    """Makes the next requests of a kind fail; returns the list in which every one is noted."""
    client, requests = ledger._table.meta.client, list[str]()
    succeed = getattr(client, operation)

    def refused(**given: Any) -> Any:
        requests.append(operation)
        if len(requests) > times:
            return succeed(**given)
        told = {"Error": {"Code": code}, "CancellationReasons": [{"Code": r} for r in reasons]}
        raise client.exceptions.ClientError(told, operation)

    monkeypatch.setattr(client, operation, refused)
    return requests


BUSY = "ProvisionedThroughputExceededException"


@pytest.mark.parametrize(
    ("operation", "code", "reasons"),
    [
        ("transact_write_items", "TransactionCanceledException", ("None", "ThrottlingError")),
        ("transact_write_items", "TransactionCanceledException", ("TransactionConflict", "None")),
        ("transact_write_items", "ThrottlingException", ()),
        ("get_item", "RequestLimitExceeded", ()),
        ("put_item", BUSY, ()),
        ("update_item", BUSY, ()),
        ("update_item", "TransactionConflictException", ()),
        ("delete_item", BUSY, ()),
        ("query", BUSY, ()),
        ("batch_get_item", BUSY, ()),
    ],
)
def test_what_a_busy_table_refuses_is_asked_for_again(
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
    operation: str,
    code: str,
    reasons: tuple[str, ...],
):
    requests = refuse(ledger, monkeypatch, operation, 9, code, *reasons)
    assert ledger.claim(FILE, "a") is Claim.GRANTED
    ledger.commit(ENTRY)
    ledger.mark_processed([ENTRY], "run-1")
    ledger.close_attempt("shop", "events")
    assert [f.processed_by for f in ledger.accepted("shop", "events")] == ["run-1"]
    assert ledger.counts("shop", "events") == {"accepted": 1}
    assert len(requests) > 9
    # 0.1 + 0.2 + … + 6.4 + 10 + 10 s, each less up to its half
    assert 16.35 <= clock.now - 1_000 <= 32.7


def test_patience_ends_after_five_minutes_or_when_the_caller_must_end(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, clock: Clock
):
    ledger.claim(FILE, "a")
    requests = refuse(ledger, monkeypatch, "transact_write_items", 1_000, BUSY)
    for patient, seconds in ((ledger, 300), (ledger.until(2_000.0), 300), (ledger.until(1_030.0), 30)):
        clock.now = 1_000.0
        with pytest.raises(ledger._failure):
            patient.commit(ENTRY)
        assert seconds - 10 <= clock.now - 1_000 <= seconds
    requests.clear()
    with pytest.raises(ledger._failure):
        ledger.until(1_000.0).commit(ENTRY)
    assert len(requests) == 1


@pytest.mark.parametrize("reasons", [("None", "ValidationError"), ("ThrottlingError", "ValidationError")])
def test_what_is_wrong_is_not_asked_for_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, clock: Clock, reasons: tuple[str, ...]
):
    ledger.commit(ENTRY)
    cancelled = "TransactionCanceledException"
    requests = refuse(ledger, monkeypatch, "transact_write_items", 1, cancelled, *reasons)
    with pytest.raises(ledger._failure):
        ledger.mark_processed([ENTRY], "run-1")
    assert (len(requests), clock.now) == (1, 1_000.0)


def test_a_content_is_not_taken_for_anothers_because_the_table_is_busy(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, clock: Clock
):
    other = replace(FILE, key="b.csv")
    ledger.content_owner("shop", "events", "ff", FILE)
    cancelled = "TransactionCanceledException"
    refuse(ledger, monkeypatch, "transact_write_items", 3, cancelled, "ThrottlingError", "None")
    assert ledger.content_owner("shop", "events", "ff", other) == "b.csv@v1"


def test_content_belongs_to_the_first_file_that_is_accepted_with_it(ledger: Ledger):
    other = replace(FILE, key="b@c.csv")
    assert ledger.content_owner("shop", "events", "ff", FILE) == "shop/events/a.csv@v1"
    assert ledger.content_owner("shop", "events", "ff", FILE) == "shop/events/a.csv@v1"
    assert ledger.content_owner("shop", "users", "ff", other) == "b@c.csv@v1"
    ledger.commit(ENTRY)
    assert ledger.content_owner("shop", "events", "ff", other) == "shop/events/a.csv@v1"


@pytest.mark.parametrize("gone", [True, False], ids=["unknown", "quarantined"])
def test_content_of_a_file_that_was_not_accepted_goes_to_the_next(ledger: Ledger, gone: bool):
    other = replace(FILE, key="b@c.csv")
    ledger.content_owner("shop", "events", "ff", FILE)
    if not gone:
        ledger.commit(replace(ENTRY, status=FileStatus.QUARANTINED))
    assert ledger.content_owner("shop", "events", "ff", other) == "b@c.csv@v1"
    ledger.claim(FILE, "a")
    ledger.claim(other, "b")
    assert ledger.content_owner("shop", "events", "ff", FILE) is None


def test_content_waits_an_hour_for_a_file_in_work(ledger: Ledger):
    other = replace(FILE, key="b.csv")
    ledger.claim(FILE, "a", now=10_000)
    ledger.content_owner("shop", "events", "ff", FILE)
    assert ledger.content_owner("shop", "events", "ff", other, now=10_900 + 3600) is None
    assert ledger.content_owner("shop", "events", "ff", other, now=10_900 + 3601) == "b.csv@v1"


def test_runs_are_kept_by_domain_and_dataset(ledger: Ledger):
    first = RunResult(
        "shop",
        "r1",
        "events",
        RowCounts(3, 2, 1),
        {"missing_key": 1},
        {"total_rows": 3.0},
        1,
        finished_at="1",
    )
    second = RunResult("shop", "r2", "users", RowCounts(), gate="warn", gate_findings=("x",), finished_at="2")
    ledger.record_run(second)
    ledger.record_run(first)
    ledger.record_run(first)
    ledger.record_summary("shop", "r1", "pass", True, ["a", "b"])
    assert ledger.runs("shop") == [first, second]
    assert ledger.runs("shop", "r2") == [second]
    assert ledger.runs("elsewhere") == []


def test_an_attempt_tells_whether_an_earlier_one_never_finished(ledger: Ledger):
    assert not ledger.open_attempt("shop", "events", "r1")
    assert ledger.open_attempt("shop", "events", "r2")
    ledger.close_attempt("shop", "events")
    assert not ledger.open_attempt("shop", "events", "r3")


def test_a_gate_stays_closed_until_its_findings_are_accepted(ledger: Ledger):
    assert ledger.halted_by("shop") is None
    ledger.halt("shop", "r1", ["too many nulls"])
    assert ledger.halted_by("shop") == "r1"
    ledger.accept_halt("shop")
    assert ledger.halted_by("shop") is None
    assert ledger.lock_owner("shop") is None


def test_a_held_domain_is_its_holders_until_the_time_has_passed(ledger: Ledger):
    assert ledger.hold("shop", "m1", 600, now=1000)
    assert (ledger.held_for("shop", now=1599), ledger.held_for("shop", now=1600)) == ("m1", None)
    assert not ledger.hold("shop", "m2", 600, instead_of="m1", now=1599)  # m1 never ran, and is not dead
    assert ledger.hold("shop", "m1", 600, now=1500)  # prolonged
    assert not ledger.hold("shop", "m2", 600, instead_of="m1", now=1601)
    assert ledger.hold("shop", "m2", 600, instead_of="m1", now=2101)
    assert not ledger.hold("shop", "m1", 600, now=2102)
    assert ledger.held_for("shop", now=2102) == "m2"


def test_the_domain_of_a_dead_run_may_be_held(ledger: Ledger):
    ledger._table.put_item(Item={"pk": "lock#shop", "sk": "lock", "run_id": "dead"})
    assert ledger.held_for("shop") is None
    assert not ledger.hold("shop", "m1", 600)
    assert ledger.hold("shop", "m1", 600, instead_of="dead")


def test_files_are_found_by_the_day_of_their_arrival(ledger: Ledger):
    times = ("2024-03-04T23:59:59", "2024-03-05T00:00:00", "2024-03-06T23:59:59", "2024-03-07T00:00:00")
    for n, time in enumerate(times):
        processed = "r1" if n % 2 else None
        ledger.commit(replace(ENTRY, key=f"k{n}", ingested_at=f"{time}.000000+00:00", processed_by=processed))
    ledger.commit(replace(ENTRY, key="bad", status=FileStatus.QUARANTINED))
    found = ledger.arrived("shop", "events", dt.date(2024, 3, 5), dt.date(2024, 3, 6))
    assert sorted(f.key for f in found) == ["k1", "k2"]
    newest = ledger.newest_arrival("shop", "events")
    assert newest is not None
    assert newest.key == "k3"
    assert ledger.newest_arrival("shop", "users") is None


def test_a_day_is_counted_again_and_its_rates_add_up(ledger: Ledger):
    day = dt.date(2024, 3, 5)
    ledger.add_rates("shop", "events", day, Rates(10, 1, {"city": 4}))
    ledger.note_day("shop", "events", Day(day, 1, 10))
    ledger.note_day("shop", "events", Day(day, 2, 30))
    ledger.add_rates("shop", "events", day, Rates(20, 0, {"city": 1, "age": 2}))
    assert ledger.days("shop", "events", day) == [Day(day, 2, 30, Rates(30, 1, {"city": 5, "age": 2}))]
    assert ledger.days("shop", "events", dt.date(2024, 3, 6)) == []
    [item] = [i for i in ledger._table.scan()["Items"] if i["pk"].startswith("days#")]
    assert item["expires_at"] == 1744156800  # 2025-04-09, 400 days later


def test_what_is_known_of_datasets_is_read_as_it_was_written(ledger: Ledger):
    learnt = Learnt("r1", "2024-03-04", None, "2024-03-04", 10, 4, 30, 36.0)
    report = UnknownColumns((observed_column("ccy", {"2024-03-04"}, 1, 2, 1),), 3)
    ledger.note_learnt("shop", "events", learnt)
    ledger.note_unknown_columns("shop", "events", report)
    ledger.note_unknown_columns("shop", "users", report)
    ledger.note_learnt("web", "events", learnt)
    assert ledger.observed("shop") == {"events": Observed(learnt, report), "users": Observed(None, report)}


def test_more_dates_than_an_item_holds_become_ranges_that_have_them_all(ledger: Ledger):
    """DynamoDB refuses an item of more than 400 kB."""
    first = dt.date(1900, 1, 1)
    days = [first + dt.timedelta(days=i) for i in range(80_000) if i % 7 != 3 or i > 70_000]
    ledger.commit(replace(ENTRY, event_dates=tuple(d.isoformat() for d in days)))
    [kept] = ledger.pending("shop", "events")
    assert {d.isoformat() for d in days} <= set(kept.event_dates)
    assert (min(kept.event_dates), max(kept.event_dates)) == (days[0].isoformat(), days[-1].isoformat())
    few = ("2024-03-01", "2024-03-03", "1999-01-01")
    ledger.commit(replace(ENTRY, event_dates=few))
    assert ledger.pending("shop", "events")[0].event_dates == few
