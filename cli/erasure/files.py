"""The files of a domain that hold people who are sought: what is found in raw, bronze, archive and
quarantine, and what is to become of each.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cli.erasure import zips
from cli.erasure.content import Reading, Theirs, holds
from cli.erasure.finding import Fate, Finding
from cli.erasure.known import Known, reading_too
from cli.erasure.layers import mentions, overlapped
from cli.erasure.objects import Version, by_key, fetch, versions
from cli.erasure.pieces import Value
from cli.erasure.sought import Reader, Sought, UnfaithfulError, is_theirs, is_unclear
from shared.contracts import Contract
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

Judge = Callable[[Sought, Sequence[Reader], Value, str | None], bool]
PARQUET = b"PAR1"
UNCLEAR = "records that cannot be read mention them, and may be of others: --unreadable takes them"


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
                gone = True
                for version in group:
                    with tempfile.TemporaryDirectory() as scratch:
                        found = self._examined(zone, version, known, Path(scratch), gone=gone)
                    gone = gone and found is not None and found.fate == "delete"
                    yield found

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

    def _examined(
        self, zone: str, version: Version, known: Known, scratch: Path, *, gone: bool
    ) -> Finding | None:
        """`gone`: nothing stays of the object's versions that were listed before."""
        if version.marker:  # without which an older version would be there again
            named = gone and self.sought.is_mentioned_in(version.key.encode())
            return (
                Finding(version, zone, "delete", why="the name of an object that is gone") if named else None
            )
        content = scratch / "content"
        fetch(self.s3, version, content)
        fate: Fate = "whole" if version.latest else "delete"
        if zone == "raw" and known.is_waiting(version):
            return Finding(version, zone, "waiting") if mentions(self.sought, content, scratch) else None
        try:
            records = self.records(content, known.candidates(version), scratch)
        except UnfaithfulError as error:
            return Finding(version, zone, fate, why=str(error))
        if records is None:
            why = "it is none of which records are read"
            return Finding(version, zone, fate, why=why) if mentions(self.sought, content, scratch) else None
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
        if self.sought.unreadable or not mentions(self.sought, content, scratch):
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
        datasets = reading_too(self.contract, entry.dataset)
        readers = [
            Reader(shape_of(d, profile.format), found, {i.column: d.plan(i.column) for i in found})
            for d in datasets
            if (found := identities(self.contract, d.target))
        ]
        return partial(judge, self.sought, readers)

    def _is_named(self, entry: LedgerFile) -> bool:
        """Whether the object's key says whose all records are (`fromKey`)."""
        for dataset in reading_too(self.contract, entry.dataset):
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
