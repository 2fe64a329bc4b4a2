"""One object version from its event to its outcome, and a quarantined file once more after a fix.

Effects come first, the ledger next, what may go last: a crash anywhere is repaired by the retry.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from shared.contracts import Dataset, contract, domains
from shared.ingestion.content_ownership import BusyError, ownership
from shared.ingestion.figures import NOWHERE
from shared.ingestion.reading import Deferral, Judgement, bronze_key_of, judgement, read_as
from shared.ingestion.store import Store
from shared.ledger import Claim, Ledger
from shared.ledger.model import FileId, FileStatus, LedgerFile
from shared.names import Names
from shared.reasons import FileReason
from shared.records import Accepted, Limits, Rejected
from shared.zones import is_folder_marker, quarantined_file_key, raw_key, reason_key


@dataclass(frozen=True)
class Ingest:
    """What ingestion works with.

    `defers`: what exceeds the limits of size or time is left to the bronze job, not quarantined.
    """

    names: Names
    ledger: Ledger
    store: Store
    limits: Limits
    now: Callable[[], dt.datetime]
    wait: Callable[[float], None] = time.sleep
    defers: bool = False

    def outcomes(self, file: FileId, owner: str) -> Iterator[LedgerFile]:
        """What became of a file version for each dataset that reads it, its own last: as if it had been
        dropped under each one's prefix. Raises what a call raises; a retry goes on where this one failed.
        """
        for dataset in readers_of(file.key):
            read_as = replace(file, key=_moved_key(file.key, dataset.name))
            if outcome := self(read_as, owner, file):
                yield outcome
        if outcome := self(file, owner):
            yield outcome

    def __call__(self, file: FileId, owner: str, place: FileId | None = None) -> LedgerFile | None:
        """What became of a file version, or None when there is nothing to do. `place`: where it lies, when
        it is another dataset's file.

        Raises BusyError while another worker holds the file or its content, or what AWS raises.
        """
        if file.key.endswith("/") and self._marks_a_folder(place or file):
            return None
        dataset = dataset_of(file.key)
        if dataset is not None and dataset.files_of is not None and place is None:
            dataset = None  # it has no files of its own
        match self.ledger.claim(file, owner):
            case Claim.DONE:
                self._clear_raw(file, dataset, self.ledger.outcome(file))
                return None
            case Claim.BUSY:
                raise BusyError(f"{file.key} is being ingested by another worker")
        try:
            outcome = self._outcome(self._arrived(file), dataset, place or file)
            self.ledger.commit(outcome)
        except BaseException:
            self.ledger.release(file, owner)
            raise
        self._clear_raw(file, dataset, outcome)
        return outcome

    def finish(self, deferred: LedgerFile) -> LedgerFile | None:
        """The outcome of a file that was deferred; it arrived when the function saw it.

        None when another run was faster. Raises BusyError while another worker holds its content, or what
        AWS raises.

        There is no claim: a domain's bronze job runs once at a time, and until the outcome the file stays
        deferred, so that a crash leaves it to the next run.
        """
        file = deferred.file_id
        dataset = dataset_named(deferred.domain, deferred.dataset)
        if (settled := self.ledger.outcome(file)) is None:
            arrived = replace(deferred, status=FileStatus.QUARANTINED, detail=None)
            owner = dataset.files_of if dataset is not None else None
            place = replace(file, key=_moved_key(file.key, owner)) if owner is not None else file
            outcome = self._outcome(arrived, dataset, place)
            settled = outcome if self.ledger.settle(outcome) else self.ledger.outcome(file)
            self._clear_raw(file, dataset, settled)
            return outcome if settled is outcome else None
        self._clear_raw(file, dataset, settled)
        return None

    def replay(self, file: LedgerFile, dataset: Dataset, run_id: str) -> LedgerFile:
        """A quarantined file judged once more: what the ledger holds of it now, which is the file itself
        where the reason is the same, or while another worker holds its content.

        With the reason `object_gone`, which the ledger does not get, where quarantine has it no longer.
        """
        place = FileId(file.target_bucket or "", file.target_key or "", "null")
        with tempfile.TemporaryDirectory() as scratch:
            judged = self._judged(place, file.key, dataset, Path(scratch))
            if judged is None:
                return replace(file, reason=FileReason.OBJECT_GONE)
            entry = replace(file, history=_with_reason(file, run_id))
            match judged.verdict:
                case Accepted() as verdict:
                    fresh = replace(entry, reason=None, detail=None, target_bucket=None, target_key=None)
                    try:
                        outcome = self._accepted(place, fresh, dataset, verdict, judged)
                    except BusyError:
                        return file  # the next replay sees what became of the other one
                    self.ledger.commit(outcome)
                    for key in (place.key, reason_key(place.key)):
                        self.store.remove(replace(place, key=key))
                    return outcome
                case Rejected(reason=reason, detail=detail) if reason != file.reason:
                    outcome = replace(entry, reason=reason, detail=detail)
                    self.store.explain(outcome)
                    self.ledger.commit(outcome)
                    return outcome
        return file

    def _clear_raw(self, file: FileId, dataset: Dataset | None, outcome: LedgerFile | None) -> None:
        """Where the contract archives files, one that bronze or quarantine holds leaves raw; after a crash
        when its event returns.
        """
        if (
            outcome is None
            or outcome.status is FileStatus.DEFERRED
            or outcome.reason == FileReason.OBJECT_GONE
        ):
            return
        if dataset is None or not dataset.archive or file.bucket != self.names.bucket("raw"):
            return
        # What a source location inside the raw bucket holds under other keys is not ours to remove.
        if file.key.startswith(f"{dataset.domain}/{dataset.name}/"):
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

    def _outcome(self, entry: LedgerFile, dataset: Dataset | None, place: FileId) -> LedgerFile:
        """Judges the file that lies at a place and brings it to where it belongs; returns what the ledger
        shall hold.
        """
        with tempfile.TemporaryDirectory() as scratch:
            judged = self._judged(place, entry.key, dataset, Path(scratch))
            if judged is None:
                detail = "the object version does not exist any more"
                return replace(entry, reason=FileReason.OBJECT_GONE, detail=detail)
            entry = replace(entry, bytes=judged.size, written_at=judged.written_at)
            match judged.verdict:
                case Deferral(detail):
                    return replace(entry, status=FileStatus.DEFERRED, detail=detail)
                case Rejected() as verdict:
                    return self._quarantined(place, replace(entry, sha256=judged.sha256), dataset, verdict)
                case Accepted() as verdict:
                    assert dataset is not None  # without a dataset the verdict is unknown_dataset
                    return self._accepted(place, entry, dataset, verdict, judged)

    def _judged(self, file: FileId, key: str, dataset: Dataset | None, scratch: Path) -> Judgement | None:
        """The judgement on the object; `key` is the raw key, whose suffixes count. None when it is gone."""
        with self.store.opened(file) as opened:
            if opened is None:
                return None
            found = judgement(opened, dataset, self.limits, key, scratch, defers=self.defers)
            written = opened.written_at.astimezone(dt.UTC).isoformat(timespec="microseconds")
            return replace(found, written_at=written)

    def _quarantined(
        self, place: FileId, entry: LedgerFile, dataset: Dataset | None, verdict: Rejected
    ) -> LedgerFile:
        bucket, key = self.names.bucket("quarantine"), _quarantine_key(entry, dataset)
        outcome = replace(
            entry, reason=verdict.reason, detail=verdict.detail, target_bucket=bucket, target_key=key
        )
        self.store.copy(place, bucket, key)
        self.store.explain(outcome)
        return outcome

    def _accepted(
        self, place: FileId, entry: LedgerFile, dataset: Dataset, verdict: Accepted, judged: Judgement
    ) -> LedgerFile:
        """Brings a readable file from where it lies to bronze, unless its content is there already."""
        read = read_as(replace(entry, sha256=judged.sha256), verdict)
        owned = ownership(self.ledger, read, dataset, self.wait)
        read = replace(read, duplicate_of=owned.other, later_copy=owned.later or None)
        if owned.duplicate:
            return replace(read, status=FileStatus.DUPLICATE)
        bucket, key = self.names.bucket("bronze"), bronze_key_of(read, dataset, judged.parquet)
        if judged.parquet is None:
            self.store.copy(place, bucket, key)
        else:
            self.store.put(judged.parquet, bucket, key)
        return replace(read, status=FileStatus.ACCEPTED, target_bucket=bucket, target_key=key)


def dataset_of(key: str) -> Dataset | None:
    """The dataset under whose prefix a raw key lies, or None."""
    place = raw_key(key)
    return dataset_named(place.domain, place.dataset) if place else None


def readers_of(key: str) -> list[Dataset]:
    """The other datasets that read a file of this raw key."""
    own = dataset_of(key)
    if own is None:
        return []
    return [d for d in contract(own.domain).datasets if d.files_of == own.name]


def _moved_key(key: str, dataset: str) -> str:
    """A raw key under the prefix of another dataset of its domain."""
    domain, _, rest = key.split("/", 2)
    return f"{domain}/{dataset}/{rest}"


def dataset_named(domain: str, dataset: str) -> Dataset | None:
    """The dataset of a contract, or None when no contract knows it."""
    if domain not in domains():
        return None
    return next((d for d in contract(domain).datasets if d.name == dataset), None)


def _quarantine_key(entry: LedgerFile, dataset: Dataset | None) -> str:
    """A file from elsewhere than raw keeps its whole key below its dataset."""
    if dataset is None:
        return quarantined_file_key(entry.key, entry.version)
    folder = f"{entry.domain}/{entry.dataset}/"
    key = entry.key if entry.key.startswith(folder) else f"{folder}{entry.key}"
    return quarantined_file_key(key, entry.version, dataset.layout)


def _with_reason(file: LedgerFile, run_id: str) -> str:
    """The file's history with the reason that it had until this run."""
    overturned = {"reason": file.reason, "detail": file.detail, "until_run": run_id}
    return json.dumps([*json.loads(file.history or "[]"), overturned])
