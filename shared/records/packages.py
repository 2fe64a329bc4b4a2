"""Zips: what they are (an archive of files, or a workbook), and the files in an archive."""

from __future__ import annotations

import fnmatch
import hashlib
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from shared.reasons import FileReason
from shared.records.compression import BLOCK
from shared.records.verdict import Limits, Unreadable
from shared.zip_errors import DAMAGED

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old Office files, and new ones behind a password
ENCRYPTED_OLE = "EncryptedPackage".encode("utf-16-le")
ODS = b"application/vnd.oasis.opendocument.spreadsheet"
ENCRYPTED = 0x1  # flag of a member
JUNK = ("__MACOSX/*", "*/__MACOSX/*", ".DS_Store", "*/.DS_Store", "Thumbs.db", "*/Thumbs.db", "._*", "*/._*")
MAX_MEMBERS = 1000
END, END64 = b"PK\x05\x06", b"PK\x06\x06"  # records behind the list of a zip's files
TAIL = (1 << 16) + 128  # bytes in which they stand: the first may be followed by a comment
LARGEST_LIST = 4 << 20  # bytes of the list, which is held whole; a thousand files of long names need a tenth
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
        start = file.read(len(OLE))
        if start.startswith(OLE):
            raise _old_office(file)
        if (size := _list_size(file)) > LARGEST_LIST:
            raise Unreadable(
                FileReason.DECOMPRESSION_BOMB,
                f"the list of its files takes {size} bytes, more than {LARGEST_LIST}",
            )
    try:
        with zipfile.ZipFile(path) as package:
            names = package.namelist()
            if "xl/workbook.xml" in names and "[Content_Types].xml" in names:
                return "xlsx"
            return "ods" if "mimetype" in names and _begins(package, "mimetype") == ODS else "zip"
    except (*DAMAGED, OSError) as error:
        raise Unreadable(FileReason.CORRUPT_ARCHIVE, "the zip is damaged or cut off") from error


def _list_size(file: IO[bytes]) -> int:
    """Bytes of the list of a zip's files, as its end says; 0 without an end."""
    file.seek(max(0, file.seek(0, 2) - TAIL))
    tail = file.read()
    at = tail.rfind(END)
    size = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    if size == 0xFFFFFFFF and (wide := tail.rfind(END64, 0, at)) >= 0:
        size = int.from_bytes(tail[wide + 40 : wide + 48], "little")
    return size


def _begins(package: zipfile.ZipFile, name: str) -> bytes:
    try:
        with package.open(name) as file:
            return file.read(len(ODS))
    except DAMAGED:
        return b""


def _old_office(file: IO[bytes]) -> Unreadable:
    file.seek(0)
    end = b""
    while block := file.read(BLOCK):
        if ENCRYPTED_OLE in end + block:
            return Unreadable(FileReason.ENCRYPTED, "an Office file behind a password")
        end = block[-len(ENCRYPTED_OLE) :]
    return Unreadable(
        FileReason.FORMAT_NOT_ACCEPTED, "this is an old Office file (.xls, .doc): save it as xlsx"
    )


def members(path: Path, limits: Limits) -> list[Member]:
    """The files of a zip, without folders and what macOS and Windows put beside them.

    Raises Unreadable for a bomb, for what is encrypted, and for a zip without files.
    """
    with zipfile.ZipFile(path) as package:
        names = enumerate(package.infolist())
        # Not `is_dir`: it fails on a file without a name.
        files = [(i, m) for i, m in names if not m.filename.endswith("/") and not _is_junk(m.filename)]
    if len(files) > MAX_MEMBERS:
        raise Unreadable(FileReason.DECOMPRESSION_BOMB, f"{len(files)} files are more than {MAX_MEMBERS}")
    total, size = sum(m.file_size for _, m in files), path.stat().st_size
    largest = max((m.file_size for _, m in files), default=0)
    if total > limits.ratio_from and total > limits.max_ratio * size:
        raise Unreadable(FileReason.DECOMPRESSION_BOMB, f"{size} bytes expand to {total}")
    # The zip, a member and, where that is Parquet, what its reader spools lie on the disk together.
    if total > limits.max_decompressed or size + 2 * largest > limits.max_spooled:
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
    except NotImplementedError as error:
        detail = "compressed by a method that is not read here: zip it with Deflate"
        raise Unreadable(FileReason.CORRUPT_ARCHIVE, detail) from error
    except (*DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's, not the zip's: of bad data bz2's have no number
        raise Unreadable(FileReason.CORRUPT_ARCHIVE, f"damaged after {written} bytes") from error


def _blocks(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    if member.header_offset < 0:  # a damaged list: the system would refuse to seek there, as a disk does
        raise zipfile.BadZipFile("a file before the start")
    with package.open(member) as file:
        while block := file.read(BLOCK):
            yield block
