"""How many records of a file belong to which day, by the plan of the column that carries their time.

Only routing rests on it (which bronze folder, which dates a file holds); silver judges each row itself.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from shared.values import Plan
from shared.values.patterns import Field, Pattern
from shared.values.plan import ISO
from shared.values.times import UNITS
from shared.values.zones import is_utc

DAY = 86_400
OFFSET = re.compile(r"[+-]\d{2}:\d{2}", re.ASCII)
FLUSH_AT = 20_000
DAY_LENGTH, SECONDS = len("2024-03-09"), len("2024-03-09T03:31:48")
DAY_TEXT = itemgetter(slice(DAY_LENGTH))


class DateCount:
    """Counts records per date. Spellings are collected as they come and parsed once for each distinct one.

    `odd`: the texts of the last records that no common form of ISO 8601 is in.
    """

    def __init__(self, plan: Plan | None, zone: str = "UTC") -> None:
        """`zone`: whose calendar days count."""
        self._plan, self._zone = plan, zone
        self._spellings: Counter[str] = Counter()
        self._dates: Counter[dt.date] = Counter()
        self._common = plan is not None and _says_its_day(plan, zone)
        self._shorter = _whole_day(plan, zone) if plan is not None else str
        self.odd: list[str] = []
        self.unread = 0  # records with a text that is no date, known when the result is

    def add(self, values: Sequence[Any]) -> None:
        """Takes one value of each of several records."""
        self.odd = []
        kinds = set(map(type, values))
        if kinds != {str}:
            values = [self._shorter(v) if v.__class__ is int else str(v) for v in values if v is not None]
        if not self._common:
            self.odd = list(values)
            self._take(values)
        else:
            self._add_common(values)

    def add_counted(self, days: Mapping[str, int]) -> None:
        """Takes texts of ISO 8601 by the day that each begins with, where `by_day` says that it tells."""
        self.odd = []
        self._take(days)

    @property
    def by_day(self) -> bool:
        """Whether the first ten characters of ISO 8601 are the day that counts, unless an offset follows."""
        return self._common

    def add_day(self, day: dt.date, count: int) -> None:
        """Takes records whose day is known already."""
        self._dates[day] += count

    def _add_common(self, values: Sequence[str]) -> None:
        """Most texts begin with their day, and end so that no other is meant. What is between is not read:
        of `2024-03-09T25:00:00Z` the day counts, though the row will be refused.
        """
        if (days := _days_alike(values)) is not None:
            self._take(days)
            return
        key = self._key
        self._take(
            [
                v[:10] if v[4:5] == "-" and (v[-1] == "Z" or (len(v) == 19 and v[-3] == ":")) else key(v)
                for v in values
            ]
        )

    def _take(self, texts: Iterable[str] | Mapping[str, int]) -> None:
        """Hostile texts are all distinct, and must not fill the memory."""
        self._spellings.update(texts)
        if len(self._spellings) > FLUSH_AT:
            self._flush()

    def result(self) -> dict[dt.date, int]:
        self._flush()
        return dict(sorted(self._dates.items()))

    def _flush(self) -> None:
        for text, count in self._spellings.items():
            if self._plan and (day := self._plan.event_date(text, self._zone)):
                self._dates[day] += count
            elif text.strip():
                self.unread += count
        self._spellings.clear()

    def _key(self, text: str) -> str:
        """A spelling with the same date of which there are fewer: without what is smaller than a minute where
        the form is certain.
        """
        if len(text) > 19 and text[4] == "-" and text[16] == ":":
            if OFFSET.fullmatch(text, len(text) - 6):
                return text[:16] + text[-6:]
            if text[19] in ".," and text[20:].isdecimal():
                return text[:10]
        self.odd.append(text)
        return text


def _days_alike(values: Sequence[str]) -> Iterable[str] | None:
    """The first ten characters of texts that are all as long as `2024-03-09T03:31:48Z` is, spelled so far as
    tells the day as it is; else None.

    With a line's end between any two, a place in the text is a slice of all of them.
    """
    width = len(values[0]) if values else 0
    if width <= DAY_LENGTH:
        return None
    text, count, step = "\n".join(values), len(values), width + 1
    if text.count("\n") != count - 1 or text[width::step] != "\n" * (count - 1):
        return None
    if not tell_their_days(text, width, step, count):
        return None
    return map(DAY_TEXT, values)


def tell_their_days(text: str, width: int, step: int, count: int) -> bool:
    """Whether each of so many texts of one width, of which the next begins a step further, is spelled so far
    as tells that its first ten characters are its day.
    """
    ends = text[width - 1 :: step] == "Z" * count or (width == SECONDS and text[16::step] == ":" * count)
    return ends and text[4::step] == "-" * count


def _says_its_day(plan: Plan, zone: str) -> bool:
    """Whether the first ten characters of ISO 8601 are the day that counts, unless an offset follows."""
    same_day = plan.kind == "date" or (is_utc(zone) and (plan.zone is None or is_utc(plan.zone)))
    days_first = all(_begins_with_pairs(p) for f in plan.formats for p in f.patterns)
    return same_day and days_first and any(f.name == ISO for f in plan.formats)


def _begins_with_pairs(pattern: Pattern) -> bool:
    """Whether texts begin as `13/02` does: with a digit where those of ISO 8601 have their first dash."""
    match pattern.parts:
        case [Field(letters="dd" | "MM"), str(mark), Field(letters="dd" | "MM"), *_]:
            return len(mark) == 1
    return False


def _whole_day(plan: Plan, zone: str) -> Callable[[int], str]:
    """Epochs of one day as one text, where one epoch is declared and days are UTC's."""
    if any(f.name == "epoch_by_size" for f in plan.formats) and is_utc(zone):
        return _whole_day_by_size
    units = [UNITS[f.name] for f in plan.formats if f.name in UNITS]
    if len(units) != 1 or not is_utc(zone):
        return str
    day = DAY * 10**9 // units[0]
    return lambda epoch: str(epoch - epoch % day)


def _whole_day_by_size(epoch: int) -> str:
    """The midnight where it is certain that these are seconds or milliseconds, else the epoch itself."""
    if 10**9 <= epoch < 10**11:
        return str(epoch - epoch % DAY)
    if 10**12 <= epoch < 10**14:
        return str(epoch - epoch % (DAY * 1000))
    return str(epoch)
