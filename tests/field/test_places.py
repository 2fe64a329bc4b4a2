"""Columns with a path, or with a part of the key, that the contract names after files came."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shared.contracts import Column, Contract, contract
from shared.contracts.paths import parsed_path
from shared.ingestion import ingest
from tests.support.field import with_tables, without
from tests.support.rig import Rig

AT = '"at":"2026-01-02T12:00:00Z"'
PLACED = f'"placed":{{{AT}}}'
FILES = {
    "orders/a.ndjson": f'{{"id":"o1",{PLACED},"user":{{"id":"u1","name":"Ann"}},"total":{{"value":1.5}},'
    f'"lines":[{{"line":1,"sku":"s1","price":{{"value":2.5,"currency":"EUR"}}}}]}}\n{{"id":"o2",{PLACED}}}\n',
    "orders/b.xml": "<r><o id='o3'><placed><at>2026-01-02T12:00:00Z</at></placed><user><id>u3</id></user>"
    "<lines><line>1</line><sku>s3</sku></lines></o></r>",
    "things/a.ndjson": f'{{"id":"t1",{AT},"meta":{{"code":"c","more":1}}}}\n{{"id":"t2",{AT},"meta":"none"}}\n',
    "sales/dt=2026-01-02/country=DE/part-7.csv": "sale_id,amount\ns1,1.50\n",
    "sales/dt=2026-01-02/country=FR/part-8.csv": "sale_id,amount\ns2,2.50\n",
}
LATER = ("user_id", "first_sku", "amount", "price", "country", "part")
TABLES = ("silver.orders", "silver.lines", "silver.things", "silver.sales")


def with_things(agreed: Contract, *columns: Column) -> Contract:
    things = agreed.table("things")
    return with_tables(agreed, replace(things, columns=(*things.columns, *columns)))


CODE = Column("code", "string", "", path=parsed_path("meta.code"))
NOWHERE = Column("nowhere", "string", "", path=parsed_path("no.where"))
TODAY = with_things(contract("nested"), CODE)


def held(lake: Rig) -> dict[str, list[tuple[Any, ...]]]:
    return {t: lake.rows(t) for t in TABLES} | {f"{t} _extra": lake.rows(t, "_extra") for t in TABLES}


@pytest.fixture(scope="module")
def placed(lake: Callable[..., Rig]) -> Rig:
    """A run under a contract that knows none of these columns, one under a contract that does."""
    made, before = lake("nested", "placed"), without(contract("nested"), *LATER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "contract", lambda _: before)
        for key, text in FILES.items():
            made.drop(f"nested/{key}", text.encode())
    made.silver("first", contract=before)
    assert made.rows("silver.orders", "order_id") == [("o1",), ("o2",), ("o3",)]
    made.silver("second", contract=TODAY)
    return made


@pytest.mark.field("24", "A column with a path is named on day 5: old rows have their value", "right")
def test_a_new_path_is_filled_from_what_rows_had(placed: Rig) -> None:
    assert placed.rows("silver.orders", "order_id", "user_id", "first_sku", "amount") == [
        ("o1", "u1", "s1", Decimal("1.50")),
        ("o2", None, None, None),
        ("o3", "u3", "s3", None),
    ]
    assert placed.rows("silver.lines", "order_id", "line", "price") == [
        ("o1", 1, Decimal("2.50")),
        ("o3", 1, None),
    ]
    things = placed.rows("silver.things", "id", "code", "_extra")
    assert [
        (i, c, extra and json.loads(extra["meta"].replace("none", '"none"'))) for i, c, extra in things
    ] == [
        ("t1", "c", {"more": 1}),
        ("t2", None, "none"),
    ]


@pytest.mark.field("24", "A column from the key is named on day 5: old rows have their value", "right")
def test_a_new_part_of_the_key_is_filled(placed: Rig) -> None:
    assert placed.rows("silver.sales", "sale_id", "country", "part") == [("s1", "DE", 7), ("s2", "FR", 8)]


def test_a_full_refresh_gives_the_same(placed: Rig) -> None:
    before = held(placed)
    placed.silver("full", full_refresh=True, contract=TODAY)
    assert held(placed) == before


def test_what_is_known_is_read_once(placed: Rig) -> None:
    """Nor is anything read again for a path that no record has."""
    placed.silver("idle", contract=TODAY)
    assert placed.results("idle") == {}
    commits = placed.commits("silver.things")
    placed.silver("nowhere", contract=with_things(contract("nested"), CODE, NOWHERE))
    assert placed.results("nowhere") == {}
    assert placed.commits("silver.things") == commits
