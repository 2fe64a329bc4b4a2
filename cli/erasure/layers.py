"""All bytes of an object, and what they mean where they are compressed, packed or encoded."""

from __future__ import annotations

import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.erasure.avro import blocks_of
from cli.erasure.sought import Sought
from shared.reasons import FileReason
from shared.records.compression import BLOCK, compression_of
from shared.records.packages import OLE, is_package
from shared.records.reading import ACCEPTED
from shared.records.source import Source
from shared.records.verdict import Unreadable
from shared.zip_errors import DAMAGED

PARQUET, AVRO = b"PAR1", b"Obj\x01"
DEEPEST = 8
START = 16  # bytes that tell what a file is
SEALED = {
    OLE: "an old or encrypted file of Office",
    b"7z\xbc\xaf'\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"%PDF": "a PDF",
    b"ORC": "an ORC file",
    b'\x04"M\x18': "an lz4 file",
    b"\xff\x06\0\0sNaPpY": "a snappy file",
    b"\x1f\x9d": "a file of compress",
}
Text = tuple[bytes, bool]  # bytes, and whether a number among them may be whose they are


def mentions(sought: Sought, content: Path, scratch: Path, unopened: list[str] | None = None) -> bool:
    """Whether a value stands in an object as a word of its own. `unopened` gets why not all of it was looked
    into.
    """
    others, why = sought.beyond_numbers, unopened if unopened is not None else []
    return any(
        (sought if number else others).is_mentioned_in(block)
        for block, number in texts(content, scratch, sought, why)
    )


def texts(content: Path, scratch: Path, sought: Sought, unopened: list[str]) -> Iterator[Text]:
    for path in _opened(content, scratch, unopened):
        start = _start(path)
        packed = is_package(start) or compression_of(start) != "none" or _sealed(start)
        plain = not packed and not start.startswith((PARQUET, AVRO))
        yield from ((block, plain) for block in overlapping(path))
        if start.startswith(PARQUET):
            yield from _cells(path, sought, unopened)
        elif start.startswith(AVRO):
            yield from ((block, False) for block in inflated(path, unopened))


def inflated(path: Path, unopened: list[str]) -> Iterator[bytes]:
    """The blocks of an Avro file."""
    try:
        yield from blocks_of(path.read_bytes())
    except (ValueError, LookupError, zlib.error) as error:
        unopened.append(f"Avro that cannot be read: {error}")


def _opened(content: Path, scratch: Path, unopened: list[str], deep: int = 0) -> Iterator[Path]:
    """A file and all files in it, each until the next is asked for."""
    yield content
    start, folder = _start(content), scratch / f"layer-{deep}"
    if sealed := _sealed(start):
        unopened.append(sealed)
    inside = _members if is_package(start) else _plain if compression_of(start) != "none" else None
    if sealed or inside is None:
        return
    if deep == DEEPEST:
        unopened.append(f"archives in one another, {DEEPEST} deep")
        return
    folder.mkdir(exist_ok=True)
    for path in inside(content, folder / "content", unopened):
        yield from _opened(path, scratch, unopened, deep + 1)


def _members(package: Path, target: Path, unopened: list[str]) -> Iterator[Path]:
    try:
        with zipfile.ZipFile(package) as archive:
            for info in archive.infolist():
                try:
                    with archive.open(info) as inside, target.open("wb") as out:
                        shutil.copyfileobj(inside, out)
                except (*DAMAGED, OSError):
                    unopened.append("a file in a zip that is encrypted or damaged")
                yield target  # as far as it came
    except (*DAMAGED, OSError):
        unopened.append("a zip that is damaged")


def _plain(content: Path, target: Path, unopened: list[str]) -> Iterator[Path]:
    with content.open("rb") as stored, target.open("wb") as out:
        try:
            for block in Source(stored, ACCEPTED).blocks():
                out.write(block)
        except Unreadable as stop:
            # What deflate has of a text that was cut off is all there; bzip2 and others hold blocks back
            if stop.reason is not FileReason.CORRUPT_GZIP or "ends early" not in stop.detail:
                unopened.append(f"compressed, and damaged: {stop.detail}")
    yield target


def _cells(content: Path, sought: Sought, unopened: list[str]) -> Iterator[Text]:
    """Every value of a Parquet file as text, one a line; also those that its dictionaries alone have."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(content) as file:
            for batch in file.iter_batches():
                for name, column in zip(batch.schema.names, batch.columns, strict=True):
                    found = column.dictionary if pa.types.is_dictionary(column.type) else column
                    number = pa.types.is_integer(found.type) or pa.types.is_floating(found.type)
                    number = number or pa.types.is_decimal(found.type) or pa.types.is_temporal(found.type)
                    distinct = {_text(v) for v in found.to_pylist() if v is not None}
                    yield "\n".join(distinct).encode(errors="replace"), not number or name in sought.columns
    except (pa.ArrowException, OSError, ValueError) as error:
        unopened.append(f"Parquet that cannot be read: {type(error).__name__}")


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    nested = isinstance(value, dict | list | tuple)
    return json.dumps(value, ensure_ascii=False, default=_text) if nested else str(value)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(START)


def _sealed(start: bytes) -> str:
    return next((what for mark, what in SEALED.items() if start.startswith(mark)), "")


def overlapping(path: Path) -> Iterator[bytes]:
    """The content in blocks, each with the end of the one before: no value is cut."""
    with path.open("rb") as file:
        yield from overlapped(iter(lambda: file.read(BLOCK), b""))


def overlapped(blocks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        rest += block
        yield rest
        rest = rest[-4096:]
