"""What was counted of some files: their records, and each column at its place in nested records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.infer.bare import Bare
from cli.infer.column import Column
from cli.infer.facts import is_value
from cli.infer.private import pattern_of
from shared.contracts import folded
from shared.contracts.paths import Path
from shared.records.envelope import AROUND, PARTS

MOST_NAMES = 64  # members of one object of records; one with more, or called like values, is a map
MOST_COLUMNS = 1500
Steps = tuple[str, ...]
COUNTS = (
    "rows",
    "unreadable",
    "tombstones",
    "changes",
    "files",
    "comments",
    "totals",
    "unnamed",
    "refused",
)


class UnfitNamesError(Exception):
    """Records whose names are no columns: more than a table can have, or values. The text is for people."""


@dataclass
class Profile:
    """`maps`: objects whose names are values. `names`: members seen of each object. `changes`: records in
    Debezium's envelope, `keyed`: members of that envelope. `formats`, `encodings`, `records`: of files.
    `refused`: files with too many unreadable records. `unnamed`: columns without a name of their own.
    `clashes`: names that are one to a contract, and two in a file. `headers`: of each file. `bare`: of text
    without header. `hidden`: fields of changes that are called like their envelope's. `envelope`, `inside`:
    of documents of JSON.
    """

    rows: int = 0
    unreadable: int = 0
    tombstones: int = 0
    changes: int = 0
    files: int = 0
    columns: dict[Steps, Column] = field(default_factory=dict)
    maps: set[Steps] = field(default_factory=set)
    names: dict[Steps, set[str]] = field(default_factory=dict)
    formats: Counter[tuple[str, ...]] = field(default_factory=Counter)
    encodings: Counter[str] = field(default_factory=Counter)
    records: set[Path | None] = field(default_factory=set)
    sheets: set[str] = field(default_factory=set)
    comments: int = 0
    totals: int = 0
    unnamed: int = 0
    refused: int = 0
    clashes: set[Steps] = field(default_factory=set)
    bare: set[Bare] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    envelope: set[str] = field(default_factory=set)
    inside: set[str] = field(default_factory=set)
    headers: set[frozenset[Steps]] = field(default_factory=set)
    keys: dict[str, Column] = field(default_factory=dict)

    def add(self, record: Mapping[str, Any]) -> None:
        """Takes one record."""
        self.rows += 1
        row, around = unwrapped(record)
        if around is not None:
            self.changes += 1
            self._object({k: v for k, v in around.items() if k not in PARTS}, ())
            self.hidden |= row.keys() & AROUND
            row = {k: v for k, v in row.items() if k not in AROUND}
        self._object(row, ())

    def add_rows(self, header: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> None:
        """Takes rows of delimited text, which all have the same columns."""
        self.rows += len(rows)
        for name in header:
            self.columns.setdefault((name,), Column()).take(Counter([row[name] for row in rows]))

    def _object(self, value: Mapping[str, Any], at: Steps) -> None:
        known = self.names.setdefault(at, set())
        for name, inner in value.items():
            if name not in known:
                known.add(name)
                if at and (len(known) > MOST_NAMES or is_value(name)):
                    self._close(at)
                    return
                if len(known) > MOST_COLUMNS:
                    raise UnfitNamesError(
                        f"records have more than {MOST_COLUMNS} names; is the file transposed?"
                    )
                if pattern_of(name):
                    raise UnfitNamesError("members are called like values, so that each would be a column")
            self._value(inner, (*at, name))

    def _value(self, value: Any, at: Steps) -> None:
        if value is None:
            self.columns.setdefault(at, Column())
            return
        if isinstance(value, dict):
            column = self.columns.setdefault(at, Column())
            column.objects += 1
            if at not in self.maps:
                self._object(value, at)
            return
        column = self.columns.setdefault(at, Column())
        if not isinstance(value, list):
            column.add(value)
            return
        column.lists += 1
        column.elements += len(value)
        if any(isinstance(v, dict | list) for v in value):
            column.record_lists += 1
        else:
            inner = self.columns.setdefault((*at, "[]"), Column())
            for each in value:
                if each is not None:
                    inner.add(each)

    def _close(self, at: Steps) -> None:
        """An object with so many names is kept as JSON; what was counted below it is forgotten."""
        self.maps.add(at)
        self.names.pop(at, None)
        for steps in [s for s in self.columns if s[: len(at)] == at and s != at]:
            del self.columns[steps]

    def merge(self, other: Profile) -> None:
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for steps, column in other.columns.items():
            self.columns.setdefault(steps, Column()).merge(column)
        for name, column in other.keys.items():
            self.keys.setdefault(name, Column()).merge(column)
        for at, names in other.names.items():
            self.names.setdefault(at, set()).update(names)
        self.formats.update(other.formats)
        self.encodings.update(other.encodings)
        self.records |= other.records
        self.clashes |= other.clashes
        self.hidden |= other.hidden
        self.envelope |= other.envelope
        self.inside |= other.inside
        self.bare |= other.bare
        self.headers |= other.headers
        self.sheets |= other.sheets
        self.maps |= other.maps
        for at in [*self.maps, *(a for a, names in self.names.items() if a and len(names) > MOST_NAMES)]:
            self._close(at)


def header(profile: Profile) -> frozenset[Steps]:
    """Where values stand in the records, by names as contracts compare them."""
    return frozenset(tuple(folded(s) for s in steps) for steps in profile.columns)


def unwrapped(record: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """The row of a change and its envelope, as `shared.records.envelope` has it; else the record and None."""
    inner = record.get("payload") if not PARTS & record.keys() else None
    envelope = inner if isinstance(inner, Mapping) and {*PARTS, "op"} & inner.keys() else record
    if not (PARTS & envelope.keys() and "op" in envelope):
        return record, None
    row = next((p for p in (envelope.get("after"), envelope.get("before")) if isinstance(p, Mapping)), {})
    return row, envelope
