"""Bronze files → records: every column of the contract as text, everything else in `_extra`, unreadable
records in `_raw`, what a reader found wrong with a value in `_faults`, by column, and in `_record` the record
as it was received where names and texts would not tell.

Spark's readers are used where ingestion found that they agree with `shared.records` on the file; all other
files go through that very code on the executors. Either way the number of records must be the one that
ingestion counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.types import DataType, TimestampNTZType, TimestampType

from glue_scripts.engine.read.bronze_files import BronzeFile, in_order, located
from glue_scripts.engine.read.delimited import delimited_records
from glue_scripts.engine.read.marks import mark
from glue_scripts.engine.read.python_reader import reading_of
from glue_scripts.engine.read.sql import literal, quoted
from glue_scripts.engine.read.values import driver_rows
from shared.contracts import Dataset, folded
from shared.contracts.keys import value_in_key
from shared.records.verdict import RAW, UNCAST, kept_as_text

BATCH = 4096
NO_FAULTS = ("CAST(NULL AS map<string,string>) AS _faults", "CAST(NULL AS string) AS _record")
JSON_OPTIONS = {
    "lineSep": "\n",
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",
    "allowUnquotedControlChars": "false",
}


def records(
    spark: SparkSession, files: Sequence[BronzeFile], table: DataFrame, dataset: Dataset
) -> DataFrame:
    """All records of the files: `_file`, `_place` (which of two of a file is the later), `_mark`,
    `_ingested_at`, `_day`, the received columns as text, `_extra` map<string,string>, `_raw` string,
    `_faults` map<string,string>, `_record` string.

    Where bronze keeps Parquet the columns have the contract's types, and `_uncast` map<string,string> the
    texts that are of none.
    """
    rows = (
        _made(spark, list(files), dataset)
        if dataset.stored_as == "parquet"
        else _received(spark, files, dataset)
    )
    known = table.select("_path", "_file", "_ingested_at", "_day", "_says_operation").hint("broadcast")
    found = _with_keys(spark, rows.join(known, "_path", "inner"), files, dataset).drop("_path")
    operation = dataset.target.operation
    if operation is not None and operation.envelope == "dms":
        name = quoted(operation.column)
        inserted = f"CASE WHEN _says_operation THEN {name} ELSE {literal(operation.upsert[0])} END"
        found = found.withColumn(operation.column, F.expr(inserted))
    return found.drop("_says_operation").selectExpr("*", f"{mark(dataset)} AS _mark")


def _with_keys(
    spark: SparkSession, rows: DataFrame, files: Sequence[BronzeFile], dataset: Dataset
) -> DataFrame:
    """The rows with the columns whose value stands in the key under which the file was dropped."""
    patterns = {n: p for n in dataset.received if (p := dataset.target.column(n).from_key) is not None}
    if not patterns:
        return rows
    found = [(f.path, *(value_in_key(p, f.entry.key) for p in patterns.values())) for f in files]
    columns = dict.fromkeys(("_path", *patterns), pa.string())
    return rows.join(driver_rows(spark, columns, found).hint("broadcast"), "_path", "inner")


def _received(spark: SparkSession, files: Sequence[BronzeFile], dataset: Dataset) -> DataFrame:
    """Files as producers sent them."""
    groups: dict[tuple[Any, ...], list[BronzeFile]] = defaultdict(list)
    for file in files:
        groups[_group(file)].append(file)
    read = sorted(_merged(groups).items(), key=repr)
    parts = [READERS[key[0]](spark, group, dataset) for key, group in read if key[0] != "csv"]
    if delimited := [group for key, group in read if key[0] == "csv"]:
        parts.append(delimited_records(spark, delimited, dataset))
    return reduce(DataFrame.unionByName, parts)


def _group(file: BronzeFile) -> tuple[Any, ...]:
    """Files with one key are read together: by format, and for CSV by shape."""
    p = file.profile
    if not file.native:
        return ("python",)
    if p.format == "csv":
        return ("csv", p.delimiter, len(p.columns), p.multiline)
    return (p.format, p.columns, p.types) if p.format == "parquet" else (p.format,)


def _merged(groups: dict[tuple[Any, ...], list[BronzeFile]]) -> dict[tuple[Any, ...], list[BronzeFile]]:
    """Parquet files whose columns agree in type wherever they share a name are one group."""
    merged: dict[tuple[Any, ...], list[BronzeFile]] = {k: v for k, v in groups.items() if k[0] != "parquet"}
    schemas: list[tuple[dict[str, str], list[BronzeFile]]] = []
    for key in sorted((k for k in groups if k[0] == "parquet"), key=repr):
        types = dict(zip(key[1], key[2], strict=True))
        group = next((s for s in schemas if all(s[0].get(n, t) == t for n, t in types.items())), None)
        if group is None:
            group = ({}, [])
            schemas.append(group)
        group[0].update(types)
        group[1].extend(groups[key])
    return merged | {("parquet", i): files for i, (_, files) in enumerate(schemas)}


def _json(spark: SparkSession, files: list[BronzeFile], dataset: Dataset) -> DataFrame:
    names = sorted({c for f in files for c in f.profile.columns})
    schema = ", ".join(f"{quoted(n)} string" for n in [*names, "_raw"])
    rows = (
        spark.read.schema(schema)
        .options(columnNameOfCorruptRecord="_raw", **JSON_OPTIONS)
        .json([f.path for f in files])
    )
    return _by_name(located(rows), {n: f"CAST({quoted(n)} AS string)" for n in names}, dataset, raw="_raw")


def _parquet(spark: SparkSession, files: list[BronzeFile], dataset: Dataset) -> DataFrame:
    names = sorted({n for f in files for n in f.profile.columns})
    widest = spark.read.option("mergeSchema", "true").parquet(*_one_of_each(files))
    rows = spark.read.schema(widest.schema).parquet(*[f.path for f in files])
    texts = {n: parquet_text(quoted(n), widest.schema[n].dataType) for n in names}
    return _by_name(located(rows), texts, dataset, raw="CAST(NULL AS string)")


def parquet_text(name: str, kind: DataType) -> str:
    """SQL for a cell as the text that `shared.records.arrow_values` makes of it: times as ISO 8601, with Z
    where the file says UTC.
    """
    text = f"CAST({name} AS string)"
    match kind:
        case TimestampType():
            return f"concat(replace({text}, ' ', 'T'), 'Z')"
        case TimestampNTZType():
            return f"replace({text}, ' ', 'T')"
    return text


def _made(spark: SparkSession, files: list[BronzeFile], dataset: Dataset) -> DataFrame:
    """Parquet that the bronze job made: columns in the contract's types, what was of no type in `_uncast`."""
    types = {
        n: "string" if kept_as_text(dataset.plan(n)) else dataset.target.column(n).type for n in dataset.sent
    }
    columns = ", ".join(f"{quoted(n)} {kind}" for n, kind in types.items())
    rows = spark.read.schema(f"{columns}, {UNCAST} map<string,string>, {RAW} string").parquet(
        *[f.path for f in files]
    )
    extra = "CAST(NULL AS map<string,string>) AS _extra"
    own = [*map(quoted, dataset.sent), UNCAST, extra, RAW, *NO_FAULTS]
    return located(rows).selectExpr("_path", "_place", *own)


def _one_of_each(files: list[BronzeFile]) -> list[str]:
    """One path per distinct schema: the footers of the others need not be read to know the columns."""
    return list({f.profile.columns: f.path for f in files}.values())


def _by_name(rows: DataFrame, texts: Mapping[str, str], dataset: Dataset, raw: str) -> DataFrame:
    """Columns by name: aliases to their column, names nobody knows to `_extra`; `texts`: SQL of each name's
    text.

    A file has at most one spelling of a column.
    """
    spellings: dict[str, list[str]] = defaultdict(list)
    for name, text in texts.items():
        spellings[dataset.aliases.get(folded(name), "")].append(text)
    columns = [f"{_first(spellings.get(c, []))} AS {quoted(c)}" for c in dataset.sent]
    unknown = {n: text for n, text in texts.items() if folded(n) not in dataset.aliases}
    own = [*columns, f"{_extra(unknown)} AS _extra", f"{raw} AS _raw", *NO_FAULTS]
    return rows.selectExpr("_path", "_place", *own)


def _first(candidates: list[str]) -> str:
    if not candidates:
        return "CAST(NULL AS string)"
    return candidates[0] if len(candidates) == 1 else f"coalesce({', '.join(candidates)})"


def _extra(unknown: Mapping[str, str]) -> str:
    """A map of the unknown columns that have a value; null when none has."""
    if not unknown:
        return "CAST(NULL AS map<string,string>)"
    pairs = ", ".join(f"struct({literal(n)} AS k, {text} AS v)" for n, text in unknown.items())
    present = " OR ".join(f"{quoted(n)} IS NOT NULL" for n in unknown)
    return f"CASE WHEN {present} THEN map_from_entries(filter(array({pairs}), e -> e.v IS NOT NULL)) END"


def _python(spark: SparkSession, files: list[BronzeFile], dataset: Dataset) -> DataFrame:
    """Ingestion's own reading code, one file a task: for files that Spark's readers would misread."""
    listed = [(f.path, f.entry.target_bucket, f.entry.target_key, f.profile.to_json()) for f in files]
    slices = min(len(listed), 4 * spark.sparkContext.defaultParallelism)
    table = spark.createDataFrame(
        spark.sparkContext.parallelize(listed, slices),
        "path string, bucket string, key string, profile string",
    )
    reading = reading_of(dataset)
    columns = "".join(f"{quoted(n)} string, " for n in dataset.sent)
    own = "_extra map<string,string>, _raw string, _faults map<string,string>, _record string"
    schema = f"_path string, {columns}{own}"

    def read(batches: Iterable[Any]) -> Iterator[Any]:
        from glue_scripts.engine.read.python_reader import arrow_batches

        for batch in batches:
            for file in batch.to_pylist():
                yield from arrow_batches(file, reading, BATCH)

    return in_order(table.mapInArrow(read, schema))


READERS: dict[str, Callable[..., DataFrame]] = {"ndjson": _json, "parquet": _parquet, "python": _python}
