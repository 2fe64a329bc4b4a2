"""From a record as a file has it – objects, lists, numbers as they are spelled – to the columns of a dataset.

The one definition of paths, of exploded lists and of what a plain column takes: ingestion counts by it, the
executors read by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from shared.contracts import Dataset, folded
from shared.contracts.paths import Path
from shared.reasons import RowReason
from shared.records.envelope import AROUND, opened
from shared.records.plain import canonical, compact, list_text, text_of, whole_number
from shared.records.strict_json import Number

MAX_NAMES, MAX_NAME = 10_000, 1000  # names of hostile records must not fill the memory; characters of one
NOTHING: Any = object()  # what is left of a value of which everything was taken
TEXT = "#text"  # of an XML element that has attributes or elements, too
Taken = dict[Any, Any]  # step → what is taken below it; None → all of it


@dataclass(frozen=True)
class Row:
    """A record's values by column, as text; what no column takes, by name; what is wrong with a value, by
    column; or the raw text of what is no record. `record`: the record as it was received, where names and
    texts would not tell.
    """

    values: dict[str, str | None] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    faults: dict[str, RowReason] = field(default_factory=dict)
    raw: str | None = None
    record: str | None = None


@dataclass(frozen=True)
class Shape:
    """How records become rows. `kinds`: column → text, list, json or other. `elsewhere`: what another dataset
    takes. `enveloped`: a record is a change in Debezium's envelope. `lone`: an element that is not repeated
    stands for a list of one, as in XML, where nothing else tells.
    """

    aliases: Mapping[str, str]
    kinds: Mapping[str, str]
    paths: tuple[tuple[str, Path], ...] = ()
    text_lists: frozenset[str] = frozenset()
    elsewhere: tuple[Path, ...] = ()
    explode: Path | None = None
    lone: bool = False
    enveloped: bool = False

    @cached_property
    def flat(self) -> bool:
        """Whether a record is one row, of which each column has the value of a name."""
        return not (self.paths or self.elsewhere or self.explode or self.lone or self.enveloped)

    def rows(self, record: Any, text: str | None = None) -> Iterator[Row]:
        """The rows of a record: one, or one for each element of its list. `text`: the record as it was
        received, which the one row keeps.
        """
        if not isinstance(record, dict):
            yield Row(raw=compact(record))
            return
        if self.enveloped:
            yield self._opened(record, text)
            return
        if self.explode is None:
            yield self._row(record, text=text)
            return
        listed = self._at(record, self.explode)
        if listed is None or (self.lone and listed == ""):
            return
        if not isinstance(listed, list):
            listed = [listed] if self.lone else [None]
        for element in listed:
            yield self._row(element, above=record) if isinstance(element, dict) else Row(raw=compact(record))

    def _opened(self, change: dict[str, Any], text: str | None) -> Row:
        """The row that a change is about; a path may also lead into the envelope around it."""
        envelope, row = opened(change, self.aliases)
        return self._row(row, around={k: v for k, v in envelope.items() if k in AROUND}, text=text)

    def _row(
        self,
        record: dict[str, Any],
        above: dict[str, Any] | None = None,
        around: Mapping[str, Any] = MappingProxyType({}),
        text: str | None = None,
    ) -> Row:
        """`above`: the record whose list this is an element of; `around`: the envelope."""
        row = Row(record=text)
        for column, path in self.paths:
            start = above if path.up else around if path.steps[0] in around else record
            self._put(row, column, self._at(start, path))
        for name, value in record.items():
            column = self.column(name)
            if column and row.values.get(column) is None:
                self._put(row, column, value)
                continue
            if (taken := self._taken.get(name)) is not None:
                value = self._rest(value, taken)
            if value is not None and value is not NOTHING:
                row.extra[name] = text_of(value)
        return row

    def column(self, name: str) -> str:
        """The column that a name means, or nothing."""
        known = self._names.get(name)
        if known is None:
            if len(self._names) > MAX_NAMES:
                self._names.clear()
            known = self.aliases.get(folded(name), "")
            if len(name) <= MAX_NAME:
                self._names[name] = known
        return known

    @cached_property
    def _names(self) -> dict[str, str]:
        """Names that were looked up before: folding costs more than looking up."""
        return {}

    def _put(self, row: Row, column: str, value: Any) -> None:
        if self.lone and isinstance(value, dict) and _only_attributes(value):
            value = value[TEXT]
        text, fault = self.text(column, value)
        row.values[column] = text
        if fault is not None:
            row.faults[column] = fault

    def text(self, column: str, value: Any) -> tuple[str | None, RowReason | None]:
        """The text of a value in a column, and what is wrong with it."""
        if value is None:
            return None, None
        kind = self.kinds[column]
        if kind == "list":
            if not isinstance(value, list) and self.lone:
                value = [value]
            return list_text(value, texts=column in self.text_lists)
        if isinstance(value, dict | list):
            if kind == "json":
                return canonical(value), None
            return compact(value), RowReason.NESTED_VALUE if kind == "text" else None
        if kind == "other":
            return text_of(value), None
        if isinstance(value, bytes):
            return text_of(value), RowReason.INVALID_TEXT
        if isinstance(value, Number | float):
            whole = whole_number(value)
            return (text_of(value), RowReason.NUMBER_AS_TEXT) if whole is None else (whole, None)
        return text_of(value), None

    def _at(self, value: Any, path: Path) -> Any:
        for step in path.steps:
            if isinstance(step, str):
                value = value.get(step) if isinstance(value, dict) else None
            else:
                items = value if isinstance(value, list) else [value] if self.lone else ()
                value = items[step] if step < len(items) else None
        return value

    @cached_property
    def _taken(self) -> Taken:
        """What the paths take of a record, by its first step, and so on."""
        every: Taken = {}
        for path in (*(path for _, path in self.paths), *self.elsewhere):
            if not path.up:
                at = every
                for step in path.steps:
                    at = at.setdefault(step, {})
                at[None] = True
        return every

    def _rest(self, value: Any, taken: Taken) -> Any:
        """The value without what is taken of it; of a list the places of the others stay."""
        if None in taken:
            if not (self.lone and isinstance(value, dict) and _only_attributes(value)):
                return NOTHING
            value = {k: v for k, v in value.items() if k != TEXT}
        if isinstance(value, dict):
            left = {k: self._rest(v, taken[k]) if k in taken else v for k, v in value.items()}
            return {k: v for k, v in left.items() if v is not NOTHING and v is not None} or NOTHING
        if 0 in taken and self.lone and not isinstance(value, list):
            return self._rest(value, taken[0])
        if isinstance(value, list) and any(isinstance(step, int) for step in taken):
            items = [self._rest(v, taken[i]) if i in taken else v for i, v in enumerate(value)]
            kept = [None if v is NOTHING else v for v in items]
            return kept if any(v is not None for v in kept) else NOTHING
        return value


def _only_attributes(value: dict[str, Any]) -> bool:
    """Whether an XML element has text beside attributes and nothing else."""
    return TEXT in value and all(k == TEXT or k.startswith("@") for k in value)


def shape_of(dataset: Dataset, kind: str = "json") -> Shape:
    """The shape of a dataset's records in files of a format."""
    columns = [dataset.target.column(name) for name in dataset.sent]
    kinds = {
        c.name: "list" if c.element else "json" if c.json else "text" if c.type == "string" else "other"
        for c in columns
    }
    return Shape(
        aliases=dataset.aliases,
        kinds=kinds,
        paths=tuple((c.name, c.path) for c in columns if c.path is not None),
        text_lists=frozenset(c.name for c in columns if c.element == "string"),
        elsewhere=dataset.lists_elsewhere,
        explode=dataset.explode,
        lone=kind == "xml",
        enveloped=dataset.envelope == "debezium",
    )
