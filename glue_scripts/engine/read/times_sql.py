"""Texts of a time in Spark SQL; the twin of shared/values/times.py.

Each format makes ISO 8601 of a text, by the very expression that Python reads it with, and Spark casts that.
"""

from __future__ import annotations

from glue_scripts.engine.read.literals import literal, once, whole
from shared.values import Plan
from shared.values.patterns import Pattern
from shared.values.plan import ISO
from shared.values.times import (
    EPOCH_REGEX,
    EXCEL_DAYS,
    EXCEL_END,
    EXCEL_FIRST,
    EXCEL_REGEX,
    FIRST,
    ISO_DATE,
    ISO_REGEX,
    LAST,
    SIZED_REGEX,
    SIZES,
    UNITS,
    Format,
)
from shared.values.zones import is_utc

COMMON_ISO = (  # what Spark casts as it is
    r"(?!0000)\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-7]):[0-5]\d)?)?)?"
)
OFFSET = r":\d{2}([.,]\d+)? ?([Zz]|[+-]\d{2}(:?\d{2})?)\z"  # at the end of ISO 8601 that has one
BARE_OFFSET = r"([0-9] ?[+-]\d{2})(\d{2})\z"
SIMPLE = {
    "year",
    "short_year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "fraction",
}  # digits, as they stand


def cast(value: str, plan: Plan) -> str:
    """A text as a date or as an instant, by the first format that reads it."""
    if plan.kind == "date":
        days = [_day(value, f) for f in plan.formats]
        return days[0] if len(days) == 1 else f"coalesce({', '.join(days)})"
    return _coalesced([_instant(value, f, plan.zone if plan.zoned else None) for f in plan.formats])


def event_day(time: str, zone: str) -> str:
    """The calendar day of an instant in a zone."""
    return (
        f"CAST({time} AS date)"
        if is_utc(zone)
        else f"CAST(from_utc_timestamp({time}, {literal(zone)}) AS date)"
    )


def left_out(value: str, plan: Plan) -> str:
    """True where a format reads the text as a time of no zone, although the zone has no such time."""
    local = [_wall_clock(value, f) for f in plan.formats if f.local]
    return f"({' OR '.join(f'({reads}) IS NOT NULL' for reads in local)})"


def twice(value: str, time: str, plan: Plan) -> str:
    """True where the clock shows the same an hour later (or half, or two) and the text does not say which."""
    zone = literal(plan.zone or "UTC")
    shown = f"from_utc_timestamp({time}, {zone})"
    later = " OR ".join(
        f"from_utc_timestamp({time} + INTERVAL {minutes} MINUTE, {zone}) = {shown}"
        for minutes in (60, 30, 120)
    )
    local = " OR ".join(f"({_wall_clock(value, f)}) IS NOT NULL" for f in plan.formats if f.local)
    return f"(({later}) AND ({local}))"


def _coalesced(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"


def _instant(value: str, each: Format, zone: str | None) -> str:
    """The instant of a text in one format; local times are of the zone, None: UTC."""
    if each.epoch:
        return _epoch(value, each)
    if zone is None:
        return _as_utc(value, each)
    if each.patterns:
        read = {p: _pattern(value, p) for p in each.patterns}
        return _coalesced([_of_zone(text, zone) if p.local else text for p, text in read.items()])
    local = _as_utc(value, each)
    if each.name == ISO:
        return f"CASE WHEN {value} RLIKE {literal(OFFSET)} THEN {local} ELSE {_of_zone(local, zone)} END"
    return _of_zone(local, zone)


def _of_zone(local: str, zone: str) -> str:
    """A clock of the zone as an instant, the earlier of two; null where the zone leaves the time out: Spark
    would take the time behind the gap.
    """
    utc = f"to_utc_timestamp({local}, {literal(zone)})"
    return f"CASE WHEN from_utc_timestamp({utc}, {literal(zone)}) = {local} THEN {utc} END"


def _wall_clock(value: str, each: Format) -> str:
    """What the clock shows by a text without an offset, as if it were UTC; null for other texts."""
    if each.name == ISO:
        return f"CASE WHEN {value} NOT RLIKE {literal(OFFSET)} THEN {_iso(value)} END"
    if each.patterns:
        return _coalesced([_pattern(value, p) for p in each.patterns if p.local])
    return _as_utc(value, each)


def _as_utc(value: str, each: Format) -> str:
    """The instant of a text, where a time without an offset is UTC."""
    if each.name == ISO:
        return _iso(value)
    if each.name == "excel_serial":
        return _excel(value)
    return _coalesced([_pattern(value, p) for p in each.patterns])


def _day(value: str, each: Format) -> str:
    """The calendar day as the text has it: no zone moves a day that is written."""
    if each.name == ISO:
        day = f"try_cast(substr({value}, 1, 10) AS date)"
        return (
            f"CASE WHEN {value} RLIKE {whole(ISO_DATE)} THEN try_cast({value} AS date)"
            f" WHEN length({value}) > 10 AND {_iso(value)} IS NOT NULL THEN {day} END"
        )
    if each.epoch:
        return f"CAST({_epoch(value, each)} AS date)"
    if each.name == "excel_serial":
        return f"CAST({_excel(value)} AS date)"
    return _coalesced([_pattern_day(value, p) for p in each.patterns])


def _iso(value: str) -> str:
    respelled = once(_with_seconds(value), "t", f"try_cast({_iso_for_spark('t')} AS timestamp)")
    return (
        f"CASE WHEN {value} RLIKE {whole(COMMON_ISO)} THEN try_cast({value} AS timestamp)"
        f" WHEN {value} RLIKE {whole(ISO_REGEX)} THEN {respelled} END"
    )


def _with_seconds(value: str) -> str:
    """Spark reads no offset right behind the minutes."""
    return (
        f"CASE WHEN length({value}) > 16 AND substr({value}, 17, 1) <> ':' THEN"
        f" concat(substr({value}, 1, 16), ':00', substr({value}, 17)) ELSE {value} END"
    )


def _iso_for_spark(value: str) -> str:
    """Spark reads `+05:30` but not `+0530`, `,` as fraction sign or a lower-case z."""
    bare = literal(BARE_OFFSET)
    colon = f"CASE WHEN {value} RLIKE {bare} THEN regexp_replace({value}, {bare}, '$1:$2') ELSE {value} END"
    return f"upper(replace({colon}, ',', '.'))"


def _number(value: str, shape: str, kind: str) -> str:
    return f"CASE WHEN {value} RLIKE {whole(shape)} THEN try_cast({value} AS {kind}) END"


def _epoch(value: str, each: Format) -> str:
    if each.name == "epoch_by_size":
        sizes = " ".join(f"WHEN abs(n) < {below} THEN {_micros('n', unit)}" for below, unit in SIZES)
        return once(_number(value, SIZED_REGEX, "decimal(28,9)"), "n", f"CASE {sizes} END")
    return once(_number(value, EPOCH_REGEX, "decimal(28,9)"), "n", _micros("n", each.name))


def _micros(number: str, unit: str) -> str:
    """A number of a unit since 1970 as an instant of the years 1 to 9999, cut off below the microsecond."""
    size = 1_000_000_000 // UNITS[unit]  # units in a second
    micros = (
        f"{number} * {1_000_000 // size}" if size <= 1_000_000 else f"{number} * CAST(0.001 AS decimal(3,3))"
    )
    inside = f"{number} >= {FIRST * size} AND {number} < {(LAST + 1) * size}"
    return f"CASE WHEN {inside} THEN timestamp_micros(CAST(floor({micros}) AS bigint)) END"


def _excel(value: str) -> str:
    millis = "CAST(floor(n * 86400000 + 0.5) AS bigint)"
    inside = f"n >= {EXCEL_FIRST} AND {millis} < {EXCEL_END}"
    instant = f"CASE WHEN {inside} THEN timestamp_millis({millis} - {EXCEL_DAYS * 86_400_000}) END"
    return once(_number(value, EXCEL_REGEX, "decimal(22,15)"), "n", instant)


def _pattern(value: str, pattern: Pattern) -> str:
    """The instant by a pattern, UTC where it has no offset."""
    text = f"lower({value})" if pattern.named else value
    if set(pattern.kinds) <= SIMPLE:
        clock = _rearranged(text, pattern)
    else:
        clock = f"concat({_date_text(text, pattern)}, ' ', {_clock_text(text, pattern)})"
    if "offset" in pattern.kinds:
        clock = _iso_for_spark(f"concat({clock}, {_group(text, pattern, 'offset')})")
    matches = f"{text} RLIKE {whole(pattern.regex)}{_weekday(text, pattern)}"
    return f"CASE WHEN {matches} THEN try_cast({clock} AS timestamp) END"


def _pattern_day(value: str, pattern: Pattern) -> str:
    """The day of the pattern's texts; the rest of a text must be right as well."""
    return f"CAST({_pattern(value, pattern)} AS date)" if pattern.local else _written_day(value, pattern)


def _written_day(value: str, pattern: Pattern) -> str:
    text = f"lower({value})" if pattern.named else value
    day = f"try_cast({_date_text(text, pattern)} AS date)"
    return f"CASE WHEN {_pattern(value, pattern)} IS NOT NULL THEN {day} END"


def _rearranged(text: str, pattern: Pattern) -> str:
    """ISO 8601 of a text that has digits only, in one replacement."""
    at = {kind: f"${i}" for i, kind in enumerate(pattern.kinds, 1)}
    year = at["year"] if "year" in at else f"20{at['short_year']}"
    iso = f"{year}-{at['month']}-{at['day']}"
    if "hour" in at:
        iso += f" {at['hour']}:{at.get('minute', '00')}:{at.get('second', '00')}"
        iso += f".{at['fraction']}" if "fraction" in at else ""
    return f"regexp_replace({text}, {whole(pattern.regex)}, '{iso}')"


def _group(text: str, pattern: Pattern, kind: str) -> str:
    number = pattern.kinds.index(kind) + 1
    return f"regexp_extract({text}, {whole(pattern.regex)}, {number})"


def _date_text(text: str, pattern: Pattern) -> str:
    kinds = pattern.kinds
    year = (
        _group(text, pattern, "year")
        if "year" in kinds
        else f"concat('20', {_group(text, pattern, 'short_year')})"
    )
    if "day_of_year" in kinds:
        return _ordinal(year, _group(text, pattern, "day_of_year"))
    month = (
        _group(text, pattern, "month")
        if "month" in kinds
        else f"CAST({_named(text, pattern, 'month_name')} AS string)"
    )
    return f"concat({year}, '-', {month}, '-', {_group(text, pattern, 'day')})"


def _ordinal(year: str, number: str) -> str:
    """The day of that number in a year; null where the year has not so many."""
    first = f"try_cast(concat({year}, '-01-01') AS date)"
    day = f"date_add({first}, try_cast({number} AS int) - 1)"
    return f"CASE WHEN year({day}) = try_cast({year} AS int) THEN CAST({day} AS string) END"


def _clock_text(text: str, pattern: Pattern) -> str:
    kinds = pattern.kinds
    minute = _group(text, pattern, "minute") if "minute" in kinds else "'00'"
    second = _group(text, pattern, "second") if "second" in kinds else "'00'"
    parts = [_hour(text, pattern), "':'", minute, "':'", second]
    if "fraction" in kinds:
        parts += ["'.'", _group(text, pattern, "fraction")]
    return f"concat({', '.join(parts)})"


def _hour(text: str, pattern: Pattern) -> str:
    kinds = pattern.kinds
    if "hour_of_half" in kinds:
        hour = (
            f"try_cast({_group(text, pattern, 'hour_of_half')} AS int) % 12 + {_named(text, pattern, 'half')}"
        )
        return f"CAST({hour} AS string)"
    if "hour_to_24" in kinds:
        return f"CAST(try_cast({_group(text, pattern, 'hour_to_24')} AS int) % 24 AS string)"
    return _group(text, pattern, "hour") if "hour" in kinds else "'00'"


def _named(text: str, pattern: Pattern, kind: str) -> str:
    """The number that a name stands for."""
    table = ", ".join(f"{literal(n)}, {v}" for n, v in pattern.numbers(kind).items())  # type: ignore[arg-type]
    return f"element_at(map({table}), trim(TRAILING '.' FROM {_group(text, pattern, kind)}))"


def _weekday(text: str, pattern: Pattern) -> str:
    """A day of the week beside a date must be that date's."""
    if "weekday" not in pattern.kinds:
        return ""
    day = f"weekday(try_cast({_date_text(text, pattern)} AS date))"
    return f" AND {day} = {_named(text, pattern, 'weekday')}"
