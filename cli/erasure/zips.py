"""Zips of files: records are taken out of the files in them."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from cli.erasure import content as one_file
from cli.erasure.content import Reading, Theirs
from cli.erasure.sought import Sought, UnfaithfulError
from shared.records.packages import members
from shared.records.reading import ACCEPTED
from shared.records.verdict import Unreadable
from shared.zip_errors import DAMAGED

Found = tuple[Reading, Theirs]
ReadingOf = Callable[[str, Path], Found | None]  # name and content of a file in a zip


def extracted(package: Path, scratch: Path) -> Iterator[Path]:
    """Each file of a package in turn, at one place; the package itself where it is damaged."""
    try:
        with zipfile.ZipFile(package) as archive:
            for info in archive.infolist():
                with archive.open(info) as inside, (scratch / "inside").open("wb") as out:
                    shutil.copyfileobj(inside, out)
                yield scratch / "inside"
    except (*DAMAGED, OSError):
        yield package


def holds(package: Path, reading_of: ReadingOf, sought: Sought | None, scratch: Path) -> int:
    """How many records of the files in a zip are of people who are sought. Raises UnfaithfulError where they
    stand in one of which records are not read; None: nobody is looked for there.
    """
    records = 0
    with zipfile.ZipFile(package) as archive:
        names = _names(package)
        for place, info in enumerate(archive.infolist()):
            path = _taken(archive, info, scratch)
            found = reading_of(names[place], path) if place in names else None
            if found is not None:
                records += one_file.holds(path, *found)
            elif sought is not None and sought.is_mentioned_in(path.read_bytes()):
                raise UnfaithfulError("a file in the zip is none of which records are read")
    return records


def rewrite(package: Path, target: Path, reading_of: ReadingOf, scratch: Path, may_be: one_file.MayBe) -> int:
    """Writes the zip with its files rewritten; how many records those lack. Raises UnfaithfulError."""
    taken, names = 0, _names(package)
    with zipfile.ZipFile(package) as archive, zipfile.ZipFile(target, "w") as out:
        out.comment = archive.comment
        for place, info in enumerate(archive.infolist()):
            path = _taken(archive, info, scratch)
            found = reading_of(names[place], path) if place in names else None
            if found is not None and one_file.holds(path, *found):
                written = scratch / "written"
                taken += one_file.rewrite(path, written, scratch, *found, may_be)
                path = written
            with path.open("rb") as inside, out.open(_like(info), "w") as file:
                shutil.copyfileobj(inside, file)
    return taken


def _like(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(info.filename, info.date_time)
    made.compress_type, made.comment, made.external_attr = (
        info.compress_type,
        info.comment,
        info.external_attr,
    )
    return made


def _taken(archive: zipfile.ZipFile, info: zipfile.ZipInfo, scratch: Path) -> Path:
    with archive.open(info) as inside, (scratch / "member").open("wb") as out:
        shutil.copyfileobj(inside, out)
    return scratch / "member"


def _names(package: Path) -> dict[int, str]:
    """By their place in the zip the names that ingestion gave its files."""
    try:
        return {member.place: member.name for member in members(package, ACCEPTED)}
    except Unreadable as stop:
        raise UnfaithfulError(f"the zip cannot be read: {stop.reason}") from stop
