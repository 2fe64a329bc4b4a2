"""Rows that are read by column are the rows that the csv module reads one by one."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.records.delimited import Row, Rows
from shared.records.regular_csv import Block, block_of
from shared.records.verdict import Limits, Unreadable

HEADER = b"id,b,c\n"
CELLS = st.sampled_from(
    [
        "",
        "1",
        "a b",
        "total",
        "id",
        "é",
        "áo",
        '"q"',
        '""',
        '"a,b"',
        '"a""b"',
        '"a,"x',
        'a"b',
        '"a\nb"',
        '"',
        " ",
        "\0",
    ]
)
LINES = st.lists(CELLS, min_size=3, max_size=3).map(",".join) | st.lists(CELLS, max_size=4).map(",".join)
ENDS = st.sampled_from(["\n"] * 8 + ["\r\n", "\r", "\n\n", "\n\ufeff"])
BODIES = st.lists(st.tuples(LINES, ENDS), max_size=12).map(lambda parts: "".join(a + b for a, b in parts))
REGULAR = st.lists(st.sampled_from(["1,2,3\n", '"x,y",,"z""z"\n', "é,b,\r\n"]), max_size=12).map("".join)


def read(content: bytes, size: int, *, by_column: bool) -> tuple[list[Row], tuple[object, ...]] | str:
    """All rows, and what else was observed; the message of a file that is refused."""
    blocks = (content[i : i + size] for i in range(0, len(content), size))
    rows: list[Row] = []
    try:
        taken = Rows(iter([HEADER, *blocks]), Limits())
        for chunk in taken.by_column(range(3)) if by_column else taken:
            rows += zip_rows(chunk) if isinstance(chunk, Block) else chunk
    except Unreadable as refused:
        return str(refused)
    return rows, (taken.plain, taken.multiline, taken.skipped)


def zip_rows(block: Block) -> list[Row]:
    return [list(cells) for cells in zip(*(block.column(i) for i in range(3)), strict=True)]


@settings(max_examples=1500, deadline=None)
@example(body='1,"a,"b,c\n2,3,4\n', size=99)
@example(body='1,2,"a\nb"\n3,4,5\n6,7,8\n', size=99)
@example(body="1,2,3\nid,b,c\n4,5,6\n", size=99)
@example(body="1,2,3\ntotal,,\n", size=99)
@example(body="1,2,3\ntotal,,\n\n \n", size=7)
@example(body="1,2,3\n" * 400 + "total,,\n\n \n", size=9999)
@example(body="1,2,3\n" * 400 + "total,,\n" + " \n" * 900, size=9999)
@example(body='total,",",\n\ufeff\n', size=15)
@given(body=BODIES | REGULAR | st.tuples(REGULAR, BODIES, REGULAR).map("".join), size=st.integers(1, 99))
def test_rows_by_column_are_the_rows_that_are_read_one_by_one(body: str, size: int) -> None:
    content = body.encode()
    assert read(content, size, by_column=True) == read(content, size, by_column=False)


def test_regular_rows_are_read_by_column() -> None:
    """Or the property above would hold of nothing."""
    block = block_of('1,"a,b",x\n2,"a ""b""",\n3,é,z'.encode(), ",", 3, [1, 2])
    assert block is not None
    assert (block.rows, block.column(1), block.column(2)) == (3, ["a,b", 'a "b"', "é"], ["x", "", "z"])
    [chunk] = [
        c
        for c in Rows(iter([HEADER, b"1,2,3\n4,5,6\n7,8,9\n"]), Limits()).by_column([1])
        if isinstance(c, Block)
    ]
    assert (chunk.rows, chunk.column(1)) == (2, ["2", "5"])  # the last line may be a total


@pytest.mark.parametrize(
    "text",
    [
        b"1,2\n3",  # too few cells
        b'1,"a,"b\n3,4',  # text behind a quote that closes
        b'1,a"b\n3,4',  # a quote inside a cell
        b'1,"a\nb"\n3,4',  # a cell over two lines
        b'1,"a\n3,4',  # a quote that is left open
        b"1,\xff\n3,4",  # no UTF-8
        b"1,2\n\n3,4",  # a blank line
    ],
)
def test_what_is_not_regular_is_no_block(text: bytes) -> None:
    assert block_of(text, ",", 2, [0]) is None


@pytest.mark.parametrize(
    "moments",
    [
        ["2026-01-01T00:00:00Z", "2026-01-02T23:59:59Z"],
        ["2026-01-01 00:00:00", "2026-01-02 23:59:59"],
        ["2026-01-01T00:00:00.125Z", "2026-01-02T23:59:59.999Z"],
    ],
)
def test_days_of_moments_alike_are_counted_by_their_first_characters(moments: list[str]) -> None:
    dice = random.Random(3)
    chosen = dice.choices(moments, k=500)
    block = block_of("\n".join(f"x,{m}" for m in chosen).encode(), ",", 2, [1])
    assert block is not None
    assert block.days(1) == Counter(dt.datetime.fromisoformat(m).date().isoformat() for m in chosen)


@pytest.mark.parametrize(
    "moments",
    [
        ["2026-01-01T00:00:00Z", "2026-01-02T23:59Z"],  # not alike
        ["2026-01-01T00:00:00+02:00", "2026-01-02T23:59:59+02:00"],  # the day may be another one
        ["2026-01-01", "2026-01-02"],
        ["01.01.2026 00:00:00Z", "02.01.2026 00:00:00Z"],
        ["", ""],
    ],
)
def test_days_of_other_moments_are_left_to_the_plan(moments: list[str]) -> None:
    block = block_of("\n".join(f"x,{m}" for m in moments).encode(), ",", 2, [1])
    assert block is not None
    assert block.days(1) is None


def test_a_megabyte_of_rows_is_what_the_csv_module_reads() -> None:
    dice = random.Random(7)
    cells = ["", "a", "a,b", 'said "no"', "tìm", "2026"]
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(dice.choices(cells, k=3) for _ in range(60_000))
    content = file.getvalue().encode()
    expected = list(csv.reader(io.StringIO(file.getvalue()), strict=True))
    found = read(content, 1 << 19, by_column=True)
    assert isinstance(found, tuple)
    assert found[0] == expected
