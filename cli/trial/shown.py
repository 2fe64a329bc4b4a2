"""A report as people see it: a screen or two, whatever the data."""

from __future__ import annotations

import itertools
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cli.options import called_from
from cli.results import plain
from cli.shown_summary import fates
from cli.trial.report import DatasetFate, FileFate, Place, Report, TableView
from cli.wording import counted
from local.console import OUT, print_table

FILES = 6  # files of one outcome that are named
FAULTS = 6  # kinds of quarantined records of a dataset that are listed
PREVIEWED = 45  # lines for first rows of tables, in all
WIDE = 8  # columns; a table with more turns sideways
CELL = 28  # characters of a value


def show(report: Report) -> None:
    """Prints the report: files, records, tables, and the worst last, where the eye is."""
    _show_files(report.files)
    _show_faults(report.datasets)
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
    """The accepted by name, the others by reason, each with what to do."""
    root = _root(files)
    counts = Counter(f.outcome for f in files)
    _line(
        f"{counted(len(files), 'file')}: "
        + ", ".join(f"{n:,} {outcome}" for outcome, n in counts.most_common())
    )
    groups = defaultdict[tuple[str, str], list[FileFate]](list)
    for file in files:
        groups[file.outcome, file.reason or ""].append(file)
    for file in _some(groups.pop(("accepted", ""), []), FILES):
        lines = f", {counted(file.left_out, 'line')} left out as comment or footer" if file.left_out else ""
        what = f"{file.dataset} ({file.chosen}), {counted(file.records, 'record')}{lines}"
        _line(f"  {_short(file.path, root)} → {what}")
    for (outcome, reason), group in sorted(groups.items(), key=lambda g: (not g[0][1], g[0])):
        advice = f": {group[0].help}" if group[0].help else ""
        _line(f"{outcome} {reason}".rstrip() + advice, red=bool(reason))
        for file in _some(group, 3):
            _line(f"  {_short(file.path, root)}" + (f": {_detail(file, root)}" if file.detail else ""))


def _some(files: Sequence[FileFate], most: int) -> Iterator[FileFate]:
    yield from files[:most]
    if len(files) > most:
        _line(f"  … and {len(files) - most:,} more (--json FILE lists all)")


def _detail(file: FileFate, root: Path) -> str:
    return (file.detail or "").replace(f"{root}/", "")


def _root(files: Sequence[FileFate]) -> Path:
    """The folder that all files are in: what stands before it is the same in every line."""
    parents = [str(Path(f.path).parent) for f in files]
    return Path(os.path.commonpath(parents)) if len(set(parents)) > 1 else called_from()


def _show_faults(datasets: Mapping[str, DatasetFate]) -> None:
    """What was quarantined, where it stands, and what each reason means."""
    shown = [(name, f) for name, fate in datasets.items() for f in fate.faults[:FAULTS]]
    if not shown:
        return
    rows = [(d, f.reason, ", ".join(f.columns), f.rows, where(f.places, f.rows)) for d, f in shown]
    print_table("quarantined records", ("dataset", "reason", "columns", "records", "where"), rows)
    if (left := sum(len(fate.faults) for fate in datasets.values()) - len(shown)) > 0:
        _line(f"… and {left} kinds more (--json FILE lists all)")
    for reason, advice in {f.reason: f.help for _, f in shown}.items():
        _line(f"  {reason}: {advice}")


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
    named = fates(*(d.rows for d in report.datasets.values()))
    rows = [
        (name, *(getattr(d.rows, f) for f in named), "yes" if d.rows.balanced else "NO")
        for name, d in report.datasets.items()
    ]
    print_table("records", ("dataset", *named, "balanced"), rows)


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
    title = f"{name}: {counted(view.rows, 'row')}" + (
        f", the first {len(rows)}" if view.rows > len(rows) else ""
    )
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


def _short(path: str, root: Path) -> str:
    found = Path(path)
    return str(found.relative_to(root)) if found.is_relative_to(root) else path
