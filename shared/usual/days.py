"""What a dataset received on one day: figures of its files, not of runs, so that no rerun and no refresh
changes them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the ledger keeps days, so it is the one that imports
    from shared.ledger.model import LedgerFile

WINDOW_DAYS = (
    84  # twelve weeks: enough for four equal weekdays, short enough to forget how it was last season
)
FRESH_DAYS = 7  # a file whose newest event is older than this is a backfill


@dataclass(frozen=True)
class Rates:
    """Of the rows that ordinary runs judged: how many, how many went to quarantine, and how many good ones
    have no value, by column.
    """

    read: int = 0
    quarantined: int = 0
    nulls: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Rates) -> Rates:
        columns = {**self.nulls, **other.nulls}
        nulls = {c: self.nulls.get(c, 0) + other.nulls.get(c, 0) for c in columns}
        return Rates(self.read + other.read, self.quarantined + other.quarantined, nulls)

    @property
    def quarantine_rate(self) -> float | None:
        return self.quarantined / self.read if self.read else None

    def null_rate(self, column: str) -> float | None:
        """None where the column was not known yet, or no row was good."""
        good = self.read - self.quarantined
        return self.nulls[column] / good if good and column in self.nulls else None


@dataclass(frozen=True)
class Day:
    """One day (UTC) on which accepted files were ingested. `rows` are their records."""

    date: dt.date
    files: int = 0
    rows: int = 0
    rates: Rates = field(default_factory=Rates)


def is_fresh(file: LedgerFile) -> bool:
    """Whether a file brings what has just happened; one without event dates counts as such."""
    if not file.event_dates:
        return True
    oldest = ingestion_day(file) - dt.timedelta(days=FRESH_DAYS)
    return max(file.event_dates) >= oldest.isoformat()


def ingestion_day(file: LedgerFile) -> dt.date:
    return dt.datetime.fromisoformat(file.ingested_at).astimezone(dt.UTC).date()


def days_of(files: Iterable[LedgerFile]) -> list[Day]:
    """The days on which these files came, in order; backfills count on none."""
    counts: dict[dt.date, tuple[int, int]] = {}
    for file in files:
        if is_fresh(file):
            number, rows = counts.get(day := ingestion_day(file), (0, 0))
            counts[day] = (number + 1, rows + file.records)
    return [Day(day, number, rows) for day, (number, rows) in sorted(counts.items())]
