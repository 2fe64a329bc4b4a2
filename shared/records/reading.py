"""The records of an accepted file, for files that Spark's own readers would misread.

Counts as ingestion counted.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.ledger.model import Profile
from shared.records.delimited import Broken, Rows
from shared.records.dialect import Dialect
from shared.records.json_lines import batches
from shared.records.json_stream import elements
from shared.records.parquet import batches as parquet_batches
from shared.records.parquet import texts
from shared.records.source import Readable, Source
from shared.records.strict_json import Number, exact
from shared.records.text import BLANKS, begun, utf8
from shared.records.verdict import Limits
from shared.records.xml_stream import elements as xml_elements

# Ingestion's limits may have been set higher than the defaults; what it accepted is read to the end,
# whatever they were.
ACCEPTED = Limits(max_decompressed=1 << 62, max_spooled=1 << 62, max_ratio=1 << 40, max_record=1 << 30)


@dataclass(frozen=True)
class Record:
    """A record's fields as text (null: None), or the raw text of one that cannot be read."""

    fields: dict[str, str | None] | None
    raw: str | None = None


def records(stream: Readable, profile: Profile, limits: Limits | None = None) -> Iterator[Record]:
    """Every record in order.

    Numbers keep their spelling, nested values are compact JSON, an empty cell of a table is null.
    """
    limits = limits or ACCEPTED
    _, blocks = begun(Source(stream, limits).blocks())
    if profile.format == "parquet":
        yield from _parquet(blocks, limits)
        return
    text = utf8(blocks, profile.encoding)
    if profile.format == "csv":
        yield from _delimited(text, profile, limits)
        return
    readers = {"ndjson": _lines, "json": _stream, "xml": _xml}
    yield from readers[profile.format](text, limits)


def _lines(blocks: Iterator[bytes], limits: Limits) -> Iterator[Record]:
    for lines, _ in batches(blocks, limits):
        for line in lines:
            if line.strip(BLANKS):
                yield _json(line)


def _stream(blocks: Iterator[bytes], limits: Limits) -> Iterator[Record]:
    yield from map(_json, elements(blocks, limits))


def _xml(blocks: Iterator[bytes], limits: Limits) -> Iterator[Record]:
    yield from map(Record, xml_elements(blocks, limits))


def _json(text: bytes) -> Record:
    try:
        value = exact(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return Record(None, text.decode(errors="replace"))
    return Record({k: _text(v) for k, v in value.items()})


def _text(value: Any) -> str | None:
    """A JSON value as text; Number is text already."""
    if value is None or isinstance(value, str):
        return value
    return _compact(value)


def _compact(value: Any) -> str:
    """Nested JSON on one line, numbers as they were spelled."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{_compact(v)}" for k, v in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(_compact, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _delimited(blocks: Iterator[bytes], profile: Profile, limits: Limits) -> Iterator[Record]:
    rows = Rows(blocks, limits, Dialect.found(profile))
    for chunk in rows:
        for row in chunk:
            if isinstance(row, Broken):
                yield Record(None, row.text.encode(errors="surrogateescape").decode(errors="replace"))
            else:
                yield Record(dict(zip(rows.header, (v or None for v in row), strict=True)))


def _parquet(blocks: Iterator[bytes], limits: Limits) -> Iterator[Record]:
    with tempfile.TemporaryFile() as file:
        for block in blocks:
            file.write(block)
        file.seek(0)
        stream = parquet_batches(file, limits)
        names = next(stream).names
        for batch in stream:
            for row in zip(*map(texts, batch.columns), strict=True):
                yield Record(dict(zip(names, row, strict=True)))
