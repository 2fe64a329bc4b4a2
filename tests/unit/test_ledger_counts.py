"""What the index counts is what reading the whole ledger finds, whatever became of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli.counted_files import counted_files
from cli.verbs.status import files_outside
from local.ledger_table import create_ledger_table
from local.session import Session
from shared.ledger.counts import DeadClaims
from shared.ledger.model import FileId, FileStatus, LedgerFile
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


def test_a_ledger_of_an_older_version_is_counted_once_its_index_is_complete(session: Session) -> None:
    expected = counts_of_all(session, "shop")
    table = session.boto.resource("dynamodb").Table(NAMES.ledger_table)
    for item in table.scan()["Items"]:
        key = {name: item[name] for name in ("pk", "sk")}
        if item["pk"] == "places":
            table.delete_item(Key=key)
        elif item.get("state", "").partition("#")[0] in ("claimed", "duplicate", "ignored", "unpacked"):
            table.update_item(
                Key=key, UpdateExpression="REMOVE dataset_id, #s", ExpressionAttributeNames={"#s": "state"}
            )
    older = Session(NAMES, boto3.Session())
    assert counts_of_all(older, "shop") != expected
    assert older.ledger.index_again() == 7
    assert counts_of_all(older, "shop") == expected
    assert older.ledger.index_again() == 0


def test_the_look_at_a_ledger_reads_none_of_its_files(session: Session) -> None:
    sent: list[tuple[str, str]] = []
    session.ledger._table.meta.client.meta.events.register(
        "before-call.*", lambda model, params, **_: sent.append((model.name, params["body"].decode()))
    )
    counted_files(session, "shop", session.ledger.places())
    assert {name for name, _ in sent} == {"Query"}
    whole = [
        b for _, b in sent if '"COUNT"' not in b and "ProjectionExpression" not in b and "places" not in b
    ]
    assert len(whole) == 1  # the oldest claim without an owner
