"""Lines of delimited text without header → an Arrow table of the contract's types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc

from shared.contracts import Dataset
from shared.records.text import is_utf8
from shared.records.verdict import RAW, UNCAST

PIECE = 32 << 10
_END = "_end"  # the empty cell behind a delimiter that ends the line
TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}


def schema(dataset: Dataset) -> pa.Schema:
    """The received columns, then the texts that are of no type and the lines that are no rows."""
    fields = [pa.field(name, arrow_type(dataset.lands_in.column(name).type)) for name in dataset.received]
    return pa.schema([*fields, pa.field(UNCAST, pa.map_(pa.string(), pa.string())), pa.field(RAW, pa.string())])


def arrow_type(kind: str) -> pa.DataType:
    """The Arrow type of a contract's type."""
    if match := re.fullmatch(r"decimal\((\d+),(\d+)\)", kind):
        return pa.decimal128(int(match[1]), int(match[2]))
    return TYPES[kind]


def rows(text: bytes, dataset: Dataset) -> pa.Table:
    """A row for every line that is not blank, with an end of the line by delimiter or without.

    All lines at once when all are alike and every cell is of its type, else in small pieces, and of these the odd ones line by line.
    """
    found = _at_once(text, dataset)
    if found is not None:
        return found
    pieces = ((piece, _at_once(piece, dataset)) for piece in _pieces(text))
    return pa.concat_tables([_one_by_one(piece, dataset) if at_once is None else at_once for piece, at_once in pieces])


def _pieces(text: bytes) -> Iterator[bytes]:
    begin = 0
    while begin < len(text):
        end = text.find(b"\n", begin + PIECE // 2) + 1 or len(text)
        yield text[begin:end]
        begin = end


def _ends_by_delimiter(text: bytes, dataset: Dataset) -> bool:
    first = text.lstrip(b"\n").partition(b"\n")[0]
    return first.count(dataset.delimiter.encode()) == len(dataset.received)


def _at_once(text: bytes, dataset: Dataset) -> pa.Table | None:
    """None when lines differ in shape, or a cell is not of its type."""
    ends = _ends_by_delimiter(text, dataset)
    names = [*dataset.received, *([_END] if ends else [])]
    target = schema(dataset)
    try:
        found = pc.read_csv(
            pa.BufferReader(text),
            pc.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=names),
            pc.ParseOptions(delimiter=dataset.delimiter, quote_char=False, double_quote=False, newlines_in_values=False),
            pc.ConvertOptions(
                column_types={n: pa.string() if n == _END else target.field(n).type for n in names},
                null_values=[""],
                strings_can_be_null=True,
                true_values=["true", "t", "1"],
                false_values=["false", "f", "0"],
            ),
        )
    except pa.ArrowInvalid:
        return None
    if ends and found[_END].null_count < found.num_rows:
        return None
    empty = [pa.nulls(found.num_rows, target.field(n).type) for n in (UNCAST, RAW)]
    return pa.table([*(found[n] for n in dataset.received), *empty], schema=target)


def _one_by_one(text: bytes, dataset: Dataset) -> pa.Table:
    target, width = schema(dataset), len(dataset.received)
    found: list[dict[str, Any]] = []
    for line in text.split(b"\n"):
        if line:
            cells = line.split(dataset.delimiter.encode())
            whole = len(cells) == width or (len(cells) == width + 1 and not cells[-1])
            found.append(_row(cells[:width], dataset.received, target) if whole and is_utf8(line) else _broken(line))
    return pa.Table.from_pylist(found, target)


def _broken(line: bytes) -> dict[str, Any]:
    return {RAW: line.decode(errors="replace")}


def _row(cells: Sequence[bytes], names: Sequence[str], target: pa.Schema) -> dict[str, Any]:
    row: dict[str, Any] = {}
    uncast: dict[str, str] = {}
    for name, cell in zip(names, cells, strict=True):
        if not cell:
            continue
        value = _value(cell.decode(), target.field(name).type)
        if value is None:
            uncast[name] = cell.decode()
        else:
            row[name] = value
    return {**row, UNCAST: list(uncast.items()) or None}


def _value(text: str, kind: pa.DataType) -> Any:
    """The text as a value, by Arrow's own rules, or None when it is not of the type."""
    if kind == pa.string():
        return text
    try:
        return pa.scalar(text.strip()).cast(kind).as_py()
    except pa.ArrowInvalid:
        return None
