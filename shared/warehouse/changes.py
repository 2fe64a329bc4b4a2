"""From a snapshot that the warehouse may hold to the current one, by the data files that only one of them
has.

Gold is written copy-on-write: its data files are its rows. Rows of the files that only the older snapshot
has go, by their key; those of the files that only the newer one has come. That holds after any sequence of
commits in between: new rows, corrections, deletes, compaction, a rollback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_BASES = 3  # snapshots from which a change is offered: the third load that is missed makes it a full one


@dataclass(frozen=True)
class Snapshot:
    """A committed state of a gold table: its data files (URL → bytes), its columns in the order in which the
    files hold them, how many rows it has, and the number of its schema.
    """

    id: int
    files: Mapping[str, int]
    columns: tuple[str, ...]
    records: int = 0
    schema: int = 0


@dataclass(frozen=True)
class Change:
    """Data files (URL → bytes) that the snapshot `base` has and the current one has not, and the others."""

    base: int
    removed: Mapping[str, int]
    added: Mapping[str, int]


def change(base: Snapshot, current: Snapshot) -> Change | None:
    """None where a full load is as good, or its files are of another schema than the current ones."""
    removed = {url: size for url, size in base.files.items() if url not in current.files}
    added = {url: size for url, size in current.files.items() if url not in base.files}
    read, whole = sum((*removed.values(), *added.values())), sum(current.files.values())
    if base.schema != current.schema or 2 * read > whole:
        return None
    return Change(base.id, removed, added)


def bases(before: Mapping[str, Any], current: int) -> Sequence[int]:
    """The snapshots that the warehouse may hold, newest first. `before`: the table's entry in the last plan;
    whether that was loaded nobody knows here.
    """
    known = [*([before["snapshot"]] if "snapshot" in before else []), *before.get("bases", [])]
    return [snapshot for snapshot in known if snapshot not in (current, 0)][:MOST_BASES]
