"""What is observed of a file while its records pass."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any

from shared.contracts import Dataset, folded
from shared.records.contradictions import Watch, watches
from shared.records.dates import DateCount
from shared.records.known_lines import KnownLines, known_lines
from shared.records.plain import DIGITS
from shared.records.shape import Shape, shape_of
from shared.records.strict_json import Number

MAX_NAMES = 500
MAX_NAME = 1000
MAX_DATED = 10
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
    dated: tuple[str, ...] = ()
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
        self._watched_names: dict[str, Watch] = {}  # names beyond the limits are fresh again and again
        when = self.dataset.event_date_column
        plan = self.dataset.plan(when) if when is not None else None
        self.dates = DateCount(plan, self.dataset.target.event_timezone)

    def watched(self, columns: Sequence[str]) -> list[tuple[int, Watch]]:
        """Where columns stand whose values may contradict the contract."""
        names = [self._aliases.get(folded(c)) for c in columns]
        return [(i, self.watches[n]) for i, n in enumerate(names) if n in self.watches]

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
        self.observe_names(set().union(*objects))
        if self.plain and self._texts:
            texts = _values(objects, self._texts)
            self.plain = set(map(type, texts)) <= SPELLED or _spelled_alike(texts)
        self._observe_values({n: _values(objects, (n,)) for n in self._asked}, len(objects))

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
        if self.nested or self.long_numbers or not self._names or self._misses > MAX_MISSES:
            return False
        texts = frozenset(self._texts if self.plain else ())
        reader = known_lines(frozenset(self._names), texts, self._asked)
        found = read(reader, text) if reader is not None else None
        if found is None:
            self._misses += 1
            return False
        count, values = found
        self.records += count
        self._observe_values(values, count)
        return True

    @property
    def _asked(self) -> frozenset[str]:
        """The names of columns whose values are looked at."""
        return frozenset((*self.dated, *(n for n, w in self._watched_names.items() if w.open)))

    def _observe_values(self, values: dict[str, list[Any]], count: int) -> None:
        times = _first_of([values[n] for n in self.dated])
        self.dates.add(times)
        dated, before = self.watches.get(self.dataset.event_date_column or ""), self.records - count
        if dated is not None and self.dates.odd:
            self.watch(dated, times, before)
        for name, watch in self._watched_names.items():
            if watch is not dated and watch.open and str in map(type, values[name]):
                self.watch(watch, values[name], before)

    def observe_columns(self, columns: Iterable[str]) -> str | None:
        """Takes the columns of a file or record; gives the one that carries the event date, whatever its
        spelling.

        Two spellings of one column, and names that SQL cannot quote, are left to our own reader.
        """
        columns = tuple(columns)
        canonical = [(self._aliases.get(folded(c)), c) for c in columns]
        matched = [name for name, _ in canonical if name is not None]
        self.known |= bool(matched)
        self.plain &= len(matched) == len(set(matched)) and all(c and c.isprintable() for c in columns)
        return next(
            (c for name, c in canonical if name is not None and name == self.dataset.event_date_column), None
        )

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
        if self.watches:
            spelled = sorted(small)
            self._watched_names |= {spelled[i]: watch for i, watch in self.watched(spelled)}
        dates = {n for n in small if self._aliases.get(folded(n), "") == self.dataset.event_date_column}
        self.dated = (*self.dated, *sorted(dates - set(self.dated)))[:MAX_DATED]
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


def _values(objects: list[dict[str, Any]], names: tuple[str, ...]) -> list[Any]:
    """The values of some columns, record by record; None for a record that has not the column."""
    try:
        found = list(map(itemgetter(*names), objects))
    except KeyError:
        return [record.get(n) for record in objects for n in names]
    return found if len(names) == 1 else list(itertools.chain.from_iterable(found))


def _first_of(columns: list[Sequence[Any]]) -> Sequence[Any]:
    """Of each record the first value that it has: a column may be spelled in several ways."""
    if len(columns) < 2:
        return columns[0] if columns else ()
    return [next((v for v in values if v is not None), None) for values in zip(*columns, strict=True)]
