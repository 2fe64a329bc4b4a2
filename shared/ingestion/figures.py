"""The metrics of a file that ingestion has looked at, as CloudWatch gets them."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts import contract, domains
from shared.ledger.model import FileStatus, LedgerFile
from shared.zones import NOWHERE

# A zip's bytes are counted with its files.
UNREAD = (FileStatus.DEFERRED, FileStatus.IGNORED, FileStatus.UNPACKED)


@dataclass(frozen=True)
class Figure:
    """One value of a metric; the unit is one of CloudWatch's."""

    name: str
    unit: str
    value: int
    domain: str
    dataset: str


def file_figures(file: LedgerFile) -> list[Figure]:
    """One file of its status, and its bytes unless they are still to be read."""
    # Names that anybody can choose would make metrics without end.
    known = file.domain in domains() and any(d.name == file.dataset for d in contract(file.domain).datasets)
    place = (file.domain, file.dataset) if known else (NOWHERE, NOWHERE)
    status = "".join(word.capitalize() for word in file.status.split("_"))
    read = [] if file.status in UNREAD else [Figure("BytesIngested", "Bytes", file.bytes, *place)]
    return [Figure(f"Files{status}", "Count", 1, *place), *read]
