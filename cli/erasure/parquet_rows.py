"""Parquet without some of its rows: the same schema, columns and compression, a row group for each it had."""

from __future__ import annotations

from pathlib import Path as File
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from cli.erasure.pieces import Value
from cli.erasure.sought import UnfaithfulError

if TYPE_CHECKING:
    from cli.erasure.content import Reading, Theirs


def without_rows(content: File, target: File, reading: Reading, theirs: Theirs) -> None:
    """Raises pyarrow's errors, which are ValueErrors, for what it cannot write again."""
    found = reading.values(content)
    with pq.ParquetFile(content) as file:
        kinds = _compressions(file.metadata)
        with pq.ParquetWriter(target, file.schema_arrow, compression=kinds, version="2.6") as out:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group)
                kept = [not theirs(*_next(found)) for _ in range(rows.num_rows)]
                if any(kept):
                    out.write_table(_encoded_anew(rows.filter(pa.array(kept))))


def _encoded_anew(rows: pa.Table) -> pa.Table:
    """With dictionaries of these rows' values alone. Raises UnfaithfulError for nested ones."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type):
            column = rows.column(place).combine_chunks().cast(field.type.value_type).dictionary_encode()
            values = pa.DictionaryArray.from_arrays(
                column.indices.cast(field.type.index_type), column.dictionary, ordered=field.type.ordered
            )
            rows = rows.set_column(place, field, values)
        elif "dictionary<" in str(field.type):
            raise UnfaithfulError("it has dictionaries in nested columns")
    return rows


def _next(found: object) -> tuple[Value, str | None]:
    value: tuple[Value, str | None] = next(found)  # type: ignore[call-overload]
    return value


def _compressions(metadata: pq.FileMetaData) -> dict[str, str] | str:
    if not metadata.num_row_groups:
        return "snappy"
    group = metadata.row_group(0)
    names = (group.column(i) for i in range(group.num_columns))
    return {c.path_in_schema: str(c.compression).lower().replace("uncompressed", "none") for c in names}
