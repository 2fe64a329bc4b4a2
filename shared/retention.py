"""What of a domain is kept at a moment: the first day of rows, and for how long files are there.

Rows go by their event date, files by their arrival: a file stays until every row that it can have brought is
past its retention (docs/decisions/0046-retention-by-event-date.md).
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from shared.contracts import Contract, Dataset, Table
from shared.ledger.model import LedgerFile

KEPT_SINCE = "lakehouse.kept-since"  # property of a silver table: its first day, when rows last left
UNDATED = "undated"  # its value where rows stand from a time before the contract had an event date
# Days. Silver takes rows of a day after their file came (impossible_timestamp), which may be the next day in
# another zone than UTC.
READ_LONGER = 2
STORED_LONGER = 3  # S3 counts from the next midnight; no run reads a file in the hour in which it goes


def first_day(table: Table, now: dt.datetime) -> dt.date | None:
    """The oldest event date whose rows the table keeps; None where it keeps all."""
    if table.retention_days is None:
        return None
    return now.astimezone(ZoneInfo(table.event_timezone)).date() - dt.timedelta(days=table.retention_days)


def file_days(contract: Contract, dataset: Dataset) -> int | None:
    """The longest retention of what is loaded from the dataset's files; None where something keeps all."""
    owner = dataset.files_of or dataset.name
    days = [d.target.retention_days for d in contract.datasets if owner in (d.name, d.files_of)]
    return None if None in days else max(d for d in days if d is not None)


def stored_days(contract: Contract, dataset: Dataset) -> int | None:
    """How many days after it came storage deletes a file of the dataset; None: never."""
    days = file_days(contract, dataset)
    return None if days is None else days + STORED_LONGER


def has_left(file: LedgerFile, days: int, now: dt.datetime) -> bool:
    """Whether a file of such a retention is read no more. One that no run has read is: that it may be gone is
    an error that is told.
    """
    came = dt.datetime.fromisoformat(file.ingested_at).astimezone(dt.UTC).date()
    return file.processed_by is not None and now.astimezone(dt.UTC).date() > came + dt.timedelta(
        days=days + READ_LONGER
    )
