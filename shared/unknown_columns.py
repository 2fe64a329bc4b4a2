"""Columns that producers send and no contract knows: their names, how many rows have them, of what kind their
values are and since when. Never a value.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from shared.contracts import Dataset, folded

# Bits of a mask, so that one aggregate gathers all kinds of a column.
KINDS = ("integer", "decimal", "date-like", "boolean", "json", "text")
MOST_NAMES = 50  # a hostile file has thousands
LONGEST_NAME = 200
# Property of a silver table, before a dataset's name: the spellings of columns that its rows were read with.
NAMES_PROPERTY = "lakehouse.names."
# The same of where else columns are found: their paths, and their parts of the key.
PLACES_PROPERTY = "lakehouse.places."
GONE_AFTER_DAYS = 3  # files of so much later without the column: the producer sends it no more


@dataclass(frozen=True)
class UnknownColumn:
    """`first_seen`, `last_seen`: days (UTC) on which files with it were ingested; `rows` of `of` good rows of
    the last run whose files had it.
    """

    name: str
    first_seen: str
    last_seen: str
    rows: int
    of: int
    kinds: tuple[str, ...]

    @property
    def share(self) -> float:
        return self.rows / self.of if self.of else 0.0

    def days(self, now: dt.datetime) -> float:
        """Since when it is there."""
        return (now - dt.datetime.fromisoformat(f"{self.first_seen}T00:00:00+00:00")) / dt.timedelta(days=1)


@dataclass(frozen=True)
class UnknownColumns:
    """The report of a dataset. `more`: how many names were left out."""

    columns: tuple[UnknownColumn, ...] = ()
    more: int = 0

    def still_unknown(self, dataset: Dataset) -> UnknownColumns:
        """Without those that the contract names by now."""
        named = _named(dataset)
        kept = tuple(c for c in self.columns if folded(c.name) not in named)
        return replace(self, columns=kept)

    def merged(self, later: UnknownColumns, newest: str) -> UnknownColumns:
        """With what a later run saw; `newest` is the day of its newest file. What has not come for three days
        of files is forgotten.
        """
        known, seen = ({c.name: c for c in report.columns} for report in (self, later))
        every = [_joined(known.get(n), seen.get(n)) for n in sorted({*known, *seen})]
        day = max([newest, *(c.last_seen for c in every)])
        oldest = (dt.date.fromisoformat(day) - dt.timedelta(days=GONE_AFTER_DAYS)).isoformat()
        there = [c for c in every if c.last_seen > oldest]
        kept = sorted(there, key=lambda c: (c.first_seen, c.name))[:MOST_NAMES]
        return UnknownColumns(tuple(kept), later.more + len(there) - len(kept))

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> UnknownColumns:
        values = json.loads(text)
        columns = (UnknownColumn(**{**c, "kinds": tuple(c["kinds"])}) for c in values["columns"])
        return cls(tuple(columns), values["more"])


def names_to_observe(columns: Iterable[Collection[str]], dataset: Dataset) -> tuple[tuple[str, ...], int]:
    """Of the columns of some files those that no contract knows, sorted and at most fifty, and how many more
    there are.
    """
    named = _named(dataset)
    unknown = sorted({c for names in columns for c in names if folded(c) not in named})
    return tuple(unknown[:MOST_NAMES]), len(unknown[MOST_NAMES:])


def observed_column(name: str, days: Collection[str], rows: int, of: int, mask: int) -> UnknownColumn:
    """From what a run counted; `days` are those of the files that have the column."""
    kinds = tuple(kind for bit, kind in enumerate(KINDS) if mask >> bit & 1)
    return UnknownColumn(name[:LONGEST_NAME], min(days), max(days), rows, of, kinds)


def shown(report: UnknownColumns, now: dt.datetime) -> list[Mapping[str, object]]:
    """For people and machines: name, share of rows, kinds, since when."""
    return [
        {
            "name": c.name,
            "share": round(c.share, 4),
            "kinds": list(c.kinds),
            "since": c.first_seen,
            "last": c.last_seen,
            "days": int(c.days(now)),
        }
        for c in report.columns
    ]


def _named(dataset: Dataset) -> set[str]:
    """Folded names that the contract has something to say of, be it that it computes them itself."""
    return {*dataset.aliases, *map(folded, dataset.target.column_names)}


def _joined(before: UnknownColumn | None, later: UnknownColumn | None) -> UnknownColumn:
    if before is None or later is None:
        found = before or later
        assert found is not None
        return found
    kinds = tuple(k for k in KINDS if k in (*before.kinds, *later.kinds))
    first, last = min(before.first_seen, later.first_seen), max(before.last_seen, later.last_seen)
    return replace(later, first_seen=first, last_seen=last, kinds=kinds)
