"""What was found in files is taken out of them; the ledger is told first, so that a crash anywhere is
repaired by the same command again.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from cli.erasure import zips
from cli.erasure.content import rewrite
from cli.erasure.files import Holder
from cli.erasure.finding import Finding
from cli.erasure.known import Known
from cli.erasure.objects import delete, fetch, put
from cli.erasure.sought import UnfaithfulError
from shared.contracts import Dataset
from shared.ingestion.store import REWRITTEN
from shared.ledger.model import FileStatus, LedgerFile
from shared.reasons import FileReason
from shared.records.reading import rows
from shared.records.shape import shape_of
from shared.zones import reason_key

TAKEN = "it held an erased person, and no single records could be taken out of it"


def unfaithful(holder: Holder, finding: Finding, known: Known) -> str:
    """Why a file cannot be rewritten, though its records can be told apart; nothing where it can."""
    if finding.fate != "rewrite":
        return ""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            _rewritten(holder, finding, known, Path(scratch))
        except UnfaithfulError as error:
            return str(error)
    return ""


def carry_out(holder: Holder, found: list[Finding]) -> Iterator[Finding]:
    """Does to each what it says, and gives it back when that is done."""
    known = holder.known()
    for finding in found:
        match finding.fate:
            case "rewrite":
                with tempfile.TemporaryDirectory() as scratch:
                    _replace(holder, finding, known, Path(scratch))
            case "delete":
                delete(holder.s3, [finding.version])
            case "whole":
                _take_whole(holder, finding, known)
            case "waiting" | "unclear":
                continue
        yield finding


def _replace(holder: Holder, finding: Finding, known: Known, scratch: Path) -> None:
    version = finding.version
    target, said = _rewritten(holder, finding, known, scratch)
    place = version.bucket, version.key
    for entry in known.targets.get(place, []):
        holder.ledger.commit(_counted(entry, holder.contract.dataset(entry.dataset), target))
    metadata = {}
    if finding.zone == "raw":
        with target.open("rb") as file:
            holder.ledger.note_rewritten(*place, hashlib.file_digest(file, "sha256").hexdigest())
        metadata = {REWRITTEN: "true"}
    put(holder.s3, version, target, said, metadata)


def _rewritten(
    holder: Holder, finding: Finding, known: Known, scratch: Path
) -> tuple[Path, dict[str, object]]:
    """The file as it is to be, and what S3 says of the one that is. Raises UnfaithfulError."""
    content, target = scratch / "content", scratch / "target"
    said = fetch(holder.s3, finding.version, content)
    candidates, may_be = known.candidates(finding.version), holder.sought.may_be_in
    if candidates[0].status is FileStatus.UNPACKED:
        zips.rewrite(content, target, partial(holder.member_reading, candidates), scratch, may_be)
        return target, said
    for entry in candidates:
        reading = holder.reading(entry, content)
        if reading is not None and reading.profile is not None:
            rewrite(content, target, scratch, reading, holder.theirs(entry, reading.profile), may_be)
            return target, said
    raise UnfaithfulError("nothing reads its records")


def _counted(entry: LedgerFile, dataset: Dataset, content: Path) -> LedgerFile:
    """The entry of a stored file as it is to be: with what ingestion would count in it. What it received, by
    hash and by order, stays: the file comes again, and is known.
    """
    records = unreadable = 0
    if entry.profile is not None:
        shape = shape_of(dataset, entry.profile.format)
        with content.open("rb") as file:
            for row in rows(file, entry.profile, shape, dataset.nested, dataset.records):
                records, unreadable = records + 1, unreadable + (row.raw is not None)
    size = content.stat().st_size
    return replace(entry, records=records, unreadable_records=unreadable, bytes=size, rewritten=True)


def _take_whole(holder: Holder, finding: Finding, known: Known) -> None:
    """Removes a file; the ledger says of a stored one that nothing stands there any more."""
    version = finding.version
    for entry in known.targets.get((version.bucket, version.key), []):
        gone = replace(entry, target_bucket=None, target_key=None, left_key=None, processed_by=None)
        if entry.status is FileStatus.ACCEPTED:
            gone = replace(gone, status=FileStatus.QUARANTINED, reason=FileReason.OBJECT_GONE, detail=TAKEN)
        holder.ledger.commit(gone)
    delete(holder.s3, [version])
    if finding.zone == "quarantine":
        holder.s3.delete_object(Bucket=version.bucket, Key=reason_key(version.key))
