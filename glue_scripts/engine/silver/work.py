"""What a run has to do: which accepted files it reads, and which older versions of them it replaces."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from glue_scripts.engine.run.job import Job
from glue_scripts.engine.silver.file_sets import newest_set
from shared.contracts import Contract, Dataset
from shared.ledger import Ledger
from shared.ledger.model import FileId, FileStatus, LedgerFile
from shared.zones import GATHERED

PARALLEL_QUERIES = 16


@dataclass(frozen=True)
class Work:
    """`superseded`: older accepted versions of the same raw keys, and files whose content another key brought
    again.

    Silver forgets their rows and never reads them again, unless the other key is corrected.

    `refill`: the files are all that the table is to hold. `copies`: duplicates for which their content is
    read again; `orders`: the order of the last file that had a content, where it came again.
    """

    files: tuple[LedgerFile, ...]
    superseded: tuple[LedgerFile, ...] = ()
    refill: bool = False
    copies: tuple[LedgerFile, ...] = ()
    orders: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> frozenset[str]:
        """The raw keys whose rows in silver are to be those of `files`."""
        return frozenset(f.key for f in (*self.files, *self.superseded))

    @property
    def dates(self) -> frozenset[str]:
        """Every event date that a row of these files, old or new, can have."""
        return frozenset(d for f in (*self.files, *self.superseded) for d in f.event_dates)


def pending_work(
    job: Job,
    ledger: Ledger,
    dataset: Dataset,
    again: Sequence[LedgerFile] = (),
    dated: frozenset[str] = frozenset(),
) -> Work:
    """What is pending; or everything, or the files with records of the requested dates.

    Of files that replace each other the newest.

    `again`: files whose quarantined rows are to be judged once more. `dated`: the keys of files of which
    silver has rows of the requested dates.
    """
    if dataset.target.snapshot:
        return _snapshot(job, ledger, dataset, again)
    if dataset.target.kind == "files":
        return _requested(job, ledger, dataset, again, dated)
    unread = ledger.unread_copies(job.domain, dataset.name)
    work = _requested(job, ledger, dataset, [*again, *_owners(ledger, unread)], dated)
    if not work.files:
        return work  # a dataset without work does not read all copies that it ever had
    read = {f.sha256 for f in work.files}
    orders: dict[str, str] = {}
    for copy in (*unread, *ledger.read_copies(job.domain, dataset.name)):
        orders[copy.sha256 or ""] = max(copy.order, orders.get(copy.sha256 or "", ""))
    return replace(work, copies=tuple(c for c in unread if c.sha256 in read), orders=orders)


def _owners(ledger: Ledger, copies: Iterable[LedgerFile]) -> list[LedgerFile]:
    """The files that brought the contents of copies which no run has seen: their rows are of the copies
    now.
    """
    places = {(c.bucket, c.duplicate_of or "") for c in copies}
    owners = (ledger.outcome(FileId(bucket, *place.rpartition("@")[::2])) for bucket, place in sorted(places))
    return [f for f in owners if f is not None and f.status is FileStatus.ACCEPTED]


def _requested(
    job: Job, ledger: Ledger, dataset: Dataset, again: Sequence[LedgerFile], dated: frozenset[str]
) -> Work:
    if job.full_refresh or job.by_date:
        accepted = ledger.accepted(job.domain, dataset.name)
        requested = [f for f in accepted if job.full_refresh or f.key in dated or _covered(job, f)]
    else:
        pending = ledger.pending(job.domain, dataset.name)
        requested = list({f.file_id: f for f in (*again, *pending)}.values())
    if not dataset.target.follows_files or not requested:
        return Work(tuple(requested))
    if job.full_refresh or job.by_date:
        return _whole(dataset, _newest(_related(requested, accepted)), accepted)
    work = _newest(_versions(ledger, requested))
    return _whole(dataset, work, None if not work.refill else ledger.accepted(job.domain, dataset.name))


def _whole(dataset: Dataset, work: Work, accepted: Sequence[LedgerFile] | None) -> Work:
    """Where rows are versions of others, those that an old version of a file outdid come back with all
    files.
    """
    if dataset.target.kind == "files" or not work.refill or accepted is None:
        return replace(work, refill=False)
    return replace(_newest(accepted), refill=True)


def _snapshot(job: Job, ledger: Ledger, dataset: Dataset, again: Sequence[LedgerFile]) -> Work:
    """The newest set of files is all that is read, also when an older one comes late."""
    accepted = ledger.accepted(job.domain, dataset.name)
    requested = any(
        job.full_refresh or (_covered(job, f) if job.by_date else not f.processed_by) for f in accepted
    )
    if not requested and not again:
        return Work(())
    files, before = newest_set(accepted)
    chosen = {f.file_id for f in files}
    others = [f for f in accepted if f.file_id not in chosen]
    known = {f.file_id for f in before}
    left = [f for f in others if job.full_refresh or f.processed_by is None or f.file_id in known]
    return Work(tuple(files), tuple(left))


def _versions(ledger: Ledger, requested: Sequence[LedgerFile]) -> list[LedgerFile]:
    """All versions of the keys that are requested, and of those that share a content with one of these."""
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
    return [f for versions in seen.values() for f in versions]


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
    for version in sorted(versions, key=lambda f: f.order):
        by_key[version.key].append(version)
    newest = sorted((v[-1] for v in by_key.values()), key=lambda f: f.order)
    files = tuple({f.sha256: f for f in newest}.values())  # of equal contents the last to arrive
    file_ids = {f.file_id for f in files}
    # Silver has rows of a version, but not yet those of the newest.
    corrected = any(
        v[-1].processed_by is None and any(f.processed_by for f in v[:-1]) for v in by_key.values()
    )
    superseded = tuple(f for v in by_key.values() for f in v if f.file_id not in file_ids)
    return Work(files, superseded, refill=corrected)


def write_groups(contract: Contract) -> list[list[Dataset]]:
    """Datasets that write one table, in silver or quarantine, are one group and run one after the other;
    groups run side by side.
    """
    groups: dict[str, list[Dataset]] = defaultdict(list)
    for dataset in contract.datasets:
        groups[dataset.target.name if contract.layout != GATHERED else contract.domain].append(dataset)
    return list(groups.values())
