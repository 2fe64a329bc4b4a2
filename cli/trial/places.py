"""In which lines the quarantined records of a file stand.

Quarantine keeps what was received, not where: the file is read a second time by ingestion's own reader, and a
record found again by its values.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from shared.ledger.model import Profile
from shared.records import Record, records
from shared.records.source import Source
from shared.records.text import BLANKS, begun, utf8
from shared.records.verdict import Limits

FURTHEST = 200_000  # records of a file that are looked at
LINES = ("csv", "ndjson")
Opener = Callable[[], Any]  # a new stream of the file's bytes


@dataclass(frozen=True)
class Places:
    """Where records stand: `unit` is line or record; `numbers` one for each that was found, else None."""

    unit: str
    numbers: tuple[int | None, ...]


def places(opened: Opener, profile: Profile, raw_records: Sequence[str], nulls: Sequence[str]) -> Places:
    """The place of each quarantined record of a file, in their order; `opened` is called for each reading."""
    wanted = Counter(_kept_signature(raw, nulls) for raw in raw_records)
    found: dict[tuple[str, ...], list[int]] = {}
    for number, record in enumerate(_records(opened, profile), start=1):
        mark = _signature(record, nulls)
        if wanted[mark] > len(found.get(mark, ())):
            found.setdefault(mark, []).append(number)
            if sum(map(len, found.values())) == len(raw_records):
                break
    queues = {mark: iter(numbers) for mark, numbers in found.items()}
    at = [next(queues.get(_kept_signature(raw, nulls), iter(())), None) for raw in raw_records]
    lines = _lines(opened, profile, {n for n in at if n is not None})
    if lines is None:
        return Places("record", tuple(at))
    return Places("line", tuple(None if n is None else lines.get(n) for n in at))


def _records(opened: Opener, profile: Profile) -> Iterator[Record]:
    with closing(opened()) as stream:
        for number, record in enumerate(records(stream, profile)):
            if number == FURTHEST:
                return
            yield record


def _signature(record: Record, nulls: Sequence[str]) -> tuple[str, ...]:
    """What two forms of one record share: their values, whatever the columns are called."""
    if record.fields is None:
        return ("", (record.raw or "").strip())
    return _values(record.fields.values(), nulls)


def _kept_signature(raw: str, nulls: Sequence[str]) -> tuple[str, ...]:
    """The same of a record as quarantine keeps it: an object with the values, or the text of what could not
    be read.
    """
    try:
        kept = json.loads(raw, parse_float=str, parse_int=str)
    except ValueError:
        return ("", raw.strip())
    if not isinstance(kept, dict):
        return ("", raw.strip())
    extra = kept.pop("_extra", None) or {}
    return _values([*kept.values(), *(extra.values() if isinstance(extra, dict) else [extra])], nulls)


def _values(values: Iterable[Any], nulls: Sequence[str]) -> tuple[str, ...]:
    texts = (v if isinstance(v, str) else json.dumps(v) for v in values if v is not None)
    cleaned = (" ".join(t.split()).lower() for t in texts)
    return tuple(sorted(t for t in cleaned if t and t not in nulls))


def _lines(opened: Opener, profile: Profile, numbers: set[int]) -> dict[int, int] | None:
    """The lines of records by number; None where a record is no line."""
    if profile.format not in LINES or profile.multiline:
        return None
    above, comment = getattr(profile, "preamble", 0), getattr(profile, "comment", "")
    at, number = dict[int, int](), 0 if profile.format == "ndjson" else -1  # the header is no record
    for line, text in enumerate(_text_lines(opened, profile), start=1):
        if b"\r" in text.removesuffix(b"\r"):
            return None  # line ends of two kinds: no two editors count them alike
        if (
            line <= above
            or not text.strip(BLANKS)
            or (comment and re.match(comment, text.decode("utf-8", "replace")))
        ):
            continue
        number += 1
        if number in numbers:
            at[number] = line
            if len(at) == len(numbers):
                break
    return at


def _text_lines(opened: Opener, profile: Profile) -> Iterator[bytes]:
    with closing(opened()) as stream:
        _, blocks = begun(Source(stream, Limits()).blocks())
        rest = b""
        for block in utf8(blocks, profile.encoding):
            *lines, rest = (rest + block).split(b"\n")
            yield from lines
        if rest:
            yield rest
