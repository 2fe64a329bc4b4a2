"""What is observed of a file while its records pass."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any

from shared.contracts import Dataset, folded
from shared.records.contradictions import Watch, watches
from shared.records.dates import DateCount
from shared.records.plain import DIGITS
from shared.records.shape import Shape, shape_of
from shared.records.strict_json import Number

MAX_NAMES = 500
MAX_NAME = 1000
MAX_DATED = 10
# Of JSON: what Spark's reader and ours give the same text of. A double is no text, and a nested value none.
SPELLED = {str, int, bool, type(None)}


def _spelled_alike(values: list[Any]) -> bool:
    """Without orjson numbers come as they are spelled: what it would give as int is one here, too."""
    if (kinds := set(map(type, values))) <= SPELLED:
        return True
    return kinds <= {*SPELLED, Number} and all(
        DIGITS.fullmatch(v) and -(2**63) <= int(v) < 2**64 for v in values if v.__class__ is Number
    )


@dataclass
class FileProfile:
    """Counts, columns and dates.

    `made_with`: the delimiter of text that we made ourselves. `plain`: whether Spark's own reader would see
    the same records; `known`: some column is in the contract.
    """

    dataset: Dataset
    records: int = 0
    unreadable: int = 0
    plain: bool = True
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
        self.watches = watches(self.dataset)
        self._watched_names: list[tuple[str, Watch]] = []
        when = self.dataset.event_date_column
        plan = self.dataset.plan(when) if when is not None else None
        self.dates = DateCount(plan, self.dataset.target.event_timezone)

    def watched(self, columns: Sequence[str]) -> list[tuple[int, Watch]]:
        """Where columns stand whose values may contradict the contract."""
        names = [self._aliases.get(folded(c)) for c in columns]
        return [(i, self.watches[n]) for i, n in enumerate(names) if n in self.watches]

    def watch(self, watch: Watch, values: Sequence[Any], before: int) -> None:
        """Takes a column's values of several records; `before`: how many records came before. Those of the
        column that carries the event date have been counted just now.
        """
        if watch.open:
            dated = watch.column == self.dataset.event_date_column
            watch.see(self.dates.odd if dated else values, values, before)

    def watch_records(self, records: list[dict[str, Any]], before: int) -> None:
        """The same of JSON records, whose columns may differ."""
        for name, watch in self._watched_names:
            self.watch(watch, [record.get(name) for record in records], before)

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
            self._watched_names += [(spelled[i], watch) for i, watch in self.watched(spelled)]
        dates = {n for n in small if self._aliases.get(folded(n), "") == self.dataset.event_date_column}
        self.dated = (*self.dated, *sorted(dates - set(self.dated)))[:MAX_DATED]
        self._texts += tuple(n for n in small if self._aliases.get(folded(n)) in self._text_columns)

    def observe_texts(self, objects: list[dict[str, Any]]) -> None:
        """Leaves a file to our own reader that has a double, an object or a list where the contract has
        text: Spark's gives it as text, whatever it was.

        Texts everywhere, the common case, are told without a step of the interpreter for each: a method of
        `str` refuses what is none.
        """
        if not self.plain or not self._texts:
            return
        cells = itemgetter(*self._texts, self._texts[0])  # of two names or more it gives tuples
        try:
            all(map(str.__sizeof__, itertools.chain.from_iterable(map(cells, objects))))
        except (KeyError, TypeError):
            self.plain = all(_spelled_alike([o.get(name) for o in objects]) for name in self._texts)

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

    def event_times(self, objects: list[dict[str, Any]]) -> list[Any]:
        """What each record has for its event time: in the first spelling of the column that it has."""
        if len(self.dated) == 1:
            (name,) = self.dated
            try:
                return [record[name] for record in objects]
            except KeyError:
                pass
        return [
            next((v for name in self.dated if (v := record.get(name)) is not None), None)
            for record in objects
        ]
