"""Columns that are lists, end to end: named and widened later, in gold, in the warehouse, and in queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import boto3
import pytest

from local import athena
from local.aws import process
from local.aws.redshift import Warehouse
from local.session import Session
from shared.contracts import Contract, contract
from shared.ingestion import ingest
from tests.support import warehouse as stand_in
from tests.support.field import with_column, with_tables, without
from tests.support.rig import Rig

FIRST = (
    b'{"id":"a","at":"2026-01-01T10:00:00Z","sizes":[1,2],"tags":["x","y"],"prices":[1.50,null]}\n'
    b'{"id":"b","at":"2026-01-02T10:00:00Z","sizes":[],"tags":[]}\n'
    b'{"id":"d","at":"2026-01-02T10:00:00Z","tags":"none"}\n'
)
SECOND = (
    b'{"id":"b","at":"2026-01-03T10:00:00Z","sizes":[3000000000],"days":["2026-02-28"],"tags":["z",null]}\n'
)
CELLS = (
    b'id,at,sizes,tags\nc,2026-01-03T10:00:00Z,"[7, 8]","[""q"", ""r""]"\nf,2026-01-03T10:00:00Z,"7, 8",\n'
)
VISITS = (
    b'{"page":"p","at":"2026-01-01T10:00:00Z","labels":["l","m"]}\n{"page":"q","at":"2026-01-01T10:00:00Z"}\n'
)
DAY = dt.date(2026, 2, 28)
COLUMNS = ("id", "sizes", "prices", "tags", "days")


def before() -> Contract:
    """The contract when it knew no tags and no labels, and sizes had fewer digits."""
    agreed = without(contract("lists"), "tags", "labels")
    things, [shown] = agreed.table("things"), agreed.gold
    narrow = [
        with_column(t, replace(t.column("sizes"), type="array<int>"))
        for t in (things, replace(shown, columns=tuple(c for c in shown.columns if c.name != "tags")))
    ]
    return replace(with_tables(agreed, narrow[0]), gold=(narrow[1],))


@dataclass
class Ran:
    lake: Rig
    loads: list[dict[str, str]]
    shown: list[list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with stand_in.started() as made:
        yield made


@pytest.fixture(scope="module")
def ran(lake: Callable[..., Rig], warehouse: Warehouse) -> Ran:
    """A run under the contract as it was, one under the contract."""
    made, loads = lake("lists"), list[Any]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "contract", lambda _: before())
        made.drop("lists/things/a.ndjson", FIRST)
        made.drop("lists/visits/a.ndjson", VISITS)
        made.run("first", contract=before(), warehouse=True)
        loads.append(stand_in.load(made, warehouse))
    assert made.rows("silver.things", "id", "_extra") == [
        ("a", {"tags": '["x","y"]'}),
        ("b", {"tags": "[]"}),
        ("d", {"tags": "none"}),
    ]
    made.drop("lists/things/b.ndjson", SECOND)
    made.drop("lists/things/c.csv", CELLS)
    made.run("second", warehouse=True)
    loads.append(stand_in.load(made, warehouse))
    return Ran(made, loads, [made.rows("gold.shown", *COLUMNS), stand_in.rows(made, warehouse, "shown")])


@pytest.mark.field("24", "A list that files always had is named: rows that stand get it", "right")
def test_a_new_list_is_filled_and_a_list_of_wider_elements_holds_both(ran: Ran) -> None:
    types = dict(ran.lake.table("silver.things").dtypes)
    assert (types["tags"], types["sizes"]) == ("array<string>", "array<bigint>")
    assert ran.lake.rows("silver.things", "id", "sizes", "tags", "_extra") == [
        ("a", [1, 2], ["x", "y"], None),
        ("b", [3_000_000_000], ["z", None], None),
        ("c", [7, 8], ["q", "r"], None),
    ]
    assert ran.lake.rows("silver.visits", "page", "labels", "_extra") == [
        ("p", ["l", "m"], None),
        ("q", None, None),
    ]


@pytest.mark.field("24", "What stands under the name of a new list is none", "quarantined")
def test_what_is_no_list_leaves_for_quarantine(ran: Ran) -> None:
    found = ran.lake.table("quarantine.things_rows").select("reasons", "columns", "source_file").collect()
    assert sorted((r.reasons, r.columns, r.source_file.rpartition("/")[2]) for r in found) == [
        (["invalid_type"], ["sizes"], "c.csv"),
        (["invalid_type"], ["tags"], "a.ndjson"),
    ]


@pytest.mark.field("24", "A list is widened and a list is new: a full refresh gives the same", "right")
def test_a_full_refresh_gives_the_same(ran: Ran) -> None:
    tables = ("silver.things", "silver.visits", "gold.shown")
    held = {t: ran.lake.rows(t) for t in tables}
    ran.lake.run("full", full_refresh=True)
    assert {t: ran.lake.rows(t) for t in tables} == held


@pytest.mark.field("24", "Lists in gold, and in the warehouse as SUPER", "right")
def test_lists_reach_gold_and_the_warehouse(ran: Ran) -> None:
    held, loaded = ran.shown
    assert held == [
        ("a", [1, 2], [Decimal("1.50"), None], ["x", "y"], None),
        ("b", [3_000_000_000], None, ["z", None], [DAY]),
        ("c", [7, 8], None, ["q", "r"], None),
    ]
    assert loaded == [
        ("a", [1, 2], [1.5, None], ["x", "y"], None),
        ("b", [3_000_000_000], None, ["z", None], ["2026-02-28"]),
        ("c", [7, 8], None, ["q", "r"], None),
    ]
    assert ran.loads == [{"shown": "rebuild"}, {"shown": "rebuild"}]


@pytest.mark.field("24", "Lists in queries of the laptop, which speaks Athena's SQL", "right")
def test_lists_can_be_queried(ran: Ran, emulation: process.Emulation) -> None:
    session = Session(ran.lake.names, boto3.Session(), emulation.endpoint)

    def asked(sql: str) -> list[tuple[Any, ...]]:
        return sorted(athena.run(session, sql, ["lists"]).rows, key=repr)

    assert asked("SELECT id, sizes[1], cardinality(tags) FROM silver.things WHERE contains(tags, 'x')") == [
        ("a", 1, 2)
    ]
    assert asked("SELECT tag, count(*) FROM gold.shown CROSS JOIN UNNEST(tags) AS t(tag) GROUP BY 1") == [
        *(("q", 1), ("r", 1), ("x", 1), ("y", 1), ("z", 1), (None, 1))
    ]
    assert asked("SELECT id, days[1], prices[1] FROM silver.things WHERE id < 'c'") == [
        ("a", None, Decimal("1.50")),
        ("b", DAY, None),
    ]


def test_the_catalog_has_lists_by_their_types(ran: Ran) -> None:
    database = ran.lake.names.database("lists", "silver")
    table = boto3.client("glue").get_table(DatabaseName=database, Name="things")["Table"]
    types = {c["Name"]: c["Type"] for c in table["StorageDescriptor"]["Columns"]}
    assert {n: types[n] for n in ("sizes", "prices", "tags", "days")} == {
        "sizes": "array<bigint>",
        "prices": "array<decimal(10,2)>",
        "tags": "array<string>",
        "days": "array<date>",
    }
