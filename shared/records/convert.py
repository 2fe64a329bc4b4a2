"""Text without header → Parquet with the contract's names and types, for what bronze keeps as Parquet.

Nothing is cleaned and nothing is lost: a cell that is not of its column's type stands as text in `_uncast`, a
line that has not the contract's number of fields in `_raw`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shared.contracts import Dataset
from shared.ledger.model import Profile
from shared.reasons import FileReason
from shared.records.contradictions import refuse_contradictions
from shared.records.file_profile import FileProfile
from shared.records.inspection import refuse_undated, refuse_unreadable
from shared.records.lines import whole_lines
from shared.records.source import Source
from shared.records.table import ends_lines, rows, schema
from shared.records.text import begun
from shared.records.verdict import RAW, UNCAST, Accepted, Limits, Rejected, Unreadable

CHUNK = 16 << 20  # of text that is parsed at once
GROUP_BYTES = 128 << 20  # of a row group in memory, the size that readers of Parquet like


def convert_to_parquet(source: Source, dataset: Dataset, limits: Limits, target: Path) -> Accepted | Rejected:
    """Reads the source to its end, writes the Parquet file and judges what was read."""
    profile, columns = FileProfile(dataset), schema(dataset)
    texts = [
        c.name for c in columns if c.type == pa.string()
    ]  # numbers seldom repeat: the search for it costs as much as writing them
    try:
        with pq.ParquetWriter(
            target, columns, compression="zstd", use_dictionary=texts, store_decimal_as_integer=True
        ) as file:
            for group in _groups(_tables(source, dataset, limits, profile)):
                file.write_table(group, row_group_size=max(1, group.num_rows))
        source.drain()
        refuse_unreadable(profile)
        refuse_contradictions(profile.watches.values())
        refuse_undated(profile)
    except Unreadable as stop:
        source.drain()  # the hash is of the whole file, which decides on duplicates
        return Rejected(stop.reason, stop.detail)
    types = tuple(str(columns.field(name).type) for name in dataset.sent)
    kept = Profile(format="parquet", columns=dataset.sent, types=types)
    return Accepted(kept, profile.records, profile.unreadable, profile.dates.result())


def _tables(source: Source, dataset: Dataset, limits: Limits, profile: FileProfile) -> Iterator[pa.Table]:
    sample, blocks = begun(source.blocks())
    if sample.count(b"\0") > 1 + len(sample) // 100:
        raise Unreadable(FileReason.NOT_TEXT, "the content is binary")
    ends: bool | None = None
    for text in whole_lines(blocks, CHUNK, limits, dataset.fallback_encoding):
        ends = ends_lines(text, dataset) if ends is None else ends
        table = rows(text, dataset, ends)
        for watch in profile.watches.values():
            # Its column is kept as text: only such spellings are watched. A key's value is not in the text.
            if watch.open and watch.column in table.column_names:
                texts = table[watch.column].to_pylist()
                watch.see(texts, texts, profile.records)
        _count_dates(table, profile)
        profile.records += table.num_rows
        profile.unreadable += table.num_rows - table[RAW].null_count
        profile.known |= profile.unreadable < profile.records
        yield table


def _count_dates(table: pa.Table, profile: FileProfile) -> None:
    """Counts days by the column of the event date: what it holds with a type, and what it holds as text."""
    column = profile.dataset.event_date_column
    if column is None or column not in table.column_names:
        return
    if table[column].type == pa.string():
        profile.dates.add(table[column].to_pylist())
        return
    for day in pc.value_counts(table[column].drop_null().combine_chunks()).to_pylist():
        profile.dates.add_day(day["values"], day["counts"])
    cells = table[UNCAST].drop_null().to_pylist() if table[UNCAST].null_count < table.num_rows else []
    profile.dates.add([text for row in cells for name, text in row if name == column])


def _groups(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The tables, gathered into row groups."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(t.nbytes for t in waiting) >= GROUP_BYTES:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)
