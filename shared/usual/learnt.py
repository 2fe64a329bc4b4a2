"""Bounds learnt from a dataset's own days, by median and median absolute deviation (MAD): neither a bad day
nor a holiday in the history moves them.

Scores are modified z-scores, 0.6745 · (x - median) / MAD (Iglewicz and Hoaglin, How to Detect and Handle
Outliers, 1993; NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.17). With four to twelve values a MAD
may be 0 by chance, so each spread has a floor, and the limit is 5 rather than their 3.5.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from shared.usual.days import WINDOW_DAYS, Day

NORMAL = 0.6745  # of a normal distribution, MAD / standard deviation
LIMIT = 5.0  # the usual one; a contract may set another
EQUAL_WEEKDAYS = 4  # fewer teach nothing
RECENT_DAYS = 7
ROUNDING = 1e-9
CHANCE = 2.0  # standard deviations of a count that only chance decides (Poisson): a handful of rows wavers
FACTOR = 3.0  # within a third and three times the usual nothing is said, however steady a source was
RATE_DAYS = 14
RATE_WINDOW = 28
RATE_ROWS = 20  # a rate of fewer rows says nothing
RATE_STEP = 0.2  # nor does a rate that rose by less than this
GAPS = 5
RATE_PERCENTILE = 0.95
GAP_PERCENTILE = 0.98


@dataclass(frozen=True)
class Usual:
    """The centre and spread of some row counts, as logarithms: volumes differ by factors."""

    centre: float
    spread: float
    days: int

    def score(self, rows: int) -> float:
        return abs(_log(rows) - self.centre) / self.spread

    def bounds(self, limit: float = LIMIT) -> tuple[int, int]:
        """The row counts between which the score stays within the limit."""
        width = limit * self.spread
        low, high = (math.exp(self.centre + w) for w in (-width, width))
        return math.ceil(low * (1 - ROUNDING)), math.floor(high * (1 + ROUNDING))


def volume_usual(history: Sequence[Day], date: dt.date) -> Usual | None:
    """What is usual on that date's weekday; None while fewer than four equal weekdays had files."""
    equal = [d for d in _window(history, date, WINDOW_DAYS) if d.date.weekday() == date.weekday()]
    return _usual([_log(d.rows) for d in equal]) if len(equal) >= EQUAL_WEEKDAYS else None


def volume_deviation(history: Sequence[Day], day: Day) -> float | None:
    """How far a complete day's rows are from the usual of its weekday, and from the last seven days that had
    files, each against its own weekday, whichever is nearer: what stays at a new level is usual after four
    days.

    None while there is not enough history.
    """
    weekday = volume_usual(history, day.date)
    known = _window(history, day.date, WINDOW_DAYS)
    if weekday is None or len(known) < RECENT_DAYS:
        return None
    centres = {w: median(_log(d.rows) for d in known if d.date.weekday() == w) for w in _weekdays(known)}
    recent = [weekday.centre + _log(d.rows) - centres[d.date.weekday()] for d in known[-RECENT_DAYS:]]
    return min(weekday.score(day.rows), _usual(recent).score(day.rows))


def rate_jump(history: Sequence[float], rate: float, rows: int) -> float | None:
    """How far a rate lies above its own history of daily rates, oldest first; not above what one day in
    twenty had anyway. None while fewer than 14 days are known, or for few rows.

    A rate that stays high is usual after two days: a jump is told, not a level.
    """
    known = history[-RATE_WINDOW:]
    if len(known) < RATE_DAYS or rows < RATE_ROWS:
        return None
    usual = median(known)
    chance = min(max(usual, 1 / rows), 1 - 1 / rows)
    spread = max(_mad(known) / NORMAL, math.sqrt(chance * (1 - chance) / rows), RATE_STEP / LIMIT)
    return max(0.0, (rate - max(usual, _percentile(known, RATE_PERCENTILE))) / spread)


def allowed_gap_hours(history: Sequence[Day], date: dt.date) -> float | None:
    """How long a dataset may be silent: the gap between days with files that 98 % of its gaps do not exceed,
    and half as much again, or three deviations if that is more. None while fewer than five gaps, or less than
    14 days, are known.
    """
    days = [d.date for d in _window(history, date, WINDOW_DAYS)]
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    if len(gaps) < GAPS or (days[-1] - days[0]).days < RATE_DAYS:
        return None
    longest = _percentile(gaps, GAP_PERCENTILE)
    return 24 * (longest + max(longest / 2, 3 * _mad(gaps) / NORMAL))


def _window(history: Sequence[Day], date: dt.date, days: int) -> list[Day]:
    """The days with files before a date, in order, as far back as the window reaches."""
    since = date - dt.timedelta(days=days)
    return sorted((d for d in history if since <= d.date < date and d.files), key=lambda d: d.date)


def _weekdays(days: Sequence[Day]) -> set[int]:
    return {d.date.weekday() for d in days}


def _usual(logs: Sequence[float]) -> Usual:
    centre = median(logs)
    noise = CHANCE / math.sqrt(max(math.exp(centre), 1.0))
    return Usual(centre, max(_mad(logs) / NORMAL, noise, math.log(FACTOR) / LIMIT), len(logs))


def _log(rows: int) -> float:
    return math.log(max(rows, 0.5))


def _mad(values: Sequence[float]) -> float:
    centre = median(values)
    return median(abs(v - centre) for v in values)


def _percentile(values: Sequence[float], share: float) -> float:
    """By nearest rank."""
    return sorted(values)[math.ceil(share * len(values)) - 1]
