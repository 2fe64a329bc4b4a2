"""A report as people see it: a screen or two, whatever the data."""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cli.options import called_from
from cli.results import plain
from cli.trial.report import DatasetFate, Fault, FileFate, Place, Report, TableView
from local.console import OUT, print_table

FILES = 8  # files without trouble, and with, that are named
FAULTS = 8  # kinds of quarantined records of a dataset that are listed
PREVIEWED = 45  # lines for first rows of tables, in all
WIDE = 8  # columns; a table with more turns sideways
CELL = 28  # characters of a value


def show(report: Report) -> None:
    """Prints the report: files, records, tables, and the worst last, where the eye is."""
    _show_files(report.files)
    for name, fate in report.datasets.items():
        _show_faults(name, fate)
    _show_records(report)
    _show_tables(report)
    for name, columns in report.unknown.items():
        names = ", ".join(itertools.islice(columns, 10))
        more = f" and {len(columns) - 10} more" if len(columns) > 10 else ""
        _line(f"unknown columns of {name}: {names}{more} (kept in _extra)")
    for notice in report.warnings:
        _line(("FAILED  " if notice.fails else "look at ") + notice.text, red=notice.red)
    for step, failure in report.failures.items():
        _line(f"FAILED  {step}: {failure}", red=True)


def _line(text: str, *, red: bool = False) -> None:
    OUT.print(text, markup=False, style="bold red" if red and sys.stdout.isatty() else None)


def _show_files(files: Sequence[FileFate]) -> None:
    good = [f for f in files if f.outcome == "accepted"]
    other = [f for f in files if f.outcome != "accepted"]
    counts = Counter(f.outcome for f in files)
    _line(f"{len(files):,} files: " + ", ".join(f"{n:,} {outcome}" for outcome, n in counts.most_common()))
    for file in good[:FILES]:
        _line(f"  {_short(file.path)} → {file.dataset} ({file.chosen}), {file.records:,} records")
    if len(good) > FILES:
        _line(f"  … and {len(good) - FILES:,} more that were accepted")
    for file in other[:FILES]:
        reason = f": {file.reason}" if file.reason else ""
        _line(f"  {_short(file.path)} → {file.dataset or '?'} {file.outcome}{reason}", red=bool(file.reason))
        for text in filter(None, (file.detail, file.help)):
            _line(f"      {text}")
    if len(other) > FILES:
        _line(f"  … and {len(other) - FILES:,} more that were not (--json FILE lists all)")


def _show_faults(name: str, fate: DatasetFate) -> None:
    if not fate.faults:
        return
    rows = [(f.reason, ", ".join(f.columns), f.rows, where(f.places, f.rows)) for f in fate.faults[:FAULTS]]
    print_table(f"quarantined records of {name}", ("reason", "columns", "records", "where"), rows)
    if len(fate.faults) > FAULTS:
        _line(f"… and {len(fate.faults) - FAULTS} kinds more (--json FILE lists all)")
    for reason, advice in _advice(fate.faults[:FAULTS]).items():
        _line(f"  {reason}: {advice}")


def _advice(faults: Iterable[Fault]) -> dict[str, str]:
    return {f.reason: f.help for f in faults}


def where(places: Sequence[Place], rows: int) -> str:
    """`a.csv lines 4, 17 …`: the first places of some rows."""
    parts = []
    for (file, unit), group in itertools.groupby(places, key=lambda p: (p.file, p.unit)):
        numbers = [str(p.number) for p in group]
        parts.append(f"{Path(file).name} {unit}{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}")
    return "; ".join(parts) + (" …" if places and rows > len(places) else "")


def _show_records(report: Report) -> None:
    if not report.datasets:
        return
    fates = ("read", "written", "quarantined", "deduplicated", "replaced")
    rows = [
        (name, *(getattr(d.rows, f) for f in fates), "yes" if d.rows.balanced else "NO")
        for name, d in report.datasets.items()
    ]
    print_table("records", ("dataset", *fates, "balanced"), rows)


def _show_tables(report: Report) -> None:
    left, unseen = PREVIEWED, []
    for name, view in report.tables.items():
        lines = _height(view)
        if view.rows and lines <= left:
            left -= lines
            _show_first(name, view)
        else:
            unseen.append(f"{name} {view.rows:,}")
    if unseen:
        _line(f"rows of the other tables: {', '.join(unseen)} (--out DIR writes all tables)")


def _height(view: TableView) -> int:
    columns, rows = len(view.first.column_names), len(view.first)
    return 5 + (columns if columns > WIDE else rows)


def _show_first(name: str, view: TableView) -> None:
    columns = view.first.column_names
    rows = [[_cell(v) for v in row.values()] for row in view.first.to_pylist()]
    title = f"{name}: {view.rows:,} rows" + (f", the first {len(rows)}" if view.rows > len(rows) else "")
    if len(columns) > WIDE:
        sideways = [[c, *values] for c, *values in zip(columns, *rows, strict=True)]
        print_table(title, ("", *(str(i) for i in range(1, len(rows) + 1))), sideways)
    else:
        print_table(title, columns, rows)


def _cell(value: Any) -> str:
    if value is None:
        return "null"
    text = str(plain(value))
    return text if len(text) <= CELL else text[: CELL - 1] + "…"


def _short(path: str) -> str:
    """A path as its caller would type it."""
    found, here = Path(path), called_from()
    return str(found.relative_to(here)) if found.is_relative_to(here) else path
