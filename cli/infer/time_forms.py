"""How a text spells a time: the order of its fields, its marks, names and offset, and which orders of day and
month it can mean.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from functools import cache

from shared.values import names
from shared.values.times import of_iso

TIME = (
    r"(?:(?P<gap>[T ]|, |:)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?P<mark>[.,])?"
    r"(?(mark)(?P<fraction>\d{1,9})))?(?P<half_gap> ?)(?P<half>[aApP]\.?[mM]\.?)?"
    r"(?P<offset_gap> ?)(?P<offset>[zZ]|[+-]\d{2}(?::?\d{2})?)?)?"
)
NUMERIC = re.compile(rf"(?P<a>\d{{1,4}})(?P<s>[-/.])(?P<b>\d{{1,2}})(?P=s)(?P<c>\d{{1,4}}){TIME}", re.ASCII)
NAME = r"[^\W\d_]{2,12}\.?"
DAY_FIRST = re.compile(
    rf"(?:(?P<week>{NAME}),? )?(?P<day>\d{{1,2}})(?P<s>\.? |[-/.])(?P<name>{NAME})(?P<t> |[-/.])"
    rf"(?P<year>\d{{4}}|\d\d){TIME}"
)
NAME_FIRST = re.compile(
    rf"(?:(?P<week>{NAME}),? )?(?P<name>{NAME})(?P<s> )(?P<day>\d{{1,2}})(?P<t>,? )(?P<year>\d{{4}}){TIME}"
)
ORDERS = {"dmy": ("d", "M", "y"), "mdy": ("M", "d", "y"), "ymd": ("y", "M", "d")}
OFFSETS = {"z": "X", "+hh": "X", "+hhmm": "XX", "+hh:mm": "XXX"}


@dataclass(frozen=True, slots=True)
class TimeForm:
    """One spelling. `skeleton`: the pattern of java.time with `{0}`, `{1}`, `{2}` for the three fields of the
    day, and `{H}` for the hour, `{M}` for a name of a month; empty for ISO 8601. `orders`: which the text can
    be read by. `short`: fields that have one digit here. `languages`: whose names fit, `de MMM`. `offset`,
    `timed`: whether it has them.
    """

    skeleton: str
    orders: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()
    offset: bool = False
    timed: bool = False
    long_year: bool = True
    half: bool = False
    midnight: bool = False


def time_form(text: str) -> TimeForm | None:
    """None for what is no time in any spelling that a contract can declare; epochs are numbers here."""
    if len(text) < 6 or len(text) > 48 or not any(c.isdigit() for c in text):
        return None
    iso = of_iso(text)
    if iso is not None:
        return TimeForm(
            "", ("ymd",), offset=iso.offset is not None, timed=len(text) > 10, midnight=iso.micros == 0
        )
    if found := NUMERIC.fullmatch(text):
        return _numeric(found)
    if found := DAY_FIRST.fullmatch(text) or NAME_FIRST.fullmatch(text):
        return _named(found)
    return None


def _numeric(found: re.Match[str]) -> TimeForm | None:
    fields = (found["a"], found["b"], found["c"])
    lengths = tuple(map(len, fields))
    if lengths[0] == 4 and lengths[2] <= 2:
        possible = ["ymd"]
    elif lengths[0] <= 2 and lengths[2] == 4:
        possible = ["dmy", "mdy"]
    elif max(lengths) <= 2 and (lengths[2] == 2 or lengths[0] == 2):
        possible = [o for o in ORDERS if len(fields[o.index("y")]) == 2]
    else:
        return None
    orders = tuple(sorted(o for o in possible if _is_day(o, fields)))
    rest = _clock(found)
    if not orders or rest is None:
        return None
    short = tuple(f"{i}" for i, n in enumerate(lengths) if n == 1)
    mark = found["s"]
    skeleton = f"{{0}}{mark}{{1}}{mark}{{2}}{rest[0]}"
    return replace(
        rest[2], skeleton=skeleton, orders=orders, short=short + rest[1], long_year=max(lengths) == 4
    )


def _is_day(order: str, fields: tuple[str, str, str]) -> bool:
    found = dict(zip(order, map(int, fields), strict=True))
    year = found["y"] if found["y"] > 99 or len(fields[order.index("y")]) == 4 else 2000 + found["y"]
    try:
        dt.date(year, found["m"], found["d"])
    except ValueError:
        return False
    return True


def _named(found: re.Match[str]) -> TimeForm | None:
    rest = _clock(found)
    if rest is None:
        return None
    languages = _months(found["name"].lower().removesuffix("."))
    start = ""
    if found["week"]:
        letters, known = _weekday(found["week"].lower().removesuffix("."))
        languages = frozenset(n for n in languages if n.partition(" ")[0] in known)
        start = f"{letters}{', ' if ',' in found[0].partition(found['day'])[0] else ' '}"
    if not languages:
        return None
    year = "yyyy" if len(found["year"]) == 4 else "yy"
    day = ("{0}", "{M}") if found.re is DAY_FIRST else ("{M}", "{0}")
    skeleton = f"{start}{day[0]}{found['s']}{day[1]}{found['t']}{year}{rest[0]}"
    short = ("0",) if len(found["day"]) == 1 else ()
    return replace(
        rest[2],
        skeleton=skeleton,
        orders=("dmy",),
        short=short + rest[1],
        languages=languages,
        long_year=year == "yyyy",
    )


def _clock(found: re.Match[str]) -> tuple[str, tuple[str, ...], TimeForm] | None:
    """The pattern behind the day, which fields are short, and what it has; None for no time of a day."""
    if found["hour"] is None:
        return "", (), TimeForm("")
    hour, half = int(found["hour"]), found["half"]
    if (
        hour > 23
        or int(found["minute"]) > 59
        or int(found["second"] or 0) > 59
        or (half and not 1 <= hour <= 12)
    ):
        return None
    pattern = {"T": "'T'"}.get(found["gap"], found["gap"]) + ("{h}" if half else "{H}") + ":mm"
    if found["second"]:
        pattern += ":ss"
    if found["fraction"]:
        pattern += found["mark"] + "S" * len(found["fraction"])
    if half:
        pattern += f"{found['half_gap']}a"
    offset = found["offset"]
    if offset:
        gap = found["offset_gap"] or ("" if half else found["half_gap"])
        pattern += gap + _offset(offset)
    zero = hour == 0 and not half and int(found["minute"]) == 0 and int(found["second"] or 0) == 0
    return (
        pattern,
        ("H",) if len(found["hour"]) == 1 else (),
        TimeForm("", offset=bool(offset), timed=True, half=bool(half), midnight=zero),
    )


def _offset(text: str) -> str:
    if text in "zZ":
        return OFFSETS["z"]
    return OFFSETS["+hh:mm" if ":" in text else "+hhmm" if len(text) == 5 else "+hh"]


@cache
def _months(name: str) -> frozenset[str]:
    """The languages with a month of this name, each with the letters of a pattern: `de MMM`, `de MMMM`."""
    tables = {"MMM": names.SHORT_MONTHS, "MMMM": names.MONTHS}
    return frozenset(
        f"{language} {letters}"
        for letters, table in tables.items()
        for language in names.LANGUAGES
        if name in names.numbered(table, language)
    )


@cache
def _weekday(name: str) -> tuple[str, frozenset[str]]:
    short = frozenset(n for n in names.LANGUAGES if name in names.numbered(names.SHORT_DAYS, n))
    whole = frozenset(n for n in names.LANGUAGES if name in names.numbered(names.DAYS, n))
    return ("EEE", short) if short else ("EEEE", whole)


def pattern(skeleton: str, order: str, short: frozenset[str], long_year: bool, month: str = "") -> str:
    """The pattern of java.time of a skeleton in an order; `short`: fields that may have one digit; `month`:
    the letters of its name.
    """
    letters = ORDERS[order]
    text = skeleton.replace("{M}", month)
    for i, letter in enumerate(letters):
        if letter == "y":
            field = "yyyy" if long_year else "yy"
        else:
            field = letter if f"{i}" in short else letter * 2
        text = text.replace(f"{{{i}}}", field)
    for hour in "Hh":
        text = text.replace(f"{{{hour}}}", hour if "H" in short else hour * 2)
    return text
