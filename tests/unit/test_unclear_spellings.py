"""What lint says of spellings that are unsaid, wrong or of two meanings: each property with a wrong value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.contracts import ContractError
from shared.contracts.odcs import parsed

DOCUMENT = """
apiVersion: v3.1.0
kind: DataContract
id: shop
name: shop
version: 1.0.0
status: active
domain: shop
description: {purpose: Sales.}
customProperties:
  - {property: nullSpellings, value: [""]}
schema:
  - name: bronze_sales
    physicalName: sales
    description: Sales.
    customProperties:
      - {property: layer, value: bronze}
      - {property: formats, value: [FORMAT]}
  - name: silver_sales
    physicalName: sales
    description: Sales.
    customProperties:
      - {property: layer, value: silver}
      - {property: kind, value: keyed}
      - {property: source, value: sales}
      - {property: order, value: [sale]}
    properties:
      - {name: sale, physicalType: string, primaryKey: true, primaryKeyPosition: 1, description: Its number.}
      - name: value
        physicalType: TYPE
        description: A value.
"""


def document(kind: str, column: dict[str, Any], *, above: dict[str, Any], source: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(DOCUMENT.replace("TYPE", kind).replace("FORMAT", source))
    value = found["schema"][1]["properties"][1]
    options = {
        k: v for k, v in column.items() if k in ("format", "defaultTimezone", "minimum", "maximum", "odd")
    }
    value["logicalTypeOptions"] = options
    value["customProperties"] = _properties({k: v for k, v in column.items() if k not in options})
    found["customProperties"] += _properties(above)
    return found


def _properties(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"property": k, "value": v} for k, v in values.items()]


def message(
    kind: str, column: dict[str, Any], above: dict[str, Any] | None = None, source: str = "csv"
) -> str:
    with pytest.raises(ContractError) as caught:
        parsed(document(kind, column, above=above or {}, source=source), "shop.odcs.yaml")
    return str(caught.value)


UTC = {"defaultTimezone": "UTC"}


@pytest.mark.parametrize(
    ("kind", "column", "said"),
    [
        ("timestamp", {}, "value in dataset sales: texts of the formats iso may have no offset"),
        ("timestamp", {"format": "dd.MM.yyyy"}, "formats dd.MM.yyyy may have no offset: say what they mean"),
        ("timestamp", {"format": "excel_serial"}, "formats excel_serial may have no offset"),
        ("timestamp", {"defaultTimezone": "Mars/Olympus"}, "'Mars/Olympus' is not a time zone of the IANA"),
        ("timestamp", {**UTC, "formats": ["dd/MM/yyyy", "MM/dd/yyyy"]}, "both read the text '03/02/2001'"),
        ("timestamp", {**UTC, "formats": ["epoch_s", "epoch_ms"]}, "epoch_s and epoch_ms both read the text"),
        ("timestamp", {**UTC, "formats": ["epoch_s", "yyyymmdd"]}, "epoch_s and yyyymmdd both read the text"),
        ("timestamp", {**UTC, "formats": ["iso", "yyyy-dd-MM"]}, "iso and yyyy-dd-MM both read the text"),
        ("date", {"formats": ["dd.MM.yy", "yy.MM.dd"]}, "dd.MM.yy and yy.MM.dd both read the text"),
        ("date", {"format": "epoch"}, "formats of value: 'epoch' is none of iso, epoch_s"),
        ("date", {"formats": []}, "expected at least one format"),
        ("date", {"format": "iso", "formats": ["iso"]}, "say it in one place"),
        ("date", {"locale": "xx"}, "'xx' has no names of months here; known: cs, da, de, en"),
        ("date", {"minimum": "soon"}, "expected a number, or ISO 8601, found 'soon'"),
        ("timestamp", {**UTC, "minimum": "2000-01-01"}, "minimum: expected a time with its offset"),
        ("date", {"minimum": "2001-01-01", "maximum": "2000-01-01"}, "minimum is above maximum"),
        ("int", {"minimum": 1.5}, "minimum: expected a int, found '1.5'"),
        ("int", {"odd": 1}, "unknown key 'odd'; allowed: defaultTimezone, format, maximum, minimum"),
        ("string", {"minimum": 1}, "minimum and maximum are for numbers, dates and timestamps"),
        ("string", {"formats": ["iso"]}, "formats is for dates and timestamps, and the column is a string"),
        ("date", {"decimalMark": ","}, "decimalMark is for numbers, and the column is a date"),
        ("double", {"decimalMark": ";"}, "';' is not one of ,, ."),
        ("double", {"groupMark": "_"}, "'_' is no mark between groups of digits"),
        ("double", {"groupMark": "."}, "decimalMark and groupMark are both '.'"),
        (
            "double",
            {"numberStyle": ["odd"]},
            "'odd' is not one of currency, parentheses, percent, trailing_minus",
        ),
        ("double", {"nanIsNull": "yes"}, "expected true or false, found 'yes'"),
        ("double", {"booleans": {"true": ["y"], "false": ["n"]}}, "booleans are for booleans"),
        ("boolean", {"booleans": ["y"]}, "expected a mapping of true and false to lists, found list"),
        ("boolean", {"booleans": {True: ["y"]}}, "expected words for true and words for false"),
        ("boolean", {"booleans": {True: ["y"], False: ["Y"]}}, "y is true and false at once"),
        ("boolean", {"booleans": {True: [True], False: ["n"]}}, "put the word between quotes"),
        ("date", {"times": ["x"]}, "'times' is not one of aliases"),
    ],
)
def test_an_unclear_spelling_is_refused(kind: str, column: dict[str, Any], said: str) -> None:
    assert said in message(kind, column)


def test_a_group_mark_that_json_numbers_have_as_their_point_is_refused() -> None:
    said = message("double", {"decimalMark": ",", "groupMark": "."}, source="ndjson")
    assert "with groupMark '.' the text 1.234 is a thousand, but ndjson has numbers" in said


def test_typed_cells_without_an_offset_need_a_zone_too() -> None:
    assert "(cells of parquet come as iso)" in message("timestamp", {"format": "epoch_s"}, source="parquet")


def test_defaults_of_the_document_count_and_a_column_may_differ() -> None:
    above = {"defaultTimezone": "Europe/Berlin", "timestampFormats": ["dd.MM.yyyy"], "decimalMark": ","}
    contract = parsed(document("timestamp", {}, above=above, source="csv"), "shop.odcs.yaml")
    plan = contract.dataset("sales").plan("value")
    assert (plan.zone, [f.name for f in plan.formats]) == ("Europe/Berlin", ["dd.MM.yyyy"])
    own = {"format": "iso", "defaultTimezone": "UTC"}
    contract = parsed(document("timestamp", own, above=above, source="csv"), "shop.odcs.yaml")
    plan = contract.dataset("sales").plan("value")
    assert (plan.zone, [f.name for f in plan.formats]) == ("UTC", ["iso"])


def test_gold_takes_no_spellings() -> None:
    text = (Path(__file__).parents[1] / "project" / "domains" / "shop" / "contract.odcs.yaml").read_text()
    shop = yaml.safe_load(text)
    gold = next(t for t in shop["schema"] if t["name"] == "gold_dim_date")
    gold["properties"][0]["logicalTypeOptions"] = {"minimum": "2000-01-01"}
    with pytest.raises(ContractError) as caught:
        parsed(shop, "shop.odcs.yaml")
    assert "date: gold takes no texts of producers" in str(caught.value)
