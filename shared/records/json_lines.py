"""NDJSON: one object a line, lines end at \\n only.

A line that is not exactly one object is an unreadable record; a blank one is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from shared.reasons import FileReason
from shared.records.envelope import is_tombstone
from shared.records.file_profile import FileProfile
from shared.records.strict_json import MAX_DEPTH, loads, loose, plain
from shared.records.text import BLANKS
from shared.records.verdict import Limits, Unreadable

# few enough records to stay in the processor's cache, enough to spare the interpreter a loop over each
CHUNK = 64
OBJECTS = {dict}
# Spark's parser refuses a number of more than 1,000 characters (Jackson's StreamReadConstraints). One of its
# parts – before the point, behind it, exponent – has a third of them, and one of two blocks half of that.
MANY_DIGITS = 160
STEP = 15
TO_ZERO = bytes(ord("0") if chr(b).isdigit() else b for b in range(128)) + bytes(range(128, 256))


def batches(blocks: Iterator[bytes], limits: Limits) -> Iterator[tuple[list[bytes], bool]]:
    """The file's lines, many at a time, and whether they are shallow for certain.

    Raises Unreadable for a line that is too long.
    """
    rest: list[bytes] = []
    size = 0
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            yield _split(b"".join([*rest, block[: end - 1]]))
            rest, size = [], 0
        rest.append(block[end:])
        size += len(block) - end
        if size > limits.max_record:
            raise Unreadable(FileReason.RECORD_TOO_LARGE, f"a line is longer than {limits.max_record} bytes")
    yield _split(b"".join(rest))


def _split(text: bytes) -> tuple[list[bytes], bool]:
    """Lines that begin with a bracket have one of their own, so any line has at most those that are left of
    all brackets, and its own.
    """
    lines = text.split(b"\n")
    brackets = text.count(b"{") + (
        text.count(b"[") if b"[" in text else 0
    )  # `in` is several times faster than `count`
    return lines, brackets - [line[:1] for line in lines].count(b"{") < MAX_DEPTH


def profile_lines(blocks: Iterator[bytes], profile: FileProfile, limits: Limits) -> None:
    """Judges every line.

    The ingest function's speed rests on this: for common lines all work is done by whole chunks.
    """
    for lines, shallow in batches(_watched(blocks, profile), limits):
        parse = plain if shallow else loads
        if profile.dataset.envelope == "debezium":
            lines = [line for line in lines if not is_tombstone(line)]
        for start in range(0, len(lines), CHUNK):
            _profile_chunk(lines[start : start + CHUNK], parse, profile)


def _watched(blocks: Iterator[bytes], profile: FileProfile) -> Iterator[bytes]:
    """The blocks; a file with a very long number is left to our own reader. Of a block every fifteenth byte
    tells whether so many digits may stand in a row.
    """
    for block in blocks:
        few = block[::STEP].translate(TO_ZERO)
        if b"0" * (MANY_DIGITS // STEP) in few and b"0" * MANY_DIGITS in block.translate(TO_ZERO):
            profile.plain = False
        yield block


def _profile_chunk(lines: list[bytes], parse: Callable[[bytes], Any], profile: FileProfile) -> None:
    try:
        values = list(map(parse, lines))
    except ValueError:
        values = [value_of(line, parse, profile) for line in lines if line.strip(BLANKS)]
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
    profile.records += len(values)
    if set(map(type, values)) != OBJECTS:
        profile.unreadable += sum(v.__class__ is not dict for v in values)
        values = [v for v in values if v.__class__ is dict]
    if values:
        profile.observe_names(set().union(*values))
        profile.observe_texts(values)
        profile.dates.add(profile.event_times(values))
        if profile.watches:
            profile.watch_records(values, profile.records - len(values))
