"""What was counted of some files: their records, and each column at its place in nested records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.infer.column import Column
from cli.infer.errors import InferError
from cli.infer.opening import Opened
from cli.infer.vocabulary import TOTALS
from shared.contracts.paths import Path
from shared.records import Limits
from shared.records.envelope import AROUND, PARTS
from shared.records.reading import Unread

MOST_NAMES = 64  # members of one object of records; one with more is a map, whose names are values
MOST_COLUMNS = 1500
TOTAL = re.compile(TOTALS)
Steps = tuple[str, ...]


class TooWideError(Exception):
    """Records with more names than a table can have."""


@dataclass
class Profile:
    """`maps`: objects whose names are values. `names`: members seen of each object. `changes`: records in
    Debezium's envelope, `keyed`: members of that envelope. `formats`, `encodings`, `records`: of files.
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
    preambles: Counter[int] = field(default_factory=Counter)
    comments: int = 0
    totals: int = 0
    one_line: bool = False
    keys: dict[str, Column] = field(default_factory=dict)

    def add(self, record: Mapping[str, Any]) -> None:
        """Takes one record."""
        self.rows += 1
        row, around = unwrapped(record)
        if around is not None:
            self.changes += 1
            self._object({k: v for k, v in around.items() if k not in PARTS}, ())
            row = {k: v for k, v in row.items() if k not in AROUND}
        self._object(row, ())

    def _object(self, value: Mapping[str, Any], at: Steps) -> None:
        known = self.names.setdefault(at, set())
        for name, inner in value.items():
            if name not in known:
                known.add(name)
                if at and len(known) > MOST_NAMES:
                    self._close(at)
                    return
                if len(known) > MOST_COLUMNS:
                    raise TooWideError
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
        for name in ("rows", "unreadable", "tombstones", "changes", "files", "comments", "totals"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for steps, column in other.columns.items():
            self.columns.setdefault(steps, Column()).merge(column)
        for name, column in other.keys.items():
            self.keys.setdefault(name, Column()).merge(column)
        for at, names in other.names.items():
            self.names.setdefault(at, set()).update(names)
        self.formats.update(other.formats)
        self.encodings.update(other.encodings)
        self.preambles.update(other.preambles)
        self.records |= other.records
        self.sheets |= other.sheets
        self.one_line |= other.one_line
        self.maps |= other.maps
        for at in [*self.maps, *(a for a, names in self.names.items() if a and len(names) > MOST_NAMES)]:
            self._close(at)


def unwrapped(record: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """The row of a change and its envelope, as `shared.records.envelope` has it; else the record and None."""
    inner = record.get("payload") if not PARTS & record.keys() else None
    envelope = inner if isinstance(inner, Mapping) and {*PARTS, "op"} & inner.keys() else record
    if not (PARTS & envelope.keys() and "op" in envelope):
        return record, None
    row = next((p for p in (envelope.get("after"), envelope.get("before")) if isinstance(p, Mapping)), {})
    return row, envelope


def profiled(file: Opened, limits: Limits) -> Profile:
    """Reads a file to its end. Raises InferError for one that is broken."""
    found = Profile(files=1)
    found.formats[file.formats] += 1
    found.encodings[file.encoding] += 1
    found.records.add(file.records)
    found.one_line = file.one_line
    if file.format == "csv":
        found.preambles[file.profile.preamble] += 1
    if file.content.workbook:
        found.sheets.add(file.content.sheet)
    try:
        for record in file.rows(limits):
            if isinstance(record, Unread):
                _unread(record, found)
            else:
                found.add(record)
    except TooWideError as error:
        said = f"records have more than {MOST_COLUMNS} names; is the file transposed?"
        raise InferError(f"{file.content.name}: {said}") from error
    if not found.rows and not found.unreadable:
        raise InferError(f"{file.content.name}: the file has no record")
    for path, kind in file.types.items():
        for steps, column in found.columns.items():
            if str(Path(steps)) == path:
                column.arrow.add(kind)
    for name, value in file.content.keys:
        column = found.keys.setdefault(name, Column())
        column.facts.update(dict.fromkeys(_facts_of_key(value), found.rows))
    for column in found.columns.values():
        column.settle()
    return found


def _facts_of_key(value: str | None) -> list[Any]:
    from cli.infer.facts import facts_of

    return [] if value is None else [facts_of(value)]


def _unread(record: Unread, profile: Profile) -> None:
    text = record.raw.strip()
    if text == "null":
        profile.tombstones += 1
        return
    profile.unreadable += 1
    profile.comments += text.startswith("#")
    profile.totals += TOTAL.match(text.lstrip('"')) is not None
