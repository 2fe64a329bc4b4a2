"""The UTC date of a value in any spelling of a time that the domains use; the twin of `glue_scripts.engine.sql.timestamp`.

Only routing rests on it (which bronze folder, which dates a file holds); silver judges each row itself.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import Any

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)? ?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?")
DAY_FIRST = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
MONTH_FIRST = re.compile(r"(\d{2})-(\d{2})-(\d{4}) \d{2}:\d{2}")
DIGITS = re.compile(r"(-?\d{6,17})(?:\.\d{1,9})?")
FLUSH_AT = 20_000


def date_of(value: Any) -> dt.date | None:
    """The date, or None when the value is empty or no time."""
    if isinstance(value, dt.datetime):
        return value.date() if value.tzinfo is None else value.astimezone(dt.UTC).date()
    if isinstance(value, dt.date):
        return value
    text = str(value).strip()
    try:
        return _from_text(text)
    except (ValueError, OverflowError):
        return None


def _from_text(text: str) -> dt.date | None:
    if match := ISO.fullmatch(text):
        day = dt.date.fromisoformat(match[1])
        return day if match[2] is None else _utc(day, match)
    if match := DAY_FIRST.fullmatch(text):
        return dt.date(int(match[3]), int(match[2]), int(match[1]))
    if match := MONTH_FIRST.fullmatch(text):
        return dt.date(int(match[3]), int(match[1]), int(match[2]))
    if match := DIGITS.fullmatch(text):
        return _from_epoch(int(match[1]))
    return None


def _utc(day: dt.date, match: re.Match[str]) -> dt.date:
    moment = dt.datetime(day.year, day.month, day.day, int(match[2]), int(match[3]), int(match[4] or 0))
    zone = match[5]
    if zone is None or zone in "Zz":
        return moment.date()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return (moment - offset if zone[0] == "+" else moment + offset).date()


def _from_epoch(number: int) -> dt.date:
    size = abs(number)
    seconds = number if size < 10**11 else number / 10**3 if size < 10**14 else number / 10**6
    return (EPOCH + dt.timedelta(seconds=seconds)).date()


class DateCount:
    """Counts records per date. Spellings are collected as they come and parsed once for each distinct one."""

    def __init__(self) -> None:
        self.spellings: Counter[Any] = Counter()
        self.dates: Counter[dt.date] = Counter()

    def add(self, value: Any) -> None:
        """Takes one record's value. A UTC or zone-less ISO time needs only its first ten characters."""
        if value.__class__ is str and len(value) > 10 and (len(value) <= 19 or value[-1] == "Z") and value[4] == "-":
            value = value[:10]
        self.spellings[value] += 1
        if len(self.spellings) > FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        for value, count in self.spellings.items():
            if value is not None and (day := date_of(value)):
                self.dates[day] += count
        self.spellings.clear()

    def result(self) -> dict[dt.date, int]:
        self.flush()
        return dict(sorted(self.dates.items()))
