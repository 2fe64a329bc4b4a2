"""What is observed of a file while its records pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.contracts import Dataset, folded
from shared.records.contradictions import Watch, watches
from shared.records.dates import DateCount

MAX_NAMES = 500
MAX_NAME = 1000
MAX_DATED = 10


@dataclass
class FileProfile:
    """Counts, columns and dates.

    `plain`: whether Spark's own reader would see the same records; `known`: some column is in the contract.
    """

    dataset: Dataset
    records: int = 0
    unreadable: int = 0
    plain: bool = True
    known: bool = False
    multiline: bool = False
    columns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    delimiter: str = ","
    dates: DateCount = field(init=False)
    dated: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._aliases = self.dataset.aliases
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
