"""The door's judgement of a file: one pass over its bytes, a verdict at the end."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator

from shared.contracts import Dataset
from shared.ledger.model import Profile
from shared.reasons import FileReason
from shared.records.delimited import tally_rows
from shared.records.json_lines import tally_lines
from shared.records.json_stream import tally_stream
from shared.records.parquet import MAGIC, tally_parquet
from shared.records.sniff import text_format
from shared.records.source import Source
from shared.records.tally import MAX_NAMES, Tally
from shared.records.text import BLANKS, SAMPLE, begun, encoding_of, utf8
from shared.records.verdict import Accepted, Limits, Rejected, Unreadable
from shared.records.xml_stream import declared_encoding, tally_xml

FEW_RECORDS = 20  # a single bad record among fewer than this spoils the rate, not the file
TALLIES = {"csv": tally_rows, "ndjson": tally_lines, "json": tally_stream, "xml": tally_xml}


def judge(source: Source, dataset: Dataset, limits: Limits, suffix: str = "") -> Accepted | Rejected:
    """Reads the source to its end and judges it.

    `suffix` is that of the key (`.csv.gz`): Spark decompresses by the name.
    """
    tally = Tally(dataset)
    try:
        kind, encoding = _tallied(source, tally, limits)
        source.drain()
        enough(tally)
    except Unreadable as stop:
        source.drain()
        return Rejected(stop.reason, stop.detail)
    profile = Profile(
        format=kind,
        compression=source.compression,
        encoding=encoding,
        native=_native(tally, source, kind, encoding, suffix),
        columns=tally.columns[:MAX_NAMES],
        types=tally.types[:MAX_NAMES],
        delimiter=tally.delimiter,
        multiline=tally.multiline,
    )
    return Accepted(profile, tally.records, tally.unreadable, tally.dates.result())


def _tallied(source: Source, tally: Tally, limits: Limits) -> tuple[str, str]:
    """Format and encoding; the rest goes to the tally."""
    sample, blocks = begun(source.blocks())
    if not sample:
        raise Unreadable(
            FileReason.EMPTY_FILE, "the file has no byte" if not source.bytes else "the file is blank"
        )
    if sample.startswith(MAGIC):
        _accepts(tally.dataset, "parquet")
        _spooled(blocks, tally, limits)
        return "parquet", "utf-8"
    encoding = declared_encoding(sample) or encoding_of(sample, tally.dataset.encodings)
    content = utf8(blocks, encoding)
    head = next(content, b"")
    kind = text_format(head.lstrip(BLANKS)[:SAMPLE], tally.dataset)
    _accepts(tally.dataset, kind)
    TALLIES[kind](itertools.chain([head], content), tally, limits)
    return kind, encoding


def _accepts(dataset: Dataset, kind: str) -> None:
    if kind not in dataset.formats:
        raise Unreadable(
            FileReason.FORMAT_NOT_ACCEPTED,
            f"the content is {kind}; the contract accepts {', '.join(dataset.formats)}",
        )


def _spooled(blocks: Iterator[bytes], tally: Tally, limits: Limits) -> None:
    """Parquet needs its footer first, so the file goes to disk (the function's temporary storage), never to
    memory.
    """
    with tempfile.TemporaryFile() as file:
        for block in blocks:
            if file.tell() + len(block) > limits.max_spooled:
                raise Unreadable(FileReason.TOO_LARGE, f"Parquet of more than {limits.max_spooled} bytes")
            file.write(block)
        file.seek(0)
        tally_parquet(file, tally, limits)


def enough(tally: Tally) -> None:
    """Raises Unreadable when the file as a whole is not worth reading."""
    if not tally.records:
        raise Unreadable(FileReason.EMPTY_FILE, "the file has no record")
    single = tally.unreadable == 1 and 1 < tally.records < FEW_RECORDS
    if tally.unreadable > tally.dataset.max_unreadable_rate * tally.records and not single:
        raise Unreadable(
            FileReason.TOO_MANY_UNREADABLE, f"{tally.unreadable} of {tally.records} records are unreadable"
        )
    if not tally.known:
        raise Unreadable(
            FileReason.NO_KNOWN_COLUMN, f"none of {len(tally.columns)} columns is in the contract"
        )


def _native(tally: Tally, source: Source, kind: str, encoding: str, suffix: str) -> bool:
    """Whether Spark's reader sees exactly our records.

    Never for JSON over several lines: Spark 4.1 cuts a number that lies across its parser's buffer when it
    reads it as text (seen: 44 became 4, 12.51 became 12.), and of several objects one after the other it
    reads only the first.
    """
    named_gzip = suffix.endswith(".gz")
    readable = (
        tally.plain
        and not tally.unreadable
        and encoding == "utf-8"
        and named_gzip == (source.compression == "gzip")
    )
    return (
        readable
        and kind not in ("json", "xml")
        and len(tally.columns) <= MAX_NAMES
        and not (kind == "parquet" and source.compression == "gzip")
    )
