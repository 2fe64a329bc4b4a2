"""The UTC date of a value in any spelling of a time that the domains use; the twin of
`glue_scripts.engine.read.sql.timestamp`.

Only routing rests on it (which bronze folder, which dates a file holds); silver judges each row itself.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

EPOCH = dt.date(1970, 1, 1)
DAY = 86_400
ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)? ?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
DAY_FIRST = re.compile(r"(\d{2})/(\d{2})/(\d{4})", re.ASCII)
MONTH_FIRST = re.compile(r"(\d{2})-(\d{2})-(\d{4}) (\d{2}):(\d{2})", re.ASCII)
DIGITS = re.compile(r"(-?\d{6,17})(?:\.\d{1,9})?", re.ASCII)
OFFSET = re.compile(r"[+-]\d{2}:\d{2}", re.ASCII)
FLUSH_AT = 20_000


def date_of(value: Any) -> dt.date | None:
    """The date, or None when the value is empty or no time."""
    try:
        return _from_text(str(value).strip())
    except (ValueError, OverflowError):
        return None


def _from_text(text: str) -> dt.date | None:
    if match := ISO.fullmatch(text):
        day = dt.date.fromisoformat(match[1])
        return day if match[2] is None else _utc(day, match)
    if match := DAY_FIRST.fullmatch(text):
        return dt.date(int(match[3]), int(match[2]), int(match[1]))
    if match := MONTH_FIRST.fullmatch(text):
        return dt.datetime(int(match[3]), int(match[1]), int(match[2]), int(match[4]), int(match[5])).date()
    if match := DIGITS.fullmatch(text):
        return EPOCH + dt.timedelta(days=_epoch_day(int(match[1])))
    return None


def _utc(day: dt.date, match: re.Match[str]) -> dt.date:
    moment = dt.datetime(day.year, day.month, day.day, int(match[2]), int(match[3]), int(match[4] or 0))
    zone = match[5]
    if zone is None or zone in "Zz":
        return moment.date()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return (moment - offset if zone[0] == "+" else moment + offset).date()


def _epoch_day(number: int) -> int:
    """Days since 1970 of an epoch: below 1e11 seconds, below 1e14 milliseconds, else microseconds."""
    size = abs(number)
    return number // (DAY if size < 10**11 else DAY * 10**3 if size < 10**14 else DAY * 10**6)


class DateCount:
    """Counts records per date. Spellings are collected as they come and parsed once for each distinct one."""

    def __init__(self, respelled: Sequence[Callable[[str], str]] = ()) -> None:
        """`respelled`: a domain's own spellings, each turned into one that is read."""
        self._respelled = respelled
        self._spellings: Counter[str] = Counter()
        self._dates: Counter[dt.date] = Counter()

    def add(self, values: Sequence[Any]) -> None:
        """Takes one value of each of several records."""
        kinds = set(map(type, values))
        if kinds != {str}:
            values = [str(_whole_day(v)) if v.__class__ is int else str(v) for v in values if v is not None]
        try:
            self._spellings.update(
                [v[:10] if v[4] == "-" and (v[-1] == "Z" or len(v) == 19) else _key(v) for v in values]
            )
        except IndexError:
            self._spellings.update([_key(v) for v in values])
        if len(self._spellings) > FLUSH_AT:
            self._flush()

    def add_days(self, days: dict[int | None, int]) -> None:
        """Takes days since 1970 with the number of records of each; a day that no calendar
        knows is no date.
        """
        for day, count in days.items():
            if day is not None and abs(day) < 700_000:
                self._dates[EPOCH + dt.timedelta(days=day)] += count

    def result(self) -> dict[dt.date, int]:
        self._flush()
        return dict(sorted(self._dates.items()))

    def _flush(self) -> None:
        for value, count in self._spellings.items():
            for respelled in self._respelled:
                value = respelled(value)
            if day := date_of(value):
                self._dates[day] += count
        self._spellings.clear()


def _key(text: str) -> str:
    """A spelling with the same date of which there are fewer: without what is smaller than a minute where the
    form is certain.
    """
    if len(text) > 19 and text[4] == "-" and text[16] == ":":
        if OFFSET.fullmatch(text, len(text) - 6):
            return text[:16] + text[-6:]
        if text[19] in ".," and text[20:].isdecimal():
            return text[:10]
    return text


def _whole_day(epoch: int) -> int:
    """The epoch's midnight in seconds when it is certain that these are seconds or milliseconds, else the
    epoch itself.
    """
    if 10**9 <= epoch < 10**11:
        return epoch - epoch % DAY
    if 10**12 <= epoch < 10**14:
        return (epoch - epoch % (DAY * 1000)) // 1000
    return epoch
