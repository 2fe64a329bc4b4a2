"""Parquet: every page of every row group is read, because a good footer says nothing of the pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from shared.reasons import FileReason
from shared.records.tally import Tally
from shared.records.verdict import Unreadable

MAGIC = b"PAR1"
ROWS = 4096


def batches(file: IO[bytes]) -> Iterator[Any]:
    """Arrow record batches of a seekable file. Raises Unreadable where it is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.ParquetFile(file, pre_buffer=False, page_checksum_verification=True)
        yield found.schema_arrow
        yield from found.iter_batches(batch_size=ROWS, use_threads=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable(FileReason.CORRUPT_PARQUET, f"{type(error).__name__} while reading footer or pages") from error


def tally_parquet(file: IO[bytes], tally: Tally) -> None:
    """Counts rows and dates. Names that only differ by case are left to our own reader."""
    stream = batches(file)
    schema = next(stream)
    tally.columns, tally.types = tuple(schema.names), tuple(str(f.type) for f in schema)
    tally.plain &= len({n.lower() for n in schema.names}) == len(schema.names)
    dated = tally.date_columns(tally.columns)[:1]
    for batch in stream:
        tally.records += batch.num_rows
        for column in dated:
            for entry in batch.column(column).value_counts().to_pylist():
                _count(tally, entry["values"], entry["counts"])


def _count(tally: Tally, value: Any, count: int) -> None:
    tally.dates.spellings[value if value is None or hasattr(value, "year") else str(value)] += count
    if len(tally.dates.spellings) > ROWS:
        tally.dates.flush()


def text_of(value: Any) -> str | None:
    """A cell as text, as Spark casts it: true and false, UTC times, nested values as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, dict | list):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)
