"""In which lines the quarantined records of a file stand.

Quarantine keeps what was received, not where: the file is read a second time by ingestion's own reader, and a
record found again by its values.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from glue_scripts.engine.read.python_reader import Reading, reading_of
from shared.contracts import Dataset
from shared.ledger.model import Profile
from shared.records.reading import ACCEPTED, Unread, values
from shared.records.shape import Row, Shape
from shared.records.source import Source
from shared.records.strict_json import loose
from shared.records.text import begun, utf8
from shared.records.verdict import RAW, UNCAST

FURTHEST = 200_000  # records of a file that are looked at
LINES = ("csv", "ndjson")
Mark = tuple[str, ...]


@dataclass(frozen=True)
class Places:
    """Where records stand: `unit` is line or record; `numbers` one for each that was found, else None."""

    unit: str
    numbers: tuple[int | None, ...]


@dataclass(frozen=True)
class Reread:
    """An accepted file to be read a second time. `opened` gives a new stream of what bronze has of it."""

    opened: Callable[[], Any]
    profile: Profile
    dataset: Dataset
    nulls: Sequence[str]

    def places(self, raw_records: Sequence[str]) -> Places:
        """The place of each quarantined record, in their order."""
        wanted = Counter(map(self._kept, raw_records))
        found: dict[Mark, list[int]] = {}
        for number, mark in self._marks():
            if wanted[mark] > len(found.get(mark, ())):
                found.setdefault(mark, []).append(number)
                if sum(map(len, found.values())) == len(raw_records):
                    break
        left = {mark: iter(numbers) for mark, numbers in found.items()}
        at = [next(left.get(self._kept(raw), iter(())), None) for raw in raw_records]
        lines = self._lines({n for n in at if n is not None})
        if lines is None:
            return Places("record", tuple(at))
        return Places("line", tuple(None if n is None else lines.get(n) for n in at))

    def _marks(self) -> Iterator[tuple[int, Mark]]:
        """The mark of every row, with the number of the record that it comes from."""
        reading, shape = self._reading, self._shape
        with closing(self.opened()) as stream:
            every = values(stream, self.profile, nested=reading.nested, inside=reading.inside)
            for number, value in enumerate(itertools.islice(every, FURTHEST), start=1):
                rows = [Row(raw=value.raw)] if isinstance(value, Unread) else shape.rows(value)
                yield from ((number, self._mark(row)) for row in rows)

    @cached_property
    def _reading(self) -> Reading:
        return reading_of(self.dataset)

    @property
    def _shape(self) -> Shape:
        return self._reading.xml if self.profile.format == "xml" else self._reading.shape

    def _mark(self, row: Row) -> Mark:
        """What a row and the record that quarantine keeps of it share: their values, whatever the columns are
        called; or the text of what could not be read.
        """
        extra = dict(row.extra)
        # In Parquet that the bronze job made lines that are no rows, and cells of no type, have columns.
        raw, uncast = extra.pop(RAW, row.raw), json.loads(extra.pop(UNCAST, "{}"))
        if raw is not None:
            return ("", raw.strip())
        return _values([*row.values.values(), *extra.values(), *uncast.values()], self.nulls)

    def _kept(self, raw: str) -> Mark:
        try:
            kept = loose(raw.encode())
        except ValueError:
            return ("", raw.strip())
        if not isinstance(kept, dict):
            return ("", raw.strip())
        if self._shape.explode is not None:  # quarantine has the row, not the record around it
            return _values(kept.values(), self.nulls)
        return self._mark(next(iter(self._shape.rows(kept)), Row(raw=raw)))

    def _lines(self, numbers: set[int]) -> dict[int, int] | None:
        """The lines of records by number; None where a record is no line."""
        profile = self.profile
        if profile.format not in LINES or profile.multiline:
            return None
        comment = re.compile(profile.comment) if profile.comment else None
        at, number = dict[int, int](), 0 if profile.format == "ndjson" else -1  # the header is no record
        for line, text in enumerate(self._text_lines(), start=1):
            if "\r" in text.removesuffix("\r"):
                return None  # line ends of two kinds: no two editors count them alike
            if line <= profile.preamble or not text.strip() or (comment and comment.match(text)):
                continue
            number += 1
            if number in numbers:
                at[number] = line
        return at

    def _text_lines(self) -> Iterator[str]:
        with closing(self.opened()) as stream:
            _, blocks = begun(Source(stream, ACCEPTED).blocks())
            rest = b""
            for block in utf8(blocks, self.profile.encoding):
                *lines, rest = (rest + block).split(b"\n")
                yield from (line.decode(errors="replace") for line in lines)
            if rest:
                yield rest.decode(errors="replace")


def _values(values: Iterable[Any], nulls: Sequence[str]) -> Mark:
    texts = (v if isinstance(v, str) else json.dumps(v) for v in values if v is not None)
    cleaned = (t.strip() for t in texts)
    kept = ("".join(c for c in t if c.isprintable() and c != " ") for t in cleaned if t.lower() not in nulls)
    return tuple(sorted(t.lower() for t in kept if t))
