"""One object version from its event to its outcome, and a quarantined file once more after a fix.

Effects come first, the ledger next, what may go last: a crash anywhere is repaired by the retry.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from shared.contracts import Dataset, contract, domains
from shared.ingestion.content_ownership import BusyError, ownership
from shared.ingestion.reading import bronze_key_of, content_identity, judgement, member_judgement, read_as
from shared.ingestion.store import Store
from shared.ingestion.verdicts import Archive, Deferral, Judgement
from shared.ledger import Claim, Ledger
from shared.ledger.files import NOTED_DEATHS
from shared.ledger.model import FileId, FileStatus, LedgerFile
from shared.names import Names
from shared.reasons import FileReason
from shared.records import Accepted, Limits, Rejected
from shared.records.packages import Member
from shared.zones import (
    BY_EVENT_DATE,
    is_folder_marker,
    is_ignored,
    place_of_key,
    quarantined_file_key,
    raw_key,
    reason_key,
)

BRONZE_JOB = "bronze job"  # owner of claims; it runs once at a time for a domain


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

    def __call__(self, file: FileId, owner: str) -> LedgerFile | None:
        """What became of a file version in its own dataset, or None when there is nothing to do."""
        return {outcome.key: outcome for outcome in self.outcomes(file, owner)}.get(file.key)

    def outcomes(self, file: FileId, owner: str) -> Iterator[LedgerFile]:
        """What became of a file version for each dataset that reads it, its own last: as if it had been
        dropped under each one's prefix; before each what became of the files in it, where it is a zip.

        Raises BusyError while another worker holds the file or its content, or what AWS raises; a retry goes
        on where this one failed.
        """
        if file.key.endswith("/") and self._marks_a_folder(file):
            return
        for dataset in readers_of(file.key):
            yield from self._claimed(
                replace(file, key=_moved_key(file.key, dataset.name)), dataset, file, owner
            )
        own = dataset_of(file.key)
        if own is not None and own.files_of is not None:
            own = None  # it has no files of its own
        yield from self._claimed(file, own, file, owner)

    def _claimed(self, file: FileId, dataset: Dataset | None, place: FileId, owner: str) -> list[LedgerFile]:
        """The outcomes of a file version that lies at a place; none when it has its outcome already."""
        match self.ledger.claim(file, owner):
            case Claim.DONE:
                if dataset is not None and dataset.archive:
                    self._clear_raw(file, dataset, self.ledger.outcome(file))
                return []
            case Claim.BUSY:
                raise BusyError(f"{file.key} is being ingested by another worker")
            case Claim.GRANTED | Claim.AGAIN | Claim.DEADLY as claim:
                pass
        try:
            entry = self._arrived(file)
            if claim is Claim.DEADLY:
                outcomes = [self._unread(place, entry, dataset)]
            else:
                noted = file if claim is Claim.AGAIN else None
                outcomes = self._outcomes(entry, dataset, place, owner, noted)
            settled = self._concluded(outcomes[-1], owner)
        except BaseException:
            self.ledger.release(file, owner)
            raise
        self._clear_raw(file, dataset, settled)
        return outcomes if settled == outcomes[-1] else outcomes[:-1]

    def _concluded(self, outcome: LedgerFile, owner: str) -> LedgerFile:
        """What the ledger holds of a file whose claim the owner has, or had."""
        settled = self.ledger.conclude(outcome, owner)
        if settled is None:
            raise BusyError(f"{outcome.key} is being ingested by another worker")
        return settled

    def _unread(self, place: FileId, entry: LedgerFile, dataset: Dataset | None) -> LedgerFile:
        """Quarantines a file without a look at it: whoever read it died, and so would this worker, with all
        other files that it has.
        """
        bucket, key = self.names.bucket("quarantine"), _quarantine_key(entry, dataset)
        detail = f"{NOTED_DEATHS + 1} workers ended that had it, {NOTED_DEATHS} of them while they read it"
        outcome = replace(
            entry, reason=FileReason.ENDS_ITS_READER, detail=detail, target_bucket=bucket, target_key=key
        )
        self.store.copy(place, bucket, key)
        self.store.explain(outcome)
        return outcome

    def finish(self, deferred: LedgerFile) -> LedgerFile | None:
        """The outcome of a file that was deferred; None when another run was faster."""
        return next(reversed(self.finished(deferred)), None)

    def finished(self, deferred: LedgerFile) -> list[LedgerFile]:
        """The outcomes of the files in a deferred zip, and last of the deferred file itself; it arrived when
        the function saw it.

        Nothing when another run was faster. Raises BusyError while another worker holds its content, or what
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
            outcomes = self._outcomes(arrived, dataset, place, BRONZE_JOB)
            listed = self._leaves_raw(file, dataset, outcomes[-1])
            if self.ledger.settle(outcomes[-1], listed=listed):
                settled = outcomes[-1]
            else:  # a request that was repeated finds its own outcome
                settled = self.ledger.outcome(file)
            self._given_away(file, dataset, settled)
            return outcomes if settled == outcomes[-1] else outcomes[:-1]
        self._given_away(file, dataset, settled)
        return []

    def _given_away(self, file: FileId, dataset: Dataset | None, settled: LedgerFile | None) -> None:
        """Raw gives a file away that was deferred; until then it is listed, so that a crash leaves that to
        the next run.
        """
        self._clear_raw(file, dataset, settled)
        if self._leaves_raw(file, dataset, settled) and settled is not None:
            self.ledger.unlist(settled)

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
                    self._leave_quarantine(place, outcome)
                    return outcome
                case Archive() as archive:
                    fresh = replace(entry, reason=None, detail=None, target_bucket=None, target_key=None)
                    try:
                        outcome = self._unpacked(fresh, dataset, archive, f"replay {run_id}")[-1]
                    except BusyError:
                        return file
                    self._leave_quarantine(place, outcome)
                    return outcome
                case Rejected(reason=reason, detail=detail) if reason != file.reason:
                    outcome = replace(entry, reason=reason, detail=detail)
                    self.store.explain(outcome)
                    self.ledger.commit(outcome)
                    return outcome
        return file

    def set_aside(
        self, file: LedgerFile, dataset: Dataset, verdict: Rejected, *, keep: bool = False
    ) -> LedgerFile:
        """Takes an accepted file from bronze to quarantine: what the ledger holds of it then. `keep`: another
        file has the same object.
        """
        place = FileId(file.target_bucket or "", file.target_key or "", "null")
        bucket, key = self.names.bucket("quarantine"), _quarantine_key(file, dataset)
        outcome = replace(
            file,
            status=FileStatus.QUARANTINED,
            reason=verdict.reason,
            detail=verdict.detail,
            target_bucket=bucket,
            target_key=key,
            processed_by=None,
        )
        if verdict.reason == FileReason.OBJECT_GONE:
            outcome = replace(outcome, target_bucket=None, target_key=None)
        else:
            self.store.copy(place, bucket, key)
            self.store.explain(outcome)
        self.ledger.commit(outcome)
        if not keep:
            self.store.remove(place)
        return outcome

    def _leave_quarantine(self, place: FileId, outcome: LedgerFile) -> None:
        self.ledger.commit(outcome)
        for key in (place.key, reason_key(place.key)):
            self.store.remove(replace(place, key=key))

    def _clear_raw(self, file: FileId, dataset: Dataset | None, outcome: LedgerFile | None) -> None:
        """Removes a file that leaves raw; after a crash when its event returns."""
        if self._leaves_raw(file, dataset, outcome):
            self.store.remove(file)

    def _leaves_raw(self, file: FileId, dataset: Dataset | None, outcome: LedgerFile | None) -> bool:
        """Whether the contract archives the file and bronze or quarantine holds it. Of an ignored file raw
        has the only copy, and of a zip that of its ignored and damaged files.
        """
        if (
            outcome is None
            or outcome.status in (FileStatus.DEFERRED, FileStatus.IGNORED, FileStatus.UNPACKED)
            or outcome.reason == FileReason.OBJECT_GONE
        ):
            return False
        if dataset is None or not dataset.archive or file.bucket != self.names.bucket("raw"):
            return False
        # What a source location inside the raw bucket holds under other keys is not ours to remove.
        return file.key.startswith(f"{dataset.domain}/{dataset.name}/")

    def _marks_a_folder(self, file: FileId) -> bool:
        with self.store.opened(file) as opened:
            return opened is None or is_folder_marker(file.key, opened.size)

    def _arrived(self, file: FileId) -> LedgerFile:
        """A file that has no outcome yet."""
        domain, dataset = place_of_key(file.key)
        entry = LedgerFile(
            file.bucket, file.key, file.version, domain, dataset, FileStatus.QUARANTINED, file.sequencer
        )
        return replace(entry, ingested_at=self.now().isoformat(timespec="microseconds"))

    def _outcomes(
        self,
        entry: LedgerFile,
        dataset: Dataset | None,
        place: FileId,
        owner: str,
        noted: FileId | None = None,
    ) -> list[LedgerFile]:
        """Judges the file that lies at a place and brings it to where it belongs; returns what the ledger
        shall hold, and before it what it holds of the files in a zip. `noted`: the claimed file, where the
        worker that had it before died.
        """
        if is_ignored(entry.key, dataset.ignore if dataset else ()):
            return [replace(entry, status=FileStatus.IGNORED)]
        with tempfile.TemporaryDirectory() as scratch:
            with self._reading(noted):
                judged = self._judged(place, entry.key, dataset, Path(scratch))
            if judged is None:
                detail = "the object version does not exist any more"
                return [replace(entry, reason=FileReason.OBJECT_GONE, detail=detail)]
            entry = replace(entry, bytes=judged.size, written_at=judged.written_at)
            if judged.rewritten and self.ledger.is_rewritten(entry.file_id, judged.sha256):
                # Its other records came with the content that was there before
                return [replace(entry, status=FileStatus.IGNORED, sha256=judged.sha256)]
            if isinstance(judged.verdict, Archive):
                assert dataset is not None  # without a dataset the verdict is unknown_dataset
                entry = replace(entry, sha256=judged.sha256)
                return self._unpacked(entry, dataset, judged.verdict, owner, noted)
            return [self._settled(place, entry, dataset, judged)]

    def _settled(
        self, place: FileId, entry: LedgerFile, dataset: Dataset | None, judged: Judgement
    ) -> LedgerFile:
        match judged.verdict:
            case Deferral(detail) if self.defers:
                return replace(entry, status=FileStatus.DEFERRED, detail=detail)
            case Deferral(detail):
                too_large = Rejected(FileReason.TOO_LARGE, detail)
                return self._quarantined(
                    place, replace(entry, sha256=judged.sha256), dataset, too_large, judged
                )
            case Rejected() as verdict:
                return self._quarantined(
                    place, replace(entry, sha256=judged.sha256), dataset, verdict, judged
                )
            case Accepted() as verdict:
                assert dataset is not None  # without a dataset the verdict is unknown_dataset
                return self._accepted(place, entry, dataset, verdict, judged)
            case Archive():
                raise ValueError(f"{entry.key} is a zip: its files are settled one by one")

    def _reading(self, noted: FileId | None) -> AbstractContextManager[None]:
        return self.ledger.noted_reading(noted) if noted is not None else nullcontext()

    def _unpacked(
        self,
        entry: LedgerFile,
        dataset: Dataset,
        archive: Archive,
        owner: str,
        noted: FileId | None = None,
    ) -> list[LedgerFile]:
        """The outcomes of a zip's files, each in the ledger before the next is read, and last that of the
        zip.

        After a crash those that have their outcome are left as they are. A zip of which a file must be
        deferred is deferred itself.
        """
        outcomes: list[LedgerFile] = []
        deferred: LedgerFile | None = None
        for member in archive.members:
            key = f"{entry.key.rstrip('/')}/{member.name}"
            outcome = self._member(replace(entry, key=key), dataset, archive, member, owner, noted)
            if outcome is None:
                continue
            if outcome.status is FileStatus.DEFERRED:
                deferred = deferred or outcome  # the others go on: the job reads no workbook
            else:
                outcomes.append(outcome)
        if deferred is not None:
            return [*outcomes, replace(entry, status=FileStatus.DEFERRED, detail=deferred.detail)]
        count = f"{len(archive.members)} files"
        return [*outcomes, replace(entry, status=FileStatus.UNPACKED, detail=count)]

    def _member(
        self,
        entry: LedgerFile,
        dataset: Dataset,
        archive: Archive,
        member: Member,
        owner: str,
        noted: FileId | None,
    ) -> LedgerFile | None:
        """The outcome of a file in a zip, which the ledger has then; None when it has one already."""
        file = entry.file_id
        match self.ledger.claim(file, owner):
            case Claim.DONE:
                return None
            case Claim.BUSY:
                raise BusyError(f"{file.key} is being ingested by another worker")
            case Claim.GRANTED | Claim.AGAIN | Claim.DEADLY:
                pass  # the zip around it is refused when it takes its readers with it
        try:
            fresh = replace(entry, status=FileStatus.QUARANTINED, sha256=None)
            outcome = self._member_outcome(fresh, dataset, archive, member, noted)
        except BaseException:
            self.ledger.release(file, owner)
            raise
        if outcome.status is FileStatus.DEFERRED:
            self.ledger.release(file, owner)
            return outcome
        settled = self._concluded(outcome, owner)
        return outcome if settled == outcome else None

    def _member_outcome(
        self,
        entry: LedgerFile,
        dataset: Dataset,
        archive: Archive,
        member: Member,
        noted: FileId | None,
    ) -> LedgerFile:
        if is_ignored(entry.key, dataset.ignore):
            return replace(entry, status=FileStatus.IGNORED, bytes=0)
        with tempfile.TemporaryDirectory() as scratch:
            with self._reading(noted):
                judged = member_judgement(
                    archive, member, dataset, self.limits, entry.key, Path(scratch), defers=self.defers
                )
            return self._settled(entry.file_id, replace(entry, bytes=judged.size), dataset, judged)

    def _judged(self, file: FileId, key: str, dataset: Dataset | None, scratch: Path) -> Judgement | None:
        """The judgement on the object; `key` is the raw key, whose suffixes count. None when it is gone."""
        with self.store.opened(file) as opened:
            if opened is None:
                return None
            found = judgement(opened, dataset, self.limits, key, scratch, defers=self.defers)
            found = replace(found, rewritten=opened.rewritten)
            if opened.written_at is None:
                return found
            written = opened.written_at.astimezone(dt.UTC).isoformat(timespec="microseconds")
            return replace(found, written_at=written)

    def _quarantined(
        self,
        place: FileId,
        entry: LedgerFile,
        dataset: Dataset | None,
        verdict: Rejected,
        judged: Judgement,
    ) -> LedgerFile:
        bucket, key = self.names.bucket("quarantine"), _quarantine_key(entry, dataset)
        outcome = replace(
            entry, reason=verdict.reason, detail=verdict.detail, target_bucket=bucket, target_key=key
        )
        if judged.own is None:
            self.store.copy(place, bucket, key, judged.size)
        else:
            self.store.put(judged.own, bucket, key)
        self.store.explain(outcome)
        return outcome

    def _accepted(
        self, place: FileId, entry: LedgerFile, dataset: Dataset, verdict: Accepted, judged: Judgement
    ) -> LedgerFile:
        """Brings a readable file from where it lies to bronze, unless its content is there already."""
        identity = content_identity(judged.sha256, dataset, entry.key)
        read = read_as(replace(entry, sha256=identity), verdict)
        owned = ownership(self.ledger, read, dataset, self.wait)
        read = replace(read, duplicate_of=owned.other, later_copy=owned.later or None)
        if owned.duplicate:
            return replace(read, status=FileStatus.DUPLICATE)
        bucket, key = self.names.bucket("bronze"), bronze_key_of(read, dataset, judged.made)
        content = judged.made or judged.own
        if content is None:
            self.store.copy(place, bucket, key, judged.size)
        else:
            self.store.put(content, bucket, key)
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
    """A file from elsewhere than raw keeps its whole key below its dataset; one of no dataset lies as its
    domain's others do, never among the files of a table.
    """
    if dataset is None:
        known = entry.domain in domains()
        layout = contract(entry.domain).layout if known else BY_EVENT_DATE
        return quarantined_file_key(entry.key, entry.version, layout)
    folder = f"{entry.domain}/{entry.dataset}/"
    key = entry.key if entry.key.startswith(folder) else f"{folder}{entry.key}"
    return quarantined_file_key(key, entry.version, dataset.layout)


def _with_reason(file: LedgerFile, run_id: str) -> str:
    """The file's history with the reason that it had until this run."""
    overturned = {"reason": file.reason, "detail": file.detail, "until_run": run_id}
    return json.dumps([*json.loads(file.history or "[]"), overturned])
