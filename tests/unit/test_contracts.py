"""The contracts say what they should, and a wrong one is refused with file, path and reason."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import data_model
from shared.contracts import ContractError, compiled, contract, contracts, domains, folded
from shared.contracts.odcs import parsed
from stacks.packaging import spellings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return yaml.safe_load(
        (ROOT / "tests" / "project" / "domains" / "shop" / "contract.odcs.yaml").read_text("utf-8")
    )


def table(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(t for t in document["schema"] if t["name"] == name)


def custom(node: dict[str, Any], name: str) -> dict[str, Any]:
    return next(p for p in node["customProperties"] if p["property"] == name)


def column(document: dict[str, Any], table_name: str, name: str) -> dict[str, Any]:
    return next(c for c in table(document, table_name)["properties"] if c["name"] == name)


def gated(document: dict[str, Any], name: str, metric: str, maximum: int, severity: str) -> None:
    """Gives a table a threshold."""
    figure = {"metric": metric, "maximum": maximum}
    table(document, name)["quality"] = [
        {"type": "custom", "engine": "lakehouse", "severity": severity, "implementation": figure}
    ]


def test_a_derived_table_has_the_columns_of_its_log_and_its_own():
    history = contract("shop").table("users_history")
    assert history.column_names == (
        *("user_id", "name", "email", "phone", "city", "age", "updated_at", "event_date"),
        *("valid_from", "valid_to", "is_current"),
    )
    assert history.primary_key == ("user_id", "valid_from")


@pytest.mark.parametrize("spelling", ["eventId", "event-id", "EVENT_ID", "Event Id", "event_uuid", "id"])
def test_every_spelling_of_a_column_is_known(spelling: str):
    assert contract("shop").dataset("events").aliases[folded(spelling)] == "event_id"


def test_the_derived_event_date_is_not_taken_from_producers():
    assert "eventdate" not in contract("shop").dataset("events").aliases


def test_money_is_decimal_everywhere():
    money = [
        c
        for k in contracts()
        for t in k.tables
        for c in t.columns
        if "amount" in c.name or c.name.endswith("revenue")
    ]
    assert {c.type for c in money if not c.name.startswith("is_")} == {
        "decimal(18,2)",
        "decimal(38,2)",  # totals
        "decimal(7,2)",  # TPC-DS's own
    }


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        (lambda d: d.update(apiVersion="v2"), "apiVersion", "'v2' is not one of v3.1.0"),
        (lambda d: d.update(domain="E Commerce"), "domain", "'E Commerce' is not a name"),
        (
            lambda d: table(d, "silver_events")["properties"][0].update(physicalType="text"),
            "schema[3].properties[0].physicalType",
            "'text' is not",
        ),
        (
            lambda d: table(d, "silver_events")["properties"].append(
                dict(table(d, "silver_events")["properties"][0])
            ),
            "schema[3].properties",
            "given twice",
        ),
        (
            lambda d: custom(table(d, "silver_events"), "order").update(value=["nope"]),
            "schema[3].customProperties",
            "order: nope is not a column",
        ),
        (
            lambda d: column(d, "silver_events", "age")["quality"][0].update(
                customProperties=[{"property": "reason", "value": "odd"}]
            ),
            "schema[3].properties[6].quality[0]",
            "'odd' is not a reason",
        ),
        (
            lambda d: column(d, "silver_events", "age")["quality"][0].update(extra=1),
            "properties[6].quality[0]",
            "unknown key 'extra'",
        ),
        (
            lambda d: custom(table(d, "silver_events"), "eventDate").update(property="eventdate"),
            "customProperties[3].property",
            "not one of",
        ),
        (
            lambda d: (
                custom(table(d, "silver_events"), "source").update(value=["events", "transactions"]),
                d["schema"].remove(table(d, "silver_transactions")),
            ),
            "schema[3].customProperties",
            "several datasets are loaded here",
        ),
        (
            lambda d: custom(table(d, "gold_user_ltv"), "dependsOn")["value"][0].update(table="x"),
            "customProperties",
            "x is not a table",
        ),
        (
            lambda d: table(d, "gold_user_ltv")["properties"][0].update(
                relationships=[{"to": "gold_nope.x"}]
            ),
            "properties",
            "does not exist",
        ),
        (
            lambda d: gated(d, "silver_events", "quarantine_rat", 1, "error"),
            "schema[3].quality[0]",
            "'quarantine_rat' is not a metric (files, total_rows, ",
        ),
        (
            lambda d: gated(d, "silver_events", "null_rate_user", 1, "error"),
            "schema[3].quality[0]",
            "'null_rate_user' is not a metric",
        ),
        (
            lambda d: column(d, "silver_events", "event_date").update(
                quality=column(d, "silver_events", "user_id")["quality"]
            ),
            "schema[3].properties[11].quality[0]",
            "'null_rate_event_date' is not a metric",  # computed, so that no rate of it is measured
        ),
        (
            lambda d: gated(d, "silver_events", "quarantined_odd", 1, "error"),
            "schema[3].quality[0]",
            "'quarantined_odd' is not a metric",
        ),
        (
            lambda d: gated(d, "gold_user_ltv", "total_rows", 1, "error"),
            "quality[0]",
            "'total_rows' is not a metric (orphan_rows)",
        ),
        (
            lambda d: gated(d, "gold_user_ltv", "orphan_rows", 0, "warning"),
            "quality[0]",
            "orphan_rows of a gold table can only halt",
        ),
        (
            lambda d: gated(d, "silver_users", "total_rows", 1, "error"),
            "quality[0]",
            "only a table that a dataset is loaded into has metrics",
        ),
        (
            lambda d: table(d, "silver_events").update(
                relationships=[{"from": ["silver_events.user_id"], "to": ["silver_users.user_id"]}]
            ),
            "schema[3].relationships[0]",
            "two or more, each side of one table",
        ),
        (
            lambda d: table(d, "silver_events").update(
                relationships=[
                    {
                        "from": ["silver_events.user_id", "silver_events.a"],
                        "to": ["silver_users.user_id", "silver_users.b"],
                    }
                ]
            ),
            "schema[3].properties",
            "user_id+a refers to users.user_id+b, which does not exist",
        ),
        (
            lambda d: custom(d, "datePartitions").update(value="week"),
            "customProperties",
            "'week' is not one of day, month",
        ),
        (
            lambda d: custom(d, "nullSpellings").update(value=["null"]),
            "customProperties",
            "must hold the empty text",
        ),
        (
            lambda d: table(d, "bronze_events")["customProperties"][1].update(value=["csv", "xls"]),
            "formats[1]",
            "'xls' is not one of",
        ),
    ],
)
def test_a_wrong_contract_is_refused_with_file_path_and_reason(
    document: dict[str, Any], change: Any, path: str, reason: str
):
    wrong = copy.deepcopy(document)
    change(wrong)
    with pytest.raises(ContractError) as refused:
        parsed(wrong, "shop.odcs.yaml")
    assert str(refused.value).startswith("shop.odcs.yaml: ")
    assert path in refused.value.path
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("header", 0, "expected auto, none or the number of a line (1 to 1000), found 0"),
        ("header", "first", "expected auto, none or the number of a line (1 to 1000), found 'first'"),
        ("header", "none", "header none and storedAs parquet go together"),
        ("comment", "(", "'(' is no regular expression"),
        ("footer", "x*", "'x*' matches every line; say what begins the lines that are no records"),
        ("sheet", 1, "expected text, found 1"),
        ("ignore", "*.part", "expected a list, found str"),
        ("formats", ["csv", "zip"], "dataset users: sheet is of xlsx and ods; add the format to `formats`"),
        ("formats", ["json"], "header, comment and footer are of csv, xlsx and ods"),
        ("encodings", ["utf-9"], "'utf-9' is no encoding that is known"),
        ("encodings", ["iso2022_jp"], "'iso2022_jp' spells other characters with ASCII, or ASCII otherwise"),
        ("encodings", ["cp037"], "'cp037' spells other characters with ASCII, or ASCII otherwise"),
        ("encodings", ["utf-7"], "'utf-7' spells other characters with ASCII, or ASCII otherwise"),
        ("fallbackEncoding", "windows-12", "'windows-12' is no encoding that is known"),
        ("fallbackEncoding", "hz", "'hz' spells other characters with ASCII, or ASCII otherwise"),
    ],
)
def test_a_wrong_rule_for_files_is_refused(document: dict[str, Any], name: str, value: Any, reason: str):
    wrong = copy.deepcopy(document)
    properties = table(wrong, "bronze_users")["customProperties"]
    properties[:] = [p for p in properties if p["property"] != name]
    properties.append({"property": name, "value": value})
    with pytest.raises(ContractError, match=re.escape(reason)):
        parsed(wrong, "shop.odcs.yaml")


@pytest.mark.parametrize(
    ("value", "header"), [(None, "auto"), (True, "auto"), ("auto", "auto"), (3, 3), (1, 1)]
)
def test_a_contract_says_where_the_header_is(document: dict[str, Any], value: Any, header: str | int):
    changed = copy.deepcopy(document)
    table(changed, "bronze_users")["customProperties"].append({"property": "header", "value": value})
    assert parsed(changed, "shop.odcs.yaml").dataset("users").header == header


@pytest.mark.parametrize(
    ("unit", "field"), [("month", "months(event_date)"), ("day", "event_date"), (None, "event_date")]
)
def test_a_contract_says_whether_dates_partition_by_day_or_month(
    document: dict[str, Any], unit: str | None, field: str
):
    changed = copy.deepcopy(document)
    changed["customProperties"] = [
        p for p in changed["customProperties"] if p["property"] != "datePartitions"
    ]
    if unit:
        changed["customProperties"].append({"property": "datePartitions", "value": unit})
    found = parsed(changed, "shop.odcs.yaml")
    assert found.table("events").partition_fields == (field,)
    assert found.table("dim_users").partition_fields == ()


def test_only_a_date_has_months():
    assert contract("retail").table("sales").partition_fields == ("s_year",)
    columns = tuple(
        replace(c, type="int") if c.name == "event_date" else c
        for c in contract("shop").table("events").columns
    )
    assert replace(contract("shop").table("events"), columns=columns).partition_fields == ("event_date",)


@pytest.mark.parametrize(
    "metric", ["quarantine_rate", "quarantined_missing_key", "null_rate_user_id", "extra_column_rows"]
)
def test_a_threshold_may_name_any_figure_of_a_run(document: dict[str, Any], metric: str):
    right = copy.deepcopy(document)
    gated(right, "silver_events", metric, 1, "error")
    assert metric in [t.metric for t in parsed(right, "shop.odcs.yaml").table("events").gate]


def test_the_packed_form_needs_no_yaml_and_says_the_same(tmp_path: Path):
    package = tmp_path / "shared"
    for source in (ROOT / "shared").rglob("*.py"):
        target = package / source.relative_to(ROOT / "shared")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    for name, content in compiled().items():
        (package / "contracts" / name).write_bytes(content)
    for name, content in spellings(domains()).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.read_bytes())
    code = "import sys; sys.modules['yaml'] = None; from shared.contracts import contracts; print(repr(contracts()))"
    told = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == repr(contracts())
    assert json.loads(compiled()["index.json"]) == [c.domain for c in contracts()]


def test_a_page_of_the_data_model_that_no_domain_has_any_more_is_removed_and_others_stay(tmp_path: Path):
    (tmp_path / "gone.md").write_text(f"# gone\n\n{data_model.MARK}\n", "utf-8")
    (tmp_path / "notes.md").write_text("# Written by a person\n", "utf-8")
    written = data_model.write(tmp_path)
    assert set(tmp_path.rglob("*.md")) == {*written, tmp_path / "notes.md"}
