"""Ingestion's judgement of a file: one pass over its bytes, a verdict at the end."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator

from shared.contracts import Dataset
from shared.ledger.model import Profile
from shared.reasons import FileReason
from shared.records.contradictions import refuse_contradictions
from shared.records.delimited import profile_rows
from shared.records.file_profile import MAX_NAMES, FileProfile
from shared.records.hints import encoding_hint, format_hint, json_hint, lines_hint
from shared.records.json_lines import profile_lines
from shared.records.json_profile import profile_stream
from shared.records.packages import is_package
from shared.records.parquet import MAGIC, profile_parquet
from shared.records.shape import MAX_NAME
from shared.records.sniff import text_format
from shared.records.source import Source
from shared.records.text import BLANKS, SAMPLE, Utf8, begun, encoding_of, is_utf8
from shared.records.verdict import Accepted, Limits, Rejected, Unreadable
from shared.records.xml_stream import declared_encoding
from shared.records.xml_tree import profile_xml
from shared.zones import COMPRESSED

NOTED_BYTES = 100_000  # of names in the ledger
FEW_RECORDS = 20  # a single bad record among fewer than this spoils the rate, not the file
READERS = {"csv": profile_rows, "ndjson": profile_lines, "json": profile_stream, "xml": profile_xml}


def judge(
    source: Source, dataset: Dataset, limits: Limits, suffix: str = "", delimiter: str | None = None
) -> Accepted | Rejected:
    """Reads the source to its end and judges it.

    `suffix` is that of the key (`.csv.gz`): Spark decompresses by the name. `delimiter`: of text that we
    made.
    """
    profile = FileProfile(dataset, made_with=delimiter)
    try:
        kind, encoding = _profiled(source, profile, limits)
        source.drain()
        refuse_contradictions(profile.watches.values())
        refuse_undated(profile)
    except Unreadable as stop:
        source.drain()
        return Rejected(stop.reason, stop.detail)
    columns = noted_names(profile.columns)
    kept = Profile(
        format=kind,
        compression=source.compression,
        encoding=encoding,
        native=columns == profile.columns and _native(profile, source, kind, encoding, suffix),
        columns=columns,
        types=profile.types[: len(columns)],
        delimiter=profile.delimiter,
        multiline=profile.multiline,
        preamble=profile.preamble,
        skipped=profile.skipped,
        comment=dataset.comment or "" if profile.skipped else "",
        footer=dataset.footer or "" if profile.skipped else "",
    )
    return Accepted(kept, profile.records, profile.unreadable, profile.dates.result())


def noted_names(columns: tuple[str, ...]) -> tuple[str, ...]:
    """The names that the ledger keeps: an item of DynamoDB holds 400 kB. A file that has others is left to
    our own reader, which finds them in the file.
    """
    cut = [name[:MAX_NAME] for name in columns[:MAX_NAMES]]
    sizes = itertools.accumulate(len(name.encode(errors="replace")) for name in cut)
    return tuple(name for name, size in zip(cut, sizes, strict=True) if size <= NOTED_BYTES)


def _profiled(source: Source, profile: FileProfile, limits: Limits) -> tuple[str, str]:
    """Format and encoding; the rest goes to the profile."""
    sample, blocks = begun(source.blocks())
    if not sample:
        raise Unreadable(
            FileReason.EMPTY_FILE, "the file has no byte" if not source.bytes else "the file is blank"
        )
    if is_package(sample):
        raise Unreadable(FileReason.NESTED_COMPRESSION, "a zip or Office file inside a compressed file")
    if sample.startswith(MAGIC):
        _refuse_other_formats(profile.dataset, "parquet")
        _spool(blocks, profile, limits)
        refuse_unreadable(profile)
        return "parquet", "utf-8"
    encoding = declared_encoding(sample) or encoding_of(sample, profile.dataset.encodings)
    text = Utf8(blocks, encoding, profile.dataset.encodings)
    content = iter(text)
    head = next(content, b"")
    start = head.lstrip(BLANKS)[:SAMPLE]
    kind = "csv" if profile.made_with else _welcome(start, profile.dataset)
    READERS[kind](itertools.chain([head], content), profile, limits)
    refuse_unreadable(profile, start, kind)
    return kind, text.encoding


def _welcome(start: bytes, dataset: Dataset) -> str:
    """The format as the contract has it: an object on one line is a JSON document and JSON lines."""
    kind = text_format(start, dataset)
    if kind == "ndjson" and dataset.records is not None:
        kind = "json"  # a line may be an envelope of many records: the reader of documents takes it apart
    other = {"json": "ndjson", "ndjson": "json"}.get(kind)
    one_line = start.startswith(b"{") and b"\n" not in start.rstrip(BLANKS)
    if one_line and kind not in dataset.formats and other in dataset.formats:
        return other
    _refuse_other_formats(dataset, kind)
    return kind


def _refuse_other_formats(dataset: Dataset, kind: str) -> None:
    if kind not in dataset.formats:
        raise Unreadable(
            FileReason.FORMAT_NOT_ACCEPTED,
            format_hint(kind, dataset.formats),
        )


def _spool(blocks: Iterator[bytes], profile: FileProfile, limits: Limits) -> None:
    """Parquet needs its footer first, so the file goes to disk (the function's temporary storage), never to
    memory.
    """
    with tempfile.NamedTemporaryFile() as file:
        for block in blocks:
            if file.tell() + len(block) > limits.max_spooled:
                raise Unreadable(FileReason.TOO_LARGE, f"Parquet of more than {limits.max_spooled} bytes")
            file.write(block)
        file.seek(0)
        profile_parquet(file, profile, limits)


def refuse_unreadable(profile: FileProfile, start: bytes = b"", kind: str = "") -> None:
    """Raises Unreadable when the file as a whole is not worth reading; its start tells what may be wrong."""
    if not profile.records:
        raise Unreadable(FileReason.EMPTY_FILE, "the file has no record")
    single = profile.unreadable == 1 and 1 < profile.records < FEW_RECORDS
    if profile.unreadable > profile.dataset.max_unreadable_rate * profile.records and not single:
        raise Unreadable(
            FileReason.TOO_MANY_UNREADABLE,
            f"{profile.unreadable} of {profile.records} records are unreadable{_why(profile, start, kind)}",
        )
    if not profile.known:
        raise Unreadable(
            FileReason.NO_KNOWN_COLUMN, f"none of {len(profile.columns)} columns is in the contract"
        )


def refuse_undated(profile: FileProfile) -> None:
    """Raises Unreadable when records have event dates and none can be read: the file belongs to no day."""
    dataset = profile.dataset
    if not must_be_dated(dataset) or profile.dates.result() or not profile.dates.unread:
        return
    values = f"{profile.dates.unread} values of {dataset.event_date_column}"
    raise Unreadable(
        FileReason.NO_READABLE_DATE, f"none of {values} is spelled as declared ({spellings_of_date(dataset)})"
    )


def must_be_dated(dataset: Dataset) -> bool:
    """Whether a file must have a readable event date, which its own text tells."""
    column = dataset.event_date_column
    if column is None or dataset.undated or dataset.layout == "undated":
        return False
    return dataset.plan(column).dated_by_text


def spellings_of_date(dataset: Dataset) -> str:
    """The declared spellings of the event date, for messages."""
    column = dataset.event_date_column
    return ", ".join(f.name for f in dataset.plan(column).formats) if column is not None else ""


def _why(profile: FileProfile, start: bytes, kind: str) -> str:
    if kind == "ndjson":
        return json_hint(start)
    return lines_hint(profile.bad_lines) + ("" if is_utf8(start) else encoding_hint(start))


def _native(profile: FileProfile, source: Source, kind: str, encoding: str, suffix: str) -> bool:
    """Whether Spark's reader sees exactly our records.

    Never for JSON over several lines: Spark 4.1 cuts a number that lies across its parser's buffer when it
    reads it as text (seen: 44 became 4, 12.51 became 12.), and of several objects one after the other it
    reads only the first.
    """
    by_name = COMPRESSED.get(f".{suffix.rpartition('.')[2]}", "none")
    readable = (
        profile.plain
        and not profile.unreadable
        and encoding == "utf-8"
        and by_name == source.compression
        and not source.padded
        and by_name in ("none", "gzip")  # Glue's Hadoop need not have the others
    )
    return (
        readable
        and kind not in ("json", "xml")
        and len(profile.columns) <= MAX_NAMES
        and not (kind == "parquet" and source.compression == "gzip")
    )
