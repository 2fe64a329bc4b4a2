"""What the catalogue knows, as values. Texts are sentences in which names stand between backticks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

Layer = Literal["raw", "silver", "gold", "quarantine", "report"]


class Place(NamedTuple):
    """Where something is found: a dataset (raw), a table, or a report."""

    domain: str
    layer: Layer
    name: str


class ColumnPlace(NamedTuple):
    """A column of a table; of a dataset: what its records bring under that name."""

    table: Place
    column: str


@dataclass(frozen=True)
class Flow:
    """`target` is made of `source`; `how` is a phrase about the source, as the target sees it."""

    source: Place
    target: Place
    how: str


@dataclass(frozen=True)
class ColumnFlow:
    """A column is made of another one, which the contract says or its SQL shows; never a guess."""

    source: ColumnPlace
    target: ColumnPlace
    how: str


@dataclass(frozen=True)
class ForeignKey:
    """`columns` of one table hold the `keys` of a row of `target`."""

    columns: tuple[str, ...]
    target: Place
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A column. `key`, `partition`: its position in the key or among the partitions, from 1.

    `spelled`: bounds of its values; of a dataset also how texts are read. `refers_to`: as the contract says.
    """

    name: str
    type: str
    description: str
    required: bool = False
    classification: str | None = None
    aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    spelled: str = ""
    refers_to: str | None = None
    key: int | None = None
    partition: int | None = None

    @property
    def confidential(self) -> bool:
        return self.classification == "confidential"


@dataclass(frozen=True)
class Entity:
    """A dataset or a table. `kind`: the contract's word, `meaning` what it says of the rows.

    `facts`: how rows come, count and go. `rejects`: when a row is quarantined. `gate`: what is judged before
    gold. `promises`: what only people hold. `delivered`: of a dataset's files, where the contract says, the
    columns as they stand there, their types, and which column each is read as. `statement`: of gold, the SQL
    that computes it, where it is SQL.
    """

    place: Place
    kind: str
    meaning: str
    description: str
    columns: tuple[Column, ...]
    facts: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    partition_fields: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    rejects: tuple[str, ...] = ()
    gate: tuple[str, ...] = ()
    promises: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    delivered: tuple[tuple[str, str, str | None], ...] = ()
    statement: str = ""

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


@dataclass(frozen=True)
class ReportEntry:
    """A named query of a domain. `unread`: why its columns are not known; None where they are."""

    place: Place
    description: str
    sql: str
    unread: str | None = None


@dataclass(frozen=True)
class Person:
    name: str
    role: str = ""
    description: str = ""


@dataclass(frozen=True)
class Channel:
    """Where people are asked; `url` only where a browser may follow it: https or mailto."""

    name: str
    url: str | None = None
    description: str = ""


@dataclass(frozen=True)
class DomainEntry:
    """A domain with all that its contract says. `agreed`: labels and values of its service levels."""

    name: str
    version: str
    status: str
    description: str
    usage: str = ""
    limitations: str = ""
    facts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    team: str = ""
    people: tuple[Person, ...] = ()
    channels: tuple[Channel, ...] = ()
    agreed: tuple[tuple[str, str], ...] = ()
    schedule: str | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    entities: tuple[Entity, ...] = ()
    reports: tuple[ReportEntry, ...] = ()
    flows: tuple[Flow, ...] = ()
    column_flows: tuple[ColumnFlow, ...] = ()

    def of_layer(self, layer: Layer) -> tuple[Entity, ...]:
        return tuple(e for e in self.entities if e.place.layer == layer)

    def upstream(self, place: Place) -> tuple[Flow, ...]:
        """What a table is made of, directly."""
        return tuple(f for f in self.flows if f.target == place)

    def downstream(self, place: Place) -> tuple[Flow, ...]:
        """What is made of a table, directly."""
        return tuple(f for f in self.flows if f.source == place)

    @cached_property
    def _flows_into(self) -> dict[ColumnPlace, list[ColumnFlow]]:
        found: dict[ColumnPlace, list[ColumnFlow]] = {}
        for flow in self.column_flows:
            found.setdefault(flow.target, []).append(flow)
        return found

    @cached_property
    def _flows_from(self) -> dict[ColumnPlace, list[ColumnFlow]]:
        found: dict[ColumnPlace, list[ColumnFlow]] = {}
        for flow in self.column_flows:
            found.setdefault(flow.source, []).append(flow)
        return found

    def column_upstream(self, column: ColumnPlace) -> tuple[ColumnFlow, ...]:
        return tuple(self._flows_into.get(column, ()))

    def column_downstream(self, column: ColumnPlace) -> tuple[ColumnFlow, ...]:
        return tuple(self._flows_from.get(column, ()))

    def around(self, place: Place) -> tuple[Flow, ...]:
        """Every flow on a way that leads to a table or from it."""
        kept = {*_reached(place, self.flows, back=True), *_reached(place, self.flows, back=False)}
        return tuple(f for f in self.flows if f in kept)

    def referred_by(self, place: Place) -> tuple[tuple[Entity, ForeignKey], ...]:
        """The tables that hold keys of this one."""
        return tuple((e, key) for e in self.entities for key in e.foreign_keys if key.target == place)


@dataclass(frozen=True)
class Catalogue:
    """`file_reasons`, `row_reasons`: why files and rows are quarantined in every domain, and what to do.

    `row_columns`: those that every table of silver has beside its own. `databases`: the Athena database of a
    domain's layer, where the catalogue is of one environment.
    """

    domains: tuple[DomainEntry, ...]
    file_reasons: Mapping[str, str]
    row_reasons: Mapping[str, str]
    row_columns: Sequence[tuple[str, str]]
    environment: str | None = None
    databases: Mapping[tuple[str, str], str] = field(default_factory=dict)


def _reached(place: Place, flows: Iterable[Flow], *, back: bool) -> set[Flow]:
    """The flows that are met on the way from a table, with the data or against it."""
    leaving: dict[Place, list[Flow]] = {}
    for flow in flows:
        leaving.setdefault(flow.target if back else flow.source, []).append(flow)
    waiting, met = [place], set[Flow]()
    while waiting:
        for flow in leaving.get(waiting.pop(), ()):
            if flow not in met:
                met.add(flow)
                waiting.append(flow.source if back else flow.target)
    return met
