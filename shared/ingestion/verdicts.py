"""What ingestion may conclude beside a verdict on records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shared.records import Accepted, Rejected
from shared.records.packages import Member


@dataclass(frozen=True)
class Deferral:
    """The file is left to the bronze job, and why."""

    detail: str


@dataclass(frozen=True)
class Archive:
    """The file is a zip, in the scratch folder, whose members are files of their own."""

    path: Path
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Judgement:
    """`size`: bytes as stored. `sha256`: of the content, when it was read. `made`: the file in the scratch
    folder that bronze keeps in place of the content: Parquet, or the text of a sheet. `own`: where the
    content lies itself, when no object holds it: a file of a zip. `workbook`: it was read as one, which no
    job can do. `written_at`: the object's time in S3. `rewritten`: the object says that an erasure wrote it.
    """

    size: int
    verdict: Accepted | Rejected | Deferral | Archive
    sha256: str | None = None
    made: Path | None = None
    own: Path | None = None
    workbook: bool = False
    written_at: str | None = None
    rewritten: bool = False
