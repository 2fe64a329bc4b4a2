"""What the footer of a Parquet file says of its column chunks, read by a process of its own: Arrow's C++ ends
the process on encrypted columns and some damaged footers, and no file may take its judge with it.

The process stays for the next file; after one that ended it a new one is started.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

MODULE = "shared.records.footers"
SECONDS = 60.0  # a footer of a million chunks takes a few
# What Spark 4.1 fails to read (tried): codecs and encodings of column chunks, decimals as bytes.
NOT_SPARK_CODECS = ("BROTLI", "LZO", "LZ4")
NOT_SPARK_ENCODINGS = ("BYTE_STREAM_SPLIT",)
# Arrow cannot read these as dictionaries (https://github.com/apache/arrow/issues/38074).
DELTA_TEXT = ("DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY")


class FooterError(Exception):
    """The footer cannot be taken apart."""


@dataclass(frozen=True)
class Footer:
    """`delta`: columns whose texts no dictionary can be read from; `bomb`: compressed and uncompressed bytes
    of a chunk beyond the ratio; `largest_group`: bytes of the largest row group as stored; `columns`: how
    many, those inside of nested ones too.
    """

    columns: int
    delta: tuple[str, ...]
    spark_reads: bool
    bomb: tuple[int, int] | None
    largest_group: int


def footer_of(file: IO[bytes], ratio_from: int, max_ratio: int) -> Footer:
    """The footer of a seekable file. Raises FooterError."""
    name = getattr(file, "name", None)
    if isinstance(name, str):
        file.flush()
        return _reader.ask(name, ratio_from, max_ratio)
    with tempfile.NamedTemporaryFile() as copy:
        file.seek(0)
        while block := file.read(1 << 20):
            copy.write(block)
        copy.flush()
        return _reader.ask(copy.name, ratio_from, max_ratio)


class _Reader:
    """The process, and who may ask it: one at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def ask(self, path: str, ratio_from: int, max_ratio: int) -> Footer:
        with self._lock:
            told = self._answer(json.dumps([path, ratio_from, max_ratio]).encode() + b"\n")
        if told is None:
            raise FooterError("Arrow ended on the footer: an encrypted column, or damage")
        if "error" in told:
            raise FooterError(f"{told['error']}: the footer cannot be read")
        bomb = told["bomb"]
        pair = (bomb[0], bomb[1]) if bomb else None
        return Footer(told["columns"], tuple(told["delta"]), told["spark_reads"], pair, told["largest_group"])

    def _answer(self, request: bytes) -> dict[str, Any] | None:
        """What the process says, or None when it ended or took too long."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(request)
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], SECONDS)
        line = process.stdout.readline() if ready else b""
        if line.endswith(b"\n"):
            told: dict[str, Any] = json.loads(line)
            return told
        process.kill()
        process.communicate()  # closes its pipes too
        self._process = None
        return None

    def _running(self) -> subprocess.Popen[bytes]:
        """The process; a forked copy of this program starts one of its own."""
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._owner = os.getpid()
            self._process = subprocess.Popen(
                [sys.executable, "-m", MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        return self._process


_reader = _Reader()


def _chunks(metadata: Any) -> Iterator[Any]:
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            yield metadata.row_group(group).column(column)


def _contradiction(metadata: Any, chunks: list[Any], columns: list[Any]) -> str | None:
    """Where the footer says two things of a column. Which is right nobody knows: Arrow believes one of them,
    and Spark refuses the file.
    """
    rows = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    for at, chunk in enumerate(chunks):
        group, number = divmod(at, len(columns))
        values, column = chunk.num_values, columns[number]
        if chunk.path_in_schema != column.path:
            return "a column has one name in the schema and another at its values"
        missing = values < rows[group]  # an empty list is a value, too
        if missing or (values > rows[group] and not column.max_repetition_level):
            return f"a column has {values} values in a group of {rows[group]} rows"
    return None


def _told(path: str, ratio_from: int, max_ratio: int) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(path)
        chunks = list(_chunks(metadata))
        columns = [metadata.schema.column(i) for i in range(metadata.num_columns)]
        odd = any(
            c.compression in NOT_SPARK_CODECS or {*NOT_SPARK_ENCODINGS} & {*c.encodings} for c in chunks
        )
        decimals = any(c.physical_type == "BYTE_ARRAY" and c.logical_type.type == "DECIMAL" for c in columns)
        bombs = (
            (c.total_compressed_size, c.total_uncompressed_size)
            for c in chunks
            if c.total_uncompressed_size > max(ratio_from, max_ratio * c.total_compressed_size)
        )
        stored = [c.total_compressed_size for c in chunks]
        # Of chunks that say they have more than the file memory would be taken.
        if min(stored, default=0) < 0 or sum(stored) > os.path.getsize(path):
            return {"error": "columns larger than the file"}
        if contradiction := _contradiction(metadata, chunks, columns):
            return {"error": contradiction}
        width = metadata.num_columns or 1
        return {
            "columns": metadata.num_columns,
            "largest_group": max(
                (sum(stored[i : i + width]) for i in range(0, len(stored), width)), default=0
            ),
            "delta": sorted({c.path_in_schema for c in chunks if {*DELTA_TEXT} & {*c.encodings}}),
            "spark_reads": not odd and not decimals,
            "bomb": next(bombs, None),
        }
    except (pa.ArrowException, OSError, ValueError) as error:
        return {"error": type(error).__name__}


def main() -> None:
    """Answers a line for each line, until the program that asks is gone."""
    for line in sys.stdin.buffer:
        sys.stdout.write(json.dumps(_told(*json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
