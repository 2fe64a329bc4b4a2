"""Somebody asks to be erased."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from glue_scripts.engine.run.job import Replay
from shared.ledger.model import RowCounts
from tests.support.erasure import erase, erasure, holders, keep_all_versions
from tests.support.rig import Rig

PROFILES = (
    "user_id,city,updated_at\r\n"
    "u1,Rome,2026-01-01T10:00:00Z\r\n"
    'u42,"Par""is\r\nXV",2026-01-01T11:00:00Z\r\n'
    "u421,Oslo,2026-01-01T12:00:00Z\r\n"
)
PROFILES_LEFT = (
    "user_id,city,updated_at\r\nu1,Rome,2026-01-01T10:00:00Z\r\nu421,Oslo,2026-01-01T12:00:00Z\r\n"
)
UPDATE = b'[{"user_id":"u42","city":"Nice","updated_at":"2026-01-02T10:00:00Z"}, {"user_id":"u1","city":"Bari","updated_at":"2026-01-02T10:00:00Z"}]'
UPDATE_LEFT = b'[{"user_id":"u1","city":"Bari","updated_at":"2026-01-02T10:00:00Z"}]'
ORDERS = (
    b'{"order_id":"o1","buyer":"u42","amount":5,"ordered_at":"2026-01-02T10:00:00Z"}\n'
    b'{"order_id":"o2","buyer":"u1","amount":7,"ordered_at":"2026-01-02T10:00:00Z"}\n'
    b'{"order_id":"o3","buyer":"u42","amount":"many","ordered_at":"2026-01-02T10:00:00Z"}\n'
    b'{"order_id":"o4","buyer":"u421","amount":"few","ordered_at":"2026-01-02T10:00:00Z"}\n'
)
LATE = (
    b'{"order_id":"o8","buyer":" u42 ","amount":9,"ordered_at":"2026-01-05T10:00:00Z"}\n'
    b'{"order_id":"o9","buyer":"u1","amount":1,"ordered_at":"2026-01-05T10:00:00Z"}\n'
)
LATE_PROFILES = (
    b"user_id,city,updated_at\nu42,Lyon,2026-01-05T10:00:00Z\nu42,Lyon,never\nu7,Graz,2026-01-05T10:00:00Z\n"
)
BROKEN = b'[{"user_id":"u42","city":"Nice"'
SPENDING = [("u1", 1, Decimal("7.00"))]


@pytest.fixture(scope="module")
def erased(lake: Callable[..., Rig]) -> Rig:
    """A person in raw, bronze, archive, quarantine, silver, gold, and old versions of all; then erased."""
    made = lake("people")
    keep_all_versions(made)
    made.drop("people/profiles/a.csv", PROFILES.encode())
    made.drop("people/profiles/b.json.gz", gzip.compress(UPDATE))
    made.drop("people/orders/a.ndjson", ORDERS)
    made.run("run-1")
    made.drop("people/profiles/broken.json", BROKEN)
    assert holders(made, "u42").keys() == {"raw", "bronze", "quarantine", "silver", "gold"}
    receipt = erase(made, "u42", whole=True)
    assert receipt.proven, receipt
    return made


@pytest.mark.field(
    "40", "Erase a person: no byte of them is left in any store, old versions included", "right"
)
def test_an_erased_person_is_nowhere(erased: Rig) -> None:
    assert holders(erased, "u42") == {}


@pytest.mark.field("40", "The others in the same files and tables stay, byte by byte", "right")
def test_others_stay_as_they_were(erased: Rig) -> None:
    assert erased.rows("silver.profiles", "user_id", "city") == [("u1", "Bari"), ("u421", "Oslo")]
    assert erased.rows("gold.spending") == SPENDING
    quarantined = erased.rows("quarantine.orders_rows", "raw_record")
    assert [json.loads(r)["order_id"] for (r,) in quarantined] == ["o4"]
    bodies = {}
    for zone in ("raw", "bronze"):
        for key in erased.objects(zone):
            body = erased.s3.get_object(Bucket=erased.names.bucket(zone), Key=key)["Body"].read()
            bodies[key.partition("/")[0], zone, key.rpartition("/")[2].partition(".")[0][:1]] = body
    assert bodies["people", "raw", "a"] == PROFILES_LEFT.encode()
    assert gzip.decompress(bodies["people", "raw", "b"]) == UPDATE_LEFT
    assert bodies["archive", "bronze", "a"] == b"".join(ORDERS.splitlines(True)[1::2])


@pytest.mark.field("40", "A full refresh and a replay do not bring the person back", "right")
def test_full_refresh_and_replay_bring_nobody_back(erased: Rig) -> None:
    erased.run("full", full_refresh=True)
    results = erased.run("replay", replay=Replay())
    assert all(r.rows.balanced for r in results.values())
    assert holders(erased, "u42") == {}


@pytest.mark.field("40", "A late file with the person is taken without their records, and said so", "right")
def test_a_late_file_brings_nobody_back(erased: Rig) -> None:
    erased.drop("people/orders/late.ndjson", LATE)
    erased.drop("people/profiles/late.csv", LATE_PROFILES)
    late = {dataset: result.rows for dataset, result in erased.run("late").items()}
    assert late == {
        "orders": RowCounts(read=2, written=1, erased=1),
        "profiles": RowCounts(read=3, written=1, erased=2),  # one of them is bad, and in no quarantine
    }
    again = {dataset: result.rows for dataset, result in erased.run("again", full_refresh=True).items()}
    assert again["orders"] == RowCounts(read=4, written=2, quarantined=1, erased=1)
    assert again["profiles"] == RowCounts(read=6, written=4, erased=2)
    assert holders(erased, "u42").keys() == {"raw", "bronze"}
    assert erased.rows("gold.spending") == [("u1", 2, Decimal("8.00"))]
    # By the keyed hash alone; bronze has an old version of what went to the archive
    receipt = erasure(erased, again=True).carry_out(whole=False)
    assert (receipt.proven, receipt.records) == (True, {"raw": 2, "bronze": 3, "archive": 1})
    assert holders(erased, "u42") == {}
    assert erased.rows("gold.spending") == [("u1", 2, Decimal("8.00"))]
