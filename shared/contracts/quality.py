"""Row rules and thresholds, from ODCS's `quality`.

An entry that nothing here executes is refused (docs/decisions/0016-quality-in-the-words-of-the-standard.md).
"""

from __future__ import annotations

import re
from typing import Any, cast

from shared.contracts.model import RejectRule, Threshold
from shared.contracts.node import Node
from shared.metrics import LEARNT, null_rate
from shared.reasons import RowReason

ENGINE = "lakehouse"
ACTIONS = {"warning": "warn", "error": "halt"}
TYPES = ("library", "sql", "custom", "text")  # library is what the standard assumes
ROW_RULE = re.compile(r"select\s+count\(\*\)\s+from\s+\$\{table\}\s+where\s+(.+)", re.DOTALL | re.IGNORECASE)
SHAPE = "SELECT COUNT(*) FROM ${table} WHERE <what makes a row bad>"
COMMON = (  # of every entry; but for the type, for people
    "id",
    "name",
    "type",
    "description",
    "dimension",
    "businessImpact",
    "tags",
    "authoritativeDefinitions",
)


def rule_or_threshold(node: Node, column: str | None = None) -> RejectRule | Threshold | None:
    """One entry of a table's `quality`, or of a column's; None for a text, which only people read.

    Raises ContractError for an entry that nothing here executes.
    """
    match node.child("type").choice(TYPES, TYPES[0]):
        case "sql":
            return _row_rule(node, column)
        case "custom":
            return _of_table(node, column)
        case "library":
            return _null_rate(node, column)
    return None


def threshold(node: Node) -> Threshold:
    """A promise on a figure of a run; the standard has no word for these."""
    node.only((*COMMON, "engine", "implementation", "severity"))
    node.child("type").choice(("custom",))
    node.child("engine").choice((ENGINE,))
    wanted = node.child("implementation")
    wanted.only(("metric", "maximum", "minimumRows", "enabled"))
    metric = wanted.child("metric").text()
    if not wanted.child("enabled").flag(True):
        return _off(wanted, metric)
    return Threshold(
        metric=metric,
        maximum=wanted.child("maximum").number(LEARNT.get(metric)),
        action=_action(node),
        minimum_rows=int(wanted.child("minimumRows").number(0)),
    )


def _off(wanted: Node, metric: str) -> Threshold:
    """Only what is judged without being asked for can be switched off."""
    wanted.only(("metric", "enabled"))
    if metric not in LEARNT:
        raise wanted.child("enabled").error(
            f"only these can be switched off: {', '.join(LEARNT)}, which are judged without being asked"
            f" for; leave the entry of {metric} out"
        )
    return Threshold(metric, LEARNT[metric], "off")


def _of_table(node: Node, column: str | None) -> Threshold:
    if column is not None:
        raise node.error("a figure of a run is a table's: write this entry into the quality of the table")
    return threshold(node)


def _row_rule(node: Node, column: str | None) -> RejectRule:
    """The rows that the query counts are those that are quarantined, which is why there must be none."""
    node.only((*COMMON, "query", "mustBe", "customProperties"))
    custom = node.custom(("reason",) if column else ("reason", "columns"))
    query, count = node.child("query"), node.child("mustBe")
    counted = ROW_RULE.fullmatch(query.text().strip())
    if not counted:
        raise query.error(f"expected {SHAPE}, found {query.value!r}")
    if count.value != 0 or isinstance(count.value, bool):
        raise count.error(f"expected 0, for a row that breaks the rule is quarantined; found {count.value!r}")
    when = counted[1].replace("${column}", column) if column else counted[1]
    if "${" in when:
        known = "${table} and ${column}" if column else "${table}"
        raise query.error(f"expected no variable but {known}, found {query.value!r}")
    return RejectRule(
        custom.child("reason").text(RowReason.INVALID_VALUE),
        when,
        (column,) if column else custom.child("columns").texts(),
    )


def _null_rate(node: Node, column: str | None) -> Threshold:
    metric = node.child("metric").text()
    if column is None or metric != "nullValues":
        raise node.error(
            f"nothing here measures {metric} of a {'column' if column else 'table'}; expected nullValues of a"
            f" column, a row rule (type sql: {SHAPE}) or a figure of a run (type custom, engine {ENGINE})"
        )
    node.only((*COMMON, "metric", "mustBeLessOrEqualTo", "unit", "severity", "customProperties"))
    node.child("unit").choice(("percent",))
    return Threshold(
        metric=null_rate(column),
        maximum=node.child("mustBeLessOrEqualTo").number() / 100,
        action=_action(node),
        minimum_rows=int(node.custom(("minimumRows",)).child("minimumRows").number(0)),
    )


def _action(node: Node) -> Any:
    return cast(Any, ACTIONS[node.child("severity").choice(ACTIONS)])
