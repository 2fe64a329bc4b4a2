"""What is in a row stays in tables and quarantine: no log, ledger entry, metric or reason repeats it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from shared.contracts import contract
from shared.keyed_hash import pads
from tests.support.protected_shop import protected_shop
from tests.support.rig import Rig

# One mark per column and kind of value; numbers and times that occur nowhere else.
MARKS = ("zqmark", "77123456", "2026-01-07T03:04:05", "1767755045")
EVENTS = [
    {
        "event_id": "zqmark-1",
        "user_id": "zqmark-user",
        "ts": "2026-01-07T03:04:05Z",
        "email": "zqmark@example.com",
        "name": "Zqmark",
        "price": 77123456,
    },
    {"event_id": "zqmark-2", "user_id": "zqmark-user", "ts": "zqmark is no time", "message": "zqmark"},
    {
        "event_id": "zqmark-3",
        "ts": 1767755045,
        "price": "zqmark",
        "age": 77123456,
        "unknown_column": "zqmark",
    },
    {"event_id": None, "user_id": "zqmark-nobody", "ts": "2026-01-07T03:04:05Z"},
]
USERS = [
    {
        "user_id": "zqmark-user",
        "email": "zqmark@example.com",
        "phone": "+84 77123456",
        "updated_at": "2026-01-07T03:04:05Z",
    }
]
TRANSACTIONS = [
    {
        "tx_id": "zqmark-tx",
        "user_id": "zqmark-user",
        "amount": -77123456,
        "created_at": "2026-01-07T03:04:05Z",
        "status": "zqmark",
    },
    {
        "tx_id": "zqmark-ty",
        "user_id": "zqmark-user",
        "amount": 77123456,
        "created_at": "2026-01-07T03:04:05Z",
        "email": "zqmark@example.com",
    },
]
UNREADABLE = [
    b'{"event_id": "zqmark@example.com',
    b"zqmark;zqmark@example.com\n\x00\x01",
    b'[{"event_id": "zqmark"}, zqmark]',
    b'"zqmark,"x\n',
]


def lines(records: list[dict[str, Any]], *more: bytes) -> bytes:
    return b"".join([*(json.dumps(r).encode() + b"\n" for r in records), *more])


@pytest.fixture(params=["plain", "protected"])
def told(
    request: pytest.FixtureRequest, rig: Callable[[str], Rig], capfd: pytest.CaptureFixture[str]
) -> dict[str, str]:
    """All that a run over marked files told anybody, by where; and the key of hashes, which nobody is told."""
    lake = rig("privacy" if request.param == "plain" else "hidden")
    agreed = protected_shop() if request.param == "protected" else contract("shop")
    lake.drop("shop/events/a.ndjson", lines(EVENTS, b'{"event_id": "zqmark-4", "ts\n'))
    lake.drop("shop/users/a.ndjson", lines(USERS))
    lake.drop("shop/transactions/a.ndjson", lines(TRANSACTIONS))
    for n, content in enumerate(UNREADABLE):
        lake.drop(f"shop/events/bad-{n}.json", content)
    lake.run("run-1", contract=agreed)
    lake.run("run-2", contract=agreed, full_refresh=True)
    assert len(lake.rows("gold.fact_events")) == 1  # the marks went all the way
    assert len(lake.rows("quarantine.events_rows")) == 4
    assert len(lake.rows("quarantine.transactions_rows")) == 1
    printed = capfd.readouterr()
    items = boto3.client("dynamodb").scan(TableName=lake.names.ledger_table)["Items"]
    found = {"standard output": printed.out, "standard error": printed.err, "ledger": json.dumps(items)}
    for zone, ending in (("metrics", (".csv", ".jsonl")), ("quarantine", ".reason.json")):
        keys = [k for k in lake.objects(zone) if k.endswith(ending)]
        assert keys, zone
        bodies = (
            lake.s3.get_object(Bucket=lake.names.bucket(zone), Key=k)["Body"].read().decode() for k in keys
        )
        found[zone] = "\n".join([*keys, *bodies])
    for secret in (lake.hash_key, *(pad.hex() for pad in pads(lake.hash_key))):
        assert not [place for place, text in found.items() if secret in text]
    return found


def test_nothing_that_a_row_holds_is_told_outside_the_tables(told: dict[str, str]) -> None:
    leaks = {place: mark for place, text in told.items() for mark in MARKS if mark in text.lower()}
    assert leaks == {}
    assert "run-1" in told["standard output"]
    assert "unknown_column" in told["metrics"]
