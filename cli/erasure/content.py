"""The content of a file without the records of the people who are sought, everything else as it was.

Whatever cuts the file, the standard reader of the product has the last word: what it reads of the rewritten
file must be what it read before, without those records.
"""

from __future__ import annotations

import bz2
import gzip
import itertools
import lzma
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path as File
from typing import Any

from cli.erasure.pieces import BLOCK, Piece, Value, json_elements, lines, rows
from cli.erasure.sought import UnfaithfulError
from cli.erasure.xml_pieces import xml_elements
from shared.contracts.paths import Path
from shared.ledger.model import Profile
from shared.records.reading import ACCEPTED, texts_and_values
from shared.records.source import Source
from shared.records.verdict import Unreadable

Theirs = Callable[[Value, str | None], bool]
MayBe = Callable[[bytes], bool]
WHOLE_TEXT = ("json", "xml")  # formats that are cut in UTF-8, whatever the file's encoding


@dataclass(frozen=True)
class Reading:
    """How the records of a file are found: its profile, and what the contract says of places in records."""

    profile: Profile
    nested: bool = False
    inside: Path | None = None

    def values(self, content: File) -> Iterator[tuple[Value, str | None]]:
        """The records, as the product's own reader has them."""
        with content.open("rb") as file:
            yield from texts_and_values(file, self.profile, ACCEPTED, nested=self.nested, inside=self.inside)


def plain(content: File, target: File) -> str:
    """Writes a file's content as it is when decompressed; its compression, or `none`."""
    with content.open("rb") as stored, target.open("wb") as out:
        source = Source(stored, ACCEPTED)
        for block in source.blocks():
            out.write(block)
    return source.compression


def holds(content: File, reading: Reading, theirs: Theirs) -> int:
    """How many records of a file are theirs."""
    return sum(theirs(value, text) for value, text in reading.values(content))


def rewrite(
    content: File, target: File, scratch: File, reading: Reading, theirs: Theirs, may_be: MayBe
) -> int:
    """Writes a file without the records that are theirs; returns how many those are. `may_be`: false of bytes
    in which no record can be theirs.

    Raises UnfaithfulError for a file of which the rest would not stay as it is.
    """
    try:
        if reading.profile.format == "parquet":
            from cli.erasure.parquet_rows import without_rows

            without_rows(content, target, reading, theirs)
        else:
            _rewrite_text(content, target, scratch, reading, theirs, may_be)
        return _proven(content, target, reading, theirs)
    except (Unreadable, ValueError) as error:
        raise UnfaithfulError(f"it cannot be cut into records: {type(error).__name__}") from error


def _rewrite_text(
    content: File, target: File, scratch: File, reading: Reading, theirs: Theirs, may_be: MayBe
) -> None:
    text, kept, encoding = scratch / "text", scratch / "kept", reading.profile.encoding
    compression = plain(content, text)
    recoded = encoding.startswith("utf-16") or (
        reading.profile.format in WHOLE_TEXT and not encoding.startswith("utf-8")
    )
    if recoded:
        _recode(text, encoding, "utf-8")
        reading = replace(reading, profile=replace(reading.profile, encoding="utf-8"))
    with kept.open("wb") as out:
        out.writelines(_cut(text, reading, theirs, may_be))
    if recoded:
        _recode(kept, "utf-8", encoding)
    with kept.open("rb") as source, _compressed(target, compression) as file:
        shutil.copyfileobj(source, file, BLOCK)


def _cut(text: File, reading: Reading, theirs: Theirs, may_be: MayBe) -> Iterator[bytes]:
    match reading.profile.format:
        case "ndjson":
            return _without(lines(text, reading.profile.encoding, may_be), theirs)
        case "csv":
            return _without(rows(text, reading.profile), theirs)
        case "xml":
            pieces = xml_elements(text.read_bytes(), nested=reading.nested, inside=reading.inside)
            return _without(pieces, theirs)
        case "json":
            return _without_separators(json_elements(text.read_bytes(), reading.inside), theirs)
        case other:
            raise UnfaithfulError(f"nothing takes single records out of {other}")


def _without(pieces: Iterator[Piece], theirs: Theirs) -> Iterator[bytes]:
    return (p.raw for p in pieces if p.value is None or not theirs(p.value, p.text))


def _without_separators(pieces: Iterator[Piece], theirs: Theirs) -> Iterator[bytes]:
    """Of a list, whose records have commas between them: with each record goes one beside it."""
    between = b""
    for piece in pieces:
        if piece.value is None:
            between = _joined(between, piece.raw)
        elif not theirs(piece.value, piece.text):
            yield between
            yield piece.raw
            between = b""
    yield between


def _joined(before: bytes, after: bytes) -> bytes:
    """What stands where a record stood between these two."""
    if before and after.strip() == b",":
        return before
    return after if before.strip() == b"," else before + after


def _proven(content: File, target: File, reading: Reading, theirs: Theirs) -> int:
    """How many records the rewritten file lacks. Raises UnfaithfulError unless it has all others."""
    taken = 0

    def others() -> Iterator[str]:
        nonlocal taken
        for value, text in reading.values(content):
            if theirs(value, text):
                taken += 1
            else:
                yield repr(value)

    after = (repr(value) for value, _ in reading.values(target))
    if any(a != b for a, b in itertools.zip_longest(others(), after)):
        raise UnfaithfulError("without the records, others would be read otherwise")
    return taken


def _recode(file: File, source: str, target: str) -> None:
    """Raises UnfaithfulError where the text would not come back as it is."""
    before = file.read_bytes()
    after = before.decode(source, "surrogatepass").encode(target, "surrogatepass")
    if target == "utf-8" and after.decode().encode(source, "surrogatepass") != before:
        raise UnfaithfulError(f"its {source} has more than one spelling")
    file.write_bytes(after)


def _compressed(target: File, compression: str) -> AbstractContextManager[Any]:
    """A file to write in, in one member whatever the file had before."""
    match compression:
        case "none":
            return target.open("wb")
        case "gzip":
            return gzip.GzipFile(target, "wb", mtime=0)
        case "bzip2":
            return bz2.BZ2File(target, "wb")
        case "xz":
            return lzma.LZMAFile(target, "wb")
        case "zstd":
            import pyarrow as pa

            written: AbstractContextManager[Any] = pa.CompressedOutputStream(str(target), "zstd")
            return written
        case other:
            raise UnfaithfulError(f"nothing writes {other}")
