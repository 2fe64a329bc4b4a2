"""What the door learns of a file while its records pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.contracts import Dataset, folded
from shared.records.dates import DateCount

MAX_NAMES = 500
MAX_SHAPES = 10_000
MAX_SHAPE_CHARACTERS = 100_000


@dataclass
class Tally:
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
    dates: DateCount = field(default_factory=DateCount)

    def __post_init__(self) -> None:
        self._aliases = self.dataset.aliases
        self._shapes: dict[tuple[str, ...], str | None] = {}
        self._names: set[str] = set()

    def learn(self, columns: Iterable[str]) -> str | None:
        """Takes the columns of a file or record; gives the one that carries the event date, whatever its spelling.

        Two spellings of one column, and names that SQL cannot quote, are left to our own reader.
        """
        columns = tuple(columns)
        canonical = [(self._aliases.get(folded(c)), c) for c in columns]
        found = [name for name, _ in canonical if name is not None]
        self.known |= bool(found)
        self.plain &= len(found) == len(set(found)) and all(c and c.isprintable() for c in columns)
        return next((c for name, c in canonical if name == self.dataset.event_date_column), None)

    def shape(self, names: tuple[str, ...]) -> str | None:
        """As `learn`, for the names of a JSON record; remembers shapes, within bounds that a hostile file cannot exceed."""
        try:
            return self._shapes[names]
        except KeyError:
            column = self.learn(names)
        small = len(names) <= MAX_NAMES and sum(map(len, names)) <= MAX_SHAPE_CHARACTERS
        if small and len(self._names) <= MAX_NAMES:
            self._names.update(names)
            if len(self._shapes) < MAX_SHAPES:
                self._shapes[names] = column
        self.plain &= small and len(self._names) <= MAX_NAMES
        self.columns = tuple(sorted(self._names)[:MAX_NAMES])
        return column
