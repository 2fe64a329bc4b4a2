"""Runs on executors: one bronze file through `shared.records`, as Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa

from shared.contracts import Dataset
from shared.contracts.paths import Path
from shared.ledger.model import Profile
from shared.records.cells import Cells, in_cells
from shared.records.reading import texts_and_values
from shared.records.shape import Shape, shape_of

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
    found = texts_and_values(body, profile, nested=reading.nested, inside=reading.inside)
    for cells in in_cells(found, shape, reading.names, size):
        yield _batch(file["path"], cells)


@cache
def _s3() -> S3Client:
    """One of this worker: to make a client takes longer than to read a small file."""
    return boto3.client("s3")


def _batch(path: str, cells: Cells) -> pa.RecordBatch:
    columns = [
        pa.array([path] * len(cells.raw), pa.string()),
        *(pa.array(values, pa.string()) for values in cells.values.values()),
        pa.array([e and [*e.items()] for e in cells.extra], TEXTS),
        pa.array(cells.raw, pa.string()),
        pa.array([f and [*f.items()] for f in cells.faults], TEXTS),
        pa.array(cells.record, pa.string()),
    ]
    return pa.RecordBatch.from_arrays(
        columns, ["_path", *cells.values, "_extra", "_raw", "_faults", "_record"]
    )
