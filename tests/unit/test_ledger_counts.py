"""What the counters say is what reading the whole ledger finds, whatever became of a file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli.counted_files import counted_files
from cli.standing import files_outside
from cli.verbs.status import print_recount
from local.ledger_table import create_ledger_table
from local.session import Session
from shared.ledger.counts import DeadClaims
from shared.ledger.model import FileId, FileStatus, LedgerFile
from tests.support.clock import Clock
from tests.support.moto_session import NAMES

CAME = "2024-03-05T12:00:00.000000+00:00"
ACCEPTED, QUARANTINED, DUPLICATE = FileStatus.ACCEPTED, FileStatus.QUARANTINED, FileStatus.DUPLICATE
DEFERRED, IGNORED, UNPACKED = FileStatus.DEFERRED, FileStatus.IGNORED, FileStatus.UNPACKED
# Domain, dataset, status, and what else the ledger says; two of the first.
OUTCOMES: list[tuple[str, str, FileStatus, dict[str, Any]]] = [
    ("shop", "events", ACCEPTED, {}),
    ("shop", "events", ACCEPTED, {}),
    ("shop", "events", ACCEPTED, {"processed_by": "r1"}),
    ("shop", "events", DUPLICATE, {}),
    ("shop", "events", DUPLICATE, {"later_copy": True}),
    ("shop", "events", DUPLICATE, {"later_copy": True, "processed_by": "r1"}),
    ("shop", "events", QUARANTINED, {"reason": "not_text"}),
    ("shop", "events", QUARANTINED, {"reason": "empty_file"}),
    ("shop", "events", IGNORED, {}),
    ("shop", "events", UNPACKED, {}),
    ("shop", "events", DEFERRED, {"detail": "too large"}),
    ("shop", "users", DEFERRED, {"detail": "too large"}),
    ("shop", "users", ACCEPTED, {"processed_by": "r1"}),
    ("shop", "misspelt", QUARANTINED, {"reason": "unknown_dataset"}),
    ("gone", "orders", ACCEPTED, {}),
    ("unknown", "unknown", QUARANTINED, {"reason": "unknown_dataset"}),
]
CLAIMS = ("shop/events/alive.csv", "shop/events/dead.csv", "shop/events/given-back.csv", "bare.csv")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Session]:
    """A ledger with every kind of entry there is."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", NAMES.region)
    with mock_aws():
        create_ledger_table(boto3.resource("dynamodb"), NAMES.ledger_table)
        session = Session(NAMES, boto3.Session())
        fill(session)
        yield session


def fill(session: Session) -> None:
    for number, (domain, dataset, status, more) in enumerate(OUTCOMES):
        file = LedgerFile("raw", f"{domain}/{dataset}/{number}.csv", "v1", domain, dataset, status)
        session.ledger.commit(replace(file, ingested_at=CAME, **more))
    alive, dead, given_back, bare = (FileId("raw", key, "v1", "01") for key in CLAIMS)
    session.ledger.claim(alive, "a", now=10_000)
    session.ledger.claim(dead, "a", now=7_000)
    session.ledger.claim(given_back, "b", now=9_500)
    session.ledger.release(given_back, "b", now=9_600)
    session.ledger.claim(bare, "a", now=7_000)


def counts_of_all(session: Session, domain: str) -> dict[str, dict[str, int]]:
    found = counted_files(session, domain, session.ledger.places()).by_dataset
    return {dataset: dict(counts) for dataset, counts in found.items()}


def test_every_file_is_counted_under_its_dataset_and_what_became_of_it(session: Session) -> None:
    assert counts_of_all(session, "shop") == {
        "events": {
            "accepted": 3,
            "pending": 2,
            "duplicate": 3,
            "quarantined": 2,
            "ignored": 1,
            "unpacked": 1,
            "deferred": 1,
            "claimed": 3,
        },
        "users": {"accepted": 1, "deferred": 1},
        "misspelt": {"quarantined": 1},
    }
    read = [f for f in session.ledger.files() if f.key.startswith("shop/")]
    statuses = Counter(f.status.value for f in read)
    every = counts_of_all(session, "shop").values()
    assert (
        sum((Counter({k: n for k, n in c.items() if k != "pending"}) for c in every), Counter()) == statuses
    )


def test_reasons_and_claims_without_an_owner_are_counted(session: Session) -> None:
    found = counted_files(session, "shop", session.ledger.places())
    assert found.reasons == {"not_text": 1, "empty_file": 1, "unknown_dataset": 1}
    dead = session.ledger.dead_claims("shop", "events", now=9_600)
    assert dead is not None
    assert (dead.files, dead.since.timestamp()) == (2, 7_900)
    assert session.ledger.dead_claims("shop", "events", now=7_899) is None
    assert set(found.dead_claims) == {"events"}
    assert isinstance(found.dead_claims["events"], DeadClaims)


def test_an_outcome_takes_the_claim_s_place(session: Session) -> None:
    file = LedgerFile("raw", "shop/events/dead.csv", "v1", "shop", "events", ACCEPTED, ingested_at=CAME)
    session.ledger.commit(file)
    counts = session.ledger.counts("shop", "events")
    assert (counts["claimed"], counts["accepted"]) == (2, 4)
    session.ledger.mark_processed([file], "r2")
    assert session.ledger.counts("shop", "events")["pending"] == 2


def test_files_of_no_domain_are_found_without_reading_the_others(session: Session) -> None:
    outside = [place for place in session.ledger.places() if place[0] != "shop"]
    assert {(f.key, f.status) for f in files_outside(session, outside)} == {
        ("gone/orders/14.csv", "accepted"),
        ("unknown/unknown/15.csv", "quarantined"),
        ("bare.csv", "claimed"),
    }


def table_of(session: Session) -> Any:
    return session.boto.resource("dynamodb").Table(NAMES.ledger_table)


def test_a_ledger_of_an_older_version_is_counted_once_it_was_read(session: Session) -> None:
    expected = counts_of_all(session, "shop")
    table = table_of(session)
    for item in table.scan()["Items"]:
        key = {name: item[name] for name in ("pk", "sk")}
        if item["pk"] == "places" or item["pk"].startswith("counter#"):
            table.delete_item(Key=key)
        elif item.get("state", "").partition("#")[0] in ("claimed", "duplicate", "ignored", "unpacked"):
            table.update_item(
                Key=key, UpdateExpression="REMOVE dataset_id, #s", ExpressionAttributeNames={"#s": "state"}
            )
    older = Session(NAMES, boto3.Session())
    assert counts_of_all(older, "shop") != expected
    # A file that comes now makes no place of which the counters would know all.
    file = LedgerFile("raw", "shop/events/new.csv", "v1", "shop", "events", ACCEPTED, ingested_at=CAME)
    older.ledger.commit(file)
    assert older.ledger.uncounted_places() == ["shop/events"]
    found = older.ledger.recount()
    assert (found.placed, found.busy) == (7, ())
    assert found.mended["shop/users"] == {"accepted": 1, "deferred": 1}
    assert found.mended["shop/events"] == {
        "accepted": 3,
        "pending": 2,
        "duplicate": 3,
        "quarantined": 2,
        "reason#not_text": 1,
        "reason#empty_file": 1,
        "ignored": 1,
        "unpacked": 1,
        "deferred": 1,
    }
    expected["events"] |= {"accepted": 4, "pending": 3}
    assert counts_of_all(older, "shop") == expected
    assert older.ledger.uncounted_places() == []
    again = older.ledger.recount()
    assert (again.placed, again.mended, again.busy) == (0, {}, ())


def test_an_older_ledger_is_counted_in_its_index_until_then(session: Session) -> None:
    expected = counts_of_all(session, "shop")
    table = table_of(session)
    for item in table.scan()["Items"]:
        if item["pk"] == "places":
            table.put_item(Item={"pk": item["pk"], "sk": item["sk"]})
        elif item["pk"].startswith("counter#"):
            table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    older = Session(NAMES, boto3.Session())
    assert counts_of_all(older, "shop") == expected
    assert counted_files(older, "shop", older.ledger.places()).reasons == {
        "not_text": 1,
        "empty_file": 1,
        "unknown_dataset": 1,
    }


def test_wrong_counters_are_mended_and_those_of_files_that_come_meanwhile_left(
    session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = counts_of_all(session, "shop")
    table_of(session).put_item(
        Item={"pk": "counter#shop/users#03", "sk": "files", "accepted": 5, "reason#not_text": 2, "changes": 9}
    )
    table_of(session).put_item(Item={"pk": "counter#shop/misspelt#15", "sk": "files", "quarantined": -1})
    reads = 0
    scan = session.ledger._table.meta.client.scan

    def while_a_file_comes(**given: Any) -> Any:
        nonlocal reads
        reads += 1
        key = f"shop/misspelt/{reads}.csv"
        file = LedgerFile("raw", key, "v1", "shop", "misspelt", QUARANTINED, reason="unknown_dataset")
        session.ledger.commit(replace(file, ingested_at=CAME))
        return scan(**given)

    with monkeypatch.context() as busy:
        busy.setattr(session.ledger._table.meta.client, "scan", while_a_file_comes)
        found = session.ledger.recount()
    assert reads == 3
    assert found.busy == ("shop/misspelt",)
    wrong = found.mended["shop/users"]
    # What stood in that counter before is unknown here: at least what was put into it is gone.
    assert wrong["reason#not_text"] == -2
    assert set(found.mended) == {"shop/users"}
    print_recount(found)
    shown = capsys.readouterr().err
    assert "shop/misspelt: not counted, for its files changed meanwhile: count again when fewer come" in shown
    assert "shop/users: the counters are mended: accepted" in shown
    rest = session.ledger.recount()
    assert (set(rest.mended), rest.busy) == ({"shop/misspelt"}, ())
    expected["misspelt"]["quarantined"] += 3
    assert counts_of_all(session, "shop") == expected


def test_a_file_that_changes_while_its_outcome_is_written_counts_once(
    session: Session,
) -> None:
    """Two workers have one file, for the claim of the first ran out: the later outcome stands."""
    first = LedgerFile("raw", "shop/users/1.csv", "v1", "shop", "users", ACCEPTED, ingested_at=CAME)
    second = replace(first, status=QUARANTINED, reason="not_text")
    session.ledger.claim(first.file_id, "a")
    client = session.ledger._table.meta.client
    write, other = client.transact_write_items, Session(NAMES, boto3.Session())
    requests = 0

    def after_another(**given: Any) -> Any:
        nonlocal requests
        requests += 1
        if requests == 1:
            other.ledger.commit(first)
        return write(**given)

    with pytest.MonkeyPatch.context() as late:
        late.setattr(client, "transact_write_items", after_another)
        session.ledger.commit(second)
    assert requests == 2
    assert session.ledger.counts("shop", "users") == {"accepted": 1, "quarantined": 1, "deferred": 1}
    assert session.ledger.quarantine_reasons("shop", "users") == {"not_text": 1}
    other.ledger.commit(replace(second, reason="empty_file"))
    session.ledger.commit(replace(second, reason="empty_file"))
    assert session.ledger.quarantine_reasons("shop", "users") == {"empty_file": 1}
    assert session.ledger.recount().mended == {}


def test_counters_that_a_busy_table_leaves_out_are_asked_for_again_after_a_wait(
    session: Session, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    expected = session.ledger.counts("shop", "events")
    client = session.ledger._table.meta.client
    whole = client.batch_get_item

    def five_at_a_time(RequestItems: Any) -> Any:  # noqa: N803
        [(name, wanted)] = RequestItems.items()
        page = whole(RequestItems={name: {**wanted, "Keys": wanted["Keys"][:5]}})
        left = wanted["Keys"][5:]
        return {**page, "UnprocessedKeys": {name: {**wanted, "Keys": left}} if left else {}}

    monkeypatch.setattr(client, "batch_get_item", five_at_a_time)
    assert session.ledger.counts("shop", "events") == expected
    assert len(clock.waits) == 3  # sixteen counters
    assert clock.waits == sorted(clock.waits)


def test_a_table_that_gives_no_counter_is_not_asked_for_ever(
    session: Session, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    client = session.ledger._table.meta.client
    monkeypatch.setattr(
        client, "batch_get_item", lambda **given: {"Responses": {}, "UnprocessedKeys": given["RequestItems"]}
    )
    with pytest.raises(TimeoutError, match="ask again in a few minutes"):
        session.ledger.counts("shop", "events")
    assert 280 < sum(clock.waits) <= 300


def test_what_waits_for_the_bronze_job_counts_once_until_it_has_its_outcome(session: Session) -> None:
    file = LedgerFile("raw", "shop/users/large.csv", "v1", "shop", "users", DEFERRED, ingested_at=CAME)
    assert session.ledger.enter(file)
    assert not session.ledger.enter(file)
    assert session.ledger.counts("shop", "users") == {"accepted": 1, "deferred": 2}
    done = replace(file, status=ACCEPTED)
    assert session.ledger.settle(done)
    assert not session.ledger.settle(done)
    assert session.ledger.counts("shop", "users") == {"accepted": 2, "pending": 1, "deferred": 1}
    session.ledger.mark_processed([done, done], "r1")
    session.ledger.mark_processed([done], "r2")
    assert session.ledger.counts("shop", "users") == {"accepted": 2, "deferred": 1}


def test_a_file_that_was_quarantined_meanwhile_is_not_marked(session: Session) -> None:
    waits, gone = session.ledger.pending("shop", "events")
    session.ledger.commit(replace(gone, status=QUARANTINED, reason="not_text"))
    session.ledger.mark_processed([waits, gone], "r9")
    assert session.ledger.pending("shop", "events") == []
    counts = session.ledger.counts("shop", "events")
    assert (counts["accepted"], counts["quarantined"]) == (2, 3)
    assert session.ledger.outcome(gone.file_id) == replace(gone, status=QUARANTINED, reason="not_text")
    assert session.ledger.recount().mended == {}


def test_the_look_at_a_ledger_reads_none_of_its_files(session: Session) -> None:
    """Counters, places and claims: however many files there are."""
    sent: list[tuple[str, str]] = []
    session.ledger._table.meta.client.meta.events.register(
        "before-call.*", lambda model, params, **_: sent.append((model.name, params["body"].decode()))
    )
    found = counted_files(session, "shop", session.ledger.places())
    assert found.total("accepted") == 4
    assert {name for name, _ in sent} == {"Query", "GetItem", "BatchGetItem"}
    queries = [body for name, body in sent if name == "Query"]
    # Of a dataset that no file has reached, whether it has one; else claims, which are few.
    long = [b for b in queries if "claimed#" not in b and '"Limit": 1' not in b]
    assert [json.loads(b)["ExpressionAttributeValues"] for b in long] == [{":p": {"S": "places"}}]
    whole = [b for b in queries if "claimed#" in b and '"COUNT"' not in b]
    assert len(whole) == 1  # the oldest claim without an owner


def test_of_files_that_wait_nothing_but_their_arrival_is_read(session: Session) -> None:
    """Two accepted ones, and a copy that no run has seen."""
    answers: list[Any] = []
    session.ledger._table.meta.client.meta.events.register(
        "after-call.*", lambda parsed, **_: answers.append(parsed)
    )
    assert session.ledger.arrivals("shop", "events") == [CAME] * 3
    assert [set(item) for answer in answers for item in answer["Items"]] == [{"ingested_at"}] * 3
