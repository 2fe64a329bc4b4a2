"""Lines of delimited text without header → an Arrow table of the contract's types.

A column whose spelling is any but the usual one is text here, and silver reads it by its plan. What has a
type here is what that plan would read, too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from shared.contracts import Dataset
from shared.records.text import SAMPLE, is_utf8
from shared.records.verdict import RAW, UNCAST, kept_as_text
from shared.values.numbers import DECIMAL
from shared.values.plan import BLANKS

_END = "_end"  # the empty cell behind a delimiter that ends the line
TRUE, FALSE = ("true",), ("false",)
# Arrow takes 0x1A for 26, and has a year 0: a text with one of these is looked at cell by cell.
MISREAD = (b"0x", b"0X", b"0000-")
MISREAD_CELL = r"0[xX]|^\s*0000-"
# Arrow 26 casts decimals beyond its table of powers: 1.5E36 becomes another number, 1E-40 becomes 0, and
# 1E-999999999 ends the process. Silver reads such a cell as text; one digit of exponent behind a short
# fraction is safe, and is not looked for.
POWER_CELL = r"[eE][+-]?[0-9]{2}|\.[0-9]{20,}[eE]"
POWER = re.compile(POWER_CELL.encode())
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
    """The columns in the text, then the texts that are of no type and the lines that are no rows."""
    fields = [pa.field(name, _type(name, dataset)) for name in dataset.sent]
    return pa.schema(
        [*fields, pa.field(UNCAST, pa.map_(pa.string(), pa.string())), pa.field(RAW, pa.string())]
    )


def _type(name: str, dataset: Dataset) -> pa.DataType:
    return pa.string() if kept_as_text(dataset.plan(name)) else arrow_type(dataset.target.column(name).type)


def arrow_type(kind: str) -> pa.DataType:
    """The Arrow type of a contract's type."""
    if match := DECIMAL.fullmatch(kind):
        return pa.decimal128(int(match[1]), int(match[2]))
    return TYPES[kind]


def ends_lines(text: bytes, dataset: Dataset) -> bool:
    """Whether a delimiter ends the lines of a file, told by most of its first whole ones."""
    delimiter, width = dataset.delimiter.encode(), len(dataset.sent)
    lines = text[:SAMPLE].split(b"\n")
    ended = sum(line.count(delimiter) == width and line.endswith(delimiter) for line in lines)
    return ended > sum(line.count(delimiter) == width - 1 for line in lines)


def rows(text: bytes, dataset: Dataset, ends: bool) -> pa.Table:
    """A row for every line that is not blank.

    `ends`: a delimiter ends the lines of the file. Then one that has all delimiters but one, and ends with
    one, has lost a field: it is no row, or its fields would be read into wrong columns.

    All at once when all lines are alike and every cell is of its type, as Arrow's reader of CSV finds.
    """
    target = schema(dataset)
    powers = any(pa.types.is_decimal(field.type) for field in target) and POWER.search(text)
    if b"\0" in text or powers or any(odd in text for odd in MISREAD):
        return _apart(text, dataset, target, ends)
    try:
        table = _read(text, dataset, target, ends)
    except pa.ArrowInvalid:
        return _apart(text, dataset, target, ends)
    if _END in table.column_names and table[_END].null_count < table.num_rows:
        return _apart(text, dataset, target, ends)
    return _table([table[n] for n in dataset.sent], {}, target)


def _apart(text: bytes, dataset: Dataset, target: pa.Schema, ends: bool) -> pa.Table:
    """The same of lines that are not alike: the odd ones one by one, and of the others column by column, to
    find the cells of no type.
    """
    lines, delimiter, encoded = (
        [line for line in text.split(b"\n") if line],
        dataset.delimiter.encode(),
        is_utf8(text),
    )
    count, end = len(dataset.sent) - (not ends), delimiter if ends else b""
    odd = [
        i
        for i, line in enumerate(lines)
        if line.count(delimiter) != count
        or b"\0" in line
        or not (line.endswith(end) and (encoded or is_utf8(line)))
    ]
    odd_rows = _one_by_one([lines[i] for i in odd], dataset, target, ends)
    if len(odd) == len(lines):
        return odd_rows
    apart = set(odd)
    alike = [i for i in range(len(lines)) if i not in apart]
    table = _cast_table(_read(b"\n".join(lines[i] for i in alike), dataset, None, ends), dataset, target)
    return (
        pa.concat_tables([table, odd_rows]).take(pc.sort_indices(pa.array([*alike, *odd]))) if odd else table
    )


def _read(text: bytes, dataset: Dataset, target: pa.Schema | None, ends: bool) -> pa.Table:
    """The cells, without `target` as text.

    Raises ArrowInvalid for a line with another number of fields and a cell of another type.
    """
    types = {n: target.field(n).type if target else pa.string() for n in dataset.sent}
    return csv.read_csv(
        pa.BufferReader(text),
        csv.ReadOptions(
            use_threads=False,
            block_size=len(text) + 1,
            column_names=[*dataset.sent, *([_END] if ends else [])],
        ),
        csv.ParseOptions(
            delimiter=dataset.delimiter, quote_char=False, double_quote=False, newlines_in_values=False
        ),
        csv.ConvertOptions(
            column_types={**types, _END: pa.string()},
            null_values=[""],
            strings_can_be_null=True,
            true_values=TRUE,
            false_values=FALSE,
        ),
    )


def _cast_table(texts: pa.Table, dataset: Dataset, target: pa.Schema) -> pa.Table:
    columns, uncast = [], defaultdict[int, dict[str, str]](dict)
    for name in dataset.sent:
        cells = texts[name].combine_chunks()
        column, failed = _cast(cells, target.field(name).type)
        columns.append(column)
        for row in failed:
            uncast[row][name] = cells[row].as_py()
    return _table(columns, uncast, target)


def _table(
    columns: Sequence[pa.Array], uncast: Mapping[int, Mapping[str, str]], target: pa.Schema
) -> pa.Table:
    count = len(columns[0])
    texts = pa.nulls(count, target.field(UNCAST).type)
    if uncast:
        texts = pa.array(
            [list(uncast[i].items()) if i in uncast else None for i in range(count)],
            target.field(UNCAST).type,
        )
    return pa.table([*columns, texts, pa.nulls(count, pa.string())], schema=target)


def _cast(texts: pa.Array, kind: pa.DataType) -> tuple[pa.Array, list[int]]:
    """Texts as values, null where one is not of the type, and the places of those.

    Halves what fails until a text stands alone.
    """
    if kind == pa.string():
        return texts, []
    if kind == pa.bool_():
        word = pc.index_in(texts, pa.array([*TRUE, *FALSE]))
        return pc.less(word, len(TRUE)), pc.indices_nonzero(
            pc.and_(pc.is_null(word), pc.is_valid(texts))
        ).to_pylist()
    if (values := _all_cast(texts, kind)) is not None:
        return values, []
    if len(texts) == 1:
        return pa.nulls(1, kind), [0]
    middle = len(texts) // 2
    (left, failed), (right, further) = _cast(texts[:middle], kind), _cast(texts[middle:], kind)
    return pa.concat_arrays([left, right]), [*failed, *(middle + i for i in further)]


def _all_cast(texts: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """Texts as values; None where one is not of the type."""
    misread = f"{MISREAD_CELL}|{POWER_CELL}" if pa.types.is_decimal(kind) else MISREAD_CELL
    if pc.any(pc.match_substring_regex(texts, misread)).as_py():
        return None
    try:
        return pc.utf8_trim(texts, BLANKS).cast(kind)
    except pa.ArrowInvalid:
        return None


def _one_by_one(lines: Sequence[bytes], dataset: Dataset, target: pa.Schema, ends: bool) -> pa.Table:
    width = len(dataset.sent)
    parsed: list[dict[str, Any]] = []
    for line in lines:
        cells = line.split(dataset.delimiter.encode())
        whole = len(cells) == width and (cells[-1] or not ends)
        whole = (whole or (len(cells) == width + 1 and not cells[-1])) and b"\0" not in line
        parsed.append(_row(cells[:width], dataset.sent, target) if whole and is_utf8(line) else _broken(line))
    return pa.Table.from_pylist(parsed, target)


def _broken(line: bytes) -> dict[str, Any]:
    return {RAW: line.decode(errors="replace")}


def _row(cells: Sequence[bytes], names: Sequence[str], target: pa.Schema) -> dict[str, Any]:
    texts = {name: cell.decode() for name, cell in zip(names, cells, strict=True) if cell}
    cast = {name: _cast(pa.array([text]), target.field(name).type) for name, text in texts.items()}
    row = {name: column[0].as_py() for name, (column, failed) in cast.items() if not failed}
    return {**row, UNCAST: [(name, texts[name]) for name, (_, failed) in cast.items() if failed] or None}
