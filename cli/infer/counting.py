"""One file, read to its end: what is counted of its records, and what is noted of the file."""

from __future__ import annotations

import itertools
import re
from typing import Any

from cli.infer.column import Column
from cli.infer.errors import RefusedError
from cli.infer.facts import facts_of
from cli.infer.opening import NO_CONTRACT, Opened
from cli.infer.profile import Profile, Steps, UnfitNamesError, header
from cli.infer.vocabulary import FOOTER
from shared.contracts import folded
from shared.contracts.paths import Path
from shared.records import Limits
from shared.records.inspection import FEW_RECORDS
from shared.records.reading import Unread

UNREADABLE = NO_CONTRACT.max_unreadable_rate  # share above which ingestion refuses a file
CHUNK = 4096
TOTAL = re.compile(FOOTER)


def profiled(file: Opened, limits: Limits) -> Profile:
    """Raises RefusedError for a file that is broken, or has no record."""
    found = Profile(files=1)
    found.formats[file.formats] += 1
    found.encodings[file.encoding] += 1
    found.records.add(file.records)
    found.envelope |= file.envelope
    found.inside |= file.inside
    if file.bare is not None:
        found.bare.add(file.bare)
    if file.content.workbook:
        found.sheets.add(file.content.sheet)
    try:
        records = file.rows(limits)
        while chunk := list(itertools.islice(records, CHUNK)):
            _take(chunk, found, flat=file.format == "csv")
    except UnfitNamesError as error:
        raise RefusedError(f"{file.content.name}: {error}") from error
    if not found.rows:
        none = "no record that can be read" if found.unreadable else "no record"
        raise RefusedError(f"{file.content.name}: the file has {none}")
    _note_columns(file, found)
    found.refused = int(_is_refused(found))
    return found


def _take(chunk: list[dict[str, Any] | Unread], found: Profile, *, flat: bool) -> None:
    rows = [record for record in chunk if not isinstance(record, Unread)]
    if flat and rows:
        found.add_rows(tuple(rows[0]), rows)
    else:
        for row in rows:
            found.add(row)
    if len(rows) < len(chunk):
        for record in chunk:
            if isinstance(record, Unread):
                _unread(record, found)


def _unread(record: Unread, profile: Profile) -> None:
    text = record.raw.strip()
    if text == "null":
        profile.tombstones += 1
        return
    profile.unreadable += 1
    profile.comments += text.startswith("#")
    profile.totals += TOTAL.match(text) is not None


def _is_refused(profile: Profile) -> bool:
    """Whether ingestion would refuse a file with so many unreadable records."""
    whole, bad = profile.rows + profile.unreadable, profile.unreadable - profile.comments - profile.totals
    return bad > UNREADABLE * whole and not (bad == 1 and whole < FEW_RECORDS)


def _note_columns(file: Opened, profile: Profile) -> None:
    for name in file.unnamed:
        profile.columns.pop((name,), None)
    profile.unnamed = len(file.unnamed)
    for steps, column in profile.columns.items():
        if kind := file.types.get(str(Path(steps))):
            column.arrow.add(kind)
        column.settle()
    for name, value in file.content.keys:
        column = profile.keys.setdefault(name, Column())
        if value is not None:
            column.facts[facts_of(value)] += profile.rows
    _note_clashes(profile)
    profile.headers.add(header(profile))


def _note_clashes(profile: Profile) -> None:
    """Columns of one file that a contract takes for one: case, blanks, `-` and `_` do not count there."""
    at: dict[Steps, set[str]] = {}
    for *above, name in profile.columns:
        at.setdefault((*above, folded(name)), set()).add(name)
    profile.clashes |= {steps for steps, names in at.items() if len(names) > 1 and len(steps) == 1}
