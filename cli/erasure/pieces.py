"""A text file cut into pieces: its records with the very bytes that they stand in, and what is between them.
Joined, the pieces are the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from shared.contracts.paths import Path
from shared.ledger.model import Profile
from shared.records.delimited import Broken, Rows
from shared.records.dialect import Dialect
from shared.records.json_stream import elements
from shared.records.reading import ACCEPTED, Unread
from shared.records.strict_json import loose
from shared.records.text import BLANKS, utf8

Value = dict[str, Any] | Unread
BLOCK = 1 << 20


@dataclass(frozen=True)
class Piece:
    """Bytes of a file. `value`: None for what is no record; `text`: a record as JSON has it."""

    raw: bytes
    value: Value | None = None
    text: str | None = None


def lines(content: File, encoding: str, may_be: Callable[[bytes], bool]) -> Iterator[Piece]:
    """Of NDJSON: a record a line. Of a line that `may_be` says nothing of, only the bytes are told."""
    with content.open("rb") as file:
        for raw in file:
            line = b"".join(utf8(iter([raw]), encoding))
            if not may_be(line):
                yield Piece(raw)
                continue
            yield of_json(raw, line) if line.strip(BLANKS) else Piece(raw)


def of_json(raw: bytes, text: bytes) -> Piece:
    """A piece that is one value of JSON, as the records of a file are read."""
    try:
        value = loose(text)
    except ValueError:
        value = None
    spelled = text.removesuffix(b"\n").decode(errors="replace")
    return Piece(raw, value if isinstance(value, dict) else Unread(spelled), spelled.strip())


def rows(content: File, profile: Profile) -> Iterator[Piece]:
    """Of delimited text: a record may span lines; headers, blank lines and comments stand between."""
    with content.open("rb") as read, content.open("rb") as cut:
        blocks = iter(lambda: read.read(BLOCK), b"")
        table = Rows(utf8(blocks, profile.encoding), ACCEPTED, Dialect.found(profile), placed=True)
        assert table.spans is not None  # it was asked for them
        physical, at = physical_lines(cut), 1
        for chunk in table:
            for row, (start, count) in zip(chunk, table.spans, strict=True):
                yield from (Piece(next(physical)) for _ in range(start - at))
                raw = b"".join(next(physical) for _ in range(count))
                at = start + count
                yield Piece(raw, _row(row, table.header))
            table.spans.clear()
        yield from map(Piece, physical)


def _row(row: list[str] | Broken, header: tuple[str, ...]) -> Value:
    if isinstance(row, Broken):
        return Unread(row.text.encode(errors="surrogateescape").decode(errors="replace"))
    return dict(zip(header, (v or None for v in row), strict=True))


def physical_lines(file: Any) -> Iterator[bytes]:
    """Lines with their ends: \\n, \\r\\n or a lone \\r, as `Rows` counts them."""
    for line in file:
        if b"\r" not in line.removesuffix(b"\r\n").removesuffix(b"\r"):
            yield line
            continue
        *inner, last = line.removesuffix(b"\r\n").split(b"\r")
        yield from (part + b"\r" for part in inner)
        yield last + (b"\r\n" if line.endswith(b"\r\n") else b"")


def json_elements(content: bytes, inside: Path | None) -> Iterator[Piece]:
    """Of an array, or of objects one after the other; the file is held whole. `content`: UTF-8."""
    at = 0
    for text in elements(iter([content]), ACCEPTED, inside):
        start = content.index(text, at)
        yield Piece(content[at:start])
        yield of_json(text, text)
        at = start + len(text)
    yield Piece(content[at:])
