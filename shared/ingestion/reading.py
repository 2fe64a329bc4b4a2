"""What ingestion learns of a file by reading it: the verdict, and what follows from it for the ledger."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import replace
from pathlib import Path

from shared.contracts import Dataset
from shared.contracts.keys import value_in_key
from shared.ingestion.package import archive_of, sheet_verdict, spooled
from shared.ingestion.store import Opened
from shared.ingestion.verdicts import Archive, Deferral, Judgement
from shared.ledger.model import LedgerFile
from shared.reasons import FileReason
from shared.records import Accepted, Late, Limits, Rejected, Unreadable, judge
from shared.records.file_profile import FileProfile
from shared.records.hints import format_hint
from shared.records.inspection import must_be_dated, spellings_of_date
from shared.records.packages import Member, extract, is_package, package_kind
from shared.records.source import Source
from shared.zones import NO_DATE, bronze_key, suffixes


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
        dated = _dated_by_key(read.verdict, dataset, key)
        read = replace(read, verdict=with_operation(dated, dataset))
    too_large = isinstance(read.verdict, Rejected) and read.verdict.reason == FileReason.TOO_LARGE
    if defers and isinstance(read.verdict, Rejected) and too_large and not read.workbook:
        return Judgement(opened.size, Deferral(read.verdict.detail))
    return read


def member_judgement(
    archive: Archive,
    member: Member,
    dataset: Dataset,
    limits: Limits,
    key: str,
    scratch: Path,
    *,
    defers: bool,
) -> Judgement:
    """The verdict on a file of a zip, which is written to the scratch folder."""
    content = scratch / "member"
    try:
        extract(archive.path, member, content, limits)
    except Unreadable as stop:
        return Judgement(content.stat().st_size, Rejected(stop.reason, stop.detail), own=content)
    except Late as late:
        too_late = Deferral(str(late)) if defers else Rejected(FileReason.TOO_LARGE, str(late))
        return Judgement(0, too_late, own=content)
    with content.open("rb") as body:
        opened = Opened(body, content.stat().st_size)
        judged = judgement(opened, dataset, limits, key, scratch, defers=defers)
    if isinstance(judged.verdict, Archive):
        nested = Rejected(FileReason.NESTED_COMPRESSION, "a zip inside a zip")
        return replace(judged, verdict=nested, own=content)
    return replace(judged, own=content)


def _read(opened: Opened, dataset: Dataset, limits: Limits, key: str, scratch: Path) -> Judgement:
    if opened.size > limits.max_bytes:
        detail = f"{opened.size} bytes are more than {limits.max_bytes}"
        return Judgement(opened.size, Rejected(FileReason.TOO_LARGE, detail))
    source = Source(opened.body, limits)
    try:
        if is_package(source.start()):
            return _package(source, opened.size, dataset, limits, scratch)
        if dataset.stored_as == "original":
            verdict = judge(source, dataset, limits, suffixes(key))
            return Judgement(opened.size, verdict, source.sha256)
        from shared.records.convert import convert_to_parquet  # the function never needs it

        parquet = scratch / "rows.parquet"
        converted = convert_to_parquet(source, dataset, limits, parquet)
        return Judgement(opened.size, converted, source.sha256, parquet)
    except Late as late:
        return Judgement(opened.size, Rejected(FileReason.TOO_LARGE, str(late)))


def _package(source: Source, size: int, dataset: Dataset, limits: Limits, scratch: Path) -> Judgement:
    """The judgement on a zip or workbook."""
    path, text = scratch / "package", scratch / "sheet.csv"
    try:
        spooled(source, limits, path)
        kind = package_kind(path)
    except Unreadable as stop:
        return Judgement(size, Rejected(stop.reason, stop.detail), source.sha256)
    if kind not in dataset.formats:
        refused = Rejected(FileReason.FORMAT_NOT_ACCEPTED, format_hint(kind, dataset.formats))
        return Judgement(size, refused, source.sha256)
    if kind == "zip":
        return Judgement(size, archive_of(path, limits), source.sha256)
    verdict = sheet_verdict(path, dataset, limits, text)
    made = text if isinstance(verdict, Accepted) else None
    return Judgement(size, verdict, source.sha256, made, workbook=True)


def with_operation(verdict: Accepted | Rejected, dataset: Dataset) -> Accepted | Rejected:
    """The verdict; a file of changes that does not say what they are is rejected: a delete would be taken for
    an update. A first load of DMS has none.
    """
    operation = dataset.target.operation
    if isinstance(verdict, Rejected) or operation is None or operation.envelope == "dms":
        return verdict
    if dataset.says_operation(verdict.profile.columns):
        return verdict
    detail = f"none of the {len(verdict.profile.columns)} columns is {operation.column}"
    return Rejected(FileReason.OPERATION_MISSING, detail)


def _dated_by_key(verdict: Accepted, dataset: Dataset, key: str) -> Accepted | Rejected:
    """The verdict with the date that the key gives to every record, where the contract has it there; a file
    whose key has no date that can be read belongs to no day, and is rejected.
    """
    column = dataset.event_date_column
    from_key = dataset.target.column(column).from_key if column is not None else None
    if column is None or from_key is None:
        return verdict
    dates = FileProfile(dataset).dates
    if (value := value_in_key(from_key, key)) is not None:
        dates.add([value])
    if not dates.result() and must_be_dated(dataset):
        what = (
            "nothing" if value is None else f"what is not spelled as declared ({spellings_of_date(dataset)})"
        )
        return Rejected(FileReason.NO_READABLE_DATE, f"{column}: {from_key} finds {what} in the key")
    return replace(verdict, event_dates=dict.fromkeys(dates.result(), verdict.records))


def content_identity(sha256: str | None, dataset: Dataset, key: str) -> str | None:
    """The content's hash; where columns stand in the key, that of content and their values: the same bytes
    under `country=DE/` and `country=FR/` are different records.
    """
    patterns = [p for c in dataset.received if (p := dataset.target.column(c).from_key) is not None]
    if not patterns:
        return sha256
    told = json.dumps([sha256, *(value_in_key(p, key) for p in patterns)])
    return hashlib.sha256(told.encode()).hexdigest()


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


def bronze_key_of(file: LedgerFile, dataset: Dataset, made: Path | None = None) -> str:
    """Where bronze keeps a file that was read; under the suffix of what was made of it, if anything."""
    day = dt.date.fromisoformat(file.primary_date or "")
    name = f"{file.key[: len(file.key) - len(suffixes(file.key))]}{made.suffix}" if made else file.key
    return bronze_key(file.domain, file.dataset, day, name, file.sha256 or "", dataset.layout)
