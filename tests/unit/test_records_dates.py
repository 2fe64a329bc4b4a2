"""The day of every spelling of a time that a column declares, and of no other."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.records.dates import DateCount
from shared.values import Declared, Plan, compiled

MIXED = ("iso", "dd/MM/yyyy", "MM-dd-yyyy HH:mm", "epoch_by_size")
SPELLINGS = {
    "2024-03-01": "2024-03-01",
    " 2024-03-01\u00a0": "2024-03-01",
    "2024-03-01T10:00:00Z": "2024-03-01",
    "2024-03-01T10:00:00z": "2024-03-01",
    "2024-03-01T10:00": "2024-03-01",
    "2024-03-01 23:59:59.999999999": "2024-03-01",
    "2024-03-01T23:59:59,5Z": "2024-03-01",
    "2024-03-01T23:30:00-01:00": "2024-03-02",
    "2024-03-01T00:30:00+07": "2024-02-29",
    "2024-03-01T23:30-02": "2024-03-02",
    "2024-03-01T00:30:00+0530": "2024-02-29",
    "2024-03-01 00:30:00.25 +05:30": "2024-02-29",
    "2024-01-01T00:00:00+00:30": "2023-12-31",
    "01/03/2024": "2024-03-01",
    "03-01-2024 23:59": "2024-03-01",
    "1709251200": "2024-03-01",
    "1709251199": "2024-02-29",
    "1709251199.999": "2024-02-29",
    "1709251199999": "2024-02-29",
    "1709251199999999": "2024-02-29",
    "1709251200000000": "2024-03-01",
    "-1000000": "1969-12-20",
}
NO_TIMES = [
    "",
    "null",
    "n/a",
    "-",
    "2024",
    "2024-02-30",
    "2024-13-01",
    "30/02/2024",
    "03-01-2024 24:00",
    "99999",
]
NO_TIMES += [
    "2024-03-01T10:00:00 Paris",
    "2024-03-01x",
    "x",
    "٢٠٢٤-٠٣-٠١",
    "0001-01-01T00:00:00+01:00",
    "123456789012345678",
]


NO_CLOCKS = ["2024-03-28T25:00:00Z", "2024-03-28T10,:00:00Z", "2024-03-28T10:00:Z", "2024-03-28Z"]


def plan(*formats: str, zone: str = "UTC", kind: str = "timestamp") -> Plan:
    return compiled("ts", kind, Declared(formats=formats, default_timezone=zone), "shop", ())


def date_of(text: str) -> dt.date | None:
    return plan(*MIXED).event_date(text, "UTC")


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_spelling_gives_its_utc_date(text: str):
    assert date_of(text) == dt.date.fromisoformat(SPELLINGS[text])


@pytest.mark.parametrize("text", [*NO_TIMES, *NO_CLOCKS])
def test_what_is_no_time_has_no_date(text: str):
    assert date_of(text) is None


def test_counting_agrees_with_parsing_each_value():
    count = DateCount(plan(*MIXED))
    values = [*SPELLINGS, *NO_TIMES, None, 1709251200, 1709251200000, 1709251200.5, True, {"a": 1}, [1]]
    count.add(values)
    count.add([None])
    count.add([])
    count.add(list(SPELLINGS))
    expected: dict[dt.date, int] = {}
    for value in [*values, *SPELLINGS]:
        if value is not None and (day := date_of(str(value))):
            expected[day] = expected.get(day, 0) + 1
    assert count.result() == dict(sorted(expected.items()))


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("d-M-yyyy'T'HH:mm:ssX", "13-2-2026T12:00:00Z"),
        ("d-M-yyyy, HH:mm:ss", "13-2-2026, 12:00:00"),
        ("MMM-dd-yyyy HH:mm:ssX", "feb-13-2026 12:00:00Z"),
    ],
)
def test_a_dash_in_the_place_of_iso_8601_is_no_sign_of_it(format: str, text: str):
    count = DateCount(plan("iso", format))
    count.add([text])
    assert count.result() == {dt.date(2026, 2, 13): 1}


def told(*texts: str) -> tuple[dict[dt.date, int], int]:
    count = DateCount(plan(*MIXED))
    count.add(texts)
    return count.result(), count.unread


@pytest.mark.parametrize("text", [*SPELLINGS, *NO_TIMES, *NO_CLOCKS, "2024-", "2024-Z"])
@pytest.mark.parametrize("beside", ["", "u5", "2024-", "2024-03-28T10:00:00Z", "2024-03-28T10:00", "n" * 20])
def test_a_text_is_judged_the_same_whatever_stands_beside_it(text: str, beside: str):
    alone, other, both = told(text), told(beside), told(text, beside)
    assert Counter(alone[0]) + Counter(other[0]) == Counter(both[0])
    assert alone[1] + other[1] == both[1]


@pytest.mark.parametrize("text", NO_CLOCKS)
def test_a_day_with_no_clock_behind_it_is_looked_at(text: str):
    """Silver refuses the row; a day too many costs a look, and one too few would lose rows."""
    assert told(text, "u5") == ({dt.date(2024, 3, 28): 1}, 1)


@given(st.lists(st.integers(-(10**18), 10**18)))
def test_epochs_are_counted_as_they_are_parsed(epochs: list[int]):
    count, expected = DateCount(plan(*MIXED)), []
    count.add(epochs)
    expected = [d for e in epochs if (d := date_of(str(e)))]
    assert sum(count.result().values()) == len(expected)
    assert set(count.result()) == set(expected)


@given(st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2090, 1, 1), timezones=st.timezones()))
def test_iso_times_of_any_zone_are_counted_under_their_utc_date(moment: dt.datetime):
    count = DateCount(plan("iso"))
    moment = moment.replace(
        tzinfo=dt.timezone(
            dt.timedelta(minutes=round((moment.utcoffset() or dt.timedelta()).total_seconds() / 60))
        )
    )
    count.add([moment.isoformat(), moment.isoformat(sep=" ")])
    assert count.result() == {moment.astimezone(dt.UTC).date(): 2}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-06-30 23:30:00", "2026-06-30"),
        ("2026-07-01 00:30:00", "2026-07-01"),
        ("2026-06-30T22:30:00Z", "2026-07-01"),
        ("2026-07-01T01:30:00+02:00", "2026-07-01"),
        ("2026-06-30T21:59:59.999Z", "2026-06-30"),
    ],
)
def test_a_shop_in_berlin_has_its_own_days(text: str, day: str):
    count = DateCount(plan("iso", zone="Europe/Berlin"), "Europe/Berlin")
    count.add([text, text])
    assert count.result() == {dt.date.fromisoformat(day): 2}


def test_a_local_time_that_the_clock_leapt_over_has_no_day():
    count = DateCount(plan("iso", zone="Europe/Berlin"))
    count.add(["2026-03-29 02:30:00", "2026-03-29 01:59:59", "2026-03-29 03:00:00"])
    assert count.result() == {dt.date(2026, 3, 29): 2}


def test_years_first_in_another_order_are_not_taken_for_iso():
    count = DateCount(plan("yyyy-dd-MM'T'HH:mm:ss"))
    count.add(["2026-04-03T10:00:00", "2026-31-03T10:00:00"])
    assert count.result() == {dt.date(2026, 3, 4): 1, dt.date(2026, 3, 31): 1}


def test_a_number_is_no_time_where_no_epoch_is_declared():
    count = DateCount(plan("iso"))
    count.add([1709251200, "1709251200", "20240301"])
    assert count.result() == {}


@pytest.mark.parametrize("by_day", [True, False])
def test_distinct_texts_that_are_no_dates_do_not_fill_the_memory(by_day: bool) -> None:
    counted = DateCount(plan("iso"))
    for block in range(50):
        texts = [f"{block:04}-{i:05}" for i in range(1_000)]
        counted.add_counted(dict.fromkeys(texts, 1)) if by_day else counted.add(
            [f"{t}T00:00:00Z" for t in texts]
        )
    assert counted.unread >= 40_000  # told before the end: what was parsed is not kept
    assert (counted.result(), counted.unread) == ({}, 50_000)
