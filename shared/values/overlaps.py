"""Whether two formats of one column can read one text as different times: by texts of many times in each.

The times are chosen so that fields can stand for one another: days and months below 13, hours below 13, years
whose digits are days, and numbers of every epoch.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from shared.values.patterns import Field, Pattern
from shared.values.times import DAY, EPOCH, EXCEL_DAYS, UNITS, Format, Moment

PROBES = (
    dt.datetime(2001, 2, 3, 4, 5, 6),
    dt.datetime(2003, 12, 11, 10, 9, 8),
    dt.datetime(2012, 1, 2, 11, 12, 10),
    dt.datetime(2010, 11, 12, 1, 2, 3),
    dt.datetime(2026, 3, 25, 23, 59, 59),
    dt.datetime(1987, 6, 30, 0, 0, 0),
)


def different_readings(formats: Sequence[Format]) -> Iterator[tuple[str, str, str]]:
    """Pairs of formats with a text that both read, and differently."""
    for i, one in enumerate(formats):
        for other in formats[i + 1 :]:
            text = next((t for t in _texts(one, other) if _differ(one.read(t), other.read(t))), None)
            if text is not None:
                yield one.name, other.name, text


def _differ(one: Moment | None, other: Moment | None) -> bool:
    return one is not None and other is not None and one[:2] != other[:2]


def _texts(*formats: Format) -> Iterator[str]:
    for each in formats:
        for probe in PROBES:
            yield from _spelled(each, probe)


def _spelled(each: Format, time: dt.datetime) -> Iterator[str]:
    """A time as the format's texts have it."""
    day = time.toordinal() - EPOCH
    seconds = day * DAY // 1_000_000 + time.hour * 3600 + time.minute * 60 + time.second
    if each.name in UNITS:
        yield str(seconds * 1_000_000_000 // UNITS[each.name])
    elif each.name == "epoch_by_size":
        yield from (str(seconds), str(seconds * 1000), str(seconds * 1_000_000))
    elif each.name == "excel_serial":
        yield str(day + EXCEL_DAYS)
    elif each.patterns:
        yield from (_by_pattern(p, time) for p in each.patterns)
    else:
        yield from (time.isoformat(), time.isoformat(sep=" "), time.date().isoformat())


def _by_pattern(pattern: Pattern, time: dt.datetime) -> str:
    return "".join(_field(p, pattern, time) if isinstance(p, Field) else p for p in pattern.parts)


def _field(field: Field, pattern: Pattern, time: dt.datetime) -> str:
    numbers = {
        "year": time.year,
        "short_year": time.year % 100,
        "month": time.month,
        "day": time.day,
        "day_of_year": time.timetuple().tm_yday,
        "hour": time.hour,
        "hour_of_half": time.hour % 12 or (12 if field.letters.startswith("h") else 0),
        "hour_to_24": time.hour or 24,
        "minute": time.minute,
        "second": time.second,
        "fraction": 0,
    }
    if field.kind in numbers:
        return str(numbers[field.kind]).zfill(len(field.letters))
    if field.kind == "offset":
        return "+00:00" if field.letters in ("XXX", "xxx", "ZZZZZ") else "+0000"
    wanted = {"month_name": time.month, "weekday": time.weekday(), "half": time.hour // 12 * 12}[field.kind]
    return next(name for name, number in pattern.numbers(field.kind).items() if number == wanted)
