"""Zips: what they are (an archive of files, or a workbook), and the files in an archive."""

from __future__ import annotations

import fnmatch
import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.reasons import FileReason
from shared.records.compression import BLOCK
from shared.records.verdict import Limits, Unreadable

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old Office files, and new ones behind a password
ENCRYPTED_OLE = "EncryptedPackage".encode("utf-16-le")
ODS = b"application/vnd.oasis.opendocument.spreadsheet"
ENCRYPTED = 0x1  # flag of a member
JUNK = ("__MACOSX/*", "*/__MACOSX/*", ".DS_Store", "*/.DS_Store", "Thumbs.db", "*/Thumbs.db", "._*", "*/._*")
MAX_MEMBERS = 1000
LONGEST_NAME = 200  # bytes of a member's name in a key, which has 1,024
HARMLESS = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Member:
    """A file in a zip. `name`: harmless as part of a key, and given once; `place`: where the zip has it."""

    name: str
    place: int


def is_package(start: bytes) -> bool:
    """Whether a file that begins so must be seen as a whole: a zip, or a file of Office."""
    return start.startswith((*ZIP, OLE))


def package_kind(path: Path) -> str:
    """`xlsx`, `ods` or `zip`. Raises Unreadable for what is encrypted, old or no zip."""
    with path.open("rb") as file:
        start = file.read(BLOCK)
        if start.startswith(OLE):
            raise _old_office(start + file.read())
    try:
        with zipfile.ZipFile(path) as package:
            names = package.namelist()
            if "xl/workbook.xml" in names and "[Content_Types].xml" in names:
                return "xlsx"
            return "ods" if "mimetype" in names and _begins(package, "mimetype") == ODS else "zip"
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise Unreadable(FileReason.CORRUPT_ARCHIVE, "the zip is damaged or cut off") from error


def _begins(package: zipfile.ZipFile, name: str) -> bytes:
    try:
        with package.open(name) as file:
            return file.read(len(ODS))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError):
        return b""


def _old_office(content: bytes) -> Unreadable:
    if ENCRYPTED_OLE in content:
        return Unreadable(FileReason.ENCRYPTED, "an Office file behind a password")
    return Unreadable(
        FileReason.FORMAT_NOT_ACCEPTED, "this is an old Office file (.xls, .doc): save it as xlsx"
    )


def members(path: Path, limits: Limits) -> list[Member]:
    """The files of a zip, without folders and what macOS and Windows put beside them.

    Raises Unreadable for a bomb, for what is encrypted, and for a zip without files.
    """
    with zipfile.ZipFile(path) as package:
        files = [
            (i, m) for i, m in enumerate(package.infolist()) if not m.is_dir() and not _is_junk(m.filename)
        ]
    if len(files) > MAX_MEMBERS:
        raise Unreadable(FileReason.DECOMPRESSION_BOMB, f"{len(files)} files are more than {MAX_MEMBERS}")
    total, size = sum(m.file_size for _, m in files), path.stat().st_size
    largest = max((m.file_size for _, m in files), default=0)
    if total > limits.ratio_from and total > limits.max_ratio * size:
        raise Unreadable(FileReason.DECOMPRESSION_BOMB, f"{size} bytes expand to {total}")
    if total > limits.max_decompressed or largest > limits.max_spooled:
        raise Unreadable(FileReason.TOO_LARGE, f"the zip holds {total} bytes")
    if any(m.flag_bits & ENCRYPTED for _, m in files):
        raise Unreadable(FileReason.ENCRYPTED, "the zip is protected by a password")
    if not files:
        raise Unreadable(FileReason.EMPTY_FILE, "the zip holds no file")
    return _named_once(files)


def _named_once(files: list[tuple[int, zipfile.ZipInfo]]) -> list[Member]:
    taken: set[str] = set()
    found = []
    for place, member in files:
        name = harmless_name(member.filename)
        if name in taken:
            name = f"{place}/{name}"
        taken.add(name)
        found.append(Member(name, place))
    return found


def harmless_name(name: str) -> str:
    """A member's name as part of a key: no way up, no control characters, not too long."""
    parts = [p for p in HARMLESS.sub("_", name.replace("\\", "/")).split("/") if p not in ("", ".", "..")]
    whole = "/".join(parts) or "file"
    encoded = whole.encode(errors="replace")
    if len(encoded) <= LONGEST_NAME:
        return encoded.decode()
    digest = hashlib.sha256(encoded).hexdigest()[:12]
    return f"{digest}-{encoded[-LONGEST_NAME:].decode(errors='ignore').rpartition('/')[2]}"


def _is_junk(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in JUNK)


def extract(path: Path, member: Member, target: Path, limits: Limits) -> None:
    """Writes a member's content; its checksum is checked.

    Raises Unreadable for a damaged one.
    """
    written = 0
    try:
        with zipfile.ZipFile(path) as package, target.open("wb") as file:
            for block in _blocks(package, package.infolist()[member.place]):
                written += file.write(block)
                limits.in_time(written)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Unreadable(FileReason.CORRUPT_ARCHIVE, f"damaged after {written} bytes") from error


def _blocks(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with package.open(member) as file:
        while block := file.read(BLOCK):
            yield block
