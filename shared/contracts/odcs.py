"""Reads an Open Data Contract Standard v3.1 document into a Contract, and refuses a wrong one with file, path
and reason.

Source of the standard: Bitol, Open Data Contract Standard v3.1.0. What the standard lacks is in
customProperties (docs/reference/contracts.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from shared.contracts.check import check
from shared.contracts.model import (
    LOADED_KINDS,
    Column,
    Contract,
    Dataset,
    Dependency,
    Layout,
    Reference,
    RejectRule,
    Table,
    Threshold,
)
from shared.contracts.node import Node

DOMAIN_PROPERTIES = ("nullSpellings", "parameters", "schedule", "layout", "datePartitions")
STORAGE = ("header", "delimiter", "fallbackEncoding", "storedAs")
DATASET_PROPERTIES = (
    "layer",
    "formats",
    "duplicateFiles",
    "maxUnreadableRate",
    "encodings",
    "constants",
    "archive",
    *STORAGE,
)
TABLE_PROPERTIES = (
    "layer",
    "kind",
    "source",
    "columnsOf",
    "eventDate",
    "order",
    "tracked",
    "changeKey",
    "reject",
    "dependsOn",
    "appendedBy",
    "qualityGate",
)
COLUMN_PROPERTIES = ("aliases", "case", "derived", "times")
LAYOUTS = ("event_date", "year_month_day", "undated")
DATE_PARTITIONS = ("day", "month")
FORMATS = ("csv", "json", "ndjson", "parquet", "xml")
KINDS = {
    "silver": ("keyed", "log", "files", "latest", "scd2", "computed"),
    "gold": ("dim", "fact", "mart", "bridge"),
}
TYPE = re.compile(
    r"string|int|bigint|double|boolean|date|timestamp|map<string,bigint>|decimal\((\d{1,2}),(\d{1,2})\)"
)
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
HOURS = {"h": 1, "d": 24}


def parsed(document: Mapping[str, Any], file: str) -> Contract:
    """The contract in a document; raises ContractError."""
    root = Node(file, "", document)
    root.child("apiVersion").choice(("v3.1.0",))
    root.child("kind").choice(("DataContract",))
    custom = root.custom(DOMAIN_PROPERTIES)
    by_month = custom.child("datePartitions").choice(DATE_PARTITIONS, DATE_PARTITIONS[0]) == "month"
    tables, datasets, links = _schema(root, by_month)
    domain = _name(root.child("domain"))
    layout = cast(Any, custom.child("layout").choice(LAYOUTS, LAYOUTS[0]))
    freshness = _sla(root, "freshness", HOURS)
    contract = Contract(
        domain=domain,
        version=root.child("version").text(),
        description=root.child("description").child("purpose").text(),
        datasets=tuple(_dataset(node, domain, layout, tables, freshness) for node in datasets),
        silver=tuple(t for t in tables.values() if t.zone == "silver"),
        gold=tuple(t for t in tables.values() if t.zone == "gold"),
        null_spellings=tuple(s.lower() for s in custom.child("nullSpellings").texts()),
        parameters={
            k: custom.child("parameters").child(k).texts()
            for k in sorted(custom.child("parameters").value or {})
        },
        schedule=custom.child("schedule").text("") or None,
        layout=layout,
    )
    check(contract, links, root)
    return contract


def _schema(root: Node, by_month: bool) -> tuple[dict[str, Table], list[Node], dict[str, Node]]:
    """Tables by their name in the document, the nodes of raw datasets, and where each table stands."""
    tables: dict[str, Table] = {}
    datasets: list[Node] = []
    places: dict[str, Node] = {}
    for node in root.child("schema").items():
        name = node.child("physicalName").text()
        if _layer(node) == "bronze":
            datasets.append(node)
            continue
        if name in places:
            raise node.child("physicalName").error(f"two tables are called {name}")
        places[name] = node
        tables[name] = _table(node, tables, by_month)
    if not tables or not datasets:
        raise root.child("schema").error("expected at least one bronze dataset and one silver table")
    return tables, datasets, places


def _layer(node: Node) -> str:
    entries = {e.child("property").value: e for e in node.child("customProperties").items()}
    if "layer" not in entries:
        raise node.child("customProperties").error("missing property layer; expected bronze, silver or gold")
    return entries["layer"].child("value").choice(("bronze", "silver", "gold"))


def _table(node: Node, earlier: Mapping[str, Table], by_month: bool) -> Table:
    custom = node.custom(TABLE_PROPERTIES)
    zone = custom.child("layer").choice(("silver", "gold"))
    base = custom.child("columnsOf")
    if base.value is not None and base.text() not in earlier:
        raise base.error(f"{base.value!r} is not a table that stands above this one")
    parent = earlier[base.text()] if base.value is not None else None
    own = list(node.child("properties").items())
    keys = _positions(own, "primaryKey")
    return Table(
        name=_name(node.child("physicalName")),
        zone=cast(Any, zone),
        kind=cast(Any, custom.child("kind").choice(KINDS[zone])),
        description=node.child("description").text(),
        columns=(*(parent.columns if parent else ()), *(_column(p) for p in own)),
        primary_key=(*(parent.primary_key if parent else ()), *keys),
        partitioned_by=(*(parent.partitioned_by if parent else ()), *_positions(own, "partitioned")),
        by_month=by_month,
        sources=_one_or_more(custom.child("source")),
        event_date_column=custom.child("eventDate").text("") or None,
        order=custom.child("order").texts(),
        rejects=tuple(_reject(r) for r in custom.child("reject").items()),
        tracked=custom.child("tracked").texts(),
        change_key=custom.child("changeKey").text("") or None,
        depends_on=tuple(_dependency(d) for d in custom.child("dependsOn").items()),
        appended_by=custom.child("appendedBy").texts(),
        gate=tuple(_threshold(t) for t in custom.child("qualityGate").items()),
        compound_references=tuple(_compound_reference(r, zone) for r in node.child("relationships").items()),
    )


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


def _column(node: Node) -> Column:
    custom = node.custom(COLUMN_PROPERTIES)
    kind = node.child("physicalType")
    if not TYPE.fullmatch(kind.text()):
        raise kind.error(f"{kind.value!r} is not a supported type ({TYPE.pattern.replace('|', ', ')})")
    related = [r.child("to").text() for r in node.child("relationships").items()]
    return Column(
        name=_name(node.child("name")),
        type=kind.text(),
        description=node.child("description").text(),
        required=node.child("required").flag(),
        aliases=custom.child("aliases").texts(),
        derived=custom.child("derived").text("") or None,
        times=tuple(t.text() for t in custom.child("times").items()),
        case=cast(Any, custom.child("case").choice(("upper", "lower"), ""))
        if custom.child("case").value
        else None,
        references=related[0] if related else None,
        confidential=node.child("classification").text("public") == "confidential",
    )


def _reject(node: Node) -> RejectRule:
    node.only(("reason", "when", "columns"))
    return RejectRule(node.child("reason").text(), node.child("when").text(), node.child("columns").texts())


def _dependency(node: Node) -> Dependency:
    node.only(("table", "column"))
    return Dependency(node.child("table").text(), node.child("column").text("") or None)


def _threshold(node: Node) -> Threshold:
    node.only(("metric", "maximum", "action", "minimumRows"))
    return Threshold(
        metric=node.child("metric").text(),
        maximum=node.child("maximum").number(),
        action=cast(Any, node.child("action").choice(("warn", "halt"))),
        minimum_rows=int(node.child("minimumRows").number(0)),
    )


def _dataset(
    node: Node, domain: str, layout: Layout, tables: Mapping[str, Table], freshness: int | None
) -> Dataset:
    custom = node.custom(DATASET_PROPERTIES)
    name = _name(node.child("physicalName"))
    landing = [t for t in tables.values() if t.kind in LOADED_KINDS and name in t.sources]
    if len(landing) != 1:
        raise node.error(
            f"expected one silver table of kind {', '.join(LOADED_KINDS)} with source {name}, "
            f"found {len(landing)}"
        )
    formats = tuple(f.choice(FORMATS) for f in custom.child("formats").items())
    if not formats:
        raise custom.child("formats").error(f"missing; expected some of {', '.join(FORMATS)}")
    return Dataset(
        name=name,
        domain=domain,
        description=node.child("description").text(),
        formats=formats,
        target=landing[0],
        constants={
            k: custom.child("constants").child(k).text()
            for k in sorted(custom.child("constants").value or {})
        },
        archive=custom.child("archive").flag(),
        layout=layout,
        encodings=("utf-8", "utf-16", *custom.child("encodings").texts()),
        duplicate_files=cast(Any, custom.child("duplicateFiles").choice(("skip", "accept"), "skip")),
        max_unreadable_rate=custom.child("maxUnreadableRate").number(0.1),
        header=custom.child("header").flag(True),
        delimiter=custom.child("delimiter").text(","),
        fallback_encoding=custom.child("fallbackEncoding").text("") or None,
        stored_as=cast(Any, custom.child("storedAs").choice(("original", "parquet"), "original")),
        freshness_hours=freshness,
    )


def _sla(root: Node, name: str, units: Mapping[str, float]) -> int | None:
    for sla in root.child("slaProperties").items():
        if sla.child("property").value == name:
            return int(sla.child("value").number() * units[sla.child("unit").choice(units)])
    return None


def _name(node: Node) -> str:
    if not NAME.fullmatch(node.text()):
        raise node.error(f"{node.value!r} is not a name: lower case letters, digits and _, at most 63")
    return node.text()
