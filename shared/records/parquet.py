"""Parquet: every page of every row group is read, because a good footer says nothing of the pages.

Memory is that of a few pages.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from shared.reasons import FileReason
from shared.records.arrow_values import values
from shared.records.column_values import first_of
from shared.records.file_profile import FileProfile
from shared.records.footers import FooterError, footer_of
from shared.records.plain import text_of
from shared.records.verdict import Limits, Unreadable

MAGIC = b"PAR1"
TAIL = 8  # bytes behind the footer: its length, and MAGIC
ROWS = 4096
BUFFER = 1 << 20
# A page that says it has a gigabyte takes one where reading is buffered: a small row group is read without.
UNBUFFERED = 32 << 20
TEXT_TYPES = ("string", "large_string", "binary", "large_binary")
MAX_MICROS = 2**63 - 1


def batches(file: IO[bytes], limits: Limits) -> Iterator[Any]:
    """The Arrow schema and whether Spark can read the file, then the record batches of a seekable file.

    Raises Unreadable where it is damaged or expands too far.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    size, decoded = file.seek(0, 2), 0
    try:
        options: dict[str, Any] = {"pre_buffer": False, "page_checksum_verification": True}
        _refuse_long_footer(file, size, limits.max_footer)
        footer = footer_of(file, limits.ratio_from, limits.max_ratio)
        if footer.columns > limits.max_columns:
            detail = f"{footer.columns} columns are more than {limits.max_columns}"
            raise Unreadable(FileReason.UNPARSABLE, detail)
        if footer.bomb is not None:
            stored, expanded = footer.bomb  # a single page may hold all of it
            detail = f"{stored} bytes of a column expand to {expanded}"
            raise Unreadable(FileReason.DECOMPRESSION_BOMB, detail)
        schema = pq.ParquetFile(file, **options).schema_arrow
        options["buffer_size"] = BUFFER if footer.largest_group > UNBUFFERED else 0
        _refuse_repeated(schema.names)
        _read_zones(field.type for field in schema)
        # As dictionaries: a million rows that share one long text must not become a million long texts.
        texts = [f.name for f in schema if str(f.type) in TEXT_TYPES and f.name not in footer.delta]
        parquet = pq.ParquetFile(file, read_dictionary=texts, **options)
        yield schema, footer.spark_reads
        for batch in parquet.iter_batches(batch_size=ROWS, use_threads=False):
            decoded += batch.nbytes
            limits.in_time(decoded)
            if decoded > max(limits.ratio_from, limits.max_ratio * size):
                raise Unreadable(FileReason.DECOMPRESSION_BOMB, f"{size} bytes expand to more than {decoded}")
            batch.validate(full=True)
            if batch.schema.names != schema.names:
                raise Unreadable(FileReason.CORRUPT_PARQUET, "a group without fields hides what columns are")
            yield batch
    except FooterError as error:
        raise Unreadable(FileReason.CORRUPT_PARQUET, str(error)) from error
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable(
            FileReason.CORRUPT_PARQUET, f"{type(error).__name__} while reading footer or pages"
        ) from error


def _refuse_long_footer(file: IO[bytes], size: int, most: int) -> None:
    """By the length that the file's last bytes tell: nothing is held to know it."""
    file.seek(max(0, size - TAIL))
    length = int.from_bytes(file.read(4), "little")
    if most < length < size:
        detail = f"a footer of {length} bytes is more than {most}: write fewer, larger row groups"
        raise Unreadable(FileReason.DECOMPRESSION_BOMB, detail)


def _read_zones(kinds: Iterable[Any]) -> None:
    """Raises UnicodeDecodeError, a ValueError, where the name of a time's zone is no text."""
    for kind in kinds:
        getattr(kind, "tz", None)
        _read_zones(kind.field(i).type for i in range(kind.num_fields))


def _refuse_repeated(names: list[str]) -> None:
    if repeated := len(names) - len(set(names)):
        raise Unreadable(
            FileReason.REPEATED_COLUMN, f"{repeated} of {len(names)} columns have the name of another one"
        )


def profile_parquet(file: IO[bytes], profile: FileProfile, limits: Limits) -> None:
    """Counts rows and dates. Names that only differ by case are left to our own reader."""
    stream = batches(file, limits)
    schema, spark_reads = next(stream)
    profile.columns, profile.types = tuple(schema.names), tuple(str(f.type) for f in schema)
    profile.plain &= spark_reads and len({n.lower() for n in schema.names}) == len(schema.names)
    if profile.nested:
        for batch in stream:
            profile.add_rows(records_of(batch))
        return
    dated = profile.observe_columns(schema.names)
    texts = {i for i, field in enumerate(schema) if _is_text(field.type)}
    watched = [(places, w) for places, w in profile.watched(schema.names) if not texts.isdisjoint(places)]
    for batch in stream:
        profile.records += batch.num_rows
        profile.plain = profile.plain and not any(map(_overflows, batch.columns))
        if dated:
            times = _values(batch, dated)
            profile.dates.add([None if v is None else text_of(v) for v in times])
        for places, watch in watched:
            if profile.asks(watch):
                profile.watch(watch, _values(batch, places), profile.records - batch.num_rows)


def _is_text(kind: Any) -> bool:
    return str(kind) in TEXT_TYPES or str(getattr(kind, "value_type", "")) in TEXT_TYPES


def records_of(batch: Any) -> list[dict[str, Any]]:
    """The rows of a batch as the values of `shared.records.plain`."""
    names = batch.schema.names
    return [dict(zip(names, row, strict=True)) for row in zip(*map(values, batch.columns), strict=True)]


def read_parquet(file: IO[bytes], limits: Limits) -> Iterator[dict[str, Any]]:
    """The rows of a seekable file."""
    return itertools.chain.from_iterable(map(records_of, itertools.islice(batches(file, limits), 1, None)))


def _overflows(column: Any) -> bool:
    """Whether a time is beyond what Spark, which counts microseconds, can hold."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_timestamp(column.type) or column.type.unit not in ("s", "ms"):
        return False
    most = MAX_MICROS // (1_000_000 if column.type.unit == "s" else 1000)
    bounds = pc.min_max(column.view(pa.int64())).as_py()
    return bounds["min"] is not None and (bounds["min"] < -most or bounds["max"] > most)


def _values(batch: Any, places: list[int]) -> Sequence[Any]:
    """The values of a column that stands in one place or several."""
    return first_of([values(batch.column(i)) for i in places])
