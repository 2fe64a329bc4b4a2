"""What lint says of spellings that are unsaid, wrong or of two meanings: each property with a wrong value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.contracts.odcs import parsed
from tests.support.shop_document import SALES, custom, refusal, shop

OPTIONS = ("format", "defaultTimezone", "minimum", "maximum", "maxLength", "odd")


def document(kind: str, column: dict[str, Any], *, above: dict[str, Any], source: str) -> dict[str, Any]:
    found = shop()
    found["customProperties"] += custom(above)
    found["schema"][0]["customProperties"][1]["value"] = [source]
    value = {"name": "value", "physicalType": kind, "description": "A value."}
    options = {k: v for k, v in column.items() if k in OPTIONS}
    others = custom({k: v for k, v in column.items() if k not in OPTIONS})
    found["schema"][SALES]["properties"].append(
        {**value, "logicalTypeOptions": options, "customProperties": others}
    )
    return found


def message(
    kind: str, column: dict[str, Any], above: dict[str, Any] | None = None, source: str = "csv"
) -> str:
    return refusal(document(kind, column, above=above or {}, source=source))


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
        (
            "int",
            {"odd": 1},
            "unknown key 'odd'; allowed: defaultTimezone, format, maxLength, maximum, minimum",
        ),
        ("string", {"minimum": 1}, "minimum and maximum are for numbers, dates and timestamps"),
        ("string", {"maxLength": 0}, "maxLength: expected a whole number of characters, at least 1, found 0"),
        ("string", {"maxLength": -5}, "expected a whole number of characters, at least 1, found -5"),
        ("string", {"maxLength": 2.5}, "expected a whole number of characters, at least 1, found 2.5"),
        ("string", {"maxLength": "20"}, "expected a whole number of characters, at least 1, found '20'"),
        ("string", {"maxLength": True}, "expected a whole number of characters, at least 1, found True"),
        ("int", {"maxLength": 20}, "maxLength is for texts, and the column is a int"),
        ("array<string>", {"maxLength": 20}, "maxLength is for texts, and the column is a array<string>"),
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
        ("double", {"currencies": ["€"]}, "currencies are those of numberStyle currency, which is not"),
        ("double", {"numberStyle": ["currency"], "currencies": []}, "expected at least one sign or code"),
        ("double", {"numberStyle": ["currency"], "currencies": ["US 1"]}, "such as € or EUR, without digits"),
        ("double", {"numberStyle": ["currency"], "currencies": ["Rs."]}, "'Rs.' holds the decimalMark '.'"),
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


@pytest.mark.parametrize(
    ("kind", "column", "said"),
    [
        ("timestamp", {"defaultTimezone": "ROC"}, "'ROC' is not a time zone of the IANA"),
        ("timestamp", {"defaultTimezone": "posix/Europe/Berlin"}, "'posix/Europe/Berlin' is not a time zone"),
        (
            "timestamp",
            {"defaultTimezone": "Europe/Berlin", "formats": ["yyyy-MM-dd'T'HH:mm:ss'Z'", "iso"]},
            "both read the text '2001-02-03T04:05:06Z', as different times",
        ),
        ("decimal(2,5)", {}, "'decimal(2,5)': expected at most 38 digits"),
        ("array<decimal(50,3)>", {}, "'array<decimal(50,3)>': expected at most 38 digits"),
        ("string", {"path": "user.name"}, "value: a path into nested records leads nowhere in csv"),
        ("int", {"derived": "length(sale)", "maximum": 5}, "value: what no dataset brings takes no texts"),
    ],
)
def test_what_could_not_be_kept_is_refused(kind: str, column: dict[str, Any], said: str) -> None:
    assert said in message(kind, column)


def test_a_word_of_a_boolean_that_means_no_value_is_refused() -> None:
    words = {"booleans": {"true": ["y"], "false": ["-"]}}
    spoilt = document("boolean", words, above={}, source="csv")
    spoilt["customProperties"][0]["value"] = ["", "-"]
    assert "booleans: '-' means no value by nullSpellings" in refusal(spoilt)


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
    project = yaml.safe_load(text)
    gold = next(t for t in project["schema"] if t["name"] == "gold_dim_date")
    gold["properties"][0]["logicalTypeOptions"] = {"minimum": "2000-01-01"}
    assert "date: gold takes no texts of producers" in refusal(project)


def test_a_text_of_gold_is_no_longer_than_a_warehouse_takes() -> None:
    text = (Path(__file__).parents[1] / "project" / "domains" / "shop" / "contract.odcs.yaml").read_text()
    project = yaml.safe_load(text)
    gold = next(t for t in project["schema"] if t["name"] == "gold_dim_users")
    name = next(p for p in gold["properties"] if p["name"] == "name")
    name["logicalTypeOptions"] = {"maxLength": 65_535}
    assert parsed(project, "shop.odcs.yaml").table("dim_users").column("name").max_length == 65_535
    name["logicalTypeOptions"] = {"maxLength": 65_536}
    assert "column name: maxLength is 65536, and a warehouse takes 65535 bytes at most" in refusal(project)
