"""Ingestion's judgement of a file: one pass over its bytes, a verdict at the end."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator

from shared.contracts import Dataset
from shared.ledger.model import Profile
from shared.reasons import FileReason
from shared.records.delimited import profile_rows
from shared.records.file_profile import MAX_NAMES, FileProfile
from shared.records.json_lines import profile_lines
from shared.records.json_stream import profile_stream
from shared.records.parquet import MAGIC, profile_parquet
from shared.records.sniff import text_format
from shared.records.source import Source
from shared.records.text import BLANKS, SAMPLE, begun, encoding_of, utf8
from shared.records.verdict import Accepted, Limits, Rejected, Unreadable
from shared.records.xml_stream import declared_encoding
from shared.records.xml_tree import profile_xml

FEW_RECORDS = 20  # a single bad record among fewer than this spoils the rate, not the file
READERS = {"csv": profile_rows, "ndjson": profile_lines, "json": profile_stream, "xml": profile_xml}


def judge(source: Source, dataset: Dataset, limits: Limits, suffix: str = "") -> Accepted | Rejected:
    """Reads the source to its end and judges it.

    `suffix` is that of the key (`.csv.gz`): Spark decompresses by the name.
    """
    profile = FileProfile(dataset)
    try:
        kind, encoding = _profiled(source, profile, limits)
        source.drain()
        refuse_unreadable(profile)
    except Unreadable as stop:
        source.drain()
        return Rejected(stop.reason, stop.detail)
    kept = Profile(
        format=kind,
        compression=source.compression,
        encoding=encoding,
        native=_native(profile, source, kind, encoding, suffix),
        columns=profile.columns[:MAX_NAMES],
        types=profile.types[:MAX_NAMES],
        delimiter=profile.delimiter,
        multiline=profile.multiline,
    )
    return Accepted(kept, profile.records, profile.unreadable, profile.dates.result())


def _profiled(source: Source, profile: FileProfile, limits: Limits) -> tuple[str, str]:
    """Format and encoding; the rest goes to the profile."""
    sample, blocks = begun(source.blocks())
    if not sample:
        raise Unreadable(
            FileReason.EMPTY_FILE, "the file has no byte" if not source.bytes else "the file is blank"
        )
    if sample.startswith(MAGIC):
        _refuse_other_formats(profile.dataset, "parquet")
        _spool(blocks, profile, limits)
        return "parquet", "utf-8"
    encoding = declared_encoding(sample) or encoding_of(sample, profile.dataset.encodings)
    content = utf8(blocks, encoding)
    head = next(content, b"")
    kind = text_format(head.lstrip(BLANKS)[:SAMPLE], profile.dataset)
    if profile.dataset.records is not None and kind == "ndjson":
        kind = "json"  # a line may be an envelope of many records: the reader of documents takes it apart
    _refuse_other_formats(profile.dataset, kind)
    READERS[kind](itertools.chain([head], content), profile, limits)
    return kind, encoding


def _refuse_other_formats(dataset: Dataset, kind: str) -> None:
    if kind not in dataset.formats:
        raise Unreadable(
            FileReason.FORMAT_NOT_ACCEPTED,
            f"the content is {kind}; the contract accepts {', '.join(dataset.formats)}",
        )


def _spool(blocks: Iterator[bytes], profile: FileProfile, limits: Limits) -> None:
    """Parquet needs its footer first, so the file goes to disk (the function's temporary storage), never to
    memory.
    """
    with tempfile.TemporaryFile() as file:
        for block in blocks:
            if file.tell() + len(block) > limits.max_spooled:
                raise Unreadable(FileReason.TOO_LARGE, f"Parquet of more than {limits.max_spooled} bytes")
            file.write(block)
        file.seek(0)
        profile_parquet(file, profile, limits)


def refuse_unreadable(profile: FileProfile) -> None:
    """Raises Unreadable when the file as a whole is not worth reading."""
    if not profile.records:
        raise Unreadable(FileReason.EMPTY_FILE, "the file has no record")
    single = profile.unreadable == 1 and 1 < profile.records < FEW_RECORDS
    if profile.unreadable > profile.dataset.max_unreadable_rate * profile.records and not single:
        raise Unreadable(
            FileReason.TOO_MANY_UNREADABLE,
            f"{profile.unreadable} of {profile.records} records are unreadable",
        )
    if not profile.known:
        raise Unreadable(
            FileReason.NO_KNOWN_COLUMN, f"none of {len(profile.columns)} columns is in the contract"
        )


def _native(profile: FileProfile, source: Source, kind: str, encoding: str, suffix: str) -> bool:
    """Whether Spark's reader sees exactly our records.

    Never for JSON over several lines: Spark 4.1 cuts a number that lies across its parser's buffer when it
    reads it as text (seen: 44 became 4, 12.51 became 12.), and of several objects one after the other it
    reads only the first.
    """
    named_gzip = suffix.endswith(".gz")
    readable = (
        profile.plain
        and not profile.unreadable
        and encoding == "utf-8"
        and named_gzip == (source.compression == "gzip")
    )
    return (
        readable
        and kind not in ("json", "xml")
        and len(profile.columns) <= MAX_NAMES
        and not (kind == "parquet" and source.compression == "gzip")
    )
