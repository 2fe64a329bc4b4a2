"""What people see: progress on stderr, results on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.cells import cell_len
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
PIPE_WIDTH = 160
# What the environment says of colours (FORCE_COLOR) is no reason to put escape codes into a file.
OUT = Console(
    highlight=False,
    force_terminal=sys.stdout.isatty(),
    width=None if sys.stdout.isatty() else PIPE_WIDTH,
)
ERR = Console(stderr=True, soft_wrap=True, highlight=False, force_terminal=sys.stderr.isatty())

STDOUT = Path("-")  # what `--json -` names


@contextmanager
def only_json_on_stdout(path: Path | None) -> Iterator[None]:
    """While a result goes to stdout as JSON, what people read goes to stderr."""
    if path != STDOUT:
        yield
        return
    with redirect_stdout(sys.stderr):
        yield


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


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Data as it is: numbers as SQL takes them, and each row on its side where the table is too wide."""
    cells = [[_plain(value) for value in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(columns, *cells, strict=True)]
    if sum(widths) + 3 * len(widths) + 1 <= OUT.width:
        _print_grid("", columns, rows, _plain)
        return
    longest = max(map(cell_len, columns))
    for number, row in enumerate(cells, start=1):
        show(f"row {number}")
        for column, cell in zip(columns, row, strict=True):
            show(f"  {column:<{longest}}  {cell}")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Counts: numbers to the right, with thousands; everything else to the left."""
    _print_grid(title, columns, rows, _grouped)


def _print_grid(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], cell: Callable[[Any], str]
) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for i, column in enumerate(columns):
        table.add_column(
            column,
            justify="right" if rows and isinstance(rows[0][i], int | float | Decimal) else "left",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(escape(cell(value)) for value in row))
    OUT.print(table)


def _grouped(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else _plain(value)


def _plain(value: Any) -> str:
    """A cell as Athena shows it; what control characters it holds does nothing to the terminal."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(_plain, value))}]"
        case str():
            return "".join(c if c.isprintable() else repr(c)[1:-1] for c in value)
        case _:
            return str(value)


def write_json(path: Path | None, value: Mapping[str, Any]) -> None:
    """The machine's copy of a result, if one was asked for."""
    if path == STDOUT:
        assert sys.__stdout__ is not None
        print(json.dumps(value, indent=1, default=str), file=sys.__stdout__, flush=True)
    elif path is not None:
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
