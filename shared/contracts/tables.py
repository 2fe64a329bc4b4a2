"""Reads the tables of silver and gold: their columns, keys, row rules and thresholds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from shared.contracts import spelled
from shared.contracts.check import Place
from shared.contracts.datasets import path
from shared.contracts.model import (
    Column,
    Dependency,
    Operation,
    Protect,
    Reference,
    RejectRule,
    Table,
    Threshold,
)
from shared.contracts.node import Node
from shared.contracts.protection import NULL, WAYS
from shared.contracts.quality import rule_or_threshold
from shared.metrics import LEARNT
from shared.values.numbers import DECIMAL, MOST_DIGITS

PROPERTIES = (
    "layer",
    "kind",
    "source",
    "columnsOf",
    "eventDate",
    "order",
    "tracked",
    "changeKey",
    "dependsOn",
    "appendedBy",
    "inheritsQuality",
    "operation",
    "corrections",
    "snapshot",
)
ENVELOPES = {  # what each calls inserts and updates, and deletes
    "debezium": (("c", "r", "u"), ("d",)),
    "dms": (("I", "U"), ("D",)),
}
COLUMN_PROPERTIES = (
    "aliases",
    "case",
    "derived",
    "path",
    "fromKey",
    "json",
    "protect",
    "identifies",
    *spelled.OF_COLUMN,
)
IDENTIFYING = ("string", "int", "bigint")  # types whose values have one spelling
LAYERS = ("bronze", "silver", "gold")
KINDS = {
    "silver": ("keyed", "log", "files", "latest", "scd2", "computed"),
    "gold": ("dim", "fact", "mart", "bridge"),
}
PLAIN = r"string|int|bigint|double|boolean|date|timestamp|decimal\(\d{1,2},\d{1,2}\)"
TYPE = re.compile(rf"{PLAIN}|map<string,bigint>|array<(?:{PLAIN})>")
TYPE_NAMES = (
    "string, int, bigint, double, boolean, date, timestamp, decimal(p,s), map<string,bigint>, array<…> of"
    " one of these but the map"
)


def layer(node: Node) -> str:
    """bronze, silver or gold."""
    entries = {e.child("property").text(): e for e in node.child("customProperties").items()}
    if "layer" not in entries:
        raise node.child("customProperties").error("missing property layer; expected bronze, silver or gold")
    return entries["layer"].child("value").choice(LAYERS)


def table(
    node: Node, earlier: Mapping[str, Table], by_month: bool = False, zone: str = "UTC"
) -> tuple[Table, Place]:
    """A table with the thresholds that it names itself, and where it stands; raises ContractError."""
    custom = node.custom(PROPERTIES)
    level = custom.child("layer").choice(("silver", "gold"))
    base = custom.child("columnsOf")
    if base.value is not None and base.text() not in earlier:
        raise base.error(f"{base.value!r} is not a table that stands above this one")
    parent = earlier[base.text()] if base.value is not None else None
    own = list(node.child("properties").items())
    keys = _positions(own, "primaryKey")
    checks = [(n, c) for n, c in _quality(node, own) if c is not None]
    rules = [(n, c) for n, c in checks if isinstance(c, RejectRule)]
    gate = [(n, c) for n, c in checks if isinstance(c, Threshold)]
    inherits = custom.child("inheritsQuality")
    found = Table(
        name=node.child("physicalName").name(),
        zone=cast(Any, level),
        kind=cast(Any, custom.child("kind").choice(KINDS[level])),
        description=node.child("description").text(),
        columns=(*(parent.columns if parent else ()), *(column(p) for p in own)),
        primary_key=(*(parent.primary_key if parent else ()), *keys),
        partitioned_by=(*(parent.partitioned_by if parent else ()), *_positions(own, "partitioned")),
        by_month=by_month,
        sources=_one_or_more(custom.child("source")),
        event_date_column=custom.child("eventDate").text("") or None,
        order=custom.child("order").texts(),
        rejects=tuple(c for _, c in rules),
        tracked=custom.child("tracked").texts(),
        change_key=custom.child("changeKey").text("") or None,
        depends_on=tuple(_dependency(d) for d in custom.child("dependsOn").items()),
        appended_by=custom.child("appendedBy").texts(),
        gate=tuple(c for _, c in gate),
        operation=_operation(custom.child("operation")),
        corrections=cast(Any, custom.child("corrections").choice(("merge", "replace"), "merge")),
        snapshot=cast(Any, custom.child("snapshot").choice(("full",)))
        if custom.child("snapshot").value
        else None,
        compound_references=tuple(_compound_reference(r, level) for r in node.child("relationships").items()),
        event_timezone=zone,
    )
    place = Place(
        node,
        rules=tuple(n for n, _ in rules),
        gate=tuple(n for n, _ in gate),
        inherits=None if inherits.value is None else inherits.flag(),
    )
    return found, place


def with_inherited(
    table: Table,
    place: Place,
    thresholds: Sequence[tuple[Node, Threshold]],
    reasons: Collection[str],
) -> tuple[Table, Place]:
    """A table that a dataset is loaded into, with those thresholds of the document that it does not replace
    and whose metric it has.
    """
    if place.inherits is False:
        return table, place
    own = {(t.metric, t.action) for t in table.gate}
    switched = {t.metric for t in table.gate if t.metric in LEARNT}
    taken = [
        (node, t)
        for node, t in thresholds
        if (t.metric, t.action) not in own and t.metric not in switched and t.metric in table.metrics(reasons)
    ]
    return (
        replace(table, gate=(*(t for _, t in taken), *table.gate)),
        replace(place, gate=(*(node for node, _ in taken), *place.gate)),
    )


def _quality(node: Node, columns: Sequence[Node]) -> Iterator[tuple[Node, RejectRule | Threshold | None]]:
    """What the table and its own columns promise."""
    for entry in node.child("quality").items():
        yield entry, rule_or_threshold(entry)
    for each in columns:
        for entry in each.child("quality").items():
            yield entry, rule_or_threshold(entry, each.child("name").text())


def _compound_reference(node: Node, zone: str) -> Reference:
    """A foreign key of several columns, each written as `table.column`."""
    node.only(("type", "from", "to"))
    own, other = (tuple(name.partition(".") for name in node.child(side).texts()) for side in ("from", "to"))
    tables = {table for table, _, _ in other}
    if len(own) != len(other) or len(own) < 2 or len(tables) != 1:
        raise node.error(
            "from and to must name the same number of columns, two or more, each side of one table"
        )
    return Reference(
        tuple(c for _, _, c in own), tables.pop().removeprefix(f"{zone}_"), tuple(c for _, _, c in other)
    )


def _one_or_more(node: Node) -> tuple[str, ...]:
    return (node.text(),) if isinstance(node.value, str) else node.texts()


def _positions(properties: list[Node], flag: str) -> tuple[str, ...]:
    position = "primaryKeyPosition" if flag == "primaryKey" else "partitionKeyPosition"
    chosen = [p for p in properties if p.child(flag).flag()]
    return tuple(p.child("name").text() for p in sorted(chosen, key=lambda p: p.child(position).number()))


def column(node: Node) -> Column:
    """Raises ContractError."""
    custom = node.custom(COLUMN_PROPERTIES)
    kind = node.child("physicalType")
    if not TYPE.fullmatch(kind.text()):
        raise kind.error(f"{kind.value!r} is not a supported type ({TYPE_NAMES})")
    if (sized := DECIMAL.search(kind.text())) and not max(1, int(sized[2])) <= int(sized[1]) <= MOST_DIGITS:
        raise kind.error(
            f"{kind.value!r}: expected at most {MOST_DIGITS} digits, some of them behind the point"
        )
    related = [r.child("to").text() for r in node.child("relationships").items()]
    return Column(
        name=node.child("name").name(),
        type=kind.text(),
        description=node.child("description").text(),
        required=node.child("required").flag(),
        aliases=custom.child("aliases").texts(),
        derived=custom.child("derived").text("") or None,
        declared=spelled.of_column(node, custom),
        case=cast(Any, custom.child("case").choice(("upper", "lower"), ""))
        if custom.child("case").value
        else None,
        references=related[0] if related else None,
        confidential=node.child("classification").text("public") == "confidential",
        protect=_protect(custom),
        path=path(custom.child("path")),
        from_key=custom.child("fromKey").text("") or None,
        json=custom.child("json").flag(),
        max_length=spelled.max_length(node),
        identifies=_identifies(custom.child("identifies"), kind.text()),
    )


def _identifies(node: Node, kind: str) -> bool:
    """Whether a column says which person a row is about."""
    if node.value is None:
        return False
    if kind not in IDENTIFYING:
        raise node.error(f"a person is identified by {', '.join(IDENTIFYING)}; this column is {kind}")
    return node.choice(("person",)) == "person"


def _protect(custom: Node) -> Protect | None:
    """YAML's null is a word here: whoever writes it means that nothing is to be kept."""
    if "protect" not in (custom.value or {}):
        return None
    return cast(Protect, custom.child("protect").choice(WAYS, NULL))


def _operation(node: Node) -> Operation | None:
    if node.value is None:
        return None
    node.only(("column", "upsert", "delete", "envelope"))
    envelope = node.child("envelope").choice(ENVELOPES) if node.child("envelope").value is not None else None
    upsert, delete = ENVELOPES.get(envelope or "", ((), ()))
    return Operation(
        node.child("column").text(),
        node.child("upsert").texts() or upsert,
        node.child("delete").texts() or delete,
        cast(Any, envelope),
    )


def _dependency(node: Node) -> Dependency:
    node.only(("table", "column"))
    return Dependency(node.child("table").text(), node.child("column").text("") or None)
