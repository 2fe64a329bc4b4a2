"""Local times and the instants that they are, by the IANA's rules."""

from __future__ import annotations

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.values.times import DAY, EPOCH, SECOND, Moment

UTC_NAMES = ("UTC", "Etc/UTC", "GMT", "Etc/GMT")
START = dt.datetime(1970, 1, 1)


@cache
def known(zone: str) -> bool:
    """Whether the IANA has a zone of this name."""
    try:
        return is_utc(zone) or bool(_zone(zone).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        return False


def is_utc(zone: str | None) -> bool:
    return zone in UTC_NAMES


def instant(moment: Moment, zone: str | None) -> int | None:
    """Microseconds since 1970, UTC; None for a local time that the zone leaves out.

    One that occurs twice is the earlier.
    """
    local = moment.day * DAY + moment.micros
    if moment.offset is not None:
        return local - moment.offset * SECOND
    if zone is None or is_utc(zone):
        return local
    earlier, later = _offsets(local, zone)
    return None if earlier < later else local - earlier * SECOND


def twice(moment: Moment, zone: str | None) -> bool:
    """Whether the zone has this local time twice."""
    if moment.offset is not None or zone is None or is_utc(zone):
        return False
    earlier, later = _offsets(moment.day * DAY + moment.micros, zone)
    return earlier > later


def left_out(moment: Moment, zone: str | None) -> bool:
    """Whether the zone has no such local time."""
    return instant(moment, zone) is None


def day(micros: int, zone: str) -> dt.date | None:
    """The calendar day of an instant in a zone; None outside the years 1 to 9999."""
    try:
        if is_utc(zone):
            return dt.date.fromordinal(micros // DAY + EPOCH)
        utc = (START + dt.timedelta(microseconds=micros)).replace(tzinfo=dt.UTC)
        return utc.astimezone(_zone(zone)).date()
    except (ValueError, OverflowError):
        return None


def _offsets(local: int, zone: str) -> tuple[int, int]:
    """The zone's offset at a local time, in seconds, by the rule before and by that after a change.

    Where the first is the smaller, the clock leaps over the time (PEP 495).
    """
    naive = START + dt.timedelta(microseconds=local)
    rule = _zone(zone)
    found = [naive.replace(tzinfo=rule, fold=fold).utcoffset() or dt.timedelta() for fold in (0, 1)]
    return int(found[0].total_seconds()), int(found[1].total_seconds())


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
