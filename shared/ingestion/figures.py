"""The metric of a file that ingestion has looked at, as CloudWatch gets it."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts import contract, domains
from shared.ledger.model import LedgerFile
from shared.metrics import OF_FILES


@dataclass(frozen=True)
class Figure:
    """One value of a metric; the unit is one of CloudWatch's."""

    name: str
    unit: str
    value: int
    domain: str
    dataset: str


def file_figures(file: LedgerFile) -> list[Figure]:
    """One file of its status, where a graph shows that status; none for a file outside all datasets: names
    that anybody can choose would make metrics without end.
    """
    name = f"Files{file.status.capitalize()}"
    known = file.domain in domains() and any(d.name == file.dataset for d in contract(file.domain).datasets)
    return [Figure(name, "Count", 1, file.domain, file.dataset)] if known and name in OF_FILES else []
