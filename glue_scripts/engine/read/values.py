"""Rows that the driver knows, as a table of the plan itself: no worker process makes them, and the planner
knows how few they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession


def driver_rows(
    spark: SparkSession, columns: Mapping[str, pa.DataType], rows: Iterable[Sequence[Any]]
) -> DataFrame:
    """A table of these rows, with the columns in their order."""
    listed = list(rows)
    arrays = [pa.array([row[i] for row in listed], kind) for i, kind in enumerate(columns.values())]
    return spark.createDataFrame(pa.Table.from_arrays(arrays, names=list(columns)))
