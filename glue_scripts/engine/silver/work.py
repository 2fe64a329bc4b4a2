"""What a run has to do: which accepted files it reads, and which older versions of them it replaces."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from glue_scripts.engine.run.job import Job
from shared.contracts import Contract, Dataset
from shared.ledger import Ledger
from shared.ledger.model import LedgerFile
from shared.zones import GATHERED

PARALLEL_QUERIES = 16


@dataclass(frozen=True)
class Work:
    """`superseded`: older accepted versions of the same raw keys, and files whose content another key brought
    again.

    Silver forgets their rows and never reads them again, unless the other key is corrected.
    """

    files: tuple[LedgerFile, ...]
    superseded: tuple[LedgerFile, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """The raw keys whose rows in silver are to be those of `files`."""
        return frozenset(f.key for f in (*self.files, *self.superseded))

    @property
    def dates(self) -> frozenset[str]:
        """Every event date that a row of these files, old or new, can have."""
        return frozenset(d for f in (*self.files, *self.superseded) for d in f.event_dates)


def pending_work(job: Job, ledger: Ledger, dataset: Dataset, again: Sequence[LedgerFile] = ()) -> Work:
    """What is pending; or everything, or the files with records of the requested dates.

    Of files that replace each other the newest.

    `again`: files whose quarantined rows are to be judged once more.
    """
    if job.full_refresh or job.by_date:
        accepted = ledger.accepted(job.domain, dataset.name)
        requested = [f for f in accepted if job.full_refresh or _covered(job, f)]
    else:
        pending = ledger.pending(job.domain, dataset.name)
        requested = [*pending, *(f for f in again if f.file_id not in {p.file_id for p in pending})]
    if dataset.target.kind != "files" or not requested:
        return Work(tuple(requested))
    if job.full_refresh or job.by_date:
        return _newest(_related(requested, accepted))
    # Contents lead to keys and keys to contents: until no new key turns up, since any of them may be the one
    # whose rows a correction brings back.
    seen: dict[tuple[str, str], list[LedgerFile]] = {}
    contents: set[str | None] = set()
    unread = {(f.bucket, f.key) for f in requested}
    with ThreadPoolExecutor(PARALLEL_QUERIES) as pool:
        while unread:
            seen |= zip(unread, pool.map(lambda place: ledger.versions_of(*place), unread), strict=True)
            shared = {
                f.sha256: f
                for v in seen.values()
                for f in v
                if (f is not v[-1] or f.duplicate_of) and f.sha256 not in contents
            }
            contents |= shared.keys()
            unread = {
                place for places in pool.map(ledger.holders_of, shared.values()) for place in places
            } - seen.keys()
    return _newest([f for versions in seen.values() for f in versions])


def _related(requested: Sequence[LedgerFile], known: Iterable[LedgerFile]) -> list[LedgerFile]:
    """All versions of the keys that are requested, and of those that share a content with one of these."""
    by_key, by_content = defaultdict(list), defaultdict(set)
    for file in known:
        by_key[file.key].append(file)
        by_content[file.sha256].add(file.key)
    related = set[str]()
    fresh = {f.key for f in requested}
    while fresh:
        related |= fresh
        fresh = {key for k in fresh for f in by_key[k] for key in by_content[f.sha256]} - related
    return [f for key in related for f in by_key[key]]


def _covered(job: Job, file: LedgerFile) -> bool:
    return any(job.covers(dt.date.fromisoformat(d)) for d in file.event_dates)


def _newest(versions: Sequence[LedgerFile]) -> Work:
    by_key: dict[str, list[LedgerFile]] = defaultdict(list)
    for version in sorted(versions, key=lambda f: f.arrival):
        by_key[version.key].append(version)
    newest = sorted((v[-1] for v in by_key.values()), key=lambda f: f.arrival)
    files = tuple({f.sha256: f for f in newest}.values())  # of equal contents the last to arrive
    file_ids = {f.file_id for f in files}
    return Work(files, tuple(f for v in by_key.values() for f in v if f.file_id not in file_ids))


def write_groups(contract: Contract) -> list[list[Dataset]]:
    """Datasets that write one table, in silver or quarantine, are one group and run one after the other;
    groups run side by side.
    """
    groups: dict[str, list[Dataset]] = defaultdict(list)
    for dataset in contract.datasets:
        groups[dataset.target.name if contract.layout != GATHERED else contract.domain].append(dataset)
    return list(groups.values())
