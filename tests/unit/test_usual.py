"""What is usual: bounds from a dataset's own days, and how often they are wrong on invented histories."""

from __future__ import annotations

import datetime as dt
import math
import random
from dataclasses import dataclass

import pytest

from shared.ledger.model import FileStatus, LedgerFile
from shared.usual import Day, allowed_gap_hours, rate_jump, volume_deviation, volume_usual
from shared.usual.days import days_of

MONDAY = dt.date(2026, 3, 2)
LIMIT = 5.0


def before(days: int, rows: int = 1000, weekend: int | None = None) -> list[Day]:
    """So many days with files before the Monday."""
    dates = [MONDAY - dt.timedelta(days=n) for n in range(days, 0, -1)]
    return [Day(d, 1, weekend if weekend is not None and d.weekday() > 4 else rows) for d in dates]


@pytest.mark.parametrize(
    ("rows", "found"),
    [(1000, False), (400, False), (2900, False), (100, True), (0, True), (320, True), (3100, True)],
)
def test_less_than_a_third_or_more_than_three_times_the_usual_is_a_finding(rows: int, found: bool) -> None:
    score = volume_deviation(before(28), Day(MONDAY, 1, rows))
    assert score is not None
    assert (score > LIMIT) is found


def test_a_weekday_is_held_against_equal_weekdays() -> None:
    history = before(56, 1000, weekend=50)
    assert (volume_deviation(history, Day(MONDAY - dt.timedelta(days=1), 1, 50)) or 0) < 1
    assert (volume_deviation(history, Day(MONDAY, 1, 50)) or 0) > LIMIT


def test_nothing_is_said_before_there_are_four_equal_weekdays() -> None:
    assert volume_deviation(before(27), Day(MONDAY, 1, 1)) is None  # three Mondays
    assert volume_deviation(before(28), Day(MONDAY, 1, 1)) is not None
    assert volume_usual([], MONDAY) is None


def test_what_stays_at_a_new_level_is_usual_after_four_days() -> None:
    history = before(56)
    findings = []
    for n in range(7):
        day = Day(MONDAY + dt.timedelta(days=n), 1, 10_000)
        findings.append((volume_deviation(history, day) or 0) > LIMIT)
        history = [*history, day]
    assert findings == [True, True, True, True, False, False, False]


def test_one_bad_day_in_the_history_moves_nothing() -> None:
    history = before(56)
    history[-7] = Day(history[-7].date, 1, 1_000_000)
    usual = volume_usual(history, MONDAY)
    assert usual is not None
    assert usual.bounds() == (334, 3000)


def test_a_rate_that_jumps_is_a_finding_and_one_that_wavers_is_none() -> None:
    steady = [0.01] * 20
    assert (rate_jump(steady, 1.0, 1000) or 0) > LIMIT
    assert (rate_jump(steady, 0.3, 1000) or 0) > LIMIT
    assert (rate_jump(steady, 0.2, 1000) or 0) < LIMIT
    weekends = [0.0, 0.0, 0.0, 0.0, 0.0, 0.6, 0.6] * 3
    assert rate_jump(weekends, 0.6, 1000) == 0.0
    assert rate_jump(steady, 0.0, 1000) == 0.0  # a rate that falls is no harm


def test_a_rate_of_few_rows_or_days_says_nothing() -> None:
    assert rate_jump([0.0] * 13, 1.0, 1000) is None
    assert rate_jump([0.0] * 14, 1.0, 19) is None
    assert rate_jump([0.0] * 14, 1.0, 20) is not None


def test_a_source_may_be_silent_half_as_long_again_as_usual() -> None:
    assert allowed_gap_hours(before(28), MONDAY) == 36
    weekdays = [d for d in before(28) if d.date.weekday() < 5]
    assert allowed_gap_hours(weekdays, MONDAY) == 4.5 * 24
    weekly = [Day(MONDAY - dt.timedelta(days=7 * n), 1, 5) for n in range(1, 8)]
    assert allowed_gap_hours(weekly, MONDAY) == 10.5 * 24
    assert allowed_gap_hours(before(14), MONDAY) is None  # 13 days between the first and the last
    assert allowed_gap_hours([], MONDAY) is None


def file(ingested: str, records: int, *dates: str) -> LedgerFile:
    key = f"shop/events/{ingested}-{records}.csv"
    identity = ("raw", key, "v1", "shop", "events", FileStatus.ACCEPTED)
    return LedgerFile(*identity, records=records, event_dates=dates, ingested_at=f"{ingested}+00:00")


def test_a_day_counts_what_was_ingested_on_it_but_no_backfill() -> None:
    files = [
        file("2026-03-02T00:00:00", 10, "2026-03-01"),
        file("2026-03-02T23:59:59", 5, "2024-01-01", "2026-02-23"),  # seven days late: still news
        file("2026-03-02T12:00:00", 1_000_000, "2024-01-01", "2026-02-22"),
        file("2026-03-03T12:00:00", 7),
    ]
    assert days_of(files) == [Day(dt.date(2026, 3, 2), 2, 15), Day(dt.date(2026, 3, 3), 1, 7)]


# --- how often they are wrong -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """A made-up year: rows a day, their noise (of the logarithm), what a weekend, a week and ten holidays
    change, all as factors. Beside each in SOURCES: silences allowed a year.
    """

    rows: float
    noise: float
    weekend: float = 1.0
    growth: float = 1.0
    holiday: float = 1.0

    def year(self, seed: int) -> list[Day]:
        chance = random.Random(seed)
        holidays = {chance.randrange(364) for _ in range(10)}
        return [self._day(n, chance, n in holidays) for n in range(364)]

    def _day(self, number: int, chance: random.Random, holiday: bool) -> Day:
        date = MONDAY + dt.timedelta(days=number)
        rows = self.rows * self.growth ** (number / 7) * math.exp(chance.gauss(0, self.noise))
        rows *= (self.weekend if date.weekday() > 4 else 1) * (self.holiday if holiday else 1)
        count = max(0, round(chance.gauss(rows, math.sqrt(rows)))) if rows else 0
        return Day(date, 1 if count else 0, count)


YEARS = 5
SOURCES = {
    "steady": (Source(1000, 0.1), 0),
    "weekly pattern, 2 % growth a week": (Source(1000, 0.2, 0.3, 1.02), 0),
    "weekdays only": (Source(1000, 0.2, 0.0), 0),
    "ten holidays at 40 %": (Source(1000, 0.2, 0.3, 1.01, 0.4), 0),
    "noisy": (Source(1000, 0.5, 0.5), 0),
    "a handful of rows, and none now and then": (Source(6, 0.3, 0.5), 4),
}


def findings(source: Source, seed: int) -> tuple[int, int, int, int]:
    """Of a year without faults: volumes and silences that were found; and of days with a tenth of their rows
    how many were found, and of how many.
    """
    year, volumes, silences, tenths, judged = source.year(seed), 0, 0, 0, 0
    for n, day in enumerate(year):
        history = year[max(0, n - 90) : n]
        if day.files and (score := volume_deviation(history, day)) is not None:
            volumes += score > LIMIT
            judged += 1
            tenths += (volume_deviation(history, Day(day.date, 1, day.rows // 10)) or 0) > LIMIT
        seen = [d.date for d in history if d.files]
        allowed = allowed_gap_hours(history, day.date) if seen else None
        silences += bool(day.files and allowed and 24 * (day.date - seen[-1]).days > allowed)
    return volumes, silences, tenths, judged


@pytest.mark.parametrize("name", SOURCES)
def test_a_year_without_faults_has_hardly_a_finding(name: str) -> None:
    source, allowed = SOURCES[name]
    totals = [sum(numbers) for numbers in zip(*(findings(source, s) for s in range(YEARS)), strict=True)]
    volumes, silences, tenths, judged = totals
    assert volumes <= YEARS
    assert silences <= allowed * YEARS
    if source.noise <= 0.2:
        assert tenths / judged > 0.95
