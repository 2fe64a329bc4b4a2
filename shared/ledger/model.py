"""What the ledger remembers of a file and of a run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from shared.reasons import FILE_HELP, FileReason


class FileStatus(StrEnum):
    """`claimed` and `deferred` (too large for the function, left to the bronze job) are works in progress;
    the others are outcomes, and every file version gets exactly one. `ignored`: a marker or what the contract
    ignores, of which no copy is made; `unpacked`: a zip, whose files have outcomes of their own.
    """

    CLAIMED = "claimed"
    DEFERRED = "deferred"
    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    UNPACKED = "unpacked"


OUTCOMES = (
    FileStatus.ACCEPTED,
    FileStatus.QUARANTINED,
    FileStatus.DUPLICATE,
    FileStatus.IGNORED,
    FileStatus.UNPACKED,
)


@dataclass(frozen=True)
class FileId:
    """One version of one raw object.

    `version` is the S3 version id, or the event's sequencer in an unversioned bucket.
    """

    bucket: str
    key: str
    version: str
    sequencer: str = ""


@dataclass(frozen=True)
class Profile:
    """How an accepted file is read.

    `native`: Spark's own readers agree with our definition of a record on this file.

    `columns` are the names found, in file order for delimited text and Parquet, sorted for JSON; `types` are
    Parquet column types.
    """

    format: str  # csv | json (an array or pretty-printed objects) | ndjson | parquet | xml
    compression: str = "none"  # none | gzip | bzip2 | xz | zstd
    encoding: str = "utf-8"
    native: bool = True
    columns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    delimiter: str = ","
    multiline: bool = False
    preamble: int = 0  # lines above the header
    skipped: int = 0  # comments and footers: lines that are no records
    comment: str = ""
    footer: str = ""

    @classmethod
    def from_json(cls, text: str) -> Profile:
        values = json.loads(text)
        return cls(**{**values, "columns": tuple(values["columns"]), "types": tuple(values["types"])})

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True)
class LedgerFile:
    """A file version and its outcome.

    Times are ISO 8601 UTC, sizes bytes; `processed_by` is the run that brought it to silver.

    `history`: the reasons that replays overturned, as JSON. `left_key`: where the copy stood before it went
    to the archive. `duplicate_of` of an accepted file: the one whose content it took over. `written_at`: the
    object's time in S3. `later_copy`: a duplicate that was written after the file whose content it has, and
    before which that file's rows must not lose against others. `rewritten`: an erasure took records out of
    the stored copy.
    """

    bucket: str
    key: str
    version: str
    domain: str
    dataset: str
    status: FileStatus
    sequencer: str = ""
    reason: str | None = None
    detail: str | None = None
    bytes: int = 0
    records: int = 0
    unreadable_records: int = 0
    sha256: str | None = None
    event_dates: tuple[str, ...] = ()
    primary_date: str | None = None
    profile: Profile | None = None
    target_bucket: str | None = None
    target_key: str | None = None
    duplicate_of: str | None = None
    ingested_at: str = ""
    processed_by: str | None = None
    history: str | None = None
    left_key: str | None = None
    written_at: str | None = None
    later_copy: bool | None = None
    rewritten: bool | None = None

    @property
    def order(self) -> str:
        """Which of two files is the later, as text: the greater, wherever and whenever they are read.

        Their time in S3 decides (until it was known: when ingestion saw the file), then the sequencer of the
        event, then key and version. A blank stands before every character of a sequencer, so that the shorter
        of two counts as if it were padded with zeros on the right (Amazon S3, "Event message structure").
        """
        return f"{self.written_at or self.ingested_at} {self.sequencer} {self.key} {self.version}"

    @property
    def place(self) -> str:
        """How other entries name this version."""
        return f"{self.key}@{self.version}"

    @property
    def file_id(self) -> FileId:
        return FileId(self.bucket, self.key, self.version, self.sequencer)


def explanation(file: LedgerFile) -> bytes:
    """Why the file was quarantined, as JSON that stands beside it."""
    details = {
        "reason": file.reason,
        "detail": file.detail,
        "help": FILE_HELP[FileReason(file.reason or "")],
        "bucket": file.bucket,
        "key": file.key,
        "version": file.version,
        "bytes": file.bytes,
        "sha256": file.sha256,
        "ingested_at": file.ingested_at,
    }
    return json.dumps(details, indent=2, ensure_ascii=False).encode(errors="backslashreplace")


@dataclass(frozen=True)
class RowCounts:
    """Where a run's records went. Invariant: read is the sum of the others.

    `expired`: good ones of an event date that the contract's retention keeps no more.
    `erased`: left out, being of people who were erased.
    """

    read: int = 0
    written: int = 0
    quarantined: int = 0
    deduplicated: int = 0
    replaced: int = 0
    expired: int = 0
    erased: int = 0

    @property
    def balanced(self) -> bool:
        fates = self.written + self.quarantined + self.deduplicated + self.replaced
        return self.read == fates + self.expired + self.erased

    def __add__(self, other: RowCounts) -> RowCounts:
        return RowCounts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class RunResult:
    """What one run of a domain did to one dataset."""

    domain: str
    run_id: str
    dataset: str
    rows: RowCounts
    reasons: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    files: int = 0
    gate: str = "pass"  # pass | warn | halt
    gate_findings: tuple[str, ...] = ()
    finished_at: str = ""

    @classmethod
    def from_json(cls, text: str) -> RunResult:
        v: dict[str, Any] = json.loads(text)
        return cls(**{**v, "rows": RowCounts(**v["rows"]), "gate_findings": tuple(v["gate_findings"])})

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)
