"""What is observed of a file while its records pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shared.contracts import Dataset, folded
from shared.records.dates import DateCount
from shared.spellings import spellings_of

MAX_NAMES = 500
MAX_NAME = 1000
MAX_DATED = 10


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
    dated: tuple[str, ...] = ()
    made_with: str | None = None

    def __post_init__(self) -> None:
        self._aliases = self.dataset.aliases
        self._names: set[str] = set()
        when = self.dataset.event_date_column
        times = self.dataset.target.column(when).times if when is not None else ()
        own = spellings_of(self.dataset.domain) if times else {}
        self.dates = DateCount([text for t in times if (text := own[t].text) is not None])

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
