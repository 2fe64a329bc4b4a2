"""Silver holds hashes and nulls where the contract protects values, for every row and however it came; what is
computed from it is what it was, of pseudonyms.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from pyspark.sql import SparkSession

from glue_scripts.engine.lineage.loads import load_lineage
from glue_scripts.engine.silver.protection import HashKeyError
from glue_scripts.engine.tables.iceberg import MigrationNeededError, set_properties
from shared.contracts.evolution import ANEW
from tests.support.protected_shop import protected_shop
from tests.support.rig import Rig

# Of one person under two spellings of a key column, one without values, one whose name no code page holds.
USERS = [
    {"uid": "u1", "name": "Zoë Qmark", "email": "zoe.qmark@example.com", "tel": "+84 771", "city": "Huế"},
    {"user_id": " u2\u200b", "name": "李 🦙 Qmark", "email": "li.qmark@example.com", "phone": "", "age": 7},
    {"user_id": "u3", "city": "Hanoi"},
    {"user_id": "u4", "name": "Nobody Qmark", "email": "no address qmark"},  # quarantined by a rule
]
LATER = [{"user_id": "u1", "email": "zoe.new.qmark@example.com"}]
EVENTS = [
    {"event_id": "e1", "user_id": "u1", "name": "Zoë Qmark", "email": "zoe.qmark@example.com"},
    {"event_id": "e2", "user_id": "u2", "name": "", "email": ""},
    {"event_id": "e3", "name": "Guest Qmark"},
    {"event_id": "e4", "user_id": "u2", "email": "qmark at home"},  # quarantined by a rule
]
SALES = [
    {"tx_id": "t1", "user_id": "u1", "amount": 10, "status": "delivered", "email": "zoe.qmark@example.com"},
    {"tx_id": "t2", "user_id": "u2", "amount": 5, "status": "delivered", "name": "李 🦙 Qmark"},
    {"tx_id": "t3", "user_id": "u9", "amount": 7, "status": "delivered"},
]
CORRECTED = [{**SALES[0], "amount": 12, "delivered_at": "2026-01-09T00:00:00Z"}]


def lines(records: list[dict[str, Any]], **more: str) -> bytes:
    return b"".join(json.dumps({**r, **more}).encode() + b"\n" for r in records)


def drop_all(lake: Rig) -> None:
    lake.drop("shop/users/a.ndjson", lines(USERS, updated_at="2026-01-05T00:00:00Z"))
    lake.drop("shop/events/a.ndjson", lines(EVENTS, ts="2026-01-05T08:00:00Z"))
    lake.drop("shop/transactions/a.ndjson", lines(SALES, created_at="2026-01-05T09:00:00Z"))


def drop_later(lake: Rig) -> None:
    lake.drop("shop/users/b.ndjson", lines(LATER, updated_at="2026-01-06T00:00:00Z"))
    lake.drop("shop/transactions/b.ndjson", lines(CORRECTED, created_at="2026-01-05T09:00:00Z"))


@pytest.fixture(scope="module")
def lakes(rig: Callable[..., Rig]) -> tuple[Rig, Rig]:
    """The same files in two runs each: as they came, and protected."""
    plain, hashed = rig("plain"), rig("protected")
    for lake, ways in ((plain, {}), (hashed, None)):
        contract = protected_shop() if ways is None else protected_shop(ways)
        drop_all(lake)
        lake.run("run-1", contract=contract)
        drop_later(lake)
        lake.run("run-2", contract=contract)
    return plain, hashed


@pytest.fixture
def pseudonym(lakes: tuple[Rig, Rig]) -> Callable[[str | None], str | None]:
    """By the standard library, of a text as it stands in a file."""
    key = lakes[1].hash_key.encode()
    return lambda text: hmac.new(key, text.encode(), "sha256").hexdigest() if text else None


def test_silver_holds_the_hash_of_each_value_in_the_files(lakes: Any, pseudonym: Any) -> None:
    _, lake = lakes
    assert lake.rows("silver.users_updates", "user_id", "name", "email", "phone", "city") == sorted(
        [
            *(
                (pseudonym(id), pseudonym(name), pseudonym(email), pseudonym(phone), city)
                for id, name, email, phone, city in [
                    ("u1", "Zoë Qmark", "zoe.qmark@example.com", "+84 771", "Huế"),
                    ("u2", "李 🦙 Qmark", "li.qmark@example.com", None, None),
                    ("u3", None, None, None, "Hanoi"),
                    ("u1", None, "zoe.new.qmark@example.com", None, None),
                ]
            )
        ],
        key=repr,
    )
    assert lake.rows("silver.events", "event_id", "user_id", "email", "name") == [
        ("e1", pseudonym("u1"), pseudonym("zoe.qmark@example.com"), None),
        ("e2", pseudonym("u2"), None, None),
        ("e3", None, None, None),
    ]
    assert lake.rows("silver.transactions", "tx_id", "user_id", "amount", "email", "name") == [
        ("t1", pseudonym("u1"), 12, pseudonym("zoe.qmark@example.com"), None),
        ("t2", pseudonym("u2"), 5, None, None),
        ("t3", pseudonym("u9"), 7, None, None),
    ]


def test_followers_and_gold_are_those_of_plain_values_of_pseudonyms(lakes: Any, pseudonym: Any) -> None:
    """So joins hold, in what is computed and in what is recomputed by keys; nothing is hashed twice."""
    plain, hashed = lakes
    hidden = {
        "silver.users": ("user_id", "name", "email", "phone"),
        "silver.users_history": ("user_id", "name", "email", "phone"),
        "gold.dim_users": ("user_id", "name", "email", "phone"),
        "gold.fact_events": ("user_id", "user_email"),
        "gold.user_ltv": ("user_id",),
        "gold.daily_revenue": (),
    }
    for name, columns in hidden.items():
        rows = plain.table(name).collect()
        assert rows, name
        names = [c for c in plain.table(name).columns if not c.startswith("_")]
        expected = [tuple(pseudonym(r[c]) if c in columns else r[c] for c in names) for r in rows]
        assert hashed.rows(name, *names) == sorted(expected, key=repr), name
    assert hashed.rows("gold.user_ltv", "user_id", "event_count", "ltv") == sorted(
        [(pseudonym("u1"), 1, 12), (pseudonym("u2"), 1, 5), (pseudonym("u9"), 0, 7)], key=repr
    )


def test_rules_are_judged_on_what_came_and_all_is_counted_as_ever(lakes: Any) -> None:
    plain, hashed = lakes
    for lake in lakes:
        assert lake.rows("quarantine.events_rows", "reasons", "columns") == [(["invalid_value"], ["email"])]
        assert lake.rows("quarantine.users_rows", "reasons", "columns") == [(["invalid_value"], ["email"])]
    for run in ("run-1", "run-2"):
        told = [{d: (r.rows, r.metrics) for d, r in lake.results(run).items()} for lake in (plain, hashed)]
        assert told[0] == told[1]  # also the rates of nulls: of what was sent, not of what is kept


def test_no_plain_value_is_in_a_table_of_silver_or_gold(lakes: Any) -> None:
    plain, hashed = lakes
    found = {}
    for lake in (plain, hashed):
        tables = [
            f"{zone}.{t['Name']}"
            for zone in ("silver", "gold")
            for t in boto3.client("glue").get_tables(DatabaseName=lake.names.database("shop", zone))[
                "TableList"
            ]
        ]
        found[lake] = {t for t in tables if "qmark" in repr(lake.table(t).collect()).lower()}
    assert "silver.users" in found[plain]
    assert found[hashed] == set()


def test_a_table_whose_columns_are_protected_otherwise_is_made_anew_or_stays(
    spark: SparkSession, rig: Callable[..., Rig], pseudonym: Any
) -> None:
    lake = rig("anewly")
    drop_all(lake)
    lake.run("run-1", contract=protected_shop({}))
    before = {t: lake.rows(t) for t in ("silver.events", "silver.users_updates", "gold.fact_events")}
    drop_later(lake)
    for options in ({}, {"full_refresh": True}):
        with pytest.raises(MigrationNeededError, match=r"is protected: none, the contract says (hash|null)"):
            lake.silver("run-2", contract=protected_shop(), **options)
    assert {t: lake.rows(t) for t in before} == before
    # as `./lake migrate` marks them
    for table in ("events", "users_updates", "transactions", "orders", "order_lines"):
        set_properties(spark, lake.job("x").identifier(lake.job("x").contract.table(table)), {ANEW: "run-3"})
    lake.run("run-3", contract=protected_shop(), full_refresh=True)
    texts = repr([lake.table(f"silver.{t}").collect() for t in ("events", "users_updates", "transactions")])
    assert "qmark" not in texts.lower()
    key = lake.hash_key.encode()
    assert lake.rows("silver.events", "event_id", "user_id")[0] == (
        "e1",
        hmac.new(key, b"u1", "sha256").hexdigest(),
    )


def test_another_key_is_refused_before_anything_is_written(lakes: Any) -> None:
    _, lake = lakes
    before, key = lake.rows("silver.events"), lake.hash_key
    secrets = boto3.client("secretsmanager")
    secrets.put_secret_value(SecretId=lake.names.hash_key, SecretString="another " * 8)
    lake.drop("shop/events/c.ndjson", lines([{**EVENTS[0], "event_id": "e9"}], ts="2026-01-07T08:00:00Z"))
    with pytest.raises(
        HashKeyError, match="made with another key than the secret lakehouse-protected-hash-key"
    ):
        lake.silver("run-3", contract=protected_shop())
    assert lake.rows("silver.events") == before
    secrets.put_secret_value(SecretId=lake.names.hash_key, SecretString=key)
    lake.silver("run-4", contract=protected_shop())
    assert len(lake.rows("silver.events")) == len(before) + 1


def test_a_protected_column_that_is_new_is_filled_from_the_files(rig: Callable[..., Rig]) -> None:
    """Its values stood in `_extra` as they came, under the name that the contract now knows."""
    lake, whole = rig("promoted"), protected_shop()
    events = whole.table("events")
    before = replace(events, columns=tuple(c for c in events.columns if c.name != "email"), rejects=())
    swapped = {events: before}
    early = replace(
        whole,
        silver=tuple(swapped.get(t, t) for t in whole.silver),
        datasets=tuple(replace(d, target=swapped.get(d.target, d.target)) for d in whole.datasets),
    )
    lake.drop("shop/events/a.ndjson", lines(EVENTS[:3], ts="2026-01-05T08:00:00Z"))
    lake.silver("run-1", contract=early)
    assert "qmark" in repr(lake.table("silver.events").select("_extra").collect()).lower()
    lake.silver("run-2", contract=whole)
    key = lake.hash_key.encode()
    expected = hmac.new(key, b"zoe.qmark@example.com", "sha256").hexdigest()
    assert lake.rows("silver.events", "event_id", "email") == [("e1", expected), ("e2", None), ("e3", None)]
    assert "qmark" not in repr(lake.table("silver.events").collect()).lower()


def test_lineage_says_which_columns_hide_their_source(spark: SparkSession) -> None:
    events = protected_shop().dataset("events")
    fields = load_lineage(spark, events).content(lambda _: {"namespace": "s3://b", "name": "events"})[
        "fields"
    ]  # type: ignore[index]
    told = {c: f["inputFields"][0]["transformations"] for c, f in fields.items()}
    transformed = {"type": "DIRECT", "subtype": "TRANSFORMATION"}
    assert told["email"] == [{**transformed, "masking": True}]
    assert told["country"] == [transformed]
    assert "name" not in told  # is null, whatever came
