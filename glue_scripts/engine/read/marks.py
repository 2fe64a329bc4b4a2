"""Which records are to be looked at again: a number of each, small enough to gather those of the bad ones."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from glue_scripts.engine.read.literals import quoted
from glue_scripts.engine.read.values import driver_rows
from shared.contracts import Dataset

MARKS = 1 << 17  # a set of all of them takes a few MB
FEW = MARKS // 4  # beyond that, most records have one of the marks: to look for them costs more than it saves


def mark(dataset: Dataset) -> str:
    """SQL for a number below MARKS of a record as it was read, by its file and the columns that find its row.

    A record has the same each time its file is read, and few of its file share it.
    """
    table = dataset.target
    finding = {*table.primary_key, dataset.event_date_column}
    names = [n for n in dataset.received if n in finding] or dataset.received
    return f"CAST(pmod(xxhash64(_file, {', '.join(map(quoted, names))}), {MARKS}) AS int)"


def of_marks(spark: SparkSession, rows: DataFrame, marks: Collection[int]) -> DataFrame:
    """The records with one of the marks, or all, where there are many."""
    if len(marks) > FEW:
        return rows
    chosen = driver_rows(spark, {"_mark": pa.int32()}, ((m,) for m in sorted(marks)))
    return rows.join(chosen.hint("broadcast"), "_mark", "left_semi")
