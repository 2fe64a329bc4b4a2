"""NDJSON: one object a line, lines end at \\n only.

A line that is not exactly one object is an unreadable record; a blank one is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from shared.reasons import FileReason
from shared.records.envelope import is_tombstone
from shared.records.file_profile import FileProfile
from shared.records.strict_json import loads, loose, objects_at_once
from shared.records.text import BLANKS
from shared.records.verdict import Limits, Unreadable

# few enough records to stay in the processor's cache, enough to spare the interpreter a loop over each
CHUNK, PIECE = 64, 1 << 15
OBJECTS = {dict}
# Spark's parser refuses a number of more than 1,000 characters (Jackson's StreamReadConstraints). One of its
# parts – before the point, behind it, exponent – has a third of them, and one of two blocks half of that.
# One of more than 308 is infinite as a double, and half of those are as many.
MANY_DIGITS = 150
STEP = 15
TO_ZERO = bytes(ord("0") if chr(b).isdigit() else b for b in range(128)) + bytes(range(128, 256))


def batches(blocks: Iterator[bytes], limits: Limits) -> Iterator[list[bytes]]:
    """The file's lines, many at a time. Raises Unreadable for a line that is too long."""
    for text in _whole_lines(blocks, limits):
        yield text.split(b"\n")


def _whole_lines(blocks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    rest: list[bytes] = []
    size = 0
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join([*rest, block[: end - 1]])
            rest, size = [], 0
        rest.append(block[end:])
        size += len(block) - end
        if size > limits.max_record:
            raise Unreadable(FileReason.RECORD_TOO_LARGE, f"a line is longer than {limits.max_record} bytes")
    yield b"".join(rest)


def profile_lines(blocks: Iterator[bytes], profile: FileProfile, limits: Limits) -> None:
    """Judges every line.

    The ingest function's speed rests on this: for common lines all work is done by whole pieces of text.
    """
    for text in _whole_lines(watched(blocks, profile), limits):
        for piece in _pieces(text):
            _profile_piece(piece, profile)


def _pieces(text: bytes) -> Iterator[bytes]:
    """Some lines at a time."""
    start = 0
    while start <= len(text):
        end = text.rfind(b"\n", start, start + PIECE)
        if end < 0:
            end = text.find(b"\n", start + PIECE)
        if end < 0:
            end = len(text)
        yield text[start:end]
        start = end + 1


def watched(blocks: Iterator[bytes], profile: FileProfile) -> Iterator[bytes]:
    """The blocks; a file with a very long number is left to our own reader. Of a block every fifteenth byte
    tells whether so many digits may stand in a row.
    """
    for block in blocks:
        few = block[::STEP].translate(TO_ZERO)
        if b"0" * (MANY_DIGITS // STEP) in few and b"0" * MANY_DIGITS in block.translate(TO_ZERO):
            profile.plain, profile.long_numbers = False, True
        yield block


def _profile_piece(piece: bytes, profile: FileProfile) -> None:
    if profile.observe_lines(piece):
        return
    values: list[Any] | None = objects_at_once(piece)
    if values is None:
        lines = [line for line in piece.split(b"\n") if line.strip(BLANKS)]
        if profile.dataset.envelope == "debezium":
            lines = [line for line in lines if not is_tombstone(line)]
        values = [value_of(line, loads, profile) for line in lines]
    profile_values(values, profile)


def value_of(text: bytes, parse: Callable[[bytes], Any], profile: FileProfile) -> Any:
    """The value of a text, or None when it is no JSON. One with NaN is left to our own reader."""
    try:
        return parse(text)
    except ValueError:
        profile.plain = False
    try:
        return loose(text)
    except ValueError:
        return None


def profile_values(values: list[Any], profile: FileProfile) -> None:
    """Counts records, observes their columns and collects their dates; what is no object is unreadable."""
    if profile.nested:
        profile.add_rows(values)
        return
    objects = values
    if set(map(type, values)) != OBJECTS:
        objects = [v for v in values if v.__class__ is dict]
    if objects:
        profile.observe(objects)
    profile.records += len(values) - len(objects)
    profile.unreadable += len(values) - len(objects)
