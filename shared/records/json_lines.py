"""NDJSON: one object a line, lines end at \\n only. A line that is not exactly one object is an unreadable record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.reasons import FileReason
from shared.records.strict_json import loads
from shared.records.tally import Tally
from shared.records.verdict import Limits, Unreadable

BLANKS = b" \t\r\n"


def batches(blocks: Iterator[bytes], limits: Limits) -> Iterator[list[bytes]]:
    """The file's lines, many at a time; raises Unreadable for a line that is too long to be one."""
    rest = b""
    for block in blocks:
        lines = (rest + block).split(b"\n") if rest else block.split(b"\n")
        rest = lines.pop()
        if len(rest) > limits.max_record:
            raise Unreadable(FileReason.RECORD_TOO_LARGE, f"a line is longer than {limits.max_record} bytes")
        yield lines
    if rest:
        yield [rest]


def tally_lines(blocks: Iterator[bytes], tally: Tally, limits: Limits) -> None:
    """Judges every line. The inner loop is what the door's speed rests on: no call but the parser's for a common line."""
    shapes: dict[tuple[str, ...], str | None] = {}
    spellings = tally.dates.spellings
    for lines in batches(blocks, limits):
        for line in lines:
            try:
                record = loads(line)
                shape = tuple(record)
                date_column = shapes[shape]
            except (KeyError, ValueError, TypeError):
                found = _unusual(line, shapes, tally, limits)
                if found is None:
                    continue
                record, date_column = found
            if record.__class__ is not dict:
                tally.unreadable += 1
                continue
            if date_column is not None:
                value: Any = record[date_column]
                if value.__class__ is str:
                    if len(value) > 10 and (len(value) <= 19 or value[-1] == "Z") and value[4] == "-":
                        value = value[:10]
                elif value.__class__ is not int:
                    value = None if value is None else str(value)
                spellings[value] = spellings.get(value, 0) + 1
        tally.records += len(lines) - lines.count(b"") - lines.count(b"\r")
        if len(spellings) > 5000:
            tally.dates.flush()
    tally.columns = tuple(sorted({c for shape in shapes for c in shape}))


def _unusual(line: bytes, shapes: dict[tuple[str, ...], str | None], tally: Tally, limits: Limits) -> tuple[Any, str | None] | None:
    """A line with new columns, or no object. Counts what is unreadable; None: there is nothing more to do with it."""
    if not line.strip(BLANKS):
        tally.records -= line not in (b"", b"\r")
        return None
    try:
        record = loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        tally.unreadable += 1
        return None
    shape = tuple(record)
    known = tally.date_columns(shape)
    if len(shapes) < limits.max_columns:
        shapes[shape] = known[0] if known else None
        tally.plain &= len(known) < 2
    else:
        tally.plain = False
    return record, (known[0] if known else None)
