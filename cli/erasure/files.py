"""The files of a domain that hold people who are sought: what is found in raw, bronze, archive and
quarantine, and what is to become of each.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cli.erasure import zips
from cli.erasure.content import Reading, Theirs, holds, plain
from cli.erasure.objects import Version, by_key, fetch, versions
from cli.erasure.pieces import Value
from cli.erasure.sought import Reader, Sought, UnfaithfulError, is_theirs, is_unclear
from shared.contracts import Contract, Dataset
from shared.contracts.keys import value_in_key
from shared.contracts.people import identities, is_nobody, spelled_as_stored
from shared.ledger import Ledger
from shared.ledger.model import FileStatus, LedgerFile, Profile
from shared.names import Names
from shared.records.packages import is_package
from shared.records.reading import ACCEPTED
from shared.records.shape import shape_of
from shared.records.source import Source
from shared.records.text import begun, utf8
from shared.records.verdict import Unreadable
from shared.zones import archive_prefix, quarantined_rows_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Fate = Literal["rewrite", "delete", "whole", "waiting", "unclear"]
Judge = Callable[[Sought, Sequence[Reader], Value, str | None], bool]
PARQUET = b"PAR1"
UNCLEAR = "records that cannot be read mention them, and may be of others: --unreadable takes them"
BLOCK = 1 << 20


@dataclass(frozen=True)
class Finding:
    """A version of an object that holds somebody who is sought. `fate`: it is rewritten; deleted, being an
    old version; `whole`: no single records can be taken out of it, `why`; `waiting`: ingestion has yet to
    read it; `unclear`: nothing is done, for records that cannot be read mention them, and may be anybody's.
    `records`: how many are theirs; 0 where the bytes alone tell.
    """

    version: Version
    zone: str
    fate: Fate
    records: int = 0
    why: str = ""


@dataclass(frozen=True)
class Holder:
    """What tells in which files of a domain somebody is."""

    names: Names
    s3: S3Client
    ledger: Ledger
    contract: Contract
    sought: Sought

    def found(self) -> Iterator[Finding]:
        """Every version that holds them."""
        return (finding for finding in self.examined() if finding is not None)

    def examined(self) -> Iterator[Finding | None]:
        """Every version in turn, each read once; None of one that holds nobody."""
        known = self.known()
        for zone, listed in self._listed():
            for group in by_key(listed):
                for version in group:
                    with tempfile.TemporaryDirectory() as scratch:
                        yield self._examined(zone, version, known, Path(scratch))

    def known(self) -> Known:
        """What the ledger has of the files now."""
        return Known.of(self.ledger.files(self.contract.domain))

    def _listed(self) -> Iterator[tuple[str, Iterator[Version]]]:
        domain, bucket = self.contract.domain, self.names.bucket
        yield "raw", versions(self.s3, bucket("raw"), f"{domain}/")
        yield "bronze", versions(self.s3, bucket("bronze"), f"{domain}/")
        yield "archive", versions(self.s3, bucket("bronze"), archive_prefix(domain))
        tables = tuple(
            quarantined_rows_prefix(domain, d.name, self.contract.layout) for d in self.contract.datasets
        )
        kept = versions(self.s3, bucket("quarantine"), f"{domain}/")
        yield "quarantine", (v for v in kept if not v.key.startswith(tables))

    def _examined(self, zone: str, version: Version, known: Known, scratch: Path) -> Finding | None:
        content = scratch / "content"
        fetch(self.s3, version, content)
        gone: Fate = "whole" if version.latest else "delete"
        if zone == "raw" and known.is_waiting(version):
            return Finding(version, zone, "waiting") if self._mentions(content, scratch) else None
        try:
            records = self.records(content, known.candidates(version), scratch)
        except UnfaithfulError as error:
            return Finding(version, zone, gone, why=str(error))
        if records is None:
            why = "it is none of which records are read"
            return Finding(version, zone, gone, why=why) if self._mentions(content, scratch) else None
        if records and not version.latest:
            return Finding(version, zone, "delete", records)
        unclear = self._unclear(content, known.candidates(version), scratch)
        why = f"{unclear} {UNCLEAR}" if unclear else ""
        return (
            Finding(version, zone, "rewrite" if records else "unclear", records, why)
            if records or unclear
            else None
        )

    def _unclear(self, content: Path, candidates: list[LedgerFile], scratch: Path) -> int:
        """How many records that cannot be read mention them and stay."""
        if self.sought.unreadable or not self._mentions(content, scratch):
            return 0
        if candidates[0].status is FileStatus.UNPACKED:
            reading_of = partial(self.member_reading, candidates, judge=is_unclear)
            return zips.holds(content, reading_of, None, scratch)
        return self._count(content, candidates, is_unclear) or 0

    def records(self, content: Path, candidates: list[LedgerFile], scratch: Path) -> int | None:
        """How many records of a file are of people who are sought; None where nothing reads its records.
        Raises UnfaithfulError where they cannot be told apart.
        """
        if candidates and candidates[0].status is FileStatus.UNPACKED:
            return zips.holds(content, partial(self.member_reading, candidates), self.sought, scratch)
        if any(map(self._is_named, candidates)):
            raise UnfaithfulError("its name says whose it is")
        return self._count(content, candidates, is_theirs, scratch)

    def _count(
        self, content: Path, candidates: list[LedgerFile], judge: Judge, scratch: Path | None = None
    ) -> int | None:
        """How many records are judged so, by the first entry that reads them; None where none does. Where
        nobody may be in the bytes, which `scratch` is for, it is none.
        """
        for entry in candidates:
            if (reading := self.reading(entry, content)) is None:
                continue
            try:
                encoding = reading.profile.encoding
                if reading.profile.format != "parquet" and scratch and not self._may_be(content, encoding):
                    return 0
                return holds(content, reading, self.theirs(entry, reading.profile, judge))
            except (Unreadable, ValueError):
                continue
        return None

    def reading(self, entry: LedgerFile, content: Path) -> Reading | None:
        """How the records of a stored object are found, where they are as the ledger says: of a workbook it
        knows the text that was made of it.
        """
        with content.open("rb") as file:
            start = file.read(8)
        if entry.profile is None or is_package(start):
            return None
        if start.startswith(PARQUET) != (entry.profile.format == "parquet"):
            return None
        dataset = self.contract.dataset(entry.dataset)
        return Reading(entry.profile, dataset.nested, dataset.records)

    def member_reading(
        self, entries: list[LedgerFile], name: str, content: Path, judge: Judge = is_theirs
    ) -> zips.Found | None:
        """The same of a file in a zip, and who is theirs there."""
        place = f"{entries[0].key.rstrip('/')}/{name}"
        entry = self.ledger.outcome(replace(entries[0].file_id, key=place))
        reading = self.reading(entry, content) if entry else None
        return (reading, self.theirs(entry, reading.profile, judge)) if entry and reading else None

    def theirs(self, entry: LedgerFile, profile: Profile, judge: Judge = is_theirs) -> Theirs:
        """Whether a record is of somebody who is sought, by every dataset that reads the file."""
        datasets = _reading_too(self.contract, entry.dataset)
        readers = [
            Reader(shape_of(d, profile.format), found)
            for d in datasets
            if (found := identities(self.contract, d.target))
        ]
        return partial(judge, self.sought, readers)

    def _is_named(self, entry: LedgerFile) -> bool:
        """Whether the object's key says whose all records are (`fromKey`)."""
        for dataset in _reading_too(self.contract, entry.dataset):
            for identity in identities(self.contract, dataset.target):
                pattern = dataset.target.column(identity.column).from_key
                value = value_in_key(pattern, entry.key) if pattern else None
                if (
                    value
                    and not is_nobody(value, identity)
                    and self.sought.has(identity.name, spelled_as_stored(value, identity))
                ):
                    return True
        return False

    def _may_be(self, content: Path, encoding: str) -> bool:
        """Whether the bytes of a file, as UTF-8, do not tell that it has nobody's records."""
        with content.open("rb") as file:
            text = utf8(begun(Source(file, ACCEPTED).blocks())[1], encoding)
            return any(map(self.sought.may_be_in, overlapped(text)))

    def _mentions(self, content: Path, scratch: Path) -> bool:
        with content.open("rb") as file:
            package = is_package(file.read(8))
        paths = zips.extracted(content, scratch) if package else iter([plain_or_stored(content, scratch)])
        return any(self.sought.is_mentioned_in(b) for path in paths for b in overlapping(path))


@dataclass(frozen=True)
class Known:
    """What the ledger has of a domain's files, by where they stand."""

    versions: dict[tuple[str, str, str], LedgerFile]
    keys: dict[tuple[str, str], list[LedgerFile]]
    targets: dict[tuple[str, str], list[LedgerFile]]

    @classmethod
    def of(cls, files: list[LedgerFile]) -> Known:
        keys, targets = defaultdict(list), defaultdict(list)
        for file in files:
            keys[file.bucket, file.key].append(file)
            for key in filter(None, (file.target_key, file.left_key)):
                targets[file.target_bucket or "", key].append(file)
        return cls({(f.bucket, f.key, f.version): f for f in files}, dict(keys), dict(targets))

    def is_waiting(self, version: Version) -> bool:
        """Whether ingestion has not finished with a version in raw."""
        entry = self.versions.get((version.bucket, version.key, version.version))
        if entry is None and version.version == "null":  # its name in an unversioned bucket is a sequencer
            entry = next(reversed(self.keys.get((version.bucket, version.key), [])), None)
        return entry is None or entry.status in (FileStatus.CLAIMED, FileStatus.DEFERRED)

    def candidates(self, version: Version) -> list[LedgerFile]:
        """The entries by which an object may be read, the likeliest first: what an erasure wrote has none of
        its own that says how.
        """
        place = version.bucket, version.key
        own = self.versions.get((*place, version.version))
        others = [*self.targets.get(place, []), *reversed(self.keys.get(place, []))]
        found = [f for f in (own, *others) if f is not None]
        return [f for f in found if f.profile is not None or f.status is FileStatus.UNPACKED]


def _reading_too(contract: Contract, name: str) -> list[Dataset]:
    owner = contract.dataset(name).files_of or name
    return [d for d in contract.datasets if owner in (d.name, d.files_of)]


def plain_or_stored(content: Path, scratch: Path) -> Path:
    """The content as it is when decompressed, or as it is stored where that is damaged."""
    try:
        plain(content, scratch / "plain")
    except Unreadable:
        return content
    return scratch / "plain"


def overlapping(path: Path) -> Iterator[bytes]:
    """The content in blocks, each with the end of the one before: no value is cut."""
    with path.open("rb") as file:
        yield from overlapped(iter(lambda: file.read(BLOCK), b""))


def overlapped(blocks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        rest += block
        yield rest
        rest = rest[-4096:]
