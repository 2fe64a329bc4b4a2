"""What a trial shows: the fate of every file and record, the tables, and what deserves a look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from shared.ledger.model import RowCounts
from shared.quarantine import ALARMING_SHARE


@dataclass(frozen=True)
class FileFate:
    """What became of a file. `help`: what to do about its reason; `chosen`: how its dataset was found.
    `left_out`: lines that are comments or footers by the contract, and no records.
    """

    path: str
    dataset: str
    outcome: str
    records: int = 0
    reason: str | None = None
    detail: str | None = None
    help: str | None = None
    chosen: str = ""
    left_out: int = 0


@dataclass(frozen=True, order=True)
class Place:
    """Where a record stands. `unit` is line, or record where a record is no line."""

    file: str
    number: int
    unit: str = "line"


@dataclass(frozen=True)
class Fault:
    """Quarantined records of one reason about the same columns; `places`: where the first of them stand."""

    reason: str
    columns: tuple[str, ...]
    rows: int
    help: str
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class DatasetFate:
    """Where the records of a dataset went. `columns`: quarantined records by the columns at fault."""

    rows: RowCounts
    reasons: Mapping[str, int]
    columns: Mapping[str, int]
    faults: tuple[Fault, ...] = ()
    gate: str = "pass"
    findings: tuple[str, ...] = ()

    @property
    def quarantined_share(self) -> float:
        return self.rows.quarantined / self.rows.read if self.rows.read else 0.0

    def document(self) -> dict[str, Any]:
        return {
            **asdict(self.rows),
            "by_reason": dict(self.reasons),
            "by_column": dict(self.columns),
            "balanced": self.rows.balanced,
            "faults": [asdict(f) for f in self.faults],
            "gate": self.gate,
        }


@dataclass(frozen=True)
class TableView:
    """A table after the trial: how many rows, the first of them, the columns that are null in all.

    `sources`: the tables that it is computed from.
    """

    rows: int
    first: pa.Table
    empty: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notice:
    """Something that deserves a look: a red one before all others; one that `fails` the trial is red too."""

    text: str
    red: bool = False
    fails: bool = False


@dataclass(frozen=True)
class Report:
    """A whole trial. `unknown`: by dataset, columns that no contract knows and in how many files they are."""

    domain: str
    files: tuple[FileFate, ...]
    datasets: Mapping[str, DatasetFate]
    tables: Mapping[str, TableView]
    unknown: Mapping[str, Mapping[str, int]]
    failures: Mapping[str, str]
    warnings: tuple[Notice, ...] = ()

    @property
    def failed(self) -> bool:
        return bool(self.failures) or any(w.fails for w in self.warnings)

    def document(self) -> dict[str, Any]:
        """The machine's form."""
        return {
            "domain": self.domain,
            "ok": not self.failed,
            "files": [asdict(f) for f in self.files],
            "datasets": {name: d.document() for name, d in self.datasets.items()},
            "tables": {name: {"rows": t.rows} for name, t in self.tables.items()},
            "unknown_columns": {name: dict(columns) for name, columns in self.unknown.items()},
            "warnings": [w.text for w in self.warnings],
            "failures": dict(self.failures),
        }


def warnings(
    files: tuple[FileFate, ...],
    datasets: Mapping[str, DatasetFate],
    tables: Mapping[str, TableView],
    computed: bool,
) -> tuple[Notice, ...]:
    """What deserves a look, the worst first. `computed`: gold was computed."""
    found = [*_of_files(files), *(w for name, d in datasets.items() for w in _of_dataset(name, d))]
    for name, table in tables.items():
        if table.rows and table.empty:
            found.append(Notice(f"{name}: {', '.join(table.empty)}: null in all {table.rows:,} rows"))
        fed = all(tables[s].rows for s in table.sources if s in tables)
        if not table.rows and name.startswith("gold.") and computed and fed:
            found.append(Notice(f"{name} has no row"))
    return tuple(sorted(found, key=lambda w: (not w.fails, not w.red)))


def _of_files(files: tuple[FileFate, ...]) -> list[Notice]:
    if any(f.outcome == "accepted" for f in files):
        return []
    return [Notice("no file was accepted", red=True, fails=True)]


def _of_dataset(name: str, fate: DatasetFate) -> list[Notice]:
    rows, share = fate.rows, fate.quarantined_share
    found = []
    if rows.read and rows.quarantined == rows.read:
        found.append(Notice(f"{name}: every record was quarantined", red=True, fails=True))
    elif share > ALARMING_SHARE:
        found.append(Notice(f"{name}: {share:.0%} of the records were quarantined", red=True))
    if not rows.balanced:
        found.append(Notice(f"{name}: not balanced: some record has no fate, or two", red=True, fails=True))
    if fate.gate == "halt":
        text = f"{name}: the gate halts: {'; '.join(fate.findings)}; in a run gold would stay as it is"
        found.append(Notice(text, red=True, fails=True))
    elif fate.gate != "pass":
        found.append(Notice(f"{name}: the gate warns: {'; '.join(fate.findings)}"))
    return found
