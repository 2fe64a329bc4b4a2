"""Verdicts on a file, as values."""

from __future__ import annotations

import datetime as dt
import math
import time
from dataclasses import dataclass, field

from shared.ledger.model import Profile
from shared.reasons import FileReason
from shared.values import Plan

TRIFLE = 1 << 20
RAW, UNCAST = (
    "_raw",
    "_uncast",
)  # in Parquet that bronze made: lines that are no rows, and cells (by column) that are not of their type


def kept_as_text(plan: Plan) -> bool:
    """Whether Parquet that bronze made holds a column's cells as text, for silver to read by the plan."""
    return plan.kind == "other" or not plan.plain


@dataclass(frozen=True)
class Limits:
    """Bounds that keep a hostile file from exhausting memory, time or disk. Sizes are bytes."""

    max_bytes: int = 12 * 2**30  # as stored
    max_decompressed: int = 16 * 2**30
    max_spooled: int = 9 * 2**30  # Parquet goes to disk first
    max_ratio: int = 500  # decompressed to compressed; gzip reaches about 1,030 on zeros, honest logs 5 to 60
    ratio_from: int = 64 * 2**20  # below this size no ratio is a danger
    max_record: int = 16 * 2**20
    max_columns: int = 2000
    max_footer: int = 16 * 2**20  # of Parquet; Arrow takes about fifteen times that to hold it
    workbook_memory: int = 2**30  # of the process that reads a sheet
    deadline: float = (
        math.inf
    )  # of time.monotonic(); a file that a few milliseconds suffice for is read whatever the clock says

    def in_time(self, read: int) -> None:
        """Raises Late when the time is up and more than a trifle has been read."""
        if read > TRIFLE and time.monotonic() > self.deadline:
            raise Late(f"the time was up after {read} bytes")


@dataclass(frozen=True)
class Accepted:
    """A file that can be read.

    `event_dates` counts records per UTC date; records without a readable date are in none.
    """

    profile: Profile
    records: int
    unreadable_records: int
    event_dates: dict[dt.date, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Rejected:
    """A file that is quarantined as a whole. `detail` never holds values of the file."""

    reason: FileReason
    detail: str


class Late(Exception):  # noqa: N818
    """Reading took longer than its limits allow. No verdict: whoever has more time may read the file."""


class Unreadable(Exception):  # noqa: N818
    """Raised inside this package when a file cannot be read further; `judge` turns it into Rejected."""

    def __init__(self, reason: FileReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail
