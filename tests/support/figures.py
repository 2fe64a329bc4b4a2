"""docs/trust-figures.json: what tests measured when they last ran with `--write-figures`; docs/trust.md shows
it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from local.settings import ROOT

OPTION = "--write-figures"
PLACE = ROOT / "docs" / "trust-figures.json"
ACCOUNTED = "Records accounted for, of those generated: written, quarantined or deduplicated"
COMPARED = "Cells equal to those of an independent engine (DuckDB)"
ORDERS = "Files in another order: equal"
REFRESHED = "Incremental equals full refresh"
HEAD = """## Numbers

Written by the tests and benchmarks themselves when they run with `--write-figures`, each on the day beside it, on 2
cores. [Figures behind the trust](reference/trust-figures.md) says how they were taken and what was found on the way."""


@dataclass(frozen=True)
class Figure:
    """What was found (`12,600 of 12,600`), by which command, on which day."""

    found: str
    command: str
    date: str


def figures(place: Path = PLACE) -> dict[str, dict[str, Figure]]:
    """By promise, then by what was tried."""
    known = json.loads(place.read_text("utf-8")) if place.exists() else {}
    return {p: {of: Figure(**f) for of, f in tried.items()} for p, tried in known.items()}


def write_figure(promise: str, of: str, found: str, command: str, place: Path = PLACE) -> None:
    """Puts a figure of today in the place of an older one."""
    known = figures(place)
    known.setdefault(promise, {})[of] = Figure(found, command, dt.date.today().isoformat())
    told = {p: {o: vars(f) for o, f in sorted(tried.items())} for p, tried in sorted(known.items())}
    place.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", "utf-8")


@dataclass(frozen=True)
class Noted:
    """The figures of a test; without `write` nothing is kept of them. `counted`: of all tests of this
    session.
    """

    write: bool
    command: str
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __call__(self, promise: str, of: str, found: str) -> None:
        if self.write:
            write_figure(promise, of, found, self.command)

    def add(self, promise: str, of: str, number: int) -> None:
        """Adds to what other tests of this session counted."""
        self.counted[promise, of] += number
        of_all_tests = self.command.partition(" -k ")[0]
        replace(self, command=of_all_tests)(promise, of, f"{self.counted[promise, of]:,}")


def accounted(rows: Mapping[str, Mapping[str, int]]) -> str:
    """Of datasets' `read` rows those that are counted under another name."""
    read = sum(of["read"] for of in rows.values())
    return f"{sum(sum(of.values()) for of in rows.values()) - read:,} of {read:,}"


def section(known: dict[str, dict[str, Figure]]) -> str:
    """The part of docs/trust.md with all figures."""
    rows = [
        f"| {promise} | {of} | {f.found} | {f.date} | `{f.command}` |"
        for promise, tried in known.items()
        for of, f in tried.items()
    ]
    return "\n".join(
        [HEAD, "", "| promise | tried on | found | date | command |", "|---|---|---|---|---|", *rows]
    )
