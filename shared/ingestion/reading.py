"""What ingestion learns of a file by reading it: the verdict, and what follows from it for the ledger."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

from shared.contracts import Dataset, folded
from shared.contracts.keys import value_in_key
from shared.ingestion.store import Opened
from shared.ledger.model import LedgerFile
from shared.reasons import FileReason
from shared.records import Accepted, Late, Limits, Rejected, judge
from shared.records.file_profile import FileProfile
from shared.records.source import Source
from shared.zones import NO_DATE, bronze_key, suffixes


@dataclass(frozen=True)
class Deferral:
    """The file is left to the bronze job, and why."""

    detail: str


@dataclass(frozen=True)
class Judgement:
    """`size`: bytes as stored. `sha256`: of the content, when it was read. `parquet`: the file in the scratch
    folder that bronze keeps in place of the content, where the contract wants Parquet. `written_at`: the
    object's time in S3.
    """

    size: int
    verdict: Accepted | Rejected | Deferral
    sha256: str | None = None
    parquet: Path | None = None
    written_at: str | None = None


def judgement(
    opened: Opened, dataset: Dataset | None, limits: Limits, key: str, scratch: Path, *, defers: bool
) -> Judgement:
    """The verdict on an opened file; what exceeds the limits of size or time, or must become Parquet, is
    deferred where `defers` says so.
    """
    if dataset is None:
        unknown = Rejected(FileReason.UNKNOWN_DATASET, "no contract has this domain and dataset")
        return Judgement(opened.size, unknown)
    if defers and dataset.stored_as == "parquet":
        return Judgement(opened.size, Deferral("the bronze job makes Parquet of it"))
    read = _read(opened, dataset, limits, key, scratch)
    if isinstance(read.verdict, Accepted):
        read = replace(read, verdict=_dated_by_key(read.verdict, dataset, key))
    if defers and isinstance(read.verdict, Rejected) and read.verdict.reason == FileReason.TOO_LARGE:
        return Judgement(opened.size, Deferral(read.verdict.detail))
    return read


def _read(opened: Opened, dataset: Dataset, limits: Limits, key: str, scratch: Path) -> Judgement:
    if opened.size > limits.max_bytes:
        detail = f"{opened.size} bytes are more than {limits.max_bytes}"
        return Judgement(opened.size, Rejected(FileReason.TOO_LARGE, detail))
    source = Source(opened.body, limits)
    try:
        if dataset.stored_as == "original":
            verdict = with_operation(judge(source, dataset, limits, suffixes(key)), dataset)
            return Judgement(opened.size, verdict, source.sha256)
        from shared.records.convert import convert_to_parquet  # the function never needs it

        parquet = scratch / "rows.parquet"
        converted = convert_to_parquet(source, dataset, limits, parquet)
        return Judgement(opened.size, converted, source.sha256, parquet)
    except Late as late:
        return Judgement(opened.size, Rejected(FileReason.TOO_LARGE, str(late)))


def with_operation(verdict: Accepted | Rejected, dataset: Dataset) -> Accepted | Rejected:
    """The verdict; a file of changes that does not say what they are is rejected: a delete would be taken for
    an update. A first load of DMS has none.
    """
    operation = dataset.target.operation
    if isinstance(verdict, Rejected) or operation is None or operation.envelope == "dms":
        return verdict
    if any(dataset.aliases.get(folded(c)) == operation.column for c in verdict.profile.columns):
        return verdict
    detail = f"none of the {len(verdict.profile.columns)} columns is {operation.column}"
    return Rejected(FileReason.OPERATION_MISSING, detail)


def _dated_by_key(verdict: Accepted, dataset: Dataset, key: str) -> Accepted:
    """The verdict with the date that the key gives to every record, where the contract has it there."""
    column = dataset.event_date_column
    from_key = dataset.target.column(column).from_key if column is not None else None
    if from_key is None:
        return verdict
    dates = FileProfile(dataset).dates
    if (value := value_in_key(from_key, key)) is not None:
        dates.add([value])
    return replace(verdict, event_dates=dict.fromkeys(dates.result(), verdict.records))


def read_as(entry: LedgerFile, verdict: Accepted) -> LedgerFile:
    """The entry with what the file holds."""
    return replace(
        entry,
        records=verdict.records,
        unreadable_records=verdict.unreadable_records,
        event_dates=tuple(d.isoformat() for d in verdict.event_dates),
        primary_date=primary_date(verdict.event_dates).isoformat(),
        profile=verdict.profile,
    )


def primary_date(event_dates: dict[dt.date, int]) -> dt.date:
    """The most frequent date; the earliest of equals.

    A file without any date goes to 1970-01-01, never to today.
    """
    return min(event_dates, key=lambda d: (-event_dates[d], d), default=NO_DATE)


def bronze_key_of(file: LedgerFile, dataset: Dataset, parquet: Path | None = None) -> str:
    """Where bronze keeps a file that was read; under the suffix of the Parquet that replaces it, if any."""
    day = dt.date.fromisoformat(file.primary_date or "")
    name = f"{file.key[: len(file.key) - len(suffixes(file.key))]}{parquet.suffix}" if parquet else file.key
    return bronze_key(file.domain, file.dataset, day, name, file.sha256 or "", dataset.layout)
