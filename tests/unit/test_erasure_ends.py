"""When an erasure has ended, and what it may call proven."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.erasure import lock
from cli.erasure.erase import Erasure
from cli.erasure.files import Holder
from cli.erasure.objects import ErasureError
from cli.erasure.receipt import Receipt
from cli.erasure.sought import Sought
from cli.erasure.warehouse import Unasked, Warehouse
from cli.verbs import forget
from shared.contracts import contract
from shared.contracts.people import marked
from shared.contracts.protection import key_mark
from shared.keyed_hash import keyed_hash
from shared.names import DATA_ZONES, RESULTS
from tests.support.ingest_rig import NAMES, Rig, rig
from tests.support.warehouse import data_api, started

USERS = b"user_id,name,updated_at\nu42,Ann,2024-05-01T10:00:00Z\nu1,Bob,2024-05-01T10:00:00Z\n"
NO_TABLES: Any = SimpleNamespace(table_exists=lambda _: False)


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        for zone in {*DATA_ZONES, RESULTS, "metrics"} - {"raw", "bronze", "quarantine"}:
            place: Any = {"LocationConstraint": NAMES.region}
            made.s3.create_bucket(Bucket=NAMES.bucket(zone), CreateBucketConfiguration=place)
        yield made


def mark(name: str, value: str) -> str:
    return keyed_hash("k", marked(name, value))


def forgotten(lake: Rig, *values: str, fails: bool = False) -> tuple[Receipt, list[str]]:
    """People by their keys; without any, all again. And the runs that were asked for."""
    ran: list[str] = []

    def run(asked: dict[str, Any]) -> str:
        if fails:
            raise InterruptedError
        ran.extend(asked)
        return "run-1"

    return erasure(lake, run, *values).carry_out(whole=False), ran


def erasure(
    lake: Rig, run: Any, *values: str, alive: bool = False, warehouse: Warehouse | Unasked | None = None
) -> Erasure:
    known = frozenset() if values else lake.ledger.erased("shop")
    sought = Sought({"user_id": frozenset(values)}, known, mark)
    holder = Holder(NAMES, lake.s3, lake.ledger, contract("shop"), sought)
    marks = known | {("user_id", mark("user_id", v)) for v in values}
    return Erasure(holder, NO_TABLES, marks, key_mark("k"), run, lambda _: alive, warehouse=warehouse)


def open_erasures(lake: Rig) -> int:
    return sum("ended" not in e for e in lake.ledger.erasures("shop"))


def test_one_that_broke_off_is_not_ended_by_who_has_no_keys(lake: Rig) -> None:
    lake.arrive("shop/users/a.csv", USERS)
    with pytest.raises(InterruptedError):
        forgotten(lake, "u42", fails=True)
    receipt, ran = forgotten(lake)
    assert (receipt.proven, receipt.left, ran) == (False, {}, ["full_refresh", "maintenance"])
    assert receipt.unsearched == (
        "1 of 1 people are known by hashes only: records that cannot be read, files in quarantine, texts and"
        " names were not searched for them; give their keys",
        "1 erasures of other keys broke off: give each the same keys again",
    )
    assert open_erasures(lake) == 1
    receipt, ran = forgotten(lake, "u42")
    assert (receipt.proven, ran, open_erasures(lake)) == (True, ["full_refresh", "maintenance"], 0)


def test_with_the_values_that_late_files_had_again_is_proven(lake: Rig) -> None:
    lake.arrive("shop/users/a.csv", USERS)
    forgotten(lake, "u42")
    lake.arrive("shop/users/late.csv", USERS.replace(b"Ann", b"Anna"))
    receipt, _ = forgotten(lake)
    assert (receipt.proven, receipt.records) == (True, {"raw": 1, "bronze": 1})


def test_again_that_found_nobody_is_not_proven(lake: Rig) -> None:
    lake.arrive("shop/users/a.csv", USERS)
    forgotten(lake, "u42")
    lake.arrive("shop/users/late.json", b'[{"user_id":"u42"')
    receipt, ran = forgotten(lake)
    assert (receipt.proven, receipt.left, ran, open_erasures(lake)) == (False, {}, [], 0)


def test_nothing_is_run_where_nothing_was_found_and_nothing_broke_off(lake: Rig) -> None:
    lake.arrive("shop/users/a.csv", USERS)
    receipt, ran = forgotten(lake, "u7")
    assert (receipt.proven, ran) == (True, [])


def test_who_loses_the_domain_while_stores_are_searched_stops(
    lake: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PROLONGED_SECONDS", -1)
    lake.arrive("shop/users/a.csv", USERS)

    def lost(**_: Any) -> None:
        owner = lake.ledger.lock_owner("shop")
        if owner and owner != "run-2":
            lake.ledger.release_lock("shop", owner)
            item = {"pk": "lock#shop", "sk": "lock", "run_id": "run-2"}
            assert lake.ledger._put(item, "attribute_not_exists(pk)", {}, {})

    def run(_: dict[str, Any]) -> str:
        lake.s3.meta.events.register("before-call.s3.GetObject", lost)
        return "run-1"

    with pytest.raises(ErasureError, match="run run-2 owns shop"):
        erasure(lake, run, "u42", alive=True).carry_out(whole=False)
    assert (lake.ledger.lock_owner("shop"), open_erasures(lake)) == ("run-2", 1)


def test_who_is_left_in_the_warehouse_is_not_erased(lake: Rig) -> None:
    lake.arrive("shop/users/a.csv", USERS)
    left = ['CREATE SCHEMA "shop"', """CREATE TABLE "shop"."dim" AS SELECT 'u42' AS "user_id" """]
    ran: list[str] = []

    def loads(asked: dict[str, Any]) -> str:
        ran.extend(asked)
        if ran.count("full_refresh") == 2:
            engine.run(['DELETE FROM "shop"."dim"'])
        return "run-1"

    with started() as engine:
        assert engine.statement(engine.run(left)).status == "FINISHED"
        of = Warehouse(data_api(engine), NAMES)
        receipt = erasure(lake, loads, "u42", warehouse=of).carry_out(whole=False)
        assert (receipt.proven, receipt.left, receipt.warehouse) == (False, {"warehouse": 1}, "searched")
        assert receipt.places == ("shop.dim in the warehouse",)
        receipt = erasure(lake, loads, "u42", warehouse=of).carry_out(whole=False)
        assert (receipt.proven, receipt.warehouse) == (True, "searched")
    assert ran == 2 * ["full_refresh", "maintenance"]


def test_what_is_left_of_a_warehouse_and_cannot_be_asked_proves_nothing(lake: Rig) -> None:
    lake.arrive("shop/users/a.csv", USERS)
    kept = erasure(lake, lambda _: "run-1", "u42", warehouse=Unasked("kept")).carry_out(whole=False)
    assert (kept.proven, kept.left, kept.warehouse) == (False, {}, "not searched as a whole")
    assert kept.unsearched == ("the warehouse's tables of shop: kept",)


def test_by_hashes_only_the_warehouse_is_not_asked(lake: Rig) -> None:
    lake.arrive("shop/users/a.csv", USERS)
    forgotten(lake, "u42")
    client: Any = None
    receipt = erasure(lake, lambda _: "run-1", warehouse=Warehouse(client, NAMES)).carry_out(whole=False)
    assert (receipt.proven, receipt.warehouse) == (False, "not asked, for nobody is known but by hashes")
    assert receipt.unsearched == (
        "1 of 1 people are known by hashes only: records that cannot be read, files in quarantine, the"
        " warehouse, texts and names were not searched for them; give their keys",
    )


def test_a_receipt_says_that_there_is_no_warehouse(lake: Rig) -> None:
    lake.arrive("shop/users/a.csv", USERS)
    assert forgotten(lake, "u42")[0].document()["warehouse"] == "there is none"


def test_a_plan_lists_what_cannot_be_opened_as_the_receipt_does(lake: Rig) -> None:
    lake.arrive("shop/users/a.csv", USERS)
    lake.arrive("shop/users/old.csv", b"Rar!\x1a\x07\x00 some archive")
    found, places, unsearched = erasure(lake, lambda _: "run-1", "u42").plan()
    assert [f.fate for f in found] == ["rewrite", "rewrite"]
    assert sorted(p.zone for p in places) == ["bronze", "raw"]
    receipt, _ = forgotten(lake, "u42")
    assert unsearched == receipt.unsearched
    shut = [text.partition("/shop/")[2].partition(": ") for text in unsearched]
    assert [(name.partition("-")[0], why) for name, _, why in shut] == [
        ("users/old.csv", "a RAR archive"),
        ("users/files/old", "a RAR archive"),
    ]


def test_who_asks_for_json_gets_the_receipt_of_what_is_not_proven_too(lake: Rig, tmp_path: Path) -> None:
    lake.arrive("shop/users/old.csv", b"Rar!\x1a\x07\x00 some archive")
    receipt, _ = forgotten(lake, "u42")
    assert forget._end(receipt, "metrics", tmp_path / "receipt.json") == 1
    written = json.loads((tmp_path / "receipt.json").read_text())
    assert (written["proven"], written["marks"], len(written["unsearched"])) == (
        False,
        list(receipt.marks),
        2,
    )
    assert written["error"] == "nothing of them was found, and that proves nothing of what was not searched"
    assert written["do"].endswith("remove or replace it; then the same command again")
