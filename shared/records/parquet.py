"""Parquet: every page of every row group is read, because a good footer says nothing of the pages.

Memory is that of a few pages.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import IO, Any

from shared.reasons import FileReason
from shared.records.file_profile import FileProfile
from shared.records.verdict import Limits, Unreadable

MAGIC = b"PAR1"
ROWS = 4096
BUFFER = 1 << 20
TEXT_TYPES = ("string", "large_string", "binary", "large_binary")
EPOCH = dt.datetime(1970, 1, 1)


def batches(file: IO[bytes], limits: Limits) -> Iterator[Any]:
    """The Arrow schema, then the record batches of a seekable file.

    Raises Unreadable where it is damaged or expands too far.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    size, decoded = file.seek(0, 2), 0
    try:
        options = {"pre_buffer": False, "buffer_size": BUFFER, "page_checksum_verification": True}
        schema = pq.ParquetFile(file, **options).schema_arrow
        # As dictionaries: a million rows that share one long text must not become a million long texts.
        parquet = pq.ParquetFile(
            file, read_dictionary=[f.name for f in schema if str(f.type) in TEXT_TYPES], **options
        )
        _refuse_bombs(parquet.metadata, limits)
        yield schema
        for batch in parquet.iter_batches(batch_size=ROWS, use_threads=False):
            decoded += batch.nbytes
            limits.in_time(decoded)
            if decoded > max(limits.ratio_from, limits.max_ratio * size):
                raise Unreadable(FileReason.DECOMPRESSION_BOMB, f"{size} bytes expand to more than {decoded}")
            batch.validate(full=True)
            yield batch
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable(
            FileReason.CORRUPT_PARQUET, f"{type(error).__name__} while reading footer or pages"
        ) from error


def _refuse_bombs(metadata: Any, limits: Limits) -> None:
    """Raises Unreadable when a column chunk says that it expands beyond the limits: a single page may hold
    all of it.
    """
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(column)
            if chunk.total_uncompressed_size > max(
                limits.ratio_from, limits.max_ratio * chunk.total_compressed_size
            ):
                detail = (
                    f"{chunk.total_compressed_size} bytes of a column expand to"
                    f" {chunk.total_uncompressed_size}"
                )
                raise Unreadable(FileReason.DECOMPRESSION_BOMB, detail)


def profile_parquet(file: IO[bytes], profile: FileProfile, limits: Limits) -> None:
    """Counts rows and dates. Names that only differ by case are left to our own reader."""
    stream = batches(file, limits)
    schema = next(stream)
    profile.columns, profile.types = tuple(schema.names), tuple(str(f.type) for f in schema)
    profile.plain &= len({n.lower() for n in schema.names}) == len(schema.names)
    dated = profile.observe_columns(schema.names)
    at = schema.names.index(dated) if dated is not None else None
    watched = [(i, w) for i, w in profile.watched(schema.names) if _is_text(schema.field(i).type)]
    for batch in stream:
        profile.records += batch.num_rows
        if at is not None:
            _count_dates(batch.column(at), profile)
        for i, watch in watched:
            cells = texts(batch.column(i)) if watch.open else []
            profile.watch(watch, cells, profile.records - batch.num_rows)


def _is_text(kind: Any) -> bool:
    return str(kind) in TEXT_TYPES or str(getattr(kind, "value_type", "")) in TEXT_TYPES


def _count_dates(column: Any, profile: FileProfile) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_temporal(column.type) and not (
        pa.types.is_time(column.type) or pa.types.is_duration(column.type)
    ):
        days = pc.cast(pc.cast(_without_zone(column), pa.date32(), safe=False), pa.int32())
        profile.dates.add_days({e["values"]: e["counts"] for e in days.value_counts().to_pylist()})
    else:
        profile.dates.add(texts(column))


def _without_zone(column: Any) -> Any:
    """A time of any zone as UTC: Arrow stores it so, but reads its date where the zone is."""
    import pyarrow as pa

    return (
        column.cast(pa.timestamp(column.type.unit))
        if pa.types.is_timestamp(column.type) and column.type.tz
        else column
    )


def texts(column: Any) -> list[str | None]:
    """Cells as text, as Spark casts them: true and false, UTC times, nested values as JSON."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        micros = _without_zone(column).cast(pa.timestamp("us"), safe=False)
        return [None if v is None else _time(v) for v in micros.cast(pa.int64()).to_pylist()]
    if pa.types.is_date(column.type):
        days = column.cast(pa.date32(), safe=False).cast(pa.int32()).to_pylist()
        return [None if v is None else _time(v * 86_400_000_000)[:10] for v in days]
    return [_text(v) for v in column.to_pylist()]


def _time(micros: int) -> str:
    """ISO 8601 of a UTC time; the bare number when no calendar knows it, which silver will not take for a
    time.
    """
    try:
        return (EPOCH + dt.timedelta(microseconds=micros)).isoformat(sep=" ")
    except OverflowError:
        return f"{micros} microseconds"


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, dict | list):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)
