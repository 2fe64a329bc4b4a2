"""Text without header → Parquet of the contract's types: literal files, literal rows."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from shared.contracts import Column, Dataset, Table
from shared.records import Accepted, Limits, Rejected
from shared.records.convert import convert_to_parquet
from shared.records.source import Source
from shared.values import Declared

BANDS = {"band_sk": "int", "lower_bound": "int", "upper_bound": "int"}
REASONS = {"reason_sk": "int", "reason_id": "string", "reason": "string"}
ITEMS = {
    "i_item_sk": "int",
    "i_item_id": "string",
    "i_rec_start_date": "date",
    "i_rec_end_date": "date",
    "i_item_desc": "string",
    "i_current_price": "decimal(7,2)",
    "i_wholesale_cost": "decimal(7,2)",
    "i_colour": "string",
    "i_units": "bigint",
}


def table_of(columns: dict[str, str]) -> Dataset:
    """A dataset of text without header, whose columns are these in this order."""
    target = Table(
        name="t",
        zone="silver",
        kind="keyed",
        description="",
        columns=tuple(Column(name, kind, "") for name, kind in columns.items()),
        primary_key=(next(iter(columns)),),
        sources=("t",),
    )
    return Dataset(
        name="t",
        domain="shop",
        description="",
        formats=("csv",),
        target=target,
        header="none",
        delimiter="|",
        fallback_encoding="iso-8859-1",
        stored_as="parquet",
    )


def made(
    content: bytes, folder: Path, columns: dict[str, str] = BANDS
) -> tuple[Accepted | Rejected, list[dict[str, Any]]]:
    path = folder / "rows.parquet"
    verdict = convert_to_parquet(Source(io.BytesIO(content), Limits()), table_of(columns), Limits(), path)
    return verdict, pq.read_table(path).to_pylist() if isinstance(verdict, Accepted) else []


def cells(rows: list[dict[str, Any]], names: dict[str, str]) -> list[tuple[Any, ...]]:
    return [tuple(r[n] for n in names) for r in rows]


def test_dates_in_the_other_order_are_told_without_a_header_too(tmp_path: Path):
    table = table_of({"id": "int", "day": "date"})
    column = replace(table.target.columns[1], declared=Declared(formats=("dd/MM/yyyy",)))
    table = replace(table, target=replace(table.target, columns=(table.target.columns[0], column)))
    content = b"1|03/04/2026\n2|03/14/2026\n3|\n4|03/25/2026\n"
    verdict = convert_to_parquet(Source(io.BytesIO(content), Limits()), table, Limits(), tmp_path / "rows")
    assert isinstance(verdict, Rejected)
    assert (verdict.reason, verdict.detail) == (
        "date_order_contradicted",
        "2 of 3 dates of day do not fit dd/MM/yyyy, and all fit MM/dd/yyyy; the first in record 2, 4",
    )


@pytest.mark.parametrize(
    "content",
    [
        b"1|0|10000|\n2|10001||\n",
        b"1|0|10000\n2|10001|\n",
        b"1|0|10000|\r\n2|10001||\r\n",
        b"1|0|10000|\n2|10001|",
        b"\n1|0|10000|\n\n2|10001||\n",
    ],
    ids=["a pipe ends lines", "none does", "Windows", "both, no end of line", "blank lines"],
)
def test_columns_are_the_contracts_and_an_empty_cell_is_no_value(content: bytes, tmp_path: Path):
    verdict, rows = made(content, tmp_path)
    assert isinstance(verdict, Accepted)
    assert (verdict.records, verdict.unreadable_records, verdict.profile.format) == (2, 0, "parquet")
    assert cells(rows, BANDS) == [(1, 0, 10000), (2, 10001, None)]


def test_a_cell_of_another_type_is_kept_beside_and_a_line_that_is_no_row_as_it_is(tmp_path: Path):
    good = b"".join(b"%d|0|7|\n" % i for i in range(40))
    verdict, rows = made(good + b"41|many| 9 |\n42|1\n43|1|2|3|\n44|2147483648|1|\n", tmp_path)
    assert isinstance(verdict, Accepted)
    assert (verdict.records, verdict.unreadable_records) == (44, 2)
    assert cells(rows[:40], BANDS) == [(i, 0, 7) for i in range(40)]
    assert [{k: v for k, v in r.items() if v is not None} for r in rows[40:]] == [
        {"band_sk": 41, "upper_bound": 9, "_uncast": [("lower_bound", "many")]},
        {"_raw": "42|1"},
        {"_raw": "43|1|2|3|"},
        {"band_sk": 44, "upper_bound": 1, "_uncast": [("lower_bound", "2147483648")]},
    ]


@pytest.mark.field(
    "h21", "Without header: a line that lost a field, and ends with a delimiter as all do", "quarantined"
)
@pytest.mark.parametrize(
    ("content", "rows", "unreadable"),
    [
        (b"1|ID1|x|\n2|ID2|y|\n3|ID3|\n", 3, 1),  # the third has lost a field: its end is no empty cell
        (b"1|ID1|x\n2|ID2|y\n3|ID3|\n", 3, 0),  # here it is one
        (b"3|ID3|\n1|ID1|x|\n2|ID2|y|\n", 3, 1),
        (b"1|ID1|\n2|ID2|\n", 2, 0),
    ],
)
def test_where_a_delimiter_ends_lines_a_row_that_lost_a_field_is_none(
    content: bytes, rows: int, unreadable: int, tmp_path: Path
):
    found = made(content, tmp_path, REASONS)[0]
    assert (found.records, found.unreadable_records) == (rows, unreadable)


@pytest.mark.field("23", "Without header: a line with a value more than there are columns", "quarantined")
def test_a_value_behind_the_last_column_makes_a_line_no_row(tmp_path: Path):
    _, rows = made(b"".join(b"%d|0|7|\n" % i for i in range(40)) + b"41|1|2|3\n", tmp_path)
    assert (rows[40]["_raw"], cells(rows[:40], BANDS)) == ("41|1|2|3", [(i, 0, 7) for i in range(40)])


def test_a_bad_line_among_many_changes_no_other(tmp_path: Path):
    """The stretch it stands in is read again, column by column."""
    lines = [b"%d|%d|%d|" % (i, i * 10, i * 100) for i in range(20_000)]
    lines[12_345] = b"what|0"
    verdict, rows = made(b"\n".join(lines) + b"\n", tmp_path)
    assert isinstance(verdict, Accepted)
    assert (verdict.records, verdict.unreadable_records) == (20_000, 1)
    assert [r["upper_bound"] for r in rows] == [None if i == 12_345 else i * 100 for i in range(20_000)]


SPELLINGS = {
    "i_item_sk": [
        "12",
        " 12",
        "12 ",
        "+5",
        "-5",
        "007",
        "1e3",
        "1_000",
        "0x1A",
        "12.",
        "2147483648",
        "-",
        " ",
        "null",
        "\uff11",
    ],
    "i_rec_start_date": [
        "1997-10-27",
        " 1997-10-27 ",
        "1997-1-1",
        "19971027",
        "1997-02-30",
        "1997-10-27T00:00:00Z",
    ],
    "i_current_price": [
        "4.50",
        "4.5",
        " 4.50",
        "+4.5",
        ".5",
        "4.",
        "1.234",
        "123456.78",
        "1e2",
        "NaN",
        "N/A",
    ],
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_cell_is_read_alike_whatever_stands_beside_it(name: str, tmp_path: Path):
    """An odd line sends all others down another path than a file where all are alike."""
    good = "|".join("7" if c == "i_item_sk" else "" for c in ITEMS)
    for spelling in SPELLINGS[name]:
        line = "|".join(spelling if c == name else "7" if c == "i_item_sk" else "" for c in ITEMS)
        lines = [line, *[good] * 40]
        _, alone = made(("\n".join(lines) + "\n").encode(), tmp_path, ITEMS)
        _, beside = made(("\n".join([*lines, "odd"]) + "\n").encode(), tmp_path, ITEMS)
        assert beside[:-1] == alone
        assert beside[-1]["_raw"] == "odd"
        assert (alone[0][name] is None) == (alone[0]["_uncast"] == [(name, spelling)])


def test_lines_in_latin_1_are_decoded_wherever_they_stand_and_those_in_utf_8_left_alone(tmp_path: Path):
    filler = b"".join(b"%d|AAAA|plain|\n" % i for i in range(9000))  # more than any sample of the beginning
    _, rows = made(
        filler + "9001|AAAA|Réunion|\n".encode("latin-1") + "9002|AAAA|Réunion  |\n".encode(),
        tmp_path,
        REASONS,
    )
    assert cells(rows[-2:], REASONS) == [(9001, "AAAA", "Réunion"), (9002, "AAAA", "Réunion  ")]


def test_a_lone_carriage_return_ends_a_line_whatever_stands_beside_it(tmp_path: Path):
    """Arrow takes one for the end of a line, and the file was neither accepted nor refused."""
    beside = [(i, 0, 7) for i in range(40)]
    text = b"".join(b"%d|0|7|\n" % i for i in range(40))
    _, rows = made(text + b"41|1|2|\r42|3|4|\n", tmp_path)
    assert cells(rows, BANDS) == [*beside, (41, 1, 2), (42, 3, 4)]
    verdict, rows = made(text + b"41|1|\r2|\n43|x|5|\n", tmp_path)
    assert isinstance(verdict, Accepted)
    assert (verdict.records, verdict.unreadable_records) == (43, 2)
    assert [r["_raw"] for r in rows[40:]] == ["41|1|", "2|", None]


@pytest.mark.parametrize(
    "text",
    ["1E-999999999", "1E-40", "1.5E36", "1e+05", "0." + "0" * 36 + "1E-9"],
    ids=["ends the process", "becomes 0", "becomes another", "is right", "is small"],
)
def test_a_power_in_a_decimal_is_left_to_silver_as_the_text_it_is(text: str, tmp_path: Path):
    """Arrow 26 ends the process, or gives another number, of which nothing tells."""
    _, rows = made(f"1|{text}\n2|0.5\n".encode(), tmp_path, {"a": "int", "b": "decimal(38,10)"})
    assert [(r["b"], dict(r["_uncast"] or ())) for r in rows] == [(None, {"b": text}), (Decimal("0.5"), {})]


def test_quotes_and_backslashes_are_text(tmp_path: Path):
    _, rows = made(b'1|A"A|it\'s "so" \\|\n2|"B"|b|\n', tmp_path, REASONS)
    assert cells(rows, REASONS) == [(1, 'A"A', 'it\'s "so" \\'), (2, '"B"', "b")]


def test_dates_and_money_have_their_types_and_lose_no_digit(tmp_path: Path):
    width = len(ITEMS)
    line = ["7", "ID", "1997-10-27", "", "what", "4.50", "1.234", *[""] * (width - 7)]
    _, [row] = made("|".join(line).encode() + b"|\n", tmp_path, ITEMS)
    assert (row["i_rec_start_date"], row["i_current_price"], row["i_wholesale_cost"]) == (
        dt.date(1997, 10, 27),
        Decimal("4.50"),
        None,
    )
    assert row["_uncast"] == [("i_wholesale_cost", "1.234")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(b"1|2|3|\n" * 1000)[:-9], "corrupt_gzip"),
        (b"", "empty_file"),
        (b"1|2|3|\n\0\0", "not_text"),
        (b"a,b,c\n" * 50, "too_many_unreadable"),
    ],
)
def test_a_file_that_cannot_be_read_is_rejected_as_a_whole(content: bytes, reason: str, tmp_path: Path):
    verdict, _ = made(content, tmp_path)
    assert isinstance(verdict, Rejected)
    assert verdict.reason == reason


def dated(kind: str, declared: Declared | None = None, **changed: Any) -> Dataset:
    """Text without header whose second column tells the day; the shop stands in the key."""
    table = table_of({"id": "int", "day": kind, "shop": "date"})
    first, day, shop = table.target.columns
    columns = (first, replace(day, declared=declared or Declared()), replace(shop, from_key="shop"))
    target = replace(table.target, columns=columns, event_date_column="day", event_timezone="Europe/Berlin")
    return replace(table, target=target, **changed)


def convert(content: bytes, dataset: Dataset, folder: Path) -> Accepted | Rejected:
    return convert_to_parquet(Source(io.BytesIO(content), Limits()), dataset, Limits(), folder / "rows")


GERMAN = Declared(formats=("dd.MM.yyyy",))
LOCAL = Declared(formats=("iso",), default_timezone="UTC")


@pytest.mark.parametrize(
    ("dataset", "content"),
    [
        (dated("date"), b"1|2026-01-02\n2|2026-01-02\n3| 2026-01-03\n4|someday\n5|\n6\n"),
        (dated("date", GERMAN), b"1|02.01.2026\n2|02.01.2026\n3|03.01.2026\n4|2026\n5|\n6\n"),
        (
            dated("timestamp", LOCAL),
            b"1|2026-01-01T23:30:00Z\n2|2026-01-02 08:00\n3|2026-01-03\n4|x\n5|\n6\n",
        ),
    ],
    ids=["of its type", "spelled in its own way", "times, whose day is that of Berlin"],
)
def test_days_are_counted_without_a_header_too(dataset: Dataset, content: bytes, tmp_path: Path):
    verdict = convert(content, replace(dataset, max_unreadable_rate=0.5), tmp_path)
    assert isinstance(verdict, Accepted), verdict
    assert verdict.event_dates == {dt.date(2026, 1, 2): 2, dt.date(2026, 1, 3): 1}
    assert (verdict.records, verdict.unreadable_records) == (6, 1)
    assert verdict.profile.columns == ("id", "day")


@pytest.mark.parametrize("dataset", [dated("date"), dated("date", GERMAN)], ids=["of its type", "as text"])
def test_a_file_without_header_in_which_no_day_can_be_read_is_refused(dataset: Dataset, tmp_path: Path):
    content = b"1|someday\n2|\n3|2026-13-45\n"
    verdict = convert(content, dataset, tmp_path)
    assert isinstance(verdict, Rejected)
    assert verdict.reason == "no_readable_date"
    assert verdict.detail.startswith("none of 2 values of day is spelled as declared (")
    assert isinstance(convert(content, replace(dataset, undated=True), tmp_path), Accepted)
    assert isinstance(convert(b"1|\n2|\n", dataset, tmp_path), Accepted)  # there is nothing to read
