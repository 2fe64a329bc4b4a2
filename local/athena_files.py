"""Athena's tables over files as they are, on the laptop: what the catalogue says of a table, done by Python.

The SerDes are those of stacks/received_tables.py (Athena user guide, "Use SerDes"). All of a table is read,
whatever the statement asks for.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from local.dialect import QueryError

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

PATH = "$path"
CODECS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}  # by the ending of the name, as Hadoop has it
LINE_ENDS = re.compile("\r\n|\n|\r")
Row = Sequence[Any]
SIMPLE: dict[str, Any] = {
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
}
SIMPLE |= {"boolean": pa.bool_(), "date": pa.date32(), "binary": pa.binary(), "string": pa.string()}
SIMPLE["timestamp"] = pa.timestamp("us")
WIDER = {("int", "bigint"), ("float", "double")}  # what Athena reads as the table has it


@dataclass(frozen=True)
class Files:
    """A table over files: `keys` are its partition columns, `place` finds their values in an object's key."""

    name: str
    bucket: str
    prefix: str
    serde: str
    columns: Mapping[str, str]
    keys: tuple[str, ...]
    place: re.Pattern[str]
    told: Mapping[str, str]
    header_lines: int


def rows_of_files(glue: GlueClient, s3: S3Client, database: str, name: str, *, path: bool) -> pa.Table:
    """All rows of a table; `path`: with the object that each stands in. Raises QueryError for what Athena
    would not read either.
    """
    table = _files(dict(glue.get_table(DatabaseName=database, Name=name)["Table"]))
    parts = [_part(table, key, values, s3, path=path) for key, values in _objects(table, s3)]
    return pa.concat_tables(parts) if parts else _schema(table, path=path).empty_table()


def _files(table: Mapping[str, Any]) -> Files:
    storage, parameters = table["StorageDescriptor"], table["Parameters"]
    location = storage["Location"]
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    below = parameters.get("storage.location.template", location).removeprefix(location)
    keys = tuple(k["Name"] for k in table["PartitionKeys"])
    values = {k: parameters.get(f"projection.{k}.values", "").replace(",", "|") or "[^/]+" for k in keys}
    pattern = re.sub(r"\$\{(\w+)\}", lambda m: f"(?P<{m[1]}>{values[m[1]]})", below)
    return Files(
        f"{table['DatabaseName']}.{table['Name']}",
        bucket,
        prefix,
        storage["SerdeInfo"]["SerializationLibrary"].rpartition(".")[2],
        {c["Name"]: c["Type"] for c in storage["Columns"]},
        keys,
        re.compile(re.escape(prefix) + pattern),
        storage["SerdeInfo"].get("Parameters", {}),
        int(parameters.get("skip.header.line.count", 0)),
    )


def _objects(table: Files, s3: S3Client) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Objects that are in a partition; a name that begins with `_` or `.` is hidden."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=table.bucket, Prefix=table.prefix):
        for found in page.get("Contents", ()):
            hidden = found["Key"].rpartition("/")[2][:1] in ("_", ".", "")
            if found["Size"] and not hidden and (place := table.place.match(found["Key"])):
                yield found["Key"], place.groupdict()


def _part(table: Files, key: str, values: Mapping[str, str], s3: S3Client, *, path: bool) -> pa.Table:
    content = s3.get_object(Bucket=table.bucket, Key=key)["Body"].read()
    columns: list[Any]
    if table.serde == "ParquetHiveSerDe":
        columns = _parquet(table, key, content)
    else:
        read = READERS.get(table.serde)
        if read is None:
            raise QueryError(
                f"{table.name}: the laptop has no reader like {table.serde}",
                "ask a deployed environment: ./lake query --env NAME",
            )
        rows = list(read(table, lines(key, content)[table.header_lines :]))
        columns = [
            pa.array([_value(row[i], kind) for row in rows], arrow_type(kind))
            for i, kind in enumerate(table.columns.values())
        ]
    count = len(columns[0])
    beside = [values[k] for k in table.keys] + ([f"s3://{table.bucket}/{key}"] if path else [])
    columns += [pa.array([text] * count, pa.string()) for text in beside]
    return pa.table(columns, schema=_schema(table, path=path))


def _schema(table: Files, *, path: bool) -> pa.Schema:
    own = [pa.field(name, arrow_type(kind)) for name, kind in table.columns.items()]
    return pa.schema([*own, *(pa.field(k, pa.string()) for k in (*table.keys, *([PATH] if path else [])))])


def lines(key: str, content: bytes) -> list[str]:
    """The lines of a file, unpacked by the ending of its name."""
    if codec := next((c for end, c in CODECS.items() if key.endswith(end)), None):
        content = pa.input_stream(io.BytesIO(content), compression=codec).read()
    found = LINE_ENDS.split(content.decode("utf-8", "replace").removeprefix("\ufeff"))
    return found[:-1] if found[-1] == "" else found


def _of_lines(table: Files, written: Sequence[str]) -> Iterator[Row]:
    yield from ([line] for line in written)


def _of_csv(table: Files, written: Sequence[str]) -> Iterator[Row]:
    """Line by line: this SerDe knows no line breaks in cells. A cell that is not there is null."""
    separator, quote = table.told["separatorChar"], table.told["quoteChar"]
    for line in written:
        parsed = csv.reader([line], delimiter=separator, quotechar=quote, escapechar="\\")
        cells: list[str | None] = [*next(parsed, [])]
        yield [*cells, *[None] * len(table.columns)][: len(table.columns)]


READERS: dict[str, Callable[[Files, Sequence[str]], Iterator[Row]]] = {
    "LazySimpleSerDe": _of_lines,
    "OpenCSVSerde": _of_csv,
}


def _value(value: Any, kind: str) -> Any:
    if value is None:
        return None
    return float(value) if kind == "double" else value


def _parquet(table: Files, key: str, content: bytes) -> list[Any]:
    """The columns by their names, in any case; one that the file lacks is null."""
    found = pq.read_table(io.BytesIO(content))
    places = {name.lower(): i for i, name in enumerate(found.column_names)}
    columns: list[Any] = []
    for name, kind in table.columns.items():
        if name not in places:
            columns.append(pa.nulls(found.num_rows, arrow_type(kind)))
            continue
        column = found.column(places[name])
        stored = hive_type(column.type)
        if stored != kind and (stored, kind) not in WIDER:
            raise QueryError(
                f"HIVE_BAD_DATA: {table.name}: column {name} is {kind} in the table and {stored} in {key}",
                "say in the contract what the files have (properties of the bronze entry)",
            )
        columns.append(column.cast(arrow_type(kind)).combine_chunks())
    return columns


def arrow_type(kind: str) -> pa.DataType:
    """The Arrow type of a Hive type."""
    if nested := re.fullmatch(r"array<(.*)>", kind):
        return pa.list_(arrow_type(nested[1]))
    if nested := re.fullmatch(r"map<string,(.*)>", kind):
        return pa.map_(pa.string(), arrow_type(nested[1]))
    if sized := re.fullmatch(r"decimal\((\d+),(\d+)\)", kind):
        return pa.decimal128(int(sized[1]), int(sized[2]))
    return SIMPLE[kind]


def hive_type(kind: pa.DataType) -> str:
    """The Hive type of an Arrow type."""
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"array<{hive_type(kind.value_type)}>"
    if pa.types.is_map(kind):
        return f"map<{hive_type(kind.key_type)},{hive_type(kind.item_type)}>"
    if pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return "string"
    return next((name for name, known in SIMPLE.items() if known == kind), str(kind))
