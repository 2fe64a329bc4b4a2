"""What a contract may say of `protect`: only what leaves every row findable and no value half protected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.contracts import ContractError, EvolutionError
from shared.contracts.odcs import parsed
from shared.contracts.protection import changed, protected
from shared.contracts.released import check_released, record, released
from tests.support.protected_shop import WAYS, Document, properties, protect, protected_shop, shop


def test_a_table_that_a_dataset_loads_protects_and_what_is_computed_from_it_does_not_do_so_again() -> None:
    contract = protected_shop()
    assert {t.name: protected(t) for t in contract.silver if protected(t)} == {
        "events": {"user_id": "hash", "email": "hash", "name": "null"},
        "users_updates": {"user_id": "hash", "name": "hash", "email": "hash", "phone": "hash"},
        "transactions": {"user_id": "hash", "email": "hash", "name": "null"},
        "orders": {"user_id": "hash"},
        "order_lines": {"user_id": "hash"},
    }
    assert contract.table("users").column("email").protect == "hash"  # told to who reads about the table


def refusal(change: Callable[[Document], Any], ways: Any = WAYS) -> str:
    document = shop(ways)
    change(document)
    with pytest.raises(ContractError) as error:
        parsed(document, "shop.odcs.yaml")
    return str(error.value)


def derived(document: Document, table: str, **more: Any) -> None:
    column = {
        "name": "mail_domain",
        "logicalType": "string",
        "physicalType": "string",
        "description": "What stands behind the @.",
        "customProperties": [{"property": "derived", "value": "split_part(email, '@', 2)"}],
    }
    [found] = [t for t in document["schema"] if t["name"] == f"silver_{table}"]
    found["properties"].append(column | more)


def of(table: str, column: str, way: str | None) -> Callable[[Document], None]:
    return lambda document: protect(properties(document, table)[column], way)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda d: properties(d, "events")["email"].pop("classification"),
            "column email: protect: hash: expected `classification: confidential` beside it",
        ),
        (
            of("events", "ts", "null"),
            "column ts: protect: null: order, event date, partitions, the operation",
        ),
        (of("users_updates", "updated_at", "hash"), "column updated_at: protect: hash: order, event date"),
        (of("events", "event_date", None), "column event_date: protect: null: order, event date"),
        (
            of("events", "age", "hash"),
            "column age: protect: hash: a keyed hash is a text, and the column is int",
        ),
        (of("events", "event_id", None), "column event_id: protect: null: rows need its value"),
        (of("users_updates", "city", None), "column city: protect: null: rows need its value"),  # tracked
        (
            lambda d: (
                of("events", "country", "hash")(d),
                properties(d, "events")["country"]["customProperties"].append(
                    {"property": "fromKey", "value": "land"}
                ),
            ),
            "column country: protect: hash: its value stands in the object's key, which every row has as _source_file",
        ),
        (of("events", "country", "salted"), "'salted' is not one of hash, null"),
        (
            lambda d: derived(d, "events"),
            "column mail_domain is derived from email as it came, which silver protects: protect it, too",
        ),
        (
            lambda d: derived(d, "events", classification="confidential"),
            "column mail_domain is derived from email as it came, which silver protects: protect it, too",
        ),
    ],
)
def test_what_cannot_be_protected_so_is_refused_with_the_reason(change: Any, message: str) -> None:
    assert message in refusal(change)


def test_gold_and_computed_tables_protect_nothing_themselves() -> None:
    def in_gold(document: Document) -> None:
        [table] = [t for t in document["schema"] if t["name"] == "gold_dim_users"]
        protect(next(p for p in table["properties"] if p["name"] == "email"), "hash")

    assert "column email: protect: hash: values are protected where a dataset loads them" in refusal(in_gold)


def test_what_is_derived_from_a_protected_value_may_be_said_to_tell_nobody() -> None:
    document = shop()
    derived(document, "events", classification="public")
    assert parsed(document, "shop.odcs.yaml").table("events").column("mail_domain").protect is None


@pytest.mark.parametrize("left_out", ["events", "users_updates", "transactions", "orders"])
def test_both_sides_of_a_join_by_a_key_are_protected_or_none(left_out: str) -> None:
    ways = {t: {c: w for c, w in ws.items() if (t, c) != (left_out, "user_id")} for t, ws in WAYS.items()}
    assert "user_id (protect: " in refusal(lambda _: None, ways)
    assert "protect both alike, or no row finds the other" in refusal(lambda _: None, ways)


def test_a_released_table_must_be_made_anew_where_protection_changes(tmp_path: Path) -> None:
    plain, hashed = protected_shop({}), protected_shop()
    record(plain, tmp_path)
    with pytest.raises(EvolutionError) as error:
        check_released([hashed], lambda domain, zone: f"{domain}_{zone}", tmp_path)
    said = str(error.value)
    assert "silver.events.email: protect none became hash" in said
    assert "silver.events.name: protect none became null" in said
    assert "silver.users.email" not in said  # is computed anew from the log by any full refresh
    record(hashed, tmp_path)
    assert released("shop", tmp_path)["silver.events"].protected == protected(hashed.table("events"))
    check_released([hashed], lambda domain, zone: f"{domain}_{zone}", tmp_path)
    with pytest.raises(EvolutionError, match="protect hash became none"):
        check_released([plain], lambda domain, zone: f"{domain}_{zone}", tmp_path)


def test_only_columns_that_a_table_has_can_have_changed() -> None:
    ways = {"email": "hash", "name": "null"}
    assert changed("email hash,name null", ["id", "email", "name"], ways) == {}
    assert changed("email hash", ["id", "email"], ways) == {}  # name is new, and its rows have none
    assert changed("", ["id", "email"], ways) == {"email": ("none", "hash")}
    assert changed("email hash,name null", ["id", "email", "name"], {"name": "hash"}) == {
        "email": ("hash", "none"),
        "name": ("null", "hash"),
    }
