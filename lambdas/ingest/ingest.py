"""One object version from its event to its outcome. Effects come first, the ledger last: a crash anywhere is repaired by the retry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from lambdas.ingest.store import Store
from shared.contracts import Dataset, contract, domains
from shared.ledger import Claim, Ledger
from shared.ledger_model import FileId, FileStatus, LedgerFile
from shared.names import Names
from shared.reasons import FileReason
from shared.records import Accepted, Limits, Rejected, judge
from shared.records.source import Source
from shared.zones import NO_DATE, bronze_key, is_folder_marker, quarantined_file_key, raw_key, suffixes


class BusyError(RuntimeError):
    """Another worker holds this file version; the queue delivers the message again."""


@dataclass(frozen=True)
class Ingest:
    """What ingestion works with."""

    names: Names
    ledger: Ledger
    store: Store
    limits: Limits
    now: Callable[[], dt.datetime]

    def __call__(self, file: FileId, owner: str) -> LedgerFile | None:
        """The outcome of a file version, or None when there is nothing to do. Raises BusyError, or what AWS raises."""
        if is_folder_marker(file.key, 0) and self._is_empty(file):
            return None
        match self.ledger.claim(file, owner):
            case Claim.DONE:
                return None
            case Claim.BUSY:
                raise BusyError(f"{file.key} is being ingested by another worker")
        try:
            outcome = self._routed(file)
        except BaseException:
            self.ledger.release(file, owner)
            raise
        self.ledger.commit(outcome)
        return outcome

    def _is_empty(self, file: FileId) -> bool:
        opened = self.store.opened(file)
        return opened is None or opened.size == 0

    def _routed(self, file: FileId) -> LedgerFile:
        """Judges the file, copies it to where it belongs, and tells what the ledger shall hold."""
        blank = LedgerFile(file.bucket, file.key, file.version, "", "", FileStatus.QUARANTINED, file.sequencer, ingested_at=self._time())
        place = raw_key(file.key)
        entry = replace(blank, domain=place.domain, dataset=place.dataset) if place else replace(blank, domain="unknown", dataset="unknown")
        opened = self.store.opened(file)
        if opened is None:
            return replace(entry, reason=FileReason.OBJECT_GONE, detail="the object version does not exist any more")
        entry = replace(entry, bytes=opened.size)
        dataset = dataset_of(file.key)
        if dataset is None:
            return self._put_aside(file, entry, Rejected(FileReason.UNKNOWN_DATASET, "no contract has this domain and dataset"))
        source = Source(opened.body, self.limits)
        verdict = judge(source, dataset, self.limits, suffixes(file.key))
        entry = replace(entry, sha256=source.sha256)
        if isinstance(verdict, Rejected):
            return self._put_aside(file, entry, verdict)
        return self._accepted(file, entry, dataset, verdict)

    def _put_aside(self, file: FileId, entry: LedgerFile, verdict: Rejected) -> LedgerFile:
        key = quarantined_file_key(file.key, file.version)
        aside = replace(entry, reason=verdict.reason, detail=verdict.detail, target_bucket=self.names.bucket("quarantine"), target_key=key)
        self.store.copy(file, self.names.bucket("quarantine"), key)
        self.store.explain(aside, verdict.reason)
        return aside

    def _accepted(self, file: FileId, entry: LedgerFile, dataset: Dataset, verdict: Accepted) -> LedgerFile:
        me, sha256 = f"{file.key}@{file.version}", entry.sha256 or ""
        read = replace(
            entry,
            records=verdict.records,
            unreadable_records=verdict.unreadable_records,
            event_dates=tuple(d.isoformat() for d in verdict.event_dates),
            profile=verdict.profile,
        )
        if dataset.duplicate_files == "skip":
            owner = self.ledger.content_owner(entry.domain, entry.dataset, sha256, file)
            if owner != me:
                return replace(read, status=FileStatus.DUPLICATE, duplicate_of=owner)
        key = bronze_key(entry.domain, entry.dataset, primary_date(verdict.event_dates), file.key, sha256)
        self.store.copy(file, self.names.bucket("bronze"), key)
        return replace(read, status=FileStatus.ACCEPTED, target_bucket=self.names.bucket("bronze"), target_key=key)

    def _time(self) -> str:
        return self.now().isoformat(timespec="microseconds")


def dataset_of(key: str) -> Dataset | None:
    """The dataset under whose prefix a raw key lies, or None."""
    place = raw_key(key)
    if place is None or place.domain not in domains():
        return None
    return next((d for d in contract(place.domain).datasets if d.name == place.dataset), None)


def primary_date(event_dates: dict[dt.date, int]) -> dt.date:
    """The most frequent date; the earliest of equals. A file without any date goes to 1970-01-01, never to today."""
    return min(event_dates, key=lambda d: (-event_dates[d], d), default=NO_DATE)
