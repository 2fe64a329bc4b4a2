"""Parquet: times, types and encodings as its many writers have them."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.rig import Rig

MICROS = 1767355200_123456  # 2026-01-02 12:00:00.123456
WHEN = dt.datetime(2026, 1, 2, 12, 0, 0, 123456)
MILLIS = dt.datetime(2026, 1, 2, 12, 0, 0, 123000)
PER_MICRO = {"ns": 1000, "us": 1}


def written(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def column(numbers: list[int], kind: pa.DataType) -> pa.Array:
    return pa.array(numbers, pa.int64()).view(kind)


def times() -> Iterator[tuple[str, bytes]]:
    """The same moment in every encoding, with and without the flag that it is UTC."""
    for unit, number in (("ns", MICROS * 1000 + 789), ("us", MICROS), ("ms", MICROS // 1000)):
        for zone in (None, "UTC", "Europe/Berlin"):
            name = f"{unit}-{zone or 'local'}".replace("/", "-")
            cells = column([number], pa.timestamp(unit, zone))
            yield name, written(pa.table({"id": [name], "at": cells}), version="2.6")
    cells = column([MICROS], pa.timestamp("us"))
    yield "int96", written(pa.table({"id": ["int96"], "at": cells}), use_deprecated_int96_timestamps=True)


def number_files() -> Iterator[tuple[str, bytes]]:
    """One column each time in another physical type (case 22), and what Spark cannot read (h6, h8)."""
    at = pa.array([dt.datetime(2026, 1, 2, 12)], pa.timestamp("us", "UTC"))
    for name, number in (
        ("int32", pa.array([7], pa.int32())),
        ("int64", pa.array([7], pa.int64())),
        ("string", pa.array(["7"])),
        ("double", pa.array([7.0])),
        ("uint8", pa.array([7], pa.uint8())),
        ("decimal4", pa.array([Decimal("7.00")], pa.decimal128(4, 2))),
        ("decimal5", pa.array([Decimal("7.00")], pa.decimal128(5, 2))),
    ):
        yield name, written(pa.table({"id": [name], "at": at, "number": number}))
    table = pa.table(
        {"id": ["stream-split"], "at": at, "amount": [1.5]},
        pa.schema([("id", pa.string()), ("at", at.type), ("amount", pa.float64())]),
    )
    split = {"use_dictionary": False, "column_encoding": {"amount": "BYTE_STREAM_SPLIT"}}
    yield "stream-split", written(table, **split)
    yield "brotli", written(table.set_column(0, "id", pa.array(["brotli"])), compression="brotli")
    for encoding in ("DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"):
        cells = pa.table({"id": [encoding], "at": at, "text": ["a text"]})
        options = {"use_dictionary": False, "column_encoding": {"id": encoding, "text": encoding}}
        yield encoding, written(cells, **options)
    odd = {
        "struct": pa.StructArray.from_arrays([column([2**62], pa.timestamp("us"))], ["x"]),
        "list": pa.array([[10**8]], pa.list_(pa.int32())).cast(pa.list_(pa.date32())),
        "duration": column([10**15], pa.duration("s")),
        "mars": column([2**62], pa.timestamp("us", "Mars/Olympus")),
        "nanos": column([1], pa.time64("ns")),
    }
    yield "unasked", written(pa.table({"id": ["unasked"], "at": at, **odd}))
    far = column([2**62], pa.timestamp("ms"))
    yield "far", written(pa.table({"id": ["far"], "at": at, "other": far}))
    bytes_ = pa.array([b"\xff", b"ok"])
    yield (
        "bytes",
        written(pa.table({"id": ["bytes-1", "bytes-2"], "at": pa.concat_arrays([at, at]), "text": bytes_})),
    )


@pytest.fixture(scope="module")
def lake_of_parquet(lake: Callable[..., Rig]) -> Rig:
    made = lake("parquet")
    for name, content in times():
        made.drop(f"parquet/times/{name}.parquet", content)
    days = pa.table(
        {"id": ["date32"], "at": column([MICROS], pa.timestamp("us", "UTC")), "day": [WHEN.date()]}
    )
    made.drop("parquet/times/date32.parquet", written(days))
    far = pa.table({"id": ["far"], "at": pa.array([20_000_000], pa.int32()).cast(pa.date32()), "x": [[1]]})
    made.drop("parquet/times/far.parquet", written(far))
    for name, content in number_files():
        outcome = made.drop(f"parquet/cells/{name}.parquet", content)
        assert outcome, name
        assert outcome.status == "accepted", (name, outcome)
    made.silver("run-1")
    return made


@pytest.mark.field("13", "The same moment in ns, µs, ms and INT96, with and without UTC flag", "right")
def test_a_moment_is_the_same_in_every_encoding(lake_of_parquet: Rig) -> None:
    found = dict(lake_of_parquet.rows("silver.times", "id", "at"))
    expected = {
        f"{unit}-{zone}": MILLIS if unit == "ms" else WHEN
        for unit in ("ns", "us", "ms")
        for zone in ("local", "UTC", "Europe-Berlin")
    }
    assert found == {**expected, "int96": WHEN, "date32": WHEN}
    days = lake_of_parquet.rows("silver.times", "id", "day")
    assert [r for r in days if r[1]] == [("date32", dt.date(2026, 1, 2))]


@pytest.mark.field("h12", "A day beyond all calendars beside a list", "refused")
def test_a_day_that_no_calendar_knows_is_no_epoch(lake_of_parquet: Rig) -> None:
    refused = lake_of_parquet.ledger.quarantined("parquet", "times")
    assert [(f.key, f.reason) for f in refused] == [("parquet/times/far.parquet", "no_readable_date")]


@pytest.mark.field(
    "22", "int32, int64, text, double, unsigned and decimal in the files of one column", "right"
)
def test_one_column_in_many_physical_types(lake_of_parquet: Rig) -> None:
    numbers = lake_of_parquet.rows("silver.cells", "id", "number")
    names = ("decimal4", "decimal5", "double", "int32", "int64", "string", "uint8")
    assert [r for r in numbers if r[1] is not None] == [(name, 7) for name in names]


@pytest.mark.field("h6", "Encodings, codecs and ranges that Spark cannot read", "right")
@pytest.mark.field("h8", "Text in delta encodings", "right")
@pytest.mark.field("h5", "Cells that Python cannot hold, in columns nobody asked for", "right")
def test_what_sparks_reader_fails_on_is_read(lake_of_parquet: Rig) -> None:
    rows = {r[0]: r[1:] for r in lake_of_parquet.rows("silver.cells", "id", "amount", "text")}
    assert {k: rows[k] for k in ("stream-split", "brotli", "unasked", "far")} == {
        "stream-split": (Decimal("1.50"), None),
        "brotli": (Decimal("1.50"), None),
        "unasked": (None, None),
        "far": (None, None),
    }
    for encoding in ("DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"):
        assert rows[encoding] == (None, "a text")


@pytest.mark.field("h15", "Bytes that are no UTF-8 in a column of text", "quarantined")
def test_bytes_are_no_text(lake_of_parquet: Rig) -> None:
    [row] = lake_of_parquet.table("quarantine.cells_rows").select("reasons", "columns").collect()
    assert (row.reasons, row.columns) == (["invalid_text"], ["text"])
    assert ("bytes-2", "ok") in lake_of_parquet.rows("silver.cells", "id", "text")


@pytest.mark.field("h15", "Two columns of one name", "refused")
def test_two_columns_of_one_name_are_refused(lake_of_parquet: Rig) -> None:
    table = pa.Table.from_arrays(
        [pa.array(["a"]), pa.array(["1"]), pa.array(["2"])], ["id", "number", "number"]
    )
    outcome = lake_of_parquet.drop("parquet/cells/twice.parquet", written(table))
    assert (outcome and outcome.reason) == "repeated_column"
