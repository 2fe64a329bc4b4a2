"""The records of an accepted file, for files that Spark's own readers would misread.

Counts as ingestion counted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from shared.contracts.paths import Path
from shared.ledger.model import Profile
from shared.records.delimited import Broken, Rows
from shared.records.dialect import Dialect
from shared.records.envelope import is_tombstone
from shared.records.json_lines import batches
from shared.records.json_stream import elements
from shared.records.parquet import read_parquet
from shared.records.plain import compact, text_of
from shared.records.shape import Row, Shape
from shared.records.source import Readable, Source
from shared.records.strict_json import loose
from shared.records.text import BLANKS, begun, utf8
from shared.records.verdict import Limits
from shared.records.xml_stream import elements as xml_elements
from shared.records.xml_tree import trees

# Ingestion's limits may have been set higher than the defaults; what it accepted is read to the end,
# whatever they were.
ACCEPTED = Limits(
    max_decompressed=1 << 62,
    max_spooled=1 << 62,
    max_ratio=1 << 40,
    max_record=1 << 30,
    max_columns=1 << 30,
    max_footer=1 << 40,
)


@dataclass(frozen=True)
class Record:
    """A record's fields as text (null: None), or the raw text of one that cannot be read."""

    fields: dict[str, str | None] | None
    raw: str | None = None


@dataclass(frozen=True)
class Unread:
    """What is no record, as text."""

    raw: str


def records(stream: Readable, profile: Profile, limits: Limits | None = None) -> Iterator[Record]:
    """Every record in order.

    Numbers keep their spelling, nested values are compact JSON, an empty cell of a table is null.
    """
    for value in values(stream, profile, limits):
        if isinstance(value, Unread):
            yield Record(None, value.raw)
        else:
            yield Record({k: None if v is None else text_of(v) for k, v in value.items()})


def rows(
    stream: Readable, profile: Profile, shape: Shape, nested: bool = False, inside: Path | None = None
) -> Iterator[Row]:
    """Every record in order, as the columns of a dataset. `nested`: the dataset looks into records; `inside`:
    where they are.
    """
    yield from rows_of(texts_and_values(stream, profile, nested=nested, inside=inside), shape)


def rows_of(records: Iterable[tuple[dict[str, Any] | Unread, str | None]], shape: Shape) -> Iterator[Row]:
    """What records become; of a change's envelope a tombstone is none."""
    for value, text in records:
        if not isinstance(value, Unread):
            yield from shape.rows(value, text)
        elif not (shape.enveloped and is_tombstone(value.raw.encode())):
            yield Row(raw=value.raw)


def values(
    stream: Readable,
    profile: Profile,
    limits: Limits | None = None,
    *,
    nested: bool = False,
    inside: Path | None = None,
) -> Iterator[dict[str, Any] | Unread]:
    """Every record in order, as the values of `shared.records.plain`."""
    read = texts_and_values(stream, profile, limits, nested=nested, inside=inside)
    return (value for value, _ in read)


def texts_and_values(
    stream: Readable,
    profile: Profile,
    limits: Limits | None = None,
    *,
    nested: bool = False,
    inside: Path | None = None,
) -> Iterator[tuple[dict[str, Any] | Unread, str | None]]:
    """Every record in order, as the values of `shared.records.plain`, and as JSON where its names and their
    texts do not tell all of it: where it came as JSON, or is nested.
    """
    limits = limits or ACCEPTED
    _, blocks = begun(Source(stream, limits).blocks())
    if profile.format == "parquet":
        yield from ((record, compact(record) if nested else None) for record in _parquet(blocks, limits))
        return
    text = utf8(blocks, profile.encoding)
    match profile.format:
        case "csv":
            yield from ((row, None) for row in _delimited(text, profile, limits))
        case "ndjson":
            yield from map(_json, _lines(text, limits))
        case "json":
            yield from map(_json, elements(text, limits, inside))
        case "xml" if nested:
            yield from ((tree, compact(tree)) for tree in trees(text, limits, inside))
        case "xml":
            yield from ((record, None) for record in xml_elements(text, limits))
        case other:
            raise ValueError(f"no reader of {other}")


def _lines(blocks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    for lines in batches(blocks, limits):
        yield from (line for line in lines if line.strip(BLANKS))


def _json(text: bytes) -> tuple[dict[str, Any] | Unread, str]:
    try:
        value = loose(text)
    except ValueError:
        value = None
    spelled = text.decode(errors="replace")
    return value if isinstance(value, dict) else Unread(spelled), spelled.strip()


def _delimited(
    blocks: Iterator[bytes], profile: Profile, limits: Limits
) -> Iterator[dict[str, Any] | Unread]:
    rows = Rows(blocks, limits, Dialect.found(profile))
    for chunk in rows:
        for row in chunk:
            if isinstance(row, Broken):
                yield Unread(row.text.encode(errors="surrogateescape").decode(errors="replace"))
            else:
                yield dict(zip(rows.header, (v or None for v in row), strict=True))


def _parquet(blocks: Iterator[bytes], limits: Limits) -> Iterator[dict[str, Any]]:
    with tempfile.NamedTemporaryFile() as file:
        for block in blocks:
            file.write(block)
        file.seek(0)
        yield from read_parquet(file, limits)
