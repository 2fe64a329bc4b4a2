"""Times and numbers as sources spell them: read as declared, or quarantined with the column, or the file refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from shared.ledger.model import LedgerFile
from tests.support.rig import Rig

BERLIN = b"""sale,sold_at,amount
b1,2026-01-31 23:30:00,10.00
b2,2026-02-01 00:30:00,20.00
b3,2026-03-29 01:59:59,1.00
b4,2026-03-29 02:30:00,2.00
b5,2026-03-29 03:00:00,4.00
b6,2025-10-26 02:30:00,8.00
b7,2025-10-26 23:59:59,16.00
b8,2026-02-01T00:30:00+01:00,32.00
b9,2026-01-31T23:30:00Z,64.00
"""
AMERICAN = b"sale,sold_at\n" + b"".join(b"a%d,03/%02d/2026\n" % (d, d) for d in range(1, 32))
BRITISH = b"sale,sold_at\nu1,03/04/2026\nu2,25/03/2026\nu3,13/02/2026 10:00\nu4,03/31/2026\n"
SAID = b"sale,sold_at\ns1,3/4/2026\ns2,3/31/2026\ns3,4/1/26 10:00 PM\n"
SPELLED = """id,iso,seconds,millis,micros,nanos,excel,digits,german,half_day,born,member
1,2026-02-13T10:00:00Z,1770976800,1770976800000,1770976800000000,1770976800000000000,46066.416666666664,20260213,13. Februar 2026,13-Feb-2026 10:00 PM,1957-06-05,ja
2,2026-02-13T10:00:00.123456Z,1770976800.5,1770976800123,1770976800123456,1770976800123456789,46066,,13-Feb-2026,13-FEB-2026 12:00 am,,N
3,2026-02-13T10:00:00Z,,,,,,,13.02.2026,,,0
4,2026-02-13T10:00:00Z,2026-02-13,,,,,,,,,
5,2026-02-13T10:00:00Z,,,,,60,,,,,
6,2026-02-13T10:00:00Z,,,,,,20260230,,,,
7,2026-02-13T10:00:00Z,,,,,,,13. Febber 2026,,,
8,2026-02-13T10:00:00Z,,,,,,,,13-Feb-2026 13:00 PM,,
9,2026-02-13T10:00:00Z,,,,,,,,,1857-06-05,
10,2026-02-13T10:00:00Z,,,,,,,,,,yes
11,13.02.2026,,,,,,,,,,
"""
NUMBERS = """id;plain;number;measure;swiss;german;booked;sensor
1;12.50;007;21.5;1'234.50;1.234,50;(12.50);NaN
2;1e3;30.0;1.5E-3;CHF 1’234’567.00;10,50;12 %;-Infinity
3;0012.500;9223372036854775807;-0.25;12;1.234;$1,234.56;20.5
4;;;;;12,50- €;12.5%;
5;1,234;;;;;;
6;12.345;;;;;;
7;1E-999999999;;;;;;
8;1E-20000000;;;;;;
9;1E-5000;;;;;;
10;;1E2147483647;;;;;
11;;;1E-5000;;;;
12;;;NaN;;;;
13;;;;1,234;;;
14;;;;;1,234.50;;
15;;;;;;(1,000.01);
16;;;;1'23.50;;;
17;;30.5;;;;;
18;;;;;$ 10,50;;
"""


FIXED = b"""1|13.02.2026|1.234,50|12| Ab |ja
2|14.02.2026|10,50|1e3|cd|nein
3|2026-02-14|7|+5||
4||10.50|0x1A||
5|||12.5||yes
6|31.02.2026||||
"""


@pytest.fixture(scope="module")
def shop(lake: Callable[..., Rig]) -> tuple[Rig, dict[str, LedgerFile | None], Any]:
    """All files of the group, loaded by one run."""
    rig = lake("values")
    files = {
        "berlin/a.csv": BERLIN,
        "orders/british.csv": BRITISH,
        "orders/american.csv": AMERICAN,
        "orders/dotted.csv": b"sale,sold_at\nd1,13.02.2026\nd2,14.02.2026\n",
        "american/a.csv": SAID,
        "spelled/a.csv": SPELLED.encode(),
        "numbers/a.csv": NUMBERS.encode(),
        "headed/a.csv": b"id|day|money|count|small|member\n" + FIXED,
        "fixed/a.csv": FIXED,
        "numbers/english.csv": b'id,german\ne1,"1,234"\ne2,10.50\ne3,7\n',
    }
    outcomes = {name: rig.drop(f"values/{name}", content) for name, content in files.items()}
    return rig, outcomes, rig.run("values")


def quarantined(rig: Rig, dataset: str) -> dict[str, tuple[list[str], list[str]]]:
    """Reasons and columns of quarantined rows by the record's first value."""
    rows = rig.rows(f"quarantine.{dataset}_rows", "reasons", "columns", "raw_record")
    return {raw.split('"')[3]: (reasons, columns) for reasons, columns, raw in rows}


def silver(rig: Rig, table: str, *columns: str) -> dict[str, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in rig.rows(f"silver.{table}", *columns)}


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.field("9", "An American file under a day-first contract is refused as a whole", "refused")
def test_american_dates_contradict_a_day_first_contract(shop: Any) -> None:
    outcome = shop[1]["orders/american.csv"]
    assert (outcome.status, outcome.reason) == ("quarantined", "date_order_contradicted")
    assert outcome.detail == (
        "19 of 31 dates of sold_at do not fit dd/MM/yyyy, dd/MM/yyyy HH:mm, and all fit MM/dd/yyyy, MM/dd/yyyy"
        " HH:mm; the first in record 13, 14, 15, 16, 17"
    )


@pytest.mark.field("9", "03/04/2026 is what the contract says: 3 April, or 4 March", "right")
def test_a_date_is_read_in_the_declared_order(shop: Any) -> None:
    british = silver(shop[0], "orders", "sale", "sold_at", "event_date")
    assert british == {
        "u1": (at("2026-04-02T22:00:00"), dt.date(2026, 4, 3)),
        "u2": (at("2026-03-24T23:00:00"), dt.date(2026, 3, 25)),
        "u3": (at("2026-02-13T09:00:00"), dt.date(2026, 2, 13)),
    }
    assert quarantined(shop[0], "orders") == {"u4": (["invalid_type"], ["sold_at"])}
    assert silver(shop[0], "american", "sale", "event_date") == {
        "s1": (dt.date(2026, 3, 4),),
        "s2": (dt.date(2026, 3, 31),),
        "s3": (dt.date(2026, 4, 1),),
    }


@pytest.mark.field("10", "A file of which no date can be read is refused, not filed under 1970", "refused")
def test_a_file_without_a_readable_date_is_refused(shop: Any) -> None:
    outcome = shop[1]["orders/dotted.csv"]
    assert (outcome.status, outcome.reason) == ("quarantined", "no_readable_date")
    assert outcome.detail == (
        "none of 2 values of sold_at is spelled as declared (dd/MM/yyyy, dd/MM/yyyy HH:mm)"
    )


@pytest.mark.field("12", "A shop in Berlin: its day ends at its midnight", "right")
def test_local_times_are_the_instants_and_days_of_their_zone(shop: Any) -> None:
    assert silver(shop[0], "berlin", "sale", "sold_at", "event_date") == {
        "b1": (at("2026-01-31T22:30:00"), dt.date(2026, 1, 31)),
        "b2": (at("2026-01-31T23:30:00"), dt.date(2026, 2, 1)),
        "b3": (at("2026-03-29T00:59:59"), dt.date(2026, 3, 29)),
        "b5": (at("2026-03-29T01:00:00"), dt.date(2026, 3, 29)),
        "b6": (at("2025-10-26T00:30:00"), dt.date(2025, 10, 26)),  # twice that night: the earlier
        "b7": (at("2025-10-26T22:59:59"), dt.date(2025, 10, 26)),
        "b8": (at("2026-01-31T23:30:00"), dt.date(2026, 2, 1)),
        "b9": (at("2026-01-31T23:30:00"), dt.date(2026, 2, 1)),
    }


@pytest.mark.field("17.3", "Revenue by day of a shop in Berlin, with both Sundays of the change", "right")
def test_daily_revenue_is_that_of_the_days_in_berlin(shop: Any) -> None:
    assert shop[0].rows("gold.daily_revenue", "date", "revenue") == [
        (dt.date(2025, 10, 26), Decimal("24.00")),
        (dt.date(2026, 1, 31), Decimal("10.00")),
        (dt.date(2026, 2, 1), Decimal("116.00")),
        (dt.date(2026, 3, 29), Decimal("5.00")),
    ]


@pytest.mark.field("12", "02:30 of the night in which the clock leaps over it", "quarantined")
def test_a_local_time_that_never_was_is_quarantined(shop: Any) -> None:
    assert quarantined(shop[0], "berlin") == {"b4": (["nonexistent_local_time"], ["sold_at"])}


@pytest.mark.field("12", "02:30 of the night that has it twice is counted", "right")
def test_a_local_time_that_occurs_twice_is_counted(shop: Any) -> None:
    assert shop[2]["berlin"].metrics["ambiguous_times"] == 1


@pytest.mark.field(
    "11", "Seconds, milliseconds, microseconds, nanoseconds, Excel's days and 20260213", "right"
)
def test_numbers_are_the_times_that_the_contract_says(shop: Any) -> None:
    found = silver(shop[0], "spelled", "id", "seconds", "millis", "micros", "nanos", "excel", "digits")
    ten = at("2026-02-13T10:00:00")
    assert found["1"] == (ten, ten, ten, ten, at("2026-02-13T09:00:00"), dt.date(2026, 2, 13))
    assert found["2"] == (
        *(ten.replace(microsecond=m) for m in (500_000, 123_000, 123_456, 123_456)),
        at("2026-02-12T23:00:00"),
        None,
    )


@pytest.mark.field("10", "German month names, dots, AM and PM", "right")
def test_names_and_half_days_are_read(shop: Any) -> None:
    found = silver(shop[0], "spelled", "id", "german", "half_day", "member")
    day = dt.date(2026, 2, 13)
    assert [found[i] for i in "123"] == [
        (day, at("2026-02-13T21:00:00"), True),
        (day, at("2026-02-12T23:00:00"), False),
        (day, None, False),
    ]


@pytest.mark.field("17.1", "A date of birth of 1957 is one, where the contract has no other bound", "right")
def test_bounds_are_the_columns_own(shop: Any) -> None:
    assert silver(shop[0], "spelled", "id", "born")["1"] == (dt.date(1957, 6, 5),)


@pytest.mark.field(
    "17.1", "Times of another spelling, days that are none, values out of bounds", "quarantined"
)
def test_what_is_not_declared_is_quarantined_with_its_column(shop: Any) -> None:
    assert quarantined(shop[0], "spelled") == {
        "4": (["invalid_type"], ["seconds"]),
        "5": (["invalid_type"], ["excel"]),
        "6": (["invalid_type"], ["digits"]),
        "7": (["invalid_type"], ["german"]),
        "8": (["invalid_type"], ["half_day"]),
        "9": (["out_of_range"], ["born"]),
        "10": (["invalid_type"], ["member"]),
        "11": (["invalid_type"], ["iso"]),
    }


@pytest.mark.field("7", "10,50 of a German file, whose contract says so", "right")
@pytest.mark.field("8", "1'234.50 of a Swiss file, 1.234,50 € of a German one, (12.50), 12 %", "right")
def test_numbers_are_read_by_their_declared_marks_and_styles(shop: Any) -> None:
    found = silver(shop[0], "numbers", "id", "swiss", "german", "booked")
    assert [found[i] for i in "1234"] == [
        (Decimal("1234.50"), Decimal("1234.50"), Decimal("-12.5000")),
        (Decimal("1234567.00"), Decimal("10.50"), Decimal("0.1200")),
        (Decimal("12.00"), Decimal("1234.00"), Decimal("1234.5600")),
        (None, Decimal("-12.50"), Decimal("0.1250")),
    ]


@pytest.mark.field("16", "007 into a number is 7, digits after the point that are zeros are none", "right")
def test_plain_numbers_lose_no_digit(shop: Any) -> None:
    found = silver(shop[0], "numbers", "id", "plain", "number", "measure")
    assert [found[i] for i in "123"] == [
        (Decimal("12.50"), 7, 21.5),
        (Decimal("1000.00"), 30, 0.0015),
        (Decimal("12.50"), 9223372036854775807, -0.25),
    ]


@pytest.mark.field("20", "NaN and Infinity are no value where the contract says so", "right")
def test_what_is_no_number_is_no_value_where_that_is_declared(shop: Any) -> None:
    found = silver(shop[0], "numbers", "id", "sensor")
    assert [found[i] for i in "123"] == [(None,), (None,), (20.5,)]


@pytest.mark.field(
    "h7", "Exponents without measure: 1E-999999999, 1E-20000000, 1E-5000, 1E2147483647", "quarantined"
)
def test_numbers_of_another_spelling_or_beyond_all_measure_are_quarantined(shop: Any) -> None:
    columns = ["plain"] * 5 + ["number", "measure", "measure", "swiss", "german"]
    expected = {str(i): (["invalid_type"], [c]) for i, c in enumerate(columns, 5)}
    expected |= {"15": (["out_of_range"], ["booked"]), "16": (["invalid_type"], ["swiss"])}
    expected |= {"17": (["invalid_type"], ["number"]), "18": (["invalid_type"], ["german"])}
    assert quarantined(shop[0], "numbers") == expected


@pytest.mark.field("8", "Numbers with a decimal point under a contract with a decimal comma", "refused")
def test_english_numbers_contradict_a_german_contract(shop: Any) -> None:
    outcome = shop[1]["numbers/english.csv"]
    assert (outcome.status, outcome.reason) == ("quarantined", "decimal_mark_contradicted")
    assert outcome.detail == (
        "1 of 3 numbers of german do not fit decimalMark ',', and all fit decimalMark '.'; the first in record 2"
    )


@pytest.mark.field(
    "17.1", "Text without header, which bronze keeps as Parquet, is read by the same words", "right"
)
def test_what_bronze_keeps_as_parquet_is_read_as_text_is(shop: Any) -> None:
    columns = ("id", "day", "money", "count", "small", "member")
    expected = {
        "1": (dt.date(2026, 2, 13), Decimal("1234.50"), 12, "AB", True),
        "2": (dt.date(2026, 2, 14), Decimal("10.50"), 1000, "CD", False),
    }
    bad = {"3": ["day"], "4": ["money", "count"], "5": ["count", "member"], "6": ["day"]}
    for table in ("headed", "fixed"):
        assert silver(shop[0], table, *columns) == expected
        assert {i: found[1] for i, found in quarantined(shop[0], table).items()} == bad
