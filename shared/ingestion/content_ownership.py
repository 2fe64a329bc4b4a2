"""Whose content it is: what comes twice counts once; where rows follow their file's newest version, also
after corrections.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.contracts import Dataset
from shared.ledger import Ledger
from shared.ledger.model import FileId, LedgerFile

# Seconds in which a file with the same content gets its outcome; the queue would ask again only after half an
# hour.
PATIENCE = 20


class BusyError(RuntimeError):
    """Another worker holds this file version, or one with the same content; the queue delivers the message
    again.
    """


@dataclass(frozen=True)
class Ownership:
    """`duplicate`: the content came before and the file is not read.

    `other`: the file that it is a duplicate of, or took over from. `later`: the duplicate was written after
    that file, where of two files with rows of one key the later wins.
    """

    duplicate: bool
    other: str | None = None
    later: bool = False


def ownership(
    ledger: Ledger, entry: LedgerFile, dataset: Dataset, wait: Callable[[float], None]
) -> Ownership:
    """What a readable file's content makes of it.

    Raises BusyError while another file with this content has no outcome.

    Where a new version replaces a file, a version that goes back to older content is no duplicate: it must
    win.
    """
    if dataset.duplicate_files == "accept" or dataset.target.snapshot:
        return Ownership(duplicate=False)
    content = (entry.domain, entry.dataset, entry.sha256 or "")
    follows = dataset.target.follows_files
    owner = _owner(ledger, entry, wait)
    if owner == entry.place or (follows and _key(owner) == entry.key):
        return Ownership(False, ledger.owner_before(*content) if follows else None)
    if not follows:
        return Ownership(True, owner, _is_later(ledger, entry, owner))
    # Before the look at the owner: then a run that corrects the owner sees the copy, or this look the
    # correction.
    ledger.note_copy(entry)
    if not _replaces(ledger, entry, owner):
        return Ownership(True, owner, dataset.target.kind != "files" and _is_later(ledger, entry, owner))
    ledger.note_copy(entry, _key(owner))
    if not ledger.take_content(*content, entry.file_id, owner):
        raise BusyError(f"another file took the content of {entry.key} meanwhile")
    return Ownership(False, owner)


def _is_later(ledger: Ledger, entry: LedgerFile, owner: str) -> bool:
    key, _, version = owner.rpartition("@")
    first = ledger.outcome(FileId(entry.bucket, key, version))
    return first is not None and entry.order > first.order


def _replaces(ledger: Ledger, entry: LedgerFile, owner: str) -> bool:
    """Whether the file must go to silver although another key brought its content: when that key has newer
    content, or when this one has older content that must go.
    """
    newest = ledger.versions_of(entry.bucket, _key(owner))[-1:]
    return any(f.sha256 != entry.sha256 for f in newest) or bool(ledger.versions_of(entry.bucket, entry.key))


def _owner(ledger: Ledger, entry: LedgerFile, wait: Callable[[float], None]) -> str:
    """As the ledger has it.

    A file that is waited for never waits itself: it has been judged and is on its way to bronze.
    """
    for _ in range(PATIENCE):
        owner = ledger.content_owner(entry.domain, entry.dataset, entry.sha256 or "", entry.file_id)
        if owner is not None:
            return owner
        wait(1.0)
    raise BusyError(f"a file with the content of {entry.key} is being ingested by another worker")


def _key(place: str) -> str:
    return place.rpartition("@")[0]
