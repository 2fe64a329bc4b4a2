"""Runs on executors: one bronze file through `shared.records`, as Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa

from shared.contracts import Dataset
from shared.contracts.paths import Path
from shared.ledger.model import Profile
from shared.records.reading import rows
from shared.records.shape import Row, Shape, shape_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TEXTS = pa.map_(pa.string(), pa.string())


@dataclass(frozen=True)
class Reading:
    """What a worker needs to know of a dataset. `shapes`: by format, where one differs from that of JSON."""

    names: tuple[str, ...]
    shape: Shape
    xml: Shape
    nested: bool
    inside: Path | None


def reading_of(dataset: Dataset) -> Reading:
    """How a dataset's files are read."""
    return Reading(dataset.sent, shape_of(dataset), shape_of(dataset, "xml"), dataset.nested, dataset.records)


def arrow_batches(file: Mapping[str, Any], reading: Reading, size: int) -> Iterator[pa.RecordBatch]:
    """The file's records in batches of the schema that `read.records` promises."""
    body = _s3().get_object(Bucket=file["bucket"], Key=file["key"])["Body"]
    profile = Profile.from_json(file["profile"])
    shape = reading.xml if profile.format == "xml" else reading.shape
    waiting: list[Row] = []
    for row in rows(body, profile, shape, reading.nested, reading.inside):
        waiting.append(row)
        if len(waiting) == size:
            yield _batch(file["path"], waiting, reading.names)
            waiting = []
    if waiting:
        yield _batch(file["path"], waiting, reading.names)


@cache
def _s3() -> S3Client:
    """One of this worker: to make a client takes longer than to read a small file."""
    return boto3.client("s3")


def _batch(path: str, rows: list[Row], names: Sequence[str]) -> pa.RecordBatch:
    columns = [
        pa.array([path] * len(rows), pa.string()),
        *(pa.array([r.values.get(name) for r in rows], pa.string()) for name in names),
        pa.array([list(r.extra.items()) or None for r in rows], TEXTS),
        pa.array([r.raw for r in rows], pa.string()),
        pa.array([list(r.faults.items()) or None for r in rows], TEXTS),
        pa.array([r.record for r in rows], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, ["_path", *names, "_extra", "_raw", "_faults", "_record"])
