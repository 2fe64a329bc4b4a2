"""Row rules, thresholds, reasons and promises of a contract, in a shop of one table."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from cli.main import main
from shared.contracts import RejectRule, Threshold
from shared.contracts.odcs import parsed
from shared.contracts.problems import problems
from tests.support import shop_document
from tests.support.shop_document import SALES, refusal

MORE = """
slaProperties:
  - {property: freshness, value: 2, unit: d}
customProperties:
  - {property: defaultTimezone, value: UTC}
  - property: reasons
    value:
      - {name: too_long_ago, help: It was sold before the shop opened.}
  - property: quality
    value:
      - type: custom
        engine: lakehouse
        severity: warning
        implementation: {metric: quarantine_rate, maximum: 0.2, minimumRows: 1000}
      - type: custom
        engine: lakehouse
        severity: error
        implementation: {metric: quarantine_rate, maximum: 0.5, minimumRows: 1000}
columns:
  - {name: amount, logicalType: integer, physicalType: int, description: Paid.}
  - {name: sold_at, logicalType: timestamp, physicalType: timestamp, description: When.}
gold:
  name: gold_total
  physicalName: total
  logicalType: object
  description: Of all sales.
  customProperties:
    - {property: layer, value: gold}
    - {property: kind, value: mart}
  properties:
    - name: amount
      logicalType: integer
      physicalType: bigint
      primaryKey: true
      primaryKeyPosition: 1
      description: Paid.
"""
WARN = Threshold("quarantine_rate", 0.2, "warn", 1000)
HALT = Threshold("quarantine_rate", 0.5, "halt", 1000)
GOLD, ORDER, AMOUNT = 2, 3, 1


def shop() -> dict[str, Any]:
    """The usual shop with a reason, thresholds, a promise and a table of gold."""
    document, more = shop_document.shop(), yaml.safe_load(MORE)
    document["slaProperties"] = more["slaProperties"]
    document["customProperties"] += more["customProperties"]
    document["schema"][SALES]["customProperties"][ORDER]["value"] = ["sold_at"]
    document["schema"][SALES]["properties"] += more["columns"]
    document["schema"].append(more["gold"])
    return document


def document_property(document: dict[str, Any], name: str) -> list[Any]:
    return next(p["value"] for p in document["customProperties"] if p["property"] == name)


def with_table_quality(*entries: str, table: int = SALES) -> dict[str, Any]:
    document = shop()
    document["schema"][table]["quality"] = [yaml.safe_load(e) for e in entries]
    return document


def with_column_quality(*entries: str) -> dict[str, Any]:
    document = shop()
    document["schema"][SALES]["properties"][AMOUNT]["quality"] = [yaml.safe_load(e) for e in entries]
    return document


def sales(document: dict[str, Any]) -> Any:
    return parsed(document, "shop.odcs.yaml").table("sales")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT COUNT(*) FROM ${table} WHERE amount < 0",
        "select count(*) from ${table} where amount < 0",
        "SELECT COUNT(*)\n  FROM ${table}\n  WHERE amount < 0\n",
        "SELECT COUNT(*) FROM ${table} WHERE ${column} < 0",
    ],
)
def test_a_count_of_rows_that_must_be_none_is_a_rule_of_its_column(query: str):
    document = with_column_quality("{type: sql, mustBe: 0}")
    document["schema"][SALES]["properties"][AMOUNT]["quality"][0]["query"] = query
    assert sales(document).rejects == (RejectRule("invalid_value", "amount < 0", ("amount",)),)


def test_a_rule_of_several_columns_is_the_table_s_and_may_have_a_reason_of_the_domain():
    document = with_table_quality(
        """
        type: sql
        query: SELECT COUNT(*) FROM ${table} WHERE sold_at < '2020-01-01' and amount is null
        mustBe: 0
        description: The shop opened in 2020.
        customProperties:
          - {property: reason, value: too_long_ago}
          - {property: columns, value: [sold_at, amount]}
        """
    )
    assert sales(document).rejects == (
        RejectRule("too_long_ago", "sold_at < '2020-01-01' and amount is null", ("sold_at", "amount")),
    )


def test_a_text_is_for_people():
    assert sales(with_column_quality("{type: text, description: It is in cents.}")).rejects == ()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "{type: sql, query: SELECT 1, mustBe: 0}",
            "quality[0].query: expected SELECT COUNT(*) FROM ${table} WHERE <what makes a row bad>, found 'SELECT 1'",
        ),
        (
            "{type: sql, query: 'SELECT COUNT(*) FROM ${table} WHERE a', mustBe: 5}",
            "quality[0].mustBe: expected 0, for a row that breaks the rule is quarantined; found 5",
        ),
        (
            "{type: sql, query: 'SELECT COUNT(*) FROM ${table} WHERE a', mustBe: false}",
            "quality[0].mustBe: expected 0, for a row that breaks the rule is quarantined; found False",
        ),
        (
            "{type: sql, query: 'SELECT COUNT(*) FROM ${table} WHERE a', mustBe: 0, severity: warning}",
            "quality[0]: unknown key 'severity'",
        ),
        (
            "{type: sql, query: 'SELECT COUNT(*) FROM ${table} WHERE ${other}', mustBe: 0}",
            "quality[0].query: expected no variable but ${table} and ${column}",
        ),
        (
            "{metric: rowCount, mustBeGreaterThan: 0}",
            "quality[0]: nothing here measures rowCount of a column",
        ),
        (
            "{metric: nullValues, mustBeLessOrEqualTo: 5, unit: rows, severity: error}",
            "quality[0].unit: 'rows' is not one of percent",
        ),
        (
            "{type: custom, engine: lakehouse, implementation: {metric: a, maximum: 1}, severity: error}",
            "quality[0]: a figure of a run is a table's",
        ),
    ],
)
def test_what_nothing_here_executes_is_refused_at_a_column(entry: str, message: str):
    assert refusal(with_column_quality(entry)).startswith(
        f"shop.odcs.yaml: schema[1].properties[1].{message}"
    )


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "{type: custom, engine: soda, implementation: x}",
            "quality[0].engine: 'soda' is not one of lakehouse",
        ),
        (
            "{type: custom, engine: lakehouse, implementation: x, severity: error}",
            "quality[0].implementation: expected a mapping, found 'x'",
        ),
        (
            "{type: custom, engine: lakehouse, implementation: {metric: a, maximum: 1}, severity: info}",
            "quality[0].severity: 'info' is not one of error, warning",
        ),
        (
            "{metric: nullValues, mustBeLessOrEqualTo: 5, unit: percent, severity: error}",
            "quality[0]: nothing here measures nullValues of a table",
        ),
        (
            "{type: sql, query: 'SELECT COUNT(*) FROM ${table} WHERE ${column} < 0', mustBe: 0}",
            "quality[0].query: expected no variable but ${table}",
        ),
        (
            "{type: sql, query: 'SELECT COUNT(*) FROM ${table} WHERE a', mustBe: 0,"
            " customProperties: [{property: columns, value: [nope]}]}",
            "quality[0].customProperties.columns: columns: nope is not a column of sales",
        ),
    ],
)
def test_what_nothing_here_executes_is_refused_at_a_table(entry: str, message: str):
    assert refusal(with_table_quality(entry)).startswith(f"shop.odcs.yaml: schema[1].{message}")


def test_a_table_that_no_dataset_is_loaded_into_has_no_row_rules():
    rule = "{type: sql, query: 'SELECT COUNT(*) FROM ${table} WHERE amount < 0', mustBe: 0}"
    assert refusal(with_table_quality(rule, table=GOLD)) == (
        "shop.odcs.yaml: schema[2].quality[0]: only a table that a dataset is loaded into has row rules"
    )


def test_a_table_that_a_dataset_is_loaded_into_inherits_the_thresholds_of_the_document():
    found = parsed(shop(), "shop.odcs.yaml")
    assert found.table("sales").gate == (WARN, HALT)
    assert found.table("total").gate == ()


def test_a_dataset_is_loaded_into_the_table_with_its_thresholds():
    found = parsed(shop(), "shop.odcs.yaml")
    assert found.dataset("sales").target is found.table("sales")


def test_a_table_s_own_threshold_replaces_that_of_the_same_metric_and_severity():
    own = "{type: custom, engine: lakehouse, severity: error, implementation: {metric: quarantine_rate, maximum: 0.9}}"
    assert sales(with_table_quality(own)).gate == (WARN, Threshold("quarantine_rate", 0.9, "halt", 0))


def test_the_share_of_empty_values_is_a_threshold_beside_the_inherited_ones():
    document = with_column_quality(
        "{metric: nullValues, mustBeLessOrEqualTo: 50, unit: percent, severity: warning,"
        " customProperties: [{property: minimumRows, value: 10}]}"
    )
    assert sales(document).gate == (WARN, HALT, Threshold("null_rate_amount", 0.5, "warn", 10))


def test_a_table_may_inherit_nothing():
    document = shop()
    document["schema"][SALES]["customProperties"].append({"property": "inheritsQuality", "value": False})
    assert sales(document).gate == ()


def test_only_a_table_that_a_dataset_is_loaded_into_may_say_that_it_inherits():
    document = shop()
    document["schema"][GOLD]["customProperties"].append({"property": "inheritsQuality", "value": False})
    assert "inheritsQuality: only a table that a dataset is loaded into inherits" in refusal(document)


def orphans(document: dict[str, Any]) -> dict[str, Any]:
    """The document with a threshold for all that only tables with foreign keys have."""
    figure = {"metric": "orphan_rate", "maximum": 0.1}
    document_property(document, "quality").append(
        {"type": "custom", "engine": "lakehouse", "severity": "warning", "implementation": figure}
    )
    return document


def test_a_table_inherits_only_what_it_has_a_metric_for():
    with_key, without = orphans(shop()), shop()["schema"][SALES]
    with_key["schema"][SALES]["properties"][AMOUNT]["relationships"] = [{"to": "silver_other.sale"}]
    without |= {"name": "silver_other", "physicalName": "other"}
    without["customProperties"][2] = {"property": "source", "value": "others"}
    with_key["schema"] += [dict(shop()["schema"][0], name="bronze_others", physicalName="others"), without]
    found = parsed(with_key, "shop.odcs.yaml")
    assert found.table("sales").gate == (WARN, HALT, Threshold("orphan_rate", 0.1, "warn", 0))
    assert found.table("other").gate == (WARN, HALT)


def test_a_threshold_of_the_document_that_no_table_has_a_metric_for_is_refused():
    assert refusal(orphans(shop())) == (
        "shop.odcs.yaml: customProperties.quality[2]: 'orphan_rate' is not a metric of any table that a dataset"
        " is loaded into"
    )


def test_two_values_for_one_metric_and_severity_are_refused():
    document = shop()
    document_property(document, "quality").append(document_property(document, "quality")[0])
    assert refusal(document) == (
        "shop.odcs.yaml: customProperties.quality[2]: quarantine_rate has two values above which it must warn"
    )


def test_a_reason_of_the_domain_is_counted_and_may_have_a_threshold():
    figure = "{metric: quarantined_too_long_ago, maximum: 5}"
    document = with_table_quality(
        f"{{type: custom, engine: lakehouse, severity: error, implementation: {figure}}}"
    )
    assert sales(document).gate[-1] == Threshold("quarantined_too_long_ago", 5, "halt", 0)
    assert parsed(document, "shop.odcs.yaml").row_reasons == (
        *("corrupt_record", "missing_key", "missing_timestamp", "impossible_timestamp"),
        *("invalid_type", "nonexistent_local_time", "out_of_range", "invalid_value"),
        *("missing_value", "not_computable", "schema_mismatch", "unknown_operation", "missing_order"),
        *("nested_value", "number_as_text", "invalid_text", "too_long", "too_long_ago"),
    )


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ({"name": "missing_key", "help": "x"}, "'missing_key' is a reason of every domain"),
        ({"name": "empty_file", "help": "x"}, "'empty_file' is a reason of every domain"),
        ({"name": "TooLong", "help": "x"}, "'TooLong' is not a name: lower case letters, digits and _"),
        ({"name": "too_long_ago", "help": "x"}, "'too_long_ago' is given twice"),
        ({"name": "new"}, "missing; expected text"),
    ],
)
def test_a_reason_needs_a_name_of_its_own_and_a_help(reason: dict[str, str], message: str):
    document = shop()
    document_property(document, "reasons").append(reason)
    assert message in refusal(document)


def test_freshness_is_promised_in_hours_or_days():
    assert parsed(shop(), "shop.odcs.yaml").dataset("sales").freshness_hours == 48


@pytest.mark.parametrize("name", ["frequency", "latency"])
def test_a_promise_that_nothing_keeps_is_refused(name: str):
    document = shop()
    document["slaProperties"].append({"property": name, "value": 1, "unit": "d"})
    assert refusal(document).startswith(
        f"shop.odcs.yaml: slaProperties[1].property: nothing here keeps or measures '{name}'; expected freshness"
    )


@pytest.mark.parametrize(("value", "unit"), [(0.5, "h"), (1.5, "h"), (0, "d")])
def test_a_freshness_that_is_no_whole_hour_is_refused(value: float, unit: str):
    """Half an hour was taken for none, and the alarm rang for ever."""
    document = shop()
    document["slaProperties"][0] |= {"value": value, "unit": unit}
    assert "freshness is in whole hours, one at least" in refusal(document)


def test_freshness_is_promised_once_and_for_the_whole_domain():
    twice = shop()
    twice["slaProperties"] *= 2
    assert refusal(twice) == "shop.odcs.yaml: slaProperties[1].property: freshness is given twice"
    part = shop()
    part["slaProperties"][0]["element"] = "silver_sales"
    assert "unknown key 'element'" in refusal(part)


def test_all_that_is_wrong_within_parts_is_told_at_once():
    document = with_column_quality("{type: custom, engine: soda}", "{metric: rowCount, mustBe: 1}")
    document["slaProperties"][0]["unit"] = "y"
    document["schema"][SALES]["properties"][0]["physicalType"] = "text"
    document["schema"][SALES]["properties"][2]["description"] = None
    document["schema"][SALES]["customProperties"][1]["value"] = "heap"
    document["schema"][0]["customProperties"][1]["value"] = ["xls"]
    del document["schema"][GOLD]["customProperties"]
    assert [e.path for e in problems(document, "shop.odcs.yaml")] == [
        "slaProperties[0].unit",
        "schema[0].customProperties.formats[0]",
        "schema[1].properties[0].physicalType",
        "schema[1].properties[1].quality[0]",
        "schema[1].properties[1].quality[1]",
        "schema[1].properties[2].description",
        "schema[1].customProperties.kind",
        "schema[2].customProperties",
    ]


def test_all_that_is_wrong_between_parts_is_told_at_once():
    document = shop()
    document["schema"][SALES]["customProperties"][3]["value"] = ["nope"]
    document["schema"][GOLD]["customProperties"].append(
        {"property": "dependsOn", "value": [{"table": "x", "column": "y"}]}
    )
    document["customProperties"][0]["value"] = ["null"]
    assert [e.reason for e in problems(document, "shop.odcs.yaml")] == [
        "order: nope is not a column of sales",
        "dependsOn: x is not a table of this contract",
        "nullSpellings must hold the empty text",
    ]


def test_a_right_document_has_no_problems():
    assert problems(shop(), "shop.odcs.yaml") == []


def test_replay_takes_the_reasons_of_its_domain_only(capsys: pytest.CaptureFixture[str]):
    assert main(["replay", "web", "--reason", "negative_amount"]) == 1
    assert (
        "'negative_amount' is not a reason of web; expected one of unknown_dataset, "
        in capsys.readouterr().err
    )


VOLUME = Threshold("volume_deviation", 5.0, "warn")
LEARNT = (
    VOLUME,
    Threshold("null_rate_jump", 5.0, "warn"),
    Threshold("quarantine_rate_jump", 5.0, "warn"),
    Threshold("silence", 1.0, "warn"),
)
CUSTOM = "type: custom, engine: lakehouse"


def test_what_is_learnt_from_history_warns_where_a_contract_says_nothing():
    assert sales(shop()).thresholds == (WARN, HALT, *LEARNT)


def test_a_table_may_halt_at_a_learnt_figure_with_its_own_limit_or_the_usual_one():
    halt = f"{{{CUSTOM}, severity: error, implementation: {{metric: volume_deviation}}}}"
    own = f"{{{CUSTOM}, severity: error, implementation: {{metric: silence, maximum: 3}}}}"
    assert sales(with_table_quality(halt, own)).thresholds == (
        *(WARN, HALT, Threshold("volume_deviation", 5.0, "halt"), Threshold("silence", 3, "halt")),
        *LEARNT[1:3],
    )


def test_a_learnt_figure_is_switched_off_for_a_table_or_for_all_but_one():
    off = f"{{{CUSTOM}, implementation: {{metric: volume_deviation, enabled: false}}}}"
    assert sales(with_table_quality(off)).thresholds == (WARN, HALT, *LEARNT[1:])
    document = shop()
    document_property(document, "quality").append(yaml.safe_load(off))
    assert sales(document).thresholds == (WARN, HALT, *LEARNT[1:])
    on = f"{{{CUSTOM}, severity: warning, implementation: {{metric: volume_deviation}}}}"
    document["schema"][SALES]["quality"] = [yaml.safe_load(on)]
    assert sales(document).thresholds == (WARN, HALT, VOLUME, *LEARNT[1:])


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [f"{{{CUSTOM}, implementation: {{metric: quarantine_rate, enabled: false}}}}"],
            "quality[0].implementation.enabled: only these can be switched off: volume_deviation, null_rate_jump,"
            " quarantine_rate_jump, silence, which are judged without being asked for; leave the entry of"
            " quarantine_rate out",
        ),
        (
            [f"{{{CUSTOM}, implementation: {{metric: silence, enabled: false, maximum: 2}}}}"],
            "quality[0].implementation: unknown key 'maximum'; allowed: enabled, metric",
        ),
        (
            [f"{{{CUSTOM}, implementation: {{metric: silence, enabled: 'no'}}}}"],
            "quality[0].implementation.enabled: expected true or false, found 'no'",
        ),
        (
            [
                f"{{{CUSTOM}, implementation: {{metric: silence, enabled: false}}}}",
                f"{{{CUSTOM}, severity: error, implementation: {{metric: silence}}}}",
            ],
            "quality[1]: silence is switched off here and judged; leave one of both out",
        ),
    ],
)
def test_what_cannot_be_switched_off_is_refused(entries: list[str], message: str):
    assert refusal(with_table_quality(*entries)) == f"shop.odcs.yaml: schema[1].{message}"
