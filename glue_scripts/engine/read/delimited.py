"""Delimited bronze files → records, through Spark's own reader, whatever their headers."""

from __future__ import annotations

from functools import reduce

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from glue_scripts.engine.read.bronze_files import BronzeFile, located
from glue_scripts.engine.read.sql import quoted
from glue_scripts.engine.read.values import driver_rows
from shared.contracts import Dataset, folded


def delimited_records(spark: SparkSession, groups: list[list[BronzeFile]], dataset: Dataset) -> DataFrame:
    """All delimited files, although their headers differ: cells are found by position, positions by file."""
    cells = reduce(DataFrame.unionByName, (_cells(spark, group) for group in groups))
    headers = _headers(spark, [f for group in groups for f in group], dataset)
    wide = cells.join(headers.hint("broadcast"), "_path", "inner")
    columns = [f"get(_cells, {quoted('_at_' + c)}) AS {quoted(c)}" for c in dataset.sent]
    extra = (
        "map_from_entries(filter(transform(_extras, e -> struct(e.name AS k, get(_cells, e.at) AS v)), e ->"
        " e.v IS NOT NULL))"
    )
    return wide.selectExpr(
        "_path",
        "_place",
        *columns,
        f"CASE WHEN size(_extras) > 0 THEN {extra} END AS _extra",
        "CAST(NULL AS string) AS _raw",
        "CAST(NULL AS map<string,string>) AS _faults",
        "CAST(NULL AS string) AS _record",
    )


def _cells(spark: SparkSession, files: list[BronzeFile]) -> DataFrame:
    """The rows of files of one shape, each as an array of cells."""
    first = files[0].profile
    names = [f"c{i}" for i in range(len(first.columns))]
    options = {"header": "true", "sep": first.delimiter, "quote": '"', "escape": '"', "maxColumns": "20480"}
    options["multiLine"] = str(first.multiline).lower()
    rows = (
        spark.read.schema(", ".join(f"{c} string" for c in names))
        .options(**options)
        .csv([f.path for f in files])
    )
    return located(rows).selectExpr("_path", "_place", f"array({', '.join(names)}) AS _cells")


def _headers(spark: SparkSession, files: list[BronzeFile], dataset: Dataset) -> DataFrame:
    """Where each column of the contract stands in each file (null: not there), and the
    columns nobody knows.
    """
    names = dataset.sent
    rows = []
    for file in files:
        known = {
            dataset.aliases[folded(c)]: i
            for i, c in enumerate(file.profile.columns)
            if folded(c) in dataset.aliases
        }
        extras = [
            {"name": c, "at": i}
            for i, c in enumerate(file.profile.columns)
            if folded(c) not in dataset.aliases
        ]
        rows.append((file.path, *(known.get(n) for n in names), extras))
    extra = pa.list_(pa.struct({"name": pa.string(), "at": pa.int32()}))
    return driver_rows(
        spark, {"_path": pa.string(), **{f"_at_{n}": pa.int32() for n in names}, "_extras": extra}, rows
    )
