"""What people see: progress on stderr, results on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

# A pipe has no width; 80 columns would fold most tables.
OUT = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
ERR = Console(stderr=True, soft_wrap=True, highlight=False)


def say(text: str) -> None:
    """One line about what happens."""
    ERR.print(text, markup=False)


def show(text: str, *, loudly: bool = False) -> None:
    """A line of a result."""
    OUT.print(text, markup=False, soft_wrap=True, style="bold red" if loudly else None)


def fail(text: str) -> int:
    """Says why a command did not do what it should; its exit code."""
    ERR.print(text, markup=False, style="bold red" if sys.stderr.isatty() else None)
    return 1


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Numbers to the right, with thousands; everything else to the left."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for i, column in enumerate(columns):
        table.add_column(
            column,
            justify="right" if rows and isinstance(rows[0][i], int | float) else "left",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    OUT.print(table)


def _cell(value: Any) -> str:
    return (
        ""
        if value is None
        else f"{value:,}"
        if isinstance(value, int) and not isinstance(value, bool)
        else escape(str(value))
    )


def write_json(path: Path | None, value: Mapping[str, Any]) -> None:
    """The machine's copy of a result, if one was asked for."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value, indent=1, default=str) + "\n")


@contextmanager
def spinner(description: str) -> Iterator[Callable[[str], None]]:
    """Turns while something lasts whose length nobody knows; call it with what goes on now."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=ERR, transient=True, disable=not ERR.is_terminal) as bar:
        task = bar.add_task(escape(description), total=None)
        yield lambda now: bar.update(task, description=escape(f"{description}: {now}"))


@contextmanager
def progress(description: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar, or a spinner where the total is unknown; call it with how much is done in all."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *(columns if total is not None else (columns[0], columns[1], columns[4])), console=ERR
    ) as bar:
        task = bar.add_task(description, total=total)
        yield lambda done: bar.update(task, completed=done)
