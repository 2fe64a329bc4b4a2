"""One object version from its event to its outcome.

Effects come first, the ledger last: a crash anywhere is repaired by the retry.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from shared.contracts import Dataset, contract, domains
from shared.ingestion.content_ownership import BusyError, ownership
from shared.ingestion.figures import NOWHERE
from shared.ingestion.store import Opened, Store
from shared.ledger import Claim, Ledger
from shared.ledger.model import FileId, FileStatus, LedgerFile
from shared.names import Names
from shared.reasons import FileReason
from shared.records import Accepted, Late, Limits, Rejected, judge
from shared.records.source import Source
from shared.zones import NO_DATE, bronze_key, is_folder_marker, quarantined_file_key, raw_key, suffixes


@dataclass(frozen=True)
class Ingest:
    """What ingestion works with.

    `defers`: what exceeds the limits of size or time is left to the bronze job, not put aside.
    """

    names: Names
    ledger: Ledger
    store: Store
    limits: Limits
    now: Callable[[], dt.datetime]
    wait: Callable[[float], None] = time.sleep
    defers: bool = False

    def __call__(self, file: FileId, owner: str) -> LedgerFile | None:
        """What became of a file version, or None when there is nothing to do.

        Raises BusyError, or what AWS raises.
        """
        if file.key.endswith("/") and self._marks_a_folder(file):
            return None
        match self.ledger.claim(file, owner):
            case Claim.DONE:
                self._clear(file, self.ledger.outcome(file))
                return None
            case Claim.BUSY:
                raise BusyError(f"{file.key} is being ingested by another worker")
        try:
            outcome = self._routed(self._arrived(file))
            self.ledger.commit(outcome)
        except BaseException:
            self.ledger.release(file, owner)
            raise
        self._clear(file, outcome)
        return outcome

    def finish(self, handed: LedgerFile) -> LedgerFile | None:
        """The outcome of a file that was deferred; it arrived when the function saw it.

        None when another run was faster.

        There is no claim: a domain's bronze job runs once at a time, and until the outcome the file stays
        deferred, so that a crash leaves it to the next run.
        """
        file = handed.file_id
        if (settled := self.ledger.outcome(file)) is None:
            outcome = self._routed(replace(handed, status=FileStatus.QUARANTINED, detail=None))
            settled = outcome if self.ledger.settle(outcome) else self.ledger.outcome(file)
            self._clear(file, settled)
            return outcome if settled is outcome else None
        self._clear(file, settled)
        return None

    def _clear(self, file: FileId, outcome: LedgerFile | None) -> None:
        """Where the contract archives files, one that stands in bronze or quarantine leaves raw; after a
        crash when its event returns.
        """
        dataset = dataset_of(file.key)
        if (
            outcome is None
            or outcome.status is FileStatus.DEFERRED
            or outcome.reason == FileReason.OBJECT_GONE
        ):
            return
        if dataset is not None and dataset.archive and file.bucket == self.names.bucket("raw"):
            self.store.remove(file)

    def _marks_a_folder(self, file: FileId) -> bool:
        with self.store.opened(file) as opened:
            return opened is None or is_folder_marker(file.key, opened.size)

    def _arrived(self, file: FileId) -> LedgerFile:
        """A file that has no outcome yet."""
        place = raw_key(file.key)
        domain, dataset = (place.domain, place.dataset) if place else (NOWHERE, NOWHERE)
        entry = LedgerFile(
            file.bucket, file.key, file.version, domain, dataset, FileStatus.QUARANTINED, file.sequencer
        )
        return replace(entry, ingested_at=self.now().isoformat(timespec="microseconds"))

    def _routed(self, entry: LedgerFile) -> LedgerFile:
        """Judges the file, brings it to where it belongs, and tells what the ledger shall hold."""
        file, dataset = entry.file_id, agreed(entry)
        with tempfile.TemporaryDirectory() as scratch:
            with self.store.opened(file) as opened:
                if opened is None:
                    return replace(
                        entry,
                        reason=FileReason.OBJECT_GONE,
                        detail="the object version does not exist any more",
                    )
                entry = replace(entry, bytes=opened.size)
                if self.defers and dataset is not None and dataset.stored_as == "parquet":
                    return replace(
                        entry, status=FileStatus.DEFERRED, detail="the bronze job makes Parquet of it"
                    )
                verdict, sha256, made = self._judged(entry, dataset, opened, Path(scratch))
            if self.defers and isinstance(verdict, Rejected) and verdict.reason == FileReason.TOO_LARGE:
                return replace(entry, status=FileStatus.DEFERRED, detail=verdict.detail)
            entry = replace(entry, sha256=sha256)
            if isinstance(verdict, Rejected):
                return self._put_aside(file, entry, verdict)
            return self._accepted(file, entry, verdict, made)

    def _judged(
        self, entry: LedgerFile, dataset: Dataset | None, opened: Opened, scratch: Path
    ) -> tuple[Accepted | Rejected, str | None, Path | None]:
        """The verdict, the hash of the content when it was read, and what was made of the file."""
        if dataset is None:
            return Rejected(FileReason.UNKNOWN_DATASET, "no contract has this domain and dataset"), None, None
        if opened.size > self.limits.max_bytes:
            return (
                Rejected(FileReason.TOO_LARGE, f"{opened.size} bytes are more than {self.limits.max_bytes}"),
                None,
                None,
            )
        source = Source(opened.body, self.limits)
        try:
            verdict, made = judged(source, dataset, self.limits, entry.key, scratch)
        except Late as late:
            return Rejected(FileReason.TOO_LARGE, str(late)), None, None
        return verdict, source.sha256, made

    def _put_aside(self, file: FileId, entry: LedgerFile, verdict: Rejected) -> LedgerFile:
        dataset = agreed(entry)
        key = quarantined_file_key(placed(entry), file.version, *([dataset.layout] if dataset else []))
        aside = replace(
            entry,
            reason=verdict.reason,
            detail=verdict.detail,
            target_bucket=self.names.bucket("quarantine"),
            target_key=key,
        )
        self.store.copy(file, self.names.bucket("quarantine"), key)
        self.store.explain(aside)
        return aside

    def _accepted(self, file: FileId, entry: LedgerFile, verdict: Accepted, made: Path | None) -> LedgerFile:
        found = ownership(self.ledger, entry, self.wait)
        read = replace(read_as(entry, verdict), duplicate_of=found.other)
        if found.duplicate:
            return replace(read, status=FileStatus.DUPLICATE)
        key = bronze_key_of(read, made)
        if made is None:
            self.store.copy(file, self.names.bucket("bronze"), key)
        else:
            self.store.put(made, self.names.bucket("bronze"), key)
        return replace(
            read, status=FileStatus.ACCEPTED, target_bucket=self.names.bucket("bronze"), target_key=key
        )


def dataset_of(key: str) -> Dataset | None:
    """The dataset under whose prefix a raw key lies, or None."""
    place = raw_key(key)
    return _named(place.domain, place.dataset) if place else None


def _named(domain: str, dataset: str) -> Dataset | None:
    return (
        next((d for d in contract(domain).datasets if d.name == dataset), None)
        if domain in domains()
        else None
    )


def judged(
    source: Source, dataset: Dataset, limits: Limits, key: str, scratch: Path
) -> tuple[Accepted | Rejected, Path | None]:
    """The verdict on a file; where bronze keeps Parquet also what was made of it, in the scratch folder."""
    if dataset.stored_as == "original":
        return judge(source, dataset, limits, suffixes(key)), None
    from shared.records.convert import convert_to_parquet  # the function never needs it

    made = scratch / "rows.parquet"
    return convert_to_parquet(source, dataset, limits, made), made


def read_as(entry: LedgerFile, verdict: Accepted) -> LedgerFile:
    """The entry with what was found in the file."""
    return replace(
        entry,
        records=verdict.records,
        unreadable_records=verdict.unreadable_records,
        event_dates=tuple(d.isoformat() for d in verdict.event_dates),
        primary_date=primary_date(verdict.event_dates).isoformat(),
        profile=verdict.profile,
    )


def bronze_key_of(file: LedgerFile, made: Path | None = None) -> str:
    """Where bronze keeps a file that was read; under the suffix of what was `made` of it, if anything."""
    day = dt.date.fromisoformat(file.primary_date or "")
    name = f"{file.key[: len(file.key) - len(suffixes(file.key))]}{made.suffix}" if made else file.key
    return bronze_key(file.domain, file.dataset, day, name, file.sha256 or "", contract(file.domain).layout)


def agreed(entry: LedgerFile) -> Dataset | None:
    """The dataset that a file belongs to, or None when no contract knows it."""
    return _named(entry.domain, entry.dataset)


def placed(entry: LedgerFile) -> str:
    """The key that a file has, or would have, in raw: one from elsewhere keeps its whole key below its
    dataset.
    """
    folder = f"{entry.domain}/{entry.dataset}/"
    return entry.key if entry.key.startswith(folder) or agreed(entry) is None else f"{folder}{entry.key}"


def primary_date(event_dates: dict[dt.date, int]) -> dt.date:
    """The most frequent date; the earliest of equals.

    A file without any date goes to 1970-01-01, never to today.
    """
    return min(event_dates, key=lambda d: (-event_dates[d], d), default=NO_DATE)
