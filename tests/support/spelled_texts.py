"""Texts in many spellings, right ones and spoilt ones, from a seed."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from shared.values.patterns import Field, Pattern, patterns

PATTERNS = (
    "dd/MM/yyyy",
    "M/d/yy h:mm a",
    "MM-dd-yyyy HH:mm",
    "d-MMM-yyyy",
    "EEEE, d. MMMM yyyy",
    "dd.MM.yyyy[ HH:mm[:ss]]",
    "yyyyDDD",
    "yyyy-MM-dd'T'HH:mm:ss.SSSX",
    "yyyyMMddHHmmssSSS",
    "dd MMM yyyy kk:mm:ss Z",
    "yyyy/MM/dd HH:mm:ssXXX",
)
OFFSETS = (
    "",
    "Z",
    "z",
    " Z",
    "+05",
    "+0530",
    "-05:30",
    " +01:00",
    "+18:00",
    "+18:01",
    "+19:00",
    "-00:00",
    "+05:60",
)
SPOILING = [*" 0123456789-+.,:/TZzeE()%$€'\u00a0\u2028\u0085\x01\x7f٣१\n", "NaN", "Infinity", "0x1A", ""]
CHANGES = (
    *("2026-03-29 02:30:00", "2026-10-25 02:30:00", "2026-03-08T02:30:00", "2026-11-01 01:30:00"),
    *("2026-10-04 02:15:00", "2026-04-05 01:45:00", "29/03/2026", "46110.1041666667"),
)
BOUNDS = (
    0,
    1,
    -1,
    -62135596800,
    -62135596801,
    253402300799,
    253402300800,
    2**31 - 1,
    2**31,
    2**63 - 1,
    2**63,
)


def texts(seed: int, count: int) -> Iterator[str]:
    """Half of them as some source would write them, the others with a character too many, too few or wrong."""
    rnd = random.Random(seed)
    for _ in range(count):
        kind = rnd.choice([_iso, _pattern, _pattern, _epoch, _number, _number, _change])
        yield _spoilt(rnd, kind(rnd)).strip(" \t\r\n\u00a0")


def _spoilt(rnd: random.Random, text: str) -> str:
    at, character = rnd.randint(0, len(text)), rnd.choice(SPOILING)
    match rnd.randint(0, 9):
        case 0 | 1:
            return text[:at] + character + text[at:]
        case 2:
            return text[:at] + text[at + 1 :]
        case 3:
            return text[:at] + character + text[at + 1 :]
    return text


def _moment(rnd: random.Random) -> tuple[int, int, int, int, int, int]:
    """Mostly right: days of months that are shorter, hours and minutes that there are not."""
    year = rnd.choice([1, 1899, 1900, 1969, 1970, 1999, 2000, 2024, *[2026] * 5, 9999])
    month, day, hour = rnd.randint(1, 12), rnd.randint(1, 31), rnd.randint(0, 24)
    return year, month, day, hour, rnd.randint(0, 60), rnd.choice([0, 59, 60, 30])


def _iso(rnd: random.Random) -> str:
    year, month, day, hour, minute, second = _moment(rnd)
    text = f"{year:04}-{month:02}-{day:02}"
    if rnd.random() < 0.2:
        return text
    text += f"{rnd.choice('T ')}{hour:02}:{minute:02}"
    if rnd.random() < 0.8:
        text += f":{second:02}"
        text += f"{rnd.choice('.,')}{rnd.randint(0, 10 ** rnd.randint(1, 10))}" if rnd.random() < 0.5 else ""
    return text + rnd.choice(OFFSETS)


def _pattern(rnd: random.Random) -> str:
    pattern = rnd.choice(patterns(rnd.choice(PATTERNS), rnd.choice(["en", "de", "fr"])))
    moment = _moment(rnd)
    return "".join(_field(rnd, p, pattern, moment) if isinstance(p, Field) else p for p in pattern.parts)


def _field(
    rnd: random.Random, field: Field, pattern: Pattern, moment: tuple[int, int, int, int, int, int]
) -> str:
    year, month, day, hour, minute, second = moment
    width = len(field.letters)
    numbers = {
        "year": year,
        "short_year": year % 100,
        "month": month,
        "day": day,
        "day_of_year": rnd.randint(0, 367),
        "hour": hour,
        "hour_of_half": rnd.randint(0, 13),
        "hour_to_24": rnd.randint(0, 25),
        "minute": minute,
        "second": second,
        "fraction": rnd.randint(0, 10**width - 1),
    }
    if field.kind in numbers:
        return str(numbers[field.kind]).zfill(width)
    if field.kind == "offset":
        return rnd.choice(["Z", "+01", "+0100", "+01:00", "-0530", "-05:30", "+18:00", "+1801"])
    name = rnd.choice(list(pattern.numbers(field.kind)))
    if field.kind == "weekday" and rnd.random() < 0.8:
        wanted = dt.date(year, month, min(day, 28)).weekday()
        name = next(n for n, number in pattern.numbers("weekday").items() if number == wanted)
    return rnd.choice([name, name.upper(), name.title(), f"{name}."])


def _epoch(rnd: random.Random) -> str:
    number = rnd.choice([*BOUNDS, rnd.randint(-(10**18), 10**19), rnd.randint(10**4, 10**8)])
    number = rnd.choice([number, rnd.randint(10**9, 2 * 10**9) * rnd.choice([1, 1000, 10**6, 10**9])])
    return f"{number}{f'.{rnd.randint(0, 10 ** rnd.randint(1, 16))}' if rnd.random() < 0.3 else ''}"


def _number(rnd: random.Random) -> str:
    number = rnd.choice([*BOUNDS, rnd.randint(0, 10 ** rnd.randint(1, 40)), rnd.randint(0, 10**7)])
    text = rnd.choice(
        [str(number), f"{number:,}".replace(",", rnd.choice([",", ".", "'", "’", " ", "\u202f"]))]
    )
    if rnd.random() < 0.6:
        text += rnd.choice(".,.") + rnd.choice(["", "0", "00", "5", "50", "123", "1230", "0" * 30])
    if rnd.random() < 0.2:
        text += (
            rnd.choice("eE")
            + rnd.choice(["", "+", "-"])
            + rnd.choice(["0", "2", "9", "05", "20", "99", "400"])
        )
        text += rnd.choice(["", "", "000", "999999"])
    before = rnd.choice(["", "", "", "-", "+", "(", "$", "€ ", "EUR ", "-$", "$-"])
    return before + text + rnd.choice(["", "", "", "-", ")", " €", " %", "%", " EUR", "- €", "d"])


def _change(rnd: random.Random) -> str:
    return rnd.choice(CHANGES)
