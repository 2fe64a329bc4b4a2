"""Which files of a dataset are the newest whole of it: a file, or a day's set of files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from glue_scripts.engine.read.bronze_files import DAY_IN_KEY
from shared.ledger.model import LedgerFile

DAY = re.compile(DAY_IN_KEY.replace("/(", r"/(?:[^/=]+=)?("))


def newest_set(files: Iterable[LedgerFile]) -> tuple[list[LedgerFile], list[LedgerFile]]:
    """The newest set, and the one before it. Files below a folder named like a day (`2026-01-02`, `20260102`,
    `dt=2026-01-02`) are a set of that day, any other file is one of its own, as old as it was written.

    Of the versions of one key only the newest counts.
    """
    newest = {f.key: f for f in sorted(files, key=lambda f: f.order)}
    sets: dict[str, list[LedgerFile]] = defaultdict(list)
    for file in sorted(newest.values(), key=lambda f: f.order):
        sets[_rank(file)].append(file)
    latest, before = [*sorted(sets, reverse=True), "", ""][:2]
    return sets.get(latest, []), sets.get(before, [])


def _rank(file: LedgerFile) -> str:
    """The day, or the order of the file, which begins with the day it was written."""
    day = DAY.search(file.key)
    return file.order if day is None else _iso(day[1])


def _iso(day: str) -> str:
    digits = day.replace("-", "")
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
