"""The way of one file: what came of each of its versions, which of its records are in quarantine and where in
the file they stand, and which tables it reaches.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from pyiceberg.expressions import And, EqualTo

from cli.attention import row_help
from cli.trial.places import Reread
from local import athena
from local.session import Session
from shared.contracts import Contract, Dataset, Table, contract, domains
from shared.ledger.model import FileStatus, LedgerFile
from shared.quarantine import rows_table
from shared.reasons import FILE_HELP, FileReason
from shared.records.reading import ACCEPTED
from shared.records.source import Source
from shared.records.verdict import Unreadable

MOST_RECORDS = 20  # in quarantine that are shown
MOST_LINE = 2_000  # characters of a line


@dataclass(frozen=True)
class BadRecord:
    """A record in quarantine of an accepted file. `place`: as `line 7`; nothing where it was not found."""

    reasons: tuple[str, ...]
    columns: tuple[str, ...]
    raw: str
    place: str
    help: str


@dataclass(frozen=True)
class Way:
    """`file`: the newest version, `earlier` the others. `line`: number and text of the line that the reason
    of its refusal names. `tables`: those that its records reach, silver first.
    """

    file: LedgerFile
    earlier: tuple[LedgerFile, ...]
    help: str
    line: tuple[int, str] | None
    bad: tuple[BadRecord, ...]
    tables: tuple[str, ...]


def way_of(session: Session, key: str) -> Way | None:
    """None where the ledger knows no file of this key."""
    versions = session.ledger.versions_of(session.names.bucket("raw"), key, *FileStatus)
    if not versions:
        return None
    *earlier, file = versions
    agreed, dataset = agreement(file)
    refused = file.reason if file.status is FileStatus.QUARANTINED else None
    return Way(
        file,
        tuple(reversed(earlier)),
        FILE_HELP[FileReason(refused)] if refused else "",
        _line(session, file),
        tuple(_bad_records(session, file, agreed, dataset)) if agreed and dataset else (),
        tuple(_tables(agreed, dataset)) if agreed and dataset else (),
    )


def agreement(file: LedgerFile) -> tuple[Contract | None, Dataset | None]:
    """The contract and the dataset of a file, as far as there are."""
    domain, _, rest = file.key.partition("/")
    if domain not in domains():
        return None, None
    agreed, name = contract(domain), file.dataset or rest.partition("/")[0]
    return agreed, next((d for d in agreed.datasets if d.name == name), None)


def _tables(agreed: Contract, dataset: Dataset) -> Iterator[str]:
    reached = {dataset.target.name}
    yield f"silver.{dataset.target.name}"
    while more := [t for t in agreed.tables if t.name not in reached and _reads(t, reached)]:
        reached.update(t.name for t in more)
        yield from (f"{t.zone}.{t.name}" for t in more)


def _reads(table: Table, any_of: set[str]) -> bool:
    return any(d.table in any_of for d in table.depends_on)


def _line(session: Session, file: LedgerFile) -> tuple[int, str] | None:
    """The line that a refusal names; None where it names none, or nothing can be read so far."""
    named = re.search(r"\blines? (\d+)", file.detail or "")
    if file.status is not FileStatus.QUARANTINED or named is None or not file.target_key:
        return None
    number = int(named[1])
    body = session.client("s3").get_object(Bucket=file.target_bucket or "", Key=file.target_key)["Body"]
    with closing(body):
        text = next(itertools.islice(_lines(body), number - 1, None), None)
    return None if text is None else (number, text[:MOST_LINE].decode(errors="replace"))


def _lines(stream: Any) -> Iterator[bytes]:
    rest = b""
    try:
        for block in Source(stream, ACCEPTED).blocks():
            *lines, rest = (rest + block).split(b"\n")
            yield from lines
    except Unreadable:
        return  # compressed and damaged: what came before is all there is
    yield rest


def _bad_records(
    session: Session, file: LedgerFile, agreed: Contract, dataset: Dataset
) -> Iterator[BadRecord]:
    if file.status is not FileStatus.ACCEPTED or file.processed_by is None:
        return
    catalog = athena.catalog_of(session)
    table = rows_table(agreed.domain, dataset.name, agreed.layout)
    name = (session.names.database(agreed.domain, "quarantine"), table)
    if not catalog.table_exists(name):
        return
    equal: Any = EqualTo  # declared for pydantic, not for callers
    own = And(equal("source_file", file.key), equal("source_version", file.version))
    scan = catalog.load_table(name).scan(own, ("reasons", "columns", "raw_record"), limit=MOST_RECORDS)
    rows = scan.to_arrow().to_pylist()
    for row, place in zip(rows, _places(session, file, agreed, dataset, rows), strict=True):
        reasons = tuple(row["reasons"])
        yield BadRecord(reasons, tuple(row["columns"]), row["raw_record"], place, row_help(agreed, reasons))


def _places(
    session: Session, file: LedgerFile, agreed: Contract, dataset: Dataset, rows: list[dict[str, Any]]
) -> list[str]:
    if not rows or file.profile is None:
        return ["" for _ in rows]
    s3 = session.client("s3")

    def opened() -> Any:
        return s3.get_object(Bucket=file.target_bucket or "", Key=file.target_key or "")["Body"]

    reread = Reread(opened, file.profile, dataset, agreed.null_spellings)
    found = reread.places([row["raw_record"] for row in rows])
    return ["" if number is None else f"{found.unit} {number}" for number in found.numbers]
