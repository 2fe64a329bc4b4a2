"""NDJSON: one object a line, lines end at \\n only.

A line that is not exactly one object is an unreadable record; a blank one is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from shared.reasons import FileReason
from shared.records.envelope import is_tombstone
from shared.records.file_profile import FileProfile
from shared.records.strict_json import MAX_DEPTH, loads, plain
from shared.records.text import BLANKS
from shared.records.verdict import Limits, Unreadable

# few enough records to stay in the processor's cache, enough to spare the interpreter a loop over each
CHUNK = 64
OBJECTS = {dict}


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
    for lines, shallow in batches(blocks, limits):
        parse = plain if shallow else loads
        if profile.enveloped:
            lines = [line for line in lines if not is_tombstone(line)]
        for start in range(0, len(lines), CHUNK):
            _profile_chunk(lines[start : start + CHUNK], parse, profile)


def _profile_chunk(lines: list[bytes], parse: Callable[[bytes], Any], profile: FileProfile) -> None:
    try:
        values = list(map(parse, lines))
    except ValueError:
        values = [_value(line, parse) for line in lines if line.strip(BLANKS)]
    profile_values(values, profile)


def _value(line: bytes, parse: Callable[[bytes], Any]) -> Any:
    try:
        return parse(line)
    except ValueError:
        return None


def profile_values(values: list[Any], profile: FileProfile) -> None:
    """Counts records, observes their columns and collects their dates; what is no object is unreadable."""
    values = profile.rows(values)
    profile.records += len(values)
    if set(map(type, values)) != OBJECTS:
        profile.unreadable += sum(v.__class__ is not dict for v in values)
        values = [v for v in values if v.__class__ is dict]
    if values:
        profile.observe_names(set().union(*values))
        profile.dates.add(profile.event_times(values))
