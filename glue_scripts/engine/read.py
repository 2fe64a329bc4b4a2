"""Bronze files → records: every column of the contract as text, everything else in `_extra`, unreadable records in `_raw`.

Spark's readers are used where the door found that they agree with `shared.records` on the file; all other files go through
that very code on the executors. Either way the number of records must be the one that the door counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from glue_scripts.engine.files import BronzeFile
from glue_scripts.engine.sql import literal, quoted
from shared.contracts import Dataset, folded

BATCH = 4096
JSON_OPTIONS = {"lineSep": "\n", "allowSingleQuotes": "false", "allowNonNumericNumbers": "false", "allowUnquotedControlChars": "false"}


def records(spark: SparkSession, files: Sequence[BronzeFile], table: DataFrame, dataset: Dataset) -> DataFrame:
    """All records of the files: `_file`, the contract's received columns as text, `_extra` map<string,string>, `_raw` string."""
    groups: dict[tuple[Any, ...], list[BronzeFile]] = defaultdict(list)
    for file in files:
        groups[_group(file)].append(file)
    parts = [_read(spark, key, group, table, dataset) for key, group in sorted(_merged(groups).items(), key=repr)]
    return reduce(DataFrame.unionByName, parts)


def received(dataset: Dataset) -> tuple[str, ...]:
    """The columns that producers send; `event_date` is derived."""
    return tuple(c for c in dataset.lands_in.column_names if c != "event_date")


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
        home = next((s for s in schemas if all(s[0].get(n, t) == t for n, t in types.items())), None)
        if home is None:
            home = ({}, [])
            schemas.append(home)
        home[0].update(types)
        home[1].extend(groups[key])
    return merged | {("parquet", i): files for i, (_, files) in enumerate(schemas)}


def _read(spark: SparkSession, key: tuple[Any, ...], files: list[BronzeFile], table: DataFrame, dataset: Dataset) -> DataFrame:
    readers: dict[str, Callable[..., DataFrame]] = {"csv": _csv, "ndjson": _json, "json": _json, "parquet": _parquet}
    if key[0] == "python":
        return _python(spark, files, dataset)
    return readers[key[0]](spark, files, table, dataset)


def _json(spark: SparkSession, files: list[BronzeFile], table: DataFrame, dataset: Dataset) -> DataFrame:
    names = sorted({c for f in files for c in f.profile.columns})
    schema = ", ".join(f"{quoted(n)} string" for n in [*names, "_raw"])
    options = JSON_OPTIONS if files[0].profile.format == "ndjson" else {**JSON_OPTIONS, "multiLine": "true", "lineSep": "\n"}
    rows = spark.read.schema(schema).options(columnNameOfCorruptRecord="_raw", **options).json([f.path for f in files])
    return _by_name(_numbered(rows, table, dataset), names, dataset, raw="_raw")


def _parquet(spark: SparkSession, files: list[BronzeFile], table: DataFrame, dataset: Dataset) -> DataFrame:
    kinds = {n: t for f in files for n, t in zip(f.profile.columns, f.profile.types, strict=True)}
    widest = spark.read.option("mergeSchema", "true").parquet(*_one_of_each(files))
    rows = spark.read.schema(widest.schema).parquet(*[f.path for f in files])
    return _by_name(_numbered(rows, table, dataset), sorted(kinds), dataset, raw="CAST(NULL AS string)")


def _one_of_each(files: list[BronzeFile]) -> list[str]:
    """One path per distinct schema: the footers of the others need not be read to know the columns."""
    return list({f.profile.columns: f.path for f in files}.values())


def _by_name(rows: DataFrame, names: Sequence[str], dataset: Dataset, raw: str) -> DataFrame:
    """Columns by name: aliases to their column, names nobody knows to `_extra`. A file has at most one spelling of a column."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for name in names:
        spellings[dataset.aliases.get(folded(name), "")].append(f"CAST({quoted(name)} AS string)")
    columns = [f"{_first(spellings.get(c, []))} AS {quoted(c)}" for c in received(dataset)]
    unknown = [n for n in names if folded(n) not in dataset.aliases]
    return rows.selectExpr("_file", *columns, f"{_extra(unknown)} AS _extra", f"{raw} AS _raw")


def _first(candidates: list[str]) -> str:
    if not candidates:
        return "CAST(NULL AS string)"
    return candidates[0] if len(candidates) == 1 else f"coalesce({', '.join(candidates)})"


def _extra(unknown: Sequence[str]) -> str:
    """A map of the unknown columns that have a value; null when none has."""
    if not unknown:
        return "CAST(NULL AS map<string,string>)"
    pairs = ", ".join(f"struct({literal(n)} AS k, CAST({quoted(n)} AS string) AS v)" for n in unknown)
    present = " OR ".join(f"{quoted(n)} IS NOT NULL" for n in unknown)
    return f"CASE WHEN {present} THEN map_from_entries(filter(array({pairs}), e -> e.v IS NOT NULL)) END"


def _csv(spark: SparkSession, files: list[BronzeFile], table: DataFrame, dataset: Dataset) -> DataFrame:
    """Files of one shape in one scan, although their headers differ: cells are found by position, positions by file."""
    first = files[0].profile
    cells = [f"c{i}" for i in range(len(first.columns))]
    options = {
        "header": "true",
        "sep": first.delimiter,
        "quote": '"',
        "escape": '"',
        "multiLine": str(first.multiline).lower(),
        "maxColumns": "20480",
    }
    rows = spark.read.schema(", ".join(f"{c} string" for c in cells)).options(**options).csv([f.path for f in files])
    headers = _headers(spark, files, dataset)
    wide = _numbered(rows, table, dataset).join(headers.hint("broadcast"), "_file", "inner")
    cell = f"array({', '.join(cells)})"
    columns = [f"get({cell}, {quoted('_at_' + c)}) AS {quoted(c)}" for c in received(dataset)]
    extra = f"map_from_entries(filter(transform(_extras, e -> struct(e.name AS k, get({cell}, e.at) AS v)), e -> e.v IS NOT NULL))"
    return wide.selectExpr("_file", *columns, f"CASE WHEN size(_extras) > 0 THEN {extra} END AS _extra", "CAST(NULL AS string) AS _raw")


def _headers(spark: SparkSession, files: list[BronzeFile], dataset: Dataset) -> DataFrame:
    """Where each column of the contract stands in each file (null: not there), and the columns nobody knows."""
    names = received(dataset)
    rows = []
    for file in files:
        known = {dataset.aliases[folded(c)]: i for i, c in enumerate(file.profile.columns) if folded(c) in dataset.aliases}
        extras = [(c, i) for i, c in enumerate(file.profile.columns) if folded(c) not in dataset.aliases]
        rows.append((file.number, *(known.get(n) for n in names), extras))
    positions = ", ".join(f"{quoted('_at_' + n)} int" for n in names)
    return spark.createDataFrame(rows, f"_file int, {positions}, _extras array<struct<name:string,at:int>>")


def _numbered(rows: DataFrame, table: DataFrame, dataset: Dataset) -> DataFrame:
    """Each row with the number of its file, found by the object key (bronze names need no URL encoding)."""
    start = literal(f"/{dataset.domain}/{dataset.name}/")
    located = rows.selectExpr("*", f"substr(_metadata.file_path, locate({start}, _metadata.file_path) + 1) AS _bronze_key")
    numbers = table.select("_bronze_key", "_file").hint("broadcast")
    return located.join(numbers, "_bronze_key", "inner").drop("_bronze_key")


def _python(spark: SparkSession, files: list[BronzeFile], dataset: Dataset) -> DataFrame:
    """The door's own reading code, one file a task: for files that Spark's readers would misread."""
    names = received(dataset)
    listed = [(f.number, f.entry.target_bucket, f.entry.target_key, f.profile.to_json()) for f in files]
    table = spark.createDataFrame(listed, "_file int, bucket string, key string, profile string").repartition(len(listed), "_file")
    columns = ", ".join(f"{quoted(n)} string" for n in names)
    schema = f"_file int, {columns}, _extra map<string,string>, _raw string"
    aliases = dataset.aliases

    def read(batches: Iterable[Any]) -> Iterator[Any]:
        from glue_scripts.engine.python_reader import arrow_batches

        for batch in batches:
            for file in batch.to_pylist():
                yield from arrow_batches(file, names, aliases, BATCH)

    return table.mapInArrow(read, schema)


def expected_records(files: Iterable[BronzeFile]) -> int:
    """What the door counted."""
    return sum(f.entry.records for f in files)
