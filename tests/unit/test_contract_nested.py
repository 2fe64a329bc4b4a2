"""What a contract may say of nested records, values in keys and shared files; anything else is refused."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.contracts import ContractError, contract
from shared.contracts.odcs import parsed
from shared.warehouse import create_table

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shop() -> dict[str, Any]:
    path = ROOT / "tests" / "project" / "domains" / "shop" / "contract.odcs.yaml"
    return dict(yaml.safe_load(path.read_text("utf-8")))


def changed(
    document: dict[str, Any], table: str, column: str | None, properties: dict[str, Any], **keys: Any
) -> dict[str, Any]:
    """The document with other customProperties of a table or of its column; None removes one."""
    result = copy.deepcopy(document)
    node = next(t for t in result["schema"] if t["name"] == table)
    if column is not None:
        node = next(c for c in node["properties"] if c["name"] == column)
    kept = {p["property"]: p["value"] for p in node.get("customProperties", [])} | properties
    node["customProperties"] = [{"property": k, "value": v} for k, v in kept.items() if v is not None]
    node.update(keys)
    return result


@pytest.mark.parametrize(
    ("table", "column", "properties", "message"),
    [
        ("silver_orders", "user_id", {"path": "user..id"}, "'user..id' is no path: expected a path such as"),
        ("silver_orders", "user_id", {"path": "id"}, "columns order_id and user_id have one path"),
        ("silver_orders", "user_id", {"path": "$.id"}, "columns order_id and user_id have one path"),
        (
            "silver_orders",
            "user_id",
            {"aliases": ["uid"]},
            "column user_id: a column with path or fromKey is",
        ),
        ("silver_orders", "user_id", {"fromKey": "u"}, "column user_id: path and fromKey exclude each other"),
        ("silver_orders", "user_id", {"derived": "order_id"}, "column user_id: a derived column is computed"),
        ("silver_orders", "placed_at", {"json": True}, "column placed_at: json keeps a nested value as text"),
        (
            "silver_orders",
            "exported",
            {"fromKey": "(a)(b)"},
            "column exported: fromKey: '(a)(b)' has 2 groups",
        ),
        ("silver_orders", "exported", {"fromKey": "(a"}, "column exported: fromKey: '(a' is no pattern"),
        ("silver_orders", "tags", {"fromKey": "tags"}, "column tags: fromKey finds one value, not an array"),
        (
            "silver_orders",
            "user_id",
            {"path": "^.user.id"},
            "orders: user_id: a path that begins with ^ needs",
        ),
        ("silver_orders", None, {"order": ["placed_at", "tags"]}, "order: tags is an array"),
        ("bronze_orders", None, {"records": "data[0]"}, "dataset orders: records is a path of names only"),
        ("bronze_orders", None, {"records": "^.data"}, "dataset orders: records is a path of names only"),
        ("bronze_orders", None, {"formats": ["ndjson"]}, "records: envelopes are of the formats json"),
        (
            "bronze_orders",
            None,
            {"formats": ["json", "parquet"]},
            "records: envelopes are of the formats json",
        ),
        (
            "bronze_order_lines",
            None,
            {"records": None, "formats": ["csv"]},
            "explode: a delimited text has no",
        ),
        ("bronze_order_lines", None, {"filesOf": "lines"}, "filesOf: lines is not another dataset of this"),
        (
            "bronze_order_lines",
            None,
            {"filesOf": "order_lines"},
            "filesOf: order_lines is not another dataset",
        ),
        (
            "bronze_orders",
            None,
            {"filesOf": "events"},
            "filesOf: orders is not another dataset of this contract",
        ),
        ("bronze_orders", None, {"archive": True}, "filesOf: a file that is archived leaves raw before each"),
    ],
)
def test_what_gives_no_sense_is_refused(
    shop: dict[str, Any], table: str, column: str | None, properties: dict[str, Any], message: str
):
    with pytest.raises(ContractError) as error:
        parsed(changed(shop, table, column, properties), "shop.odcs.yaml")
    assert message in str(error.value)


@pytest.mark.parametrize("kind", ["array<array<int>>", "array<map<string,bigint>>", "array<>", "list<int>"])
def test_an_array_is_of_plain_values(shop: dict[str, Any], kind: str):
    with pytest.raises(ContractError, match=r"is not a supported type \(string, int, .*array<…> of"):
        parsed(changed(shop, "silver_orders", "tags", {}, physicalType=kind), "shop.odcs.yaml")


def test_an_array_is_no_key(shop: dict[str, Any]):
    keyed = {"primaryKey": True, "primaryKeyPosition": 2}
    with pytest.raises(ContractError, match="primaryKey: tags is an array"):
        parsed(changed(shop, "silver_orders", "tags", {}, **keyed), "shop.odcs.yaml")


def test_a_dataset_knows_what_stands_in_records_and_which_lists_are_elsewhere():
    orders, lines = (contract("shop").dataset(name) for name in ("orders", "order_lines"))
    assert orders.received == ("order_id", "user_id", "placed_at", "tags", "address", "exported")
    assert orders.sent == ("order_id", "user_id", "placed_at", "tags", "address")
    assert orders.aliases == {"tags": "tags", "address": "address"}
    assert [str(p) for p in orders.lists_elsewhere] == ["lines"]
    assert [str(lines.target.column(n).path) for n in ("order_id", "price")] == ["^.id", "price.value"]


def test_arrays_are_super_in_the_warehouse():
    shop = contract("shop")
    assert '  "tags" SUPER,\n' in create_table(shop, shop.table("orders"))
