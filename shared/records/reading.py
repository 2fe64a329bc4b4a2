"""The records of an accepted file, for files that Spark's own readers would misread. Counts as the door counted."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.ledger_model import Profile
from shared.records.delimited import Rows
from shared.records.json_lines import BLANKS, batches
from shared.records.json_stream import values
from shared.records.parquet import batches as parquet_batches
from shared.records.parquet import text_of
from shared.records.source import Readable, Source
from shared.records.strict_json import Number, exact
from shared.records.text import utf8
from shared.records.verdict import Limits


@dataclass(frozen=True)
class Record:
    """A record's fields as text (null: None), or the raw text of one that cannot be read."""

    fields: dict[str, str | None] | None
    raw: str | None = None


def records(stream: Readable, profile: Profile, limits: Limits | None = None) -> Iterator[Record]:
    """Every record in order. Numbers keep their spelling, nested values are compact JSON."""
    limits = limits or Limits()
    blocks = Source(stream, limits).blocks()
    if profile.format == "parquet":
        yield from _parquet(blocks)
        return
    content = utf8(_without_blank_start(blocks), profile.encoding)
    readers = {"csv": _delimited, "ndjson": _lines, "json": _stream}
    yield from readers[profile.format](content, limits)


def _without_blank_start(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """As the door: blocks of nothing but blanks before the first text are passed over."""
    for block in blocks:
        if block.strip(b" \t\r\n\xef\xbb\xbf"):
            yield from itertools.chain([block], blocks)
            return


def _lines(blocks: Iterator[bytes], limits: Limits) -> Iterator[Record]:
    for lines in batches(blocks, limits):
        for line in lines:
            if line.strip(BLANKS):
                yield _line(line)


def _line(line: bytes) -> Record:
    try:
        value = exact(line)
    except (ValueError, RecursionError):
        value = None
    return _object(value) if isinstance(value, dict) else Record(None, line.decode(errors="replace"))


def _stream(blocks: Iterator[bytes], limits: Limits) -> Iterator[Record]:
    for value, text in values(blocks, limits):
        yield _object(value) if isinstance(value, dict) else Record(None, text)


def _object(value: dict[str, Any]) -> Record:
    return Record({k: _text(v) for k, v in value.items()})


def _text(value: Any) -> str | None:
    """A JSON value as text; Number is text already."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return _compact(value)


def _compact(value: Any) -> str:
    """Nested JSON on one line, numbers as they were spelled."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{_compact(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_compact, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _delimited(blocks: Iterator[bytes], limits: Limits) -> Iterator[Record]:
    rows = Rows(blocks, limits)
    for row in rows:
        if row is None:
            yield Record(None, rows.text.rstrip("\n").encode(errors="surrogateescape").decode(errors="replace"))
        else:
            yield Record(dict(zip(rows.header, (v or None for v in row), strict=True)))


def _parquet(blocks: Iterator[bytes]) -> Iterator[Record]:
    with tempfile.TemporaryFile() as file:
        for block in blocks:
            file.write(block)
        file.seek(0)
        stream = parquet_batches(file)
        next(stream)
        for batch in stream:
            for row in batch.to_pylist():
                yield Record({k: text_of(v) for k, v in row.items()})
