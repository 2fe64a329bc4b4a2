"""NDJSON: one object a line, lines end at \\n only. A line that is not exactly one object is an unreadable record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.reasons import FileReason
from shared.records.dates import FLUSH_AT
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
    """Judges every line. The inner loop is what the door's speed rests on: for a common line it calls the parser and nothing else."""
    shapes: dict[tuple[str, ...], str | None] = {}
    shape: tuple[str, ...] = ()
    date_column: str | None = None
    parse, spellings = loads, tally.dates.spellings
    for lines in batches(blocks, limits):
        for line in lines:
            try:
                record = parse(line)
            except ValueError:
                record = None
            if record.__class__ is not dict:
                _no_object(line, tally)
                continue
            if tuple(record) != shape:
                shape = tuple(record)
                date_column = _date_column(shape, shapes, tally, limits)
            if date_column is not None:
                value: Any = record[date_column]
                if value.__class__ is str:
                    if len(value) > 10 and (value[-1] == "Z" or len(value) < 20) and value[4] == "-":
                        value = value[:10]
                elif value.__class__ is not int:
                    value = None if value is None else str(value)
                spellings[value] += 1
        tally.records += len(lines)
        if len(spellings) > FLUSH_AT:
            tally.dates.flush()
    tally.columns = tuple(sorted({c for shape in shapes for c in shape}))


def _no_object(line: bytes, tally: Tally) -> None:
    """A blank line is no record at all; anything else is an unreadable one."""
    if line.strip(BLANKS):
        tally.unreadable += 1
    else:
        tally.records -= 1


def _date_column(shape: tuple[str, ...], shapes: dict[tuple[str, ...], str | None], tally: Tally, limits: Limits) -> str | None:
    """The column of a shape that carries the event date. More shapes than the limit are not remembered, and not left to Spark."""
    if shape not in shapes:
        known = tally.date_columns(shape)
        tally.plain &= len(known) < 2 and len(shapes) < limits.max_columns
        if len(shapes) >= limits.max_columns:
            return known[0] if known else None
        shapes[shape] = known[0] if known else None
    return shapes[shape]
