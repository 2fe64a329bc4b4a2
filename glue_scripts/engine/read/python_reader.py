"""Runs on executors: one bronze file through `shared.records`, as Arrow batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import boto3
import pyarrow as pa

from shared.contracts import folded
from shared.ledger.model import Profile
from shared.records.envelope import is_tombstone, row_of
from shared.records.reading import Record, as_text, records
from shared.records.strict_json import exact


def arrow_batches(
    file: Mapping[str, Any],
    names: Sequence[str],
    aliases: Mapping[str, str],
    size: int,
    envelope: str | None = None,
) -> Iterator[pa.RecordBatch]:
    """The file's records in batches of the schema that `read.records` promises."""
    body = boto3.client("s3").get_object(Bucket=file["bucket"], Key=file["key"])["Body"]
    rows: list[dict[str, Any]] = []
    for record in opened(records(body, Profile.from_json(file["profile"])), envelope, aliases):
        rows.append({"_path": file["path"], **_row(record, aliases)})
        if len(rows) == size:
            yield _batch(rows, names)
            rows = []
    if rows:
        yield _batch(rows, names)


def _row(record: Record, aliases: Mapping[str, str]) -> dict[str, Any]:
    """Of two spellings of one column the first with a value counts; the other one is kept in `_extra`."""
    if record.fields is None:
        return {"_raw": record.raw}
    row: dict[str, Any] = {}
    extra: list[tuple[str, str]] = []
    for name, value in record.fields.items():
        column = aliases.get(folded(name))
        if column is not None and row.get(column) is None:
            row[column] = value
        elif value is not None:
            extra.append((name, value))
    return {**row, "_extra": extra or None}


def _batch(rows: list[dict[str, Any]], names: Sequence[str]) -> pa.RecordBatch:
    schema = pa.schema(
        [
            ("_path", pa.string()),
            *((n, pa.string()) for n in names),
            ("_extra", pa.map_(pa.string(), pa.string())),
            ("_raw", pa.string()),
        ]
    )
    return pa.RecordBatch.from_pylist([{f.name: r.get(f.name) for f in schema} for r in rows], schema=schema)


def opened(records: Iterator[Record], envelope: str | None, known: Collection[str] = ()) -> Iterator[Record]:
    """The records as rows; `known`: the folded names that the contract has a column for."""
    if envelope != "debezium":
        yield from records
        return
    for record in records:
        if record.fields is not None:
            yield Record({k: as_text(v) for k, v in row_of(record.fields, known, _parsed).items()})
        elif not is_tombstone((record.raw or "").encode()):
            yield record


def _parsed(text: str | None) -> Any:
    """A nested value, which readers hand over as JSON text."""
    if text is None or text[:1] != "{":
        return text
    try:
        return exact(text.encode())
    except ValueError:
        return text
