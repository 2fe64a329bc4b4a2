"""What is observed of a file while its records pass."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from shared.contracts import Dataset, folded
from shared.records.column_values import first_values, values_of
from shared.records.contradictions import Watch, watches
from shared.records.dates import DateCount
from shared.records.known_lines import KnownLines, known_lines
from shared.records.plain import DIGITS
from shared.records.shape import MAX_NAME, Shape, shape_of
from shared.records.strict_json import Number

MAX_NAMES = 500
MAX_MISSES = 20  # of reading lines that bring nothing new
# Of JSON: what Spark's reader and ours give the same text of. A double is no text, and a nested value none.
SPELLED = {str, int, bool, type(None)}


def _spelled_alike(values: Sequence[Any]) -> bool:
    """Whether Spark's reader gives the same text for each value of a column, whatever it was.

    Without orjson numbers come as they are spelled: what it would give as int is one here, too.
    """
    if (kinds := set(map(type, values))) <= SPELLED:
        return True
    return kinds <= {*SPELLED, Number} and all(
        DIGITS.fullmatch(v) and -(2**63) <= int(v) < 2**64 for v in values if v.__class__ is Number
    )


@dataclass
class FileProfile:
    """Counts, columns and dates.

    `made_with`: the delimiter of text that we made ourselves. `plain`: whether Spark's own reader would see
    the same records; `known`: some column is in the contract. `long_numbers`: one may be infinite as a
    double, which not every parser refuses.
    """

    dataset: Dataset
    records: int = 0
    unreadable: int = 0
    plain: bool = True
    long_numbers: bool = False
    known: bool = False
    multiline: bool = False
    preamble: int = 0
    skipped: int = 0
    bad_lines: list[int] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    delimiter: str = ","
    dates: DateCount = field(init=False)
    nested: bool = field(init=False)
    kind: str = "json"
    made_with: str | None = None

    def __post_init__(self) -> None:
        self._aliases = self.dataset.aliases
        self.nested = self.dataset.nested
        self._texts: tuple[str, ...] = ()
        columns = map(self.dataset.target.column, self.dataset.sent)
        self._text_columns = {c.name for c in columns if c.type == "string"}
        self._names: set[str] = set()
        self._misses = 0
        self.watches = watches(self.dataset)
        when = self.dataset.event_date_column
        self._looked_at = {*self.watches, *([when] if when is not None else [])}
        self._spelled: dict[str, str] = {}  # column that is looked at → its first spelling
        self._ambiguous = False  # whether one has others: which counts, the record's own order says
        plan = self.dataset.plan(when) if when is not None else None
        self.dates = DateCount(plan, self.dataset.target.event_timezone)

    def watched(self, columns: Sequence[str]) -> list[tuple[list[int], Watch]]:
        """Columns whose values may contradict the contract, and where each stands."""
        places = self._places(columns)
        return [(places[name], watch) for name, watch in self.watches.items() if name in places]

    def _places(self, columns: Sequence[str]) -> dict[str, list[int]]:
        """Where each column of the contract stands, whatever its spellings."""
        places: dict[str, list[int]] = {}
        for i, spelling in enumerate(columns):
            if (name := self._aliases.get(folded(spelling))) is not None:
                places.setdefault(name, []).append(i)
        return places

    def asks(self, watch: Watch) -> bool:
        """Whether a column's values are wanted: the dates that were counted just now have mostly said all."""
        dated = watch.column == self.dataset.event_date_column
        return watch.open and (not dated or bool(self.dates.odd))

    def watch(self, watch: Watch, values: Sequence[Any], before: int) -> None:
        """Takes a column's values of several records; `before`: how many records came before."""
        dated = watch.column == self.dataset.event_date_column
        watch.see(self.dates.odd if dated else values, values, before)

    def observe(self, objects: list[dict[str, Any]]) -> None:
        """Takes some JSON records: their names, texts and event times."""
        self.records += len(objects)
        names: set[str] = set().union(*objects)
        self.observe_names(names)
        if self.plain and self._texts:
            texts = values_of(objects, self._texts)
            self.plain = set(map(type, texts)) <= SPELLED or _spelled_alike(texts)
        if self._ambiguous:
            spellings = {n: c for n in names if (c := self._aliases.get(folded(n))) in self._spelled}
            values = first_values(objects, spellings, self._asked)
        else:
            values = {column: values_of(objects, (name,)) for column, name in self._asked.items()}
        self._observe_values(values, len(objects))

    def observe_lines(self, lines: bytes) -> bool:
        """Takes JSON records that bring nothing new: no name, no text that is none. Else takes nothing, and
        says so.
        """
        return self._observe_known(lines, KnownLines.read)

    def observe_elements(self, text: bytes) -> bool:
        """The same of records with commas between them."""
        return self._observe_known(text, KnownLines.read_list)

    def _observe_known(
        self, text: bytes, read: Callable[[KnownLines, bytes], tuple[int, dict[str, list[Any]]] | None]
    ) -> bool:
        asked = self._asked
        if self.nested or self.long_numbers or self._ambiguous or self._misses > MAX_MISSES:
            return False
        if not self._names or not self._names.issuperset(asked.values()):
            return False
        texts = frozenset(self._texts if self.plain else ())
        reader = known_lines(frozenset(self._names), texts, frozenset(asked.values()))
        found = read(reader, text) if reader is not None else None
        if found is None:
            self._misses += 1
            return False
        count, values = found
        self.records += count
        self._observe_values({column: values[name] for column, name in asked.items()}, count)
        return True

    @property
    def _asked(self) -> dict[str, str]:
        """The columns whose values are still wanted, each with its spelling."""
        when, watches = self.dataset.event_date_column, self.watches
        return {c: name for c, name in self._spelled.items() if c == when or watches[c].open}

    def _observe_values(self, values: dict[str, list[Any]], count: int) -> None:
        when, before = self.dataset.event_date_column, self.records - count
        self.dates.add(values.get(when or "", ()))
        for column, found in values.items():
            watch = self.watches.get(column)
            if watch is None or not watch.open:
                continue
            if self.dates.odd if column == when else str in map(type, found):
                self.watch(watch, found, before)

    def observe_columns(self, columns: Iterable[str]) -> list[int]:
        """Takes the columns of a file or record; says where the event date stands: of several places the
        first with a value counts.

        Two spellings of one column, and names that SQL cannot quote, are left to our own reader.
        """
        columns = tuple(columns)
        places = self._places(columns)
        self.known |= bool(places)
        self.plain &= all(len(p) == 1 for p in places.values())
        self.plain &= all(c and c.isprintable() for c in columns)
        return places.get(self.dataset.event_date_column or "", [])

    def observe_names(self, names: set[str]) -> None:
        """Takes the names of some JSON records.

        Names beyond the limits, which only a hostile file has, are not remembered.
        """
        fresh = names - self._names
        if not fresh:
            return
        small = {n for n in fresh if len(n) <= MAX_NAME}
        fits = len(small) == len(fresh) and len(self._names) + len(fresh) <= MAX_NAMES
        if fits:
            self._names |= fresh
        self.columns = tuple(sorted({*self.columns, *small})[:MAX_NAMES])
        self.observe_columns(self.columns if fits else small)
        self.plain &= fits
        for name in fresh:
            if (column := self._aliases.get(folded(name), "")) in self._looked_at:
                self._ambiguous |= self._spelled.setdefault(column, name[:MAX_NAME]) != name
        if fits:  # else the file is left to our own reader, and nobody asks
            self._texts += tuple(n for n in small if self._aliases.get(folded(n)) in self._text_columns)

    def add_rows(self, records: Iterable[Any]) -> None:
        """Counts the rows that nested records become, and collects their columns and dates."""
        self.plain = False
        names, times = set[str](), list[str | None]()
        before, seen = self.records, list[dict[str, str | None]]()
        for row in itertools.chain.from_iterable(map(self._shape.rows, records)):
            self.records += 1
            self.unreadable += row.raw is not None
            names.update(n for n, v in row.values.items() if v is not None)
            names.update(row.extra)
            if row.raw is None and self.dataset.event_date_column is not None:
                times.append(row.values.get(self.dataset.event_date_column))
            seen.append(row.values)
        self.known |= not names.isdisjoint(self.dataset.sent)
        if fresh := {n for n in names - self._names if len(n) <= MAX_NAME}:
            self._names |= set(sorted(fresh)[: MAX_NAMES - len(self._names)])
            self.columns = self.columns if self.types else tuple(sorted(self._names))
        self.dates.add([t for t in times if t is not None])
        for name, watch in self.watches.items():
            texts = [values.get(name) for values in seen]
            watch.see(texts, texts, before)

    @cached_property
    def _shape(self) -> Shape:
        return shape_of(self.dataset, self.kind)
