"""The files to draft from: those named, those below folders, members of zips, sheets of workbooks as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from cli.infer.errors import InferError, RefusedError
from cli.infer.vocabulary import words, words_of
from shared import spreadsheets
from shared.contracts.keys import HIVE_NULL
from shared.records import Limits, Unreadable
from shared.records.packages import Member, extract, is_package, members, package_kind
from shared.records.verdict import Late
from shared.zones import is_ignored

HIVE = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)=(.*)")
MARKS = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{20,}|\d+|(?<![a-z])c(?=000)")
SAY_NOTHING = words(
    "part load export data snappy gz copy full incremental delta batch c t"
    " of am pm v raw new final file utc z dump extract daily monthly"
)
UNKNOWN_SHEET = "unknown_sheet"  # people know which one
WORKBOOK_SECONDS = 600.0


@dataclass(frozen=True)
class Content:
    """One file. `name`: as people know it; `path`: where its bytes are now; `stem`: what its name says beside
    dates and numbers; `packed`: what it came in (zip); `sheet`: of the workbook that the text was made of,
    and `workbook` its format; `keys`: values that stand in the path as `dt=2026-01-02`.
    """

    name: str
    path: Path
    stem: str
    packed: tuple[str, ...] = ()
    workbook: str = ""
    sheet: str = ""
    keys: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """A file that is not drafted from, and why."""

    why: str


def contents(
    paths: Sequence[Path], scratch: Path, sheet: str | None, limits: Limits
) -> Iterator[Content | LeftOut]:
    """Every file once, in an order that the paths' does not change.

    Raises InferError for what people must say first.
    """
    for root, path in _files(paths):
        stem, keys = _stem(path, root), _keys(path, root)
        try:
            with path.open("rb") as file:
                package = is_package(file.read(8))
        except OSError as error:
            yield LeftOut(f"{path.name}: {error.strerror}")
            continue
        if not package:
            yield Content(path.name, path, stem, keys=keys)
            continue
        try:
            yield from _opened(Content(path.name, path, stem, keys=keys), scratch, sheet, limits)
        except (Unreadable, Late, RefusedError) as stop:
            yield _left_out(path.name, stop)


def _left_out(name: str, stop: Unreadable | Late | RefusedError) -> LeftOut:
    return LeftOut(
        stop.text if isinstance(stop, RefusedError) else f"{name}: {getattr(stop, 'detail', stop)}"
    )


def _files(paths: Sequence[Path]) -> list[tuple[Path, Path]]:
    """The folder or file that was named, and the file; `_SUCCESS` and its like are none."""
    found: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise InferError(
                f"{path}: there is no such file or folder", "name files or folders that are there"
            )
        if not (path.is_dir() or path.is_file()):
            raise InferError(f"{path}: is neither a file nor a folder", "name files or folders")
        every = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
        every = [p for p in every if path == p or not (is_ignored(p.name) or p.name.startswith("."))]
        if not every:
            raise InferError(f"{path}: the folder holds no file", "name a folder that holds files")
        root = _root(path.resolve())
        for file in (p.resolve() for p in every):
            found[file] = min(found.get(file, root), root)  # a folder that holds the other one
    return sorted(((root, file) for file, root in found.items()), key=lambda pair: (pair[1].name, pair[1]))


def _root(path: Path) -> Path:
    """The folder whose name may say what its files are."""
    folder = path if path.is_dir() else path.parent
    while HIVE.fullmatch(folder.name):
        folder = folder.parent
    return folder


def _opened(
    package: Content, scratch: Path, sheet: str | None, limits: Limits
) -> Iterator[Content | LeftOut]:
    """A workbook's sheet, or each member of a zip; one that cannot be read leaves the others."""
    kind = package_kind(package.path)
    if kind != "zip":
        yield _sheet(package, kind, scratch, sheet, limits)
        return
    for member in members(package.path, limits):
        try:
            yield _member(package, member, scratch, sheet, limits)
        except (Unreadable, Late, RefusedError) as stop:
            yield _left_out(f"{package.name}/{member.name}", stop)


def _member(package: Content, member: Member, scratch: Path, sheet: str | None, limits: Limits) -> Content:
    target = scratch / "member"
    extract(package.path, member, target, limits)
    inner = Content(
        f"{package.name}/{member.name}", target, _stem(Path(member.name), None, package.stem), ("zip",)
    )
    with target.open("rb") as file:
        packed = is_package(file.read(8))
    if not packed:
        return inner
    kind = package_kind(target)
    if kind == "zip":
        raise RefusedError(f"{inner.name}: a zip inside a zip is not read; unpack the outer one")
    return _sheet(inner, kind, scratch, sheet, limits)


def _sheet(book: Content, kind: str, scratch: Path, sheet: str | None, limits: Limits) -> Content:
    text = scratch / "sheet.csv"
    failure = spreadsheets.write_text(book.path, sheet, text, limits.workbook_memory, WORKBOOK_SECONDS)
    if failure is not None:
        what = failure.detail.replace("name one in the contract: `sheet`", "choose one with --sheet")
        if failure.reason == UNKNOWN_SHEET:
            raise InferError(f"{book.name}: {what}", "name the sheet with --sheet")
        raise RefusedError(f"{book.name}: {what}")
    return Content(book.name, text, book.stem, book.packed, kind, sheet or "", book.keys)


def _stem(path: Path, root: Path | None, otherwise: str = "records") -> str:
    """What the name says beside dates, numbers and marks of parts; else what its folders say."""
    folders = [] if root is None else [p.name for p in path.parents if p == root or root in p.parents]
    for name in (path.name.partition(".")[0] or path.name, *folders):
        if HIVE.fullmatch(name):
            continue
        telling = [w for w in words_of(MARKS.sub(" ", name)) if w not in SAY_NOTHING]
        if telling:
            return "_".join(telling)
    return otherwise


def _keys(path: Path, root: Path) -> tuple[tuple[str, str | None], ...]:
    """Values that Hive and Spark put into the names of folders."""
    found: list[tuple[str, str | None]] = []
    for part in path.parts[:-1]:
        if match := HIVE.fullmatch(part):
            found.append((match[1], None if match[2] == HIVE_NULL else unquote(match[2])))
    return tuple(sorted(found))
