"""Reads an Open Data Contract Standard v3.1 document into a Contract, and refuses a wrong one with file, path
and reason.

Source of the standard: Bitol, Open Data Contract Standard v3.1.0. What the standard lacks is in
customProperties (docs/reference/contracts.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from shared.contracts import spelled
from shared.contracts.check import Place, contradictions
from shared.contracts.datasets import dataset
from shared.contracts.model import LOADED_KINDS, Contract, Dataset, Layout, Table, Threshold
from shared.contracts.node import Node
from shared.contracts.quality import threshold
from shared.contracts.retention import Promise, kept, promises
from shared.contracts.tables import layer, table, with_inherited
from shared.reasons import FileReason, RowReason
from shared.values import Declared
from shared.zones import ARCHIVE

PROPERTIES = (
    "nullSpellings",
    "parameters",
    "schedule",
    "layout",
    "datePartitions",
    "quality",
    "reasons",
    "eventDateTimezone",
    *spelled.DEFAULTS,
)
LAYOUTS = ("event_date", "year_month_day", "undated")
DATE_PARTITIONS = ("day", "month")
HOURS = {"h": 1, "d": 24}


@dataclass(frozen=True)
class Head:
    """What a document says of all its tables and datasets."""

    domain: str
    version: str
    description: str
    null_spellings: tuple[str, ...]
    parameters: dict[str, tuple[str, ...]]
    schedule: str | None
    layout: Layout
    by_month: bool
    freshness: int | None
    reasons: dict[str, str]
    thresholds: tuple[tuple[Node, Threshold], ...]
    declared: Declared
    event_timezone: str
    retention: tuple[Promise, ...]


def parsed(document: Mapping[str, Any], file: str) -> Contract:
    """The contract in a document; raises ContractError with the first thing that is wrong."""
    root = Node(file, "", document)
    contract, places = read(root)
    for error in contradictions(contract, places, root):
        raise error
    return contract


def read(root: Node) -> tuple[Contract, dict[str, Place]]:
    """The contract, and the place of each of its tables; its parts may still contradict each other."""
    head = document_head(root)
    tables, places, bronze = _schema(root, head)
    datasets = _sharing_files(
        [dataset(node, head.domain, head.layout, tables, head.freshness, head.declared) for node in bronze]
    )
    contract = Contract(
        domain=head.domain,
        version=head.version,
        description=head.description,
        datasets=datasets,
        silver=tuple(t for t in tables.values() if t.zone == "silver"),
        gold=tuple(t for t in tables.values() if t.zone == "gold"),
        null_spellings=head.null_spellings,
        parameters=head.parameters,
        schedule=head.schedule,
        layout=head.layout,
        reasons=head.reasons,
    )
    return contract, places


def _sharing_files(datasets: list[Dataset]) -> tuple[Dataset, ...]:
    """The datasets; each knows which lists of its records are those of another one that reads its files."""
    lists = {
        d.name: tuple(
            o.explode
            for o in datasets
            if o.explode is not None and o.files_of == d.name and o.records == d.records
        )
        for d in datasets
    }
    return tuple(replace(d, lists_elsewhere=lists[d.name]) for d in datasets)


def document_head(root: Node) -> Head:
    """Raises ContractError, as the readers of the other parts do."""
    root.child("apiVersion").choice(("v3.1.0",))
    root.child("kind").choice(("DataContract",))
    custom = root.custom(PROPERTIES)
    parameters = custom.child("parameters")
    return Head(
        domain=_domain(root.child("domain")),
        version=root.child("version").text(),
        description=root.child("description").child("purpose").text(),
        null_spellings=tuple(s.lower() for s in custom.child("nullSpellings").texts()),
        parameters={k: parameters.child(k).texts() for k in parameters.names()},
        schedule=custom.child("schedule").text("") or None,
        layout=cast(Any, custom.child("layout").choice(LAYOUTS, LAYOUTS[0])),
        by_month=custom.child("datePartitions").choice(DATE_PARTITIONS, DATE_PARTITIONS[0]) == "month",
        freshness=_freshness(root),
        reasons=_reasons(custom),
        thresholds=tuple((node, threshold(node)) for node in custom.child("quality").items()),
        declared=spelled.defaults(custom),
        event_timezone=spelled.zone(custom.child("eventDateTimezone")) or "UTC",
        retention=promises(root),
    )


def _domain(node: Node) -> str:
    if node.name() == ARCHIVE:
        raise node.error(f"{ARCHIVE!r} is the folder of all domains' archived files; choose another name")
    return node.name()


def _freshness(root: Node) -> int | None:
    """In hours. A promise that nothing keeps or measures must not stand in a contract."""
    hours = None
    for promise in root.child("slaProperties").items():
        name = promise.child("property")
        if name.value == "retention":
            continue
        if name.value != "freshness":
            raise name.error(
                f"nothing here keeps or measures {name.value!r}; expected freshness, in h or d, or retention,"
                " in d or y. How often a domain runs is its schedule"
            )
        promise.only(("id", "property", "value", "unit", "description", "driver"))
        if hours is not None:
            raise name.error("freshness is given twice")
        asked = promise.child("value").number() * HOURS[promise.child("unit").choice(HOURS)]
        hours = int(asked)
        if hours < 1 or hours != asked:
            raise promise.child("value").error(
                f"freshness is in whole hours, one at least; found {asked:g} h"
            )
    return hours


def _reasons(custom: Node) -> dict[str, str]:
    """The domain's own reasons and what each means."""
    reasons: dict[str, str] = {}
    for node in custom.child("reasons").items():
        node.only(("name", "help"))
        name = node.child("name").name()
        if name in (*FileReason, *RowReason):
            raise node.child("name").error(
                f"{name!r} is a reason of every domain, and means what it means there; choose another name"
            )
        if name in reasons:
            raise node.child("name").error(f"{name!r} is given twice")
        reasons[name] = node.child("help").text()
    return reasons


def _schema(root: Node, head: Head) -> tuple[dict[str, Table], dict[str, Place], list[Node]]:
    """Tables and their places by their name in the document, and the nodes of raw datasets."""
    tables: dict[str, Table] = {}
    places: dict[str, Place] = {}
    bronze: list[Node] = []
    for node in root.child("schema").items():
        name = node.child("physicalName").text()
        if layer(node) == "bronze":
            bronze.append(node)
            continue
        if name in places:
            raise node.child("physicalName").error(f"two tables are called {name}")
        tables[name], places[name] = table(node, tables, head.by_month, head.event_timezone)
    if not tables or not bronze:
        raise root.child("schema").error("expected at least one bronze dataset and one silver table")
    dropped = {node.child("physicalName").value for node in bronze}
    loaded = [t for t in tables.values() if t.kind in LOADED_KINDS and dropped.intersection(t.sources)]
    for node, each in head.thresholds:
        if not any(each.metric in t.metrics(head.reasons) for t in loaded):
            raise node.error(f"{each.metric!r} is not a metric of any table that a dataset is loaded into")
    for t in loaded:
        tables[t.name], places[t.name] = with_inherited(t, places[t.name], head.thresholds, head.reasons)
    return kept(tables, [t.name for t in loaded], head.retention), places, bronze
