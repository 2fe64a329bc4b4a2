"""Files that must be seen as a whole: workbooks, of which bronze keeps a sheet as text, and zips."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from shared import spreadsheets
from shared.contracts import Dataset
from shared.ingestion.verdicts import Archive, Deferral
from shared.reasons import FileReason
from shared.records import Accepted, Limits, Rejected, Unreadable, judge
from shared.records.packages import members
from shared.records.source import Source

LONGEST_SECONDS = 600.0  # that a sheet is read for, where nothing else ends it
SECONDS, PER_MEGABYTE = 60.0, 60.0  # for a small workbook, and for each megabyte of it as stored: ample
DELIMITER = ","  # of the text made of a sheet


def spooled(source: Source, limits: Limits, target: Path) -> None:
    """Writes the content as it is stored. Raises Unreadable for more than the disk takes."""
    with target.open("wb") as file:
        for block in source.stored():
            if file.tell() + len(block) > limits.max_spooled:
                source.drain()
                raise Unreadable(FileReason.TOO_LARGE, f"a zip of more than {limits.max_spooled} bytes")
            file.write(block)


def archive_of(path: Path, limits: Limits) -> Archive | Rejected:
    """A zip's files, or why none of them is read."""
    try:
        return Archive(path, tuple(members(path, limits)))
    except Unreadable as stop:
        return Rejected(stop.reason, stop.detail)


def sheet_verdict(path: Path, dataset: Dataset, limits: Limits, text: Path) -> Accepted | Rejected | Deferral:
    """The verdict on the sheet of a workbook, which is written to `text`."""
    if not spreadsheets.readable():
        return Deferral(
            "only the ingest function reads workbooks: drop the file again, or save the sheet as CSV"
        )
    longest = min(LONGEST_SECONDS, SECONDS + PER_MEGABYTE * path.stat().st_size / 2**20)
    seconds = min(longest, max(1.0, limits.deadline - time.monotonic()))
    failure = spreadsheets.write_text(path, dataset.sheet, text, limits.workbook_memory, seconds)
    if failure is not None:
        return Rejected(FileReason(failure.reason), failure.detail)
    made = replace(dataset, formats=("csv",), encodings=("utf-8",))
    with text.open("rb") as file:
        return judge(Source(file, limits), made, limits, ".csv", DELIMITER)
