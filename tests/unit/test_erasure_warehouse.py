"""A person who was left in the warehouse is found there, by no statement that has a value of theirs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.erasure.search import Place
from cli.erasure.sought import Sought
from cli.erasure.warehouse import Warehouse
from local.aws import redshift
from tests.support.ingest_rig import NAMES
from tests.support.warehouse import data_api, started

TABLES = (
    'CREATE SCHEMA "shop"',
    'CREATE TABLE "shop"."dim" ("user_id" VARCHAR(64), "number" BIGINT, "name" VARCHAR(64), "day" DATE)',
    'CREATE TABLE "shop"."notes" ("note" VARCHAR(64), "tags" SUPER)',
    'CREATE TABLE "shop"."days" ("day" DATE, "rows" BIGINT)',
    """INSERT INTO "shop"."dim" VALUES ('u42', 7, 'Ann', NULL), ('u421', 8, NULL, NULL), (NULL, NULL, 'u4', NULL)""",
    """INSERT INTO "shop"."notes" VALUES ('hash-of-u42', '{}'), ('O''Neil', '{}')""",
    """INSERT INTO "shop"."days" VALUES ('2026-01-01', 7)""",
    'CREATE SCHEMA "other"',
    'CREATE TABLE "other"."dim" ("user_id" VARCHAR(64))',
    """INSERT INTO "other"."dim" VALUES ('u42')""",
)


@pytest.fixture
def engine() -> Iterator[redshift.Warehouse]:
    with started() as made:
        ran = made.statement(made.run(TABLES))
        assert ran.status == "FINISHED", ran.error
        yield made


def people(name: str = "user_id", *values: str, pseudonym: str | None = None) -> Sought:
    return Sought({name: frozenset(values)}, pseudonyms=frozenset({pseudonym} if pseudonym else ()))


def found(warehouse: Warehouse, sought: Sought) -> list[str]:
    return [p.where for p in warehouse.places("shop", sought) if p is not None]


def test_rows_that_say_whose_they_are_or_hold_a_value_are_found(engine: redshift.Warehouse) -> None:
    warehouse = Warehouse(data_api(engine), NAMES)
    dim, notes = ["shop.dim in the warehouse"], ["shop.notes in the warehouse"]
    others = [f"x{n}" for n in range(250)]  # of whom not all are in one statement
    assert found(warehouse, people("user_id", "u42")) == dim
    assert found(warehouse, people("user_id", "u4")) == dim
    assert found(warehouse, people("user_id", "u42", *others)) == dim
    assert found(warehouse, people("user_id", "u", *others)) == []
    assert found(warehouse, people("user_id", "u9", pseudonym="hash-of-u42")) == notes
    assert found(warehouse, people("user_id", "O'Neil")) == notes
    assert found(warehouse, people("number", "7")) == dim
    assert found(warehouse, people("user_id", "7")) == []


def test_no_statement_has_a_value(engine: redshift.Warehouse) -> None:
    client, sent = data_api(engine), list[bytes]()
    client.meta.events.register_first(
        "before-send.redshift-data", lambda request, **_: sent.append(bytes(request.body))
    )
    assert found(Warehouse(client, NAMES), people("user_id", "u42"))
    assert any(b"user_id" in body for body in sent)
    assert not any(b"u42" in body for body in sent)


def test_what_cannot_be_asked_is_told(engine: redshift.Warehouse) -> None:
    engine.run(["DROP FUNCTION sha2"])
    [place] = Warehouse(data_api(engine), NAMES).places("shop", people("user_id", "u42"))
    assert isinstance(place, Place)
    assert (place.zone, place.where) == ("warehouse", "the warehouse's tables of shop")
    assert "function sha2(character varying, integer) does not exist" in place.unopened
