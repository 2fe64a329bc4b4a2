"""What a declared spelling reads and what not: literal texts, literal values, and independent parsers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values import Declared, Plan, UnreadableFormatError, compiled
from tests.support.spelled_texts import texts

NOON = "2026-02-13T12:00:00"


def plan(kind: str, *sources: str, **declared: Any) -> Plan:
    return compiled("c", kind, Declared(**declared), "shop", sources)


def time(text: str, *formats: str, zone: str = "UTC", locale: str = "en") -> str | None:
    """The instant of a text, as ISO 8601 in UTC."""
    found = plan("timestamp", formats=formats, default_timezone=zone, locale=locale).value(text)
    if found is None:
        return None
    assert isinstance(found, int)
    return (dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=found)).isoformat()


@pytest.mark.parametrize(
    ("text", "formats", "locale", "expected"),
    [
        ("13-Feb-2026", ("dd-MMM-yyyy",), "en", "2026-02-13T00:00:00"),
        ("13.02.2026 12:00", ("dd.MM.yyyy[ HH:mm[:ss]]",), "en", NOON),
        ("13.02.2026 12:00:30", ("dd.MM.yyyy[ HH:mm[:ss]]",), "en", "2026-02-13T12:00:30"),
        ("13.02.2026", ("dd.MM.yyyy[ HH:mm[:ss]]",), "en", "2026-02-13T00:00:00"),
        ("3/4/2026", ("M/d/yyyy",), "en", "2026-03-04T00:00:00"),
        ("3/4/26 12:30 AM", ("M/d/yy h:mm a",), "en", "2026-03-04T00:30:00"),
        ("3/4/26 12:30 p.m.", ("M/d/yy h:mm a",), "en", "2026-03-04T12:30:00"),
        ("2026/02/13", ("yyyy/MM/dd",), "en", "2026-02-13T00:00:00"),
        ("13. März 2026", ("d. MMMM yyyy",), "de", "2026-03-13T00:00:00"),
        ("13. MÄRZ 2026", ("d. MMMM yyyy",), "de_AT", "2026-03-13T00:00:00"),
        ("13 févr. 2026", ("d MMM yyyy",), "fr", "2026-02-13T00:00:00"),
        ("Fri, 13 Feb 2026 12:00:00 +0100", ("EEE, d MMM yyyy HH:mm:ss Z",), "en", "2026-02-13T11:00:00"),
        ("2026044", ("yyyyDDD",), "en", "2026-02-13T00:00:00"),
        ("2026-02-13 24:15", ("yyyy-MM-dd kk:mm",), "en", "2026-02-13T00:15:00"),
        ("20260213120000123", ("yyyyMMddHHmmssSSS",), "en", "2026-02-13T12:00:00.123000"),
        ("2026-02-13T12:00:00Z", ("yyyy-MM-dd'T'HH:mm:ssX",), "en", NOON),
        ("1770984000", ("epoch_s",), "en", NOON),
        ("1770984000.25", ("epoch_s",), "en", "2026-02-13T12:00:00.250000"),
        ("1770984000000", ("epoch_ms",), "en", NOON),
        ("-1", ("epoch_ns",), "en", "1969-12-31T23:59:59.999999"),
        ("46066.5", ("excel_serial",), "en", NOON),
        ("20260213", ("yyyymmdd",), "en", "2026-02-13T00:00:00"),
    ],
)
def test_a_text_in_a_declared_format_is_that_time(
    text: str, formats: tuple[str, ...], locale: str, expected: str
) -> None:
    assert time(text, *formats, locale=locale) == expected


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("13/02/2026", ("MM/dd/yyyy",)),
        ("3/4/2026", ("MM/dd/yyyy",)),
        ("03/04/26", ("MM/dd/yyyy",)),
        ("03/04/2026 ", ("MM/dd/yyyy HH:mm",)),
        ("03/04/2026\n\n03", ("MM/dd/yyyy",)),
        ("29.02.2026", ("dd.MM.yyyy",)),
        ("13-Febr-2026", ("dd-MMM-yyyy",)),
        ("13-Mai-2026", ("dd-MMM-yyyy",)),
        ("Thu, 13 Feb 2026", ("EEE, d MMM yyyy",)),
        ("3/4/26 13:30 PM", ("M/d/yy h:mm a",)),
        ("2026366", ("yyyyDDD",)),
        ("20260213", ("iso",)),
        ("2026-02-13", ("epoch_s",)),
        ("1770984000", ("iso",)),
        ("253402300800", ("epoch_s",)),
        ("1e9", ("epoch_s",)),
        ("60", ("excel_serial",)),
        ("0000-01-01", ("iso",)),
        ("٢٠٢٦-٠٢-١٣", ("iso",)),
        ("2026-02-13T12:00:00+19:00", ("iso",)),
    ],
)
def test_a_text_of_another_spelling_is_none(text: str, formats: tuple[str, ...]) -> None:
    assert time(text, *formats) is None


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-07-01 12:00:00", "Europe/Berlin", "2026-07-01T10:00:00"),
        ("2026-03-29 02:30:00", "Europe/Berlin", None),
        ("2026-10-25 02:30:00", "Europe/Berlin", "2026-10-25T00:30:00"),
        ("2026-03-08 02:30:00", "America/New_York", None),
        ("2026-10-04 02:15:00", "Australia/Lord_Howe", None),
        ("2026-07-01T12:00:00Z", "Europe/Berlin", "2026-07-01T12:00:00"),
    ],
)
def test_a_time_without_an_offset_is_of_its_zone(text: str, zone: str, expected: str | None) -> None:
    assert time(text, "iso", zone=zone) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-13T23:30:00-02:00", dt.date(2026, 2, 13)),
        ("2026-02-13T00:30:00+02:00", dt.date(2026, 2, 13)),
        ("2026-02-13T25:00:00", None),
    ],
)
def test_a_date_is_the_day_as_it_is_written(text: str, expected: dt.date | None) -> None:
    assert plan("date").value(text) == expected


MONEY = "decimal(18,2)"
ANY = ("currency", "parentheses", "percent", "trailing_minus")
SWEDISH = {"number_style": ANY, "currencies": ("kr", "SEK", "R$")}
GERMAN = {"decimal_mark": ",", "group_mark": "."}


@pytest.mark.parametrize(
    ("text", "kind", "declared", "expected"),
    [
        ("12.50", MONEY, {}, Decimal("12.50")),
        ("+.5", MONEY, {}, Decimal("0.50")),
        ("0012.5000", MONEY, {}, Decimal("12.50")),
        ("1.5E3", MONEY, {}, Decimal("1500.00")),
        ("12.345", MONEY, {}, None),
        ("1,234.50", MONEY, {}, None),
        ("$5", MONEY, {}, None),
        ("1E-5000", MONEY, {}, None),
        ("1E-999999999", MONEY, {}, None),
        ("1E2147483647", "bigint", {}, None),
        ("-0E+99", "int", {}, None),
        ("12\x7f", "int", {}, 12),
        ("1E0\x7f", "int", {}, None),
        ("1" * 2000, MONEY, {}, None),
        ("30.0", "int", {}, 30),
        ("30.5", "int", {}, None),
        ("2147483648", "int", {}, None),
        ("1e-400", "double", {}, None),
        ("1e400", "double", {}, None),
        ("NaN", "double", {}, None),
        ("0x1A", "int", {}, None),
        ("12d", "double", {}, None),
        ("1.234,50", MONEY, GERMAN, Decimal("1234.50")),
        ("1.234", MONEY, GERMAN, Decimal("1234.00")),
        ("1,234.50", MONEY, GERMAN, None),
        ("12.34", MONEY, GERMAN, None),
        ("1'234'567.80", MONEY, {"group_mark": "'"}, Decimal("1234567.80")),
        ("1'23.50", MONEY, {"group_mark": "'"}, None),
        ("(12.50)", MONEY, {"number_style": ANY}, Decimal("-12.50")),
        ("12.50-", MONEY, {"number_style": ANY}, Decimal("-12.50")),
        ("12 %", MONEY, {"number_style": ANY}, Decimal("0.12")),
        ("EUR 12.50", MONEY, {"number_style": ANY}, Decimal("12.50")),
        ("-$12.50", MONEY, {"number_style": ANY}, Decimal("-12.50")),
        ("12.50 €", MONEY, {"number_style": ANY}, Decimal("12.50")),
        ("12.50 EUX", MONEY, {"number_style": ANY}, None),
        ("USD 12.50 EUR", MONEY, {"number_style": ANY}, None),
        ("$12.50 €", MONEY, {"number_style": ANY}, None),
        ("(12.50 €)", MONEY, {"number_style": ANY}, Decimal("-12.50")),
        ("(12.50) €", MONEY, {"number_style": ANY}, Decimal("-12.50")),
        ("€ (12.50)", MONEY, {"number_style": ANY}, Decimal("-12.50")),
        ("€ 12.50-", MONEY, {"number_style": ANY}, Decimal("-12.50")),
        ("((12.50))", MONEY, {"number_style": ANY}, None),
        ("12.50 kr", MONEY, {"number_style": ANY}, None),
        ("12.50 kr", MONEY, SWEDISH, Decimal("12.50")),
        ("-12.50 SEK", MONEY, SWEDISH, Decimal("-12.50")),
        ("(R$12.50)", MONEY, SWEDISH, Decimal("-12.50")),
        ("12.50 €", MONEY, SWEDISH, None),
        ("R12.50", MONEY, SWEDISH, None),
        ("1.125 %", MONEY, {"number_style": ANY}, None),
        ("9" * 38, "decimal(38,0)", {}, Decimal("9" * 38)),
        (f"{'9' * 20}.{'9' * 18}", "decimal(38,18)", {}, Decimal(f"{'9' * 20}.{'9' * 18}")),
        (f"{'9' * 20}.{'9' * 9}E0", "decimal(38,18)", {}, Decimal(f"{'9' * 20}.{'9' * 9}")),
    ],
)
def test_a_number_is_read_as_it_is_declared(
    text: str, kind: str, declared: dict[str, Any], expected: Any
) -> None:
    assert plan(kind, **declared).value(text) == expected


def test_json_numbers_have_a_point_whatever_mark_texts_have() -> None:
    both = plan(MONEY, "ndjson", decimal_mark=",")
    assert (both.value("10.5"), both.value("10,5")) == (Decimal("10.50"), Decimal("10.50"))
    assert plan(MONEY, decimal_mark=",").value("10.5") is None


def test_typed_cells_are_iso_beside_the_declared_formats() -> None:
    both = plan("date", "parquet", formats=("dd.MM.yyyy",))
    assert both.value("13.02.2026") == both.value("2026-02-13") == dt.date(2026, 2, 13)
    assert plan("date", formats=("dd.MM.yyyy",)).value("2026-02-13") is None


def test_words_of_booleans_are_those_declared() -> None:
    german = plan("boolean", booleans=(("ja", "1"), ("nein", "0")))
    assert [german.value(t) for t in ("JA", "1", "nein", "true")] == [True, True, False, None]
    assert [plan("boolean").value(t) for t in ("True", "FALSE", "t", "yes")] == [True, False, None, None]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("epoch_sec", "has the letters 'e', which are not read here"),
        ("dd/MM/yyyy zzz", "has 'zzz': names of zones are not read"),
        ("dd/mm/yyyy", "needs a year, and a month and a day"),
        ("dd/MM/yyyy hh:mm", "has h or K without a"),
        ("dd/MM/yyyy 'at", "has a ' that is not closed"),
        ("dd/MM/yyyy [HH:mm", "has a [ without ]"),
        ("yyyyMd", "has yyyy right before M"),
        ("yyyy-MM-dd yyyy", "has year twice"),
        ("yyyy-MM-dd HH ss", "has a second without what it is part of"),
    ],
)
def test_a_pattern_that_is_not_read_says_why(pattern: str, message: str) -> None:
    with pytest.raises(UnreadableFormatError) as caught:
        plan("timestamp", formats=(pattern,))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "duck"),
    [
        ("dd/MM/yyyy HH:mm:ss", "%d/%m/%Y %H:%M:%S"),
        ("MM-dd-yyyy HH:mm", "%m-%d-%Y %H:%M"),
        ("yyyyMMddHHmmss", "%Y%m%d%H%M%S"),
        ("dd-MMM-yyyy hh:mm a", "%d-%b-%Y %I:%M %p"),
        ("yyyy-DDD", "%Y-%j"),
    ],
)
@given(moment=st.datetimes(dt.datetime(1000, 1, 1), dt.datetime(9999, 12, 31)))
def test_duckdb_reads_the_same_times(pattern: str, duck: str, moment: dt.datetime) -> None:
    text = duckdb.execute("select strftime(?::timestamp, ?)", [moment, duck]).fetchall()[0][0]
    [(expected,)] = duckdb.execute("select strptime(?, ?)", [text, duck]).fetchall()
    assert time(text, pattern) == expected.isoformat()


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15))
def test_every_amount_is_read_back_from_each_spelling(amount: Decimal) -> None:
    german = f"{amount:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")
    booked = f"({-amount:,.2f})" if amount < 0 else f"{amount:,.2f}"
    assert plan(MONEY).value(str(amount)) == amount
    assert plan(MONEY, **GERMAN).value(german) == amount
    assert plan(MONEY, group_mark=",", number_style=("parentheses",)).value(booked) == amount


@pytest.fixture(scope="module")
def spelled() -> list[str]:
    """A hundred thousand texts, right ones and spoilt ones."""
    return list(texts(99, 100_000))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "pattern", "sql"),
    [
        ("timestamp", "iso", "epoch_us(try_cast(v AS timestamptz))"),
        *(
            ("timestamp", pattern, f"epoch_us(try_strptime(v, '{duck}'))")
            for pattern, duck in {
                "dd/MM/yyyy": "%d/%m/%Y",
                "MM-dd-yyyy HH:mm": "%m-%d-%Y %H:%M",
                "d-MMM-yyyy": "%d-%b-%Y",
                "yyyyDDD": "%Y%j",
                "dd.MM.yyyy": "%d.%m.%Y",
                "dd.MM.yyyy HH:mm": "%d.%m.%Y %H:%M",
                "dd.MM.yyyy HH:mm:ss": "%d.%m.%Y %H:%M:%S",
            }.items()
        ),
        *(
            (kind, None, f"try_cast(v AS {kind})")
            for kind in ("int", "bigint", "double", MONEY, "decimal(38,0)")
        ),
    ],
)
def test_what_duckdb_reads_as_well_it_reads_alike(
    spelled: list[str], kind: str, pattern: str | None, sql: str
) -> None:
    """Either reads texts that the other does not: blanks, digits that are missing, control characters."""
    own = plan(kind, formats=(pattern,), default_timezone="UTC") if pattern else plan(kind)
    with duckdb.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        connection.register("spelled", pa.table({"v": spelled}))
        found = connection.execute(f"SELECT v, {sql} FROM spelled").fetchall()
    both = [(text, own.value(text), other) for text, other in found if other is not None]
    read = [(text, value, other) for text, value, other in both if value is not None]
    assert [(text, value, other) for text, value, other in read if value != other] == []
    assert len(read) > 300
