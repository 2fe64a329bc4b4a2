"""Texts of a time → what they say, by one format: the day and the time of day as written, and the offset if
any. Exact: whole microseconds, as Spark keeps them; what is smaller is cut off.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from shared.values.patterns import Pattern

EPOCH = dt.date(1970, 1, 1).toordinal()
SECOND = 1_000_000
DAY = 86_400 * SECOND
FIRST, LAST = -62_135_596_800, 253_402_300_799  # seconds of the years 1 to 9999
ISO_DATE = r"(?!0000)\d{4}-\d{2}-\d{2}"
ISO_TIME = r"[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?"
ISO_OFFSET = r" ?(?:[Zz]|[+-]\d{2}(?::?\d{2})?)"
ISO_REGEX = f"{ISO_DATE}(?:{ISO_TIME}(?:{ISO_OFFSET})?)?"
ISO = re.compile(
    r"((?!0000)\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r"(?: ?([Zz]|[+-]\d{2}(?::?\d{2})?))?)?",
    re.ASCII,
)
EPOCH_REGEX = r"-?\d{1,19}(?:\.\d{1,9})?"
EXCEL_REGEX = r"\d{2,7}(?:\.\d{1,15})?"
SIZED_REGEX = r"-?\d{6,17}(?:\.\d{1,9})?"
NUMBER = re.compile(EPOCH_REGEX, re.ASCII)
EXCEL = re.compile(EXCEL_REGEX, re.ASCII)
SIZED = re.compile(SIZED_REGEX, re.ASCII)
UNITS = {"epoch_s": 1_000_000_000, "epoch_ms": 1_000_000, "epoch_us": 1000, "epoch_ns": 1}  # nanoseconds
SIZES = ((10**11, "epoch_s"), (10**14, "epoch_ms"), (10**17, "epoch_us"))  # below which a number is which
EXCEL_FIRST, EXCEL_DAYS = 61, 25_569  # 1 March 1900; days from 1899-12-30 to 1970
EXCEL_END = (LAST + 1 + EXCEL_DAYS * 86_400) * 1000  # the year 10000, in its milliseconds
MOST_OFFSET = 18 * 3600  # of java.time


class Moment(NamedTuple):
    """`day`: since 1970. `micros`: of the day. `offset`: seconds east of UTC, None without one."""

    day: int
    micros: int
    offset: int | None


@dataclass(frozen=True)
class Format:
    """One declared format. `local`: texts of it may have no offset; `epoch`: numbers that count from UTC."""

    name: str
    read: Callable[[str], Moment | None]
    patterns: tuple[Pattern, ...] = ()
    local: bool = True
    epoch: bool = False


def of_iso(text: str) -> Moment | None:
    """ISO 8601 and its form with a blank, with or without an offset; a day alone is its midnight."""
    match = ISO.fullmatch(text)
    if match is None:
        return None
    try:
        day = dt.date.fromisoformat(match[1]).toordinal() - EPOCH
    except ValueError:
        return None
    return _moment(day, match[2] or "0", match[3] or "0", match[4] or "0", match[5] or "", match[6])


def _moment(
    day: int, hour: str, minute: str, second: str, fraction: str, offset: str | None
) -> Moment | None:
    hours, minutes, seconds = int(hour), int(minute), int(second)
    east = None if offset is None else offset_seconds(offset)
    if hours > 23 or minutes > 59 or seconds > 59 or (offset is not None and east is None):
        return None
    micros = ((hours * 60 + minutes) * 60 + seconds) * SECOND + int(fraction[:6].ljust(6, "0"))
    return Moment(day, micros, east)


def offset_seconds(text: str) -> int | None:
    """Of `Z`, `+05:30`, `+0530` or `+05`; None beyond what java.time knows."""
    if text in "Zz":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    if int(digits[2:]) > 59 or seconds > MOST_OFFSET:
        return None
    return -seconds if text[0] == "-" else seconds


def of_pattern(pattern: Pattern, text: str) -> Moment | None:
    match = pattern.matcher.fullmatch(text.lower() if pattern.named else text)
    if match is None:
        return None
    found: Mapping[str, str] = dict(zip(pattern.kinds, match.groups(), strict=True))
    day = _day(pattern, found)
    if day is None:
        return None
    # 1 January 1970 was a Thursday, and Monday is 0
    if "weekday" in found and _number(pattern, "weekday", found) != (day + 3) % 7:
        return None
    return _moment(
        day,
        str(_hour(pattern, found)),
        found.get("minute", "0"),
        found.get("second", "0"),
        found.get("fraction", ""),
        found.get("offset"),
    )


def _day(pattern: Pattern, found: Mapping[str, str]) -> int | None:
    year = int(found["year"]) if "year" in found else 2000 + int(found["short_year"])
    try:
        if "day_of_year" in found:
            number = int(found["day_of_year"])
            first = dt.date(year, 1, 1).toordinal() - EPOCH
            last = dt.date(year, 12, 31).toordinal() - EPOCH
            return first + number - 1 if 1 <= number <= last - first + 1 else None
        month = int(found["month"]) if "month" in found else _number(pattern, "month_name", found)
        return dt.date(year, month, int(found["day"])).toordinal() - EPOCH
    except ValueError:
        return None


def _hour(pattern: Pattern, found: Mapping[str, str]) -> int:
    if "hour_of_half" in found:
        return int(found["hour_of_half"]) % 12 + _number(pattern, "half", found)
    if "hour_to_24" in found:
        return int(found["hour_to_24"]) % 24
    return int(found.get("hour", "0"))


def _number(pattern: Pattern, kind: str, found: Mapping[str, str]) -> int:
    return pattern.numbers(kind)[found[kind].removesuffix(".")]  # type: ignore[arg-type]  # a kind of names


def of_epoch(text: str, unit: str) -> Moment | None:
    """A number of one unit since 1970, whole or not; None outside the years 1 to 9999."""
    match = NUMBER.fullmatch(text)
    return _of_nanos(Decimal(text) * UNITS[unit]) if match else None


def of_size(text: str) -> Moment | None:
    """A number whose size says its unit; a contract chooses that by name."""
    if not SIZED.fullmatch(text):
        return None
    number = Decimal(text)
    unit = next((unit for below, unit in SIZES if abs(number) < below), None)
    return _of_nanos(number * UNITS[unit]) if unit else None


def _of_nanos(nanos: Decimal) -> Moment | None:
    seconds = nanos / 1_000_000_000
    if not FIRST <= seconds < LAST + 1:
        return None
    micros = int(nanos // 1000) - (1 if nanos < 0 and nanos % 1000 else 0)  # Decimal's // cuts towards zero
    return Moment(micros // DAY, micros % DAY, 0)


def of_excel(text: str) -> Moment | None:
    """Days since 1899-12-30, to the millisecond. None before March 1900, where Excel counts a day that never
    was.
    """
    if not EXCEL.fullmatch(text):
        return None
    number = Decimal(text)
    millis = int(number * 86_400_000 + Decimal("0.5"))
    if number < EXCEL_FIRST or millis >= EXCEL_END:
        return None
    millis -= EXCEL_DAYS * 86_400_000
    return Moment(millis // 86_400_000, millis % 86_400_000 * 1000, None)
