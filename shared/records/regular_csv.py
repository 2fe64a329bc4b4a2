"""Delimited text that is read by column: each line is one row of as many cells, and each quote stands where
RFC 4180 has it. There the csv module and Arrow read the same (held by a property test).
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.records.dates import DAY_LENGTH, tell_their_days

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Block:
    """Whole rows. `cells` has the first column and those that were asked for, by their place."""

    text: bytes
    rows: int
    cells: pa.Table

    @property
    def lines(self) -> list[str]:
        return self.text.decode().split("\n")

    def begins_with(self, texts: Collection[str]) -> bool:
        """Whether a row has one of these in its first cell."""
        import pyarrow as pa
        import pyarrow.compute as pc

        return bool(pc.any(pc.is_in(self.cells.column("0"), pa.array(texts, pa.string()))).as_py())

    def column(self, place: int) -> list[str]:
        found: list[str] = self.cells.column(str(place)).to_pylist()
        return found

    def days(self, place: int) -> dict[str, int] | None:
        """The first ten characters of a column's texts, with how many begin so, where all are as long as
        `2024-03-09T03:31:48Z` is and spelled so far as tells the day as it is; else None.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = self.cells.column(str(place)).combine_chunks().cast(pa.binary())
        lengths = pc.min_max(pc.binary_length(texts)).as_py()
        width, count = lengths["min"], len(texts)
        if width != lengths["max"] or width <= DAY_LENGTH:
            return None
        _, _, content = texts.buffers()  # of texts alike, a place in all of them is a slice
        text = content.slice(texts.offset * width, count * width).to_pybytes()
        if not text.isascii() or not tell_their_days(text.decode(), width, width, count):
            return None
        counts = pc.value_counts(pc.binary_slice(texts, 0, DAY_LENGTH)).to_pylist()
        return {c["values"].decode(): c["counts"] for c in counts}


def block_of(text: bytes, delimiter: str, width: int, places: Collection[int]) -> Block | None:
    """The rows of some whole lines, the last of which has no end; None unless all of them are regular, which
    text that is no UTF-8 is not.
    """
    import pyarrow as pa  # only here: a small file needs none, and it takes a third of a second

    mark = delimiter.encode()
    if width < 2 or len(mark) != 1 or (b'"' in text and not _quoted_regularly(text, mark)):
        return None
    try:
        _validate(text)
        cells = _read(text, delimiter, width, places)
    except pa.ArrowInvalid:  # no UTF-8, or a line has another number of cells
        return None
    rows = text.count(b"\n") + 1
    # Fewer: a cell spans lines, or a line is blank.
    return Block(text, rows, cells) if cells.num_rows == rows else None


def _validate(text: bytes) -> None:
    """Raises ArrowInvalid for what is no UTF-8, without the text that decoding makes."""
    import pyarrow as pa

    _whole(text, pa.string()).validate(full=True)


def _whole(text: bytes, kind: pa.DataType) -> pa.Array:
    """A column of one value, which is not copied."""
    import pyarrow as pa

    ends = pa.py_buffer(struct.pack("=ii", 0, len(text)))
    return pa.Array.from_buffers(kind, 1, [None, ends, pa.py_buffer(text)])


def _read(text: bytes, delimiter: str, width: int, places: Collection[int]) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv

    return csv.read_csv(
        pa.py_buffer(text),
        csv.ReadOptions(
            use_threads=False, block_size=len(text) + 1, column_names=[str(i) for i in range(width)]
        ),
        csv.ParseOptions(delimiter=delimiter),
        csv.ConvertOptions(
            include_columns=[str(i) for i in sorted({0, *places})],
            column_types={str(i): pa.string() for i in range(width)},
            null_values=[],
        ),
    )


def _quoted_regularly(text: bytes, delimiter: bytes) -> bool:
    """Whether quotes open at the start of a cell and close at its end; inside they are doubled.

    What stands between two quotes is in a cell and outside by turns; outside it is nothing, where a quote is
    doubled, or goes from the end of a cell to the start of another.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = pc.split_pattern(_whole(text, pa.binary()), pattern='"')
    if len(parts.values) % 2 == 0:
        return False
    edges = {b"", delimiter, b"\n"}
    outside = pc.list_slice(parts, 0, None, 2).values
    begins = pc.unique(pc.binary_slice(outside.slice(1), 0, 1))
    ends = pc.unique(pc.binary_slice(outside.slice(0, len(outside) - 1), -1))
    return edges.issuperset(begins.to_pylist()) and edges.issuperset(ends.to_pylist())
