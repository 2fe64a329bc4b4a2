"""Crawlers that write the catalog: a table per folder of a target, its partitions from `key=value` folders.

Parquet columns come from a file's footer and CSV columns from its first line; other formats are registered
with their classification only.
"""

from __future__ import annotations

import contextvars
import csv
import gzip
import io
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from ministack.core.responses import error_response_json, json_response
from ministack.services import glue

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HEAD_BYTES = 64 * 1024
_HIVE = {pa.int8(): "tinyint", pa.int16(): "smallint", pa.int32(): "int", pa.int64(): "bigint"}
_HIVE |= {pa.float32(): "float", pa.float64(): "double"}
_HIVE |= {
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.binary(): "binary",
    pa.string(): "string",
    pa.large_string(): "string",
}
_FORMATS = {
    "parquet": (
        "parquet.MapredParquetInputFormat",
        "parquet.MapredParquetOutputFormat",
        "parquet.serde.ParquetHiveSerDe",
    ),
    "csv": ("TextInputFormat", "HiveIgnoreKeyTextOutputFormat", "serde2.OpenCSVSerde"),
    "json": ("TextInputFormat", "HiveIgnoreKeyTextOutputFormat", "serde2.JsonSerDe"),
}


@dataclass
class Folder:
    """A table to be: where it stands, its partition columns, its partitions, and one of its objects."""

    bucket: str
    path: str
    keys: tuple[str, ...] = ()
    partitions: set[tuple[str, ...]] = field(default_factory=set)
    sample: str = ""


def install() -> None:
    glue._start_crawler = start_crawler


def start_crawler(data: dict[str, Any]) -> Any:
    crawler = glue._crawlers.get(data.get("Name"))
    if crawler is None:
        return error_response_json("EntityNotFoundException", f"Crawler {data.get('Name')} not found", 400)
    if crawler["State"] == "RUNNING":
        return error_response_json(
            "CrawlerRunningException", f"Crawler {crawler['Name']} is already running", 400
        )
    crawler["State"] = "RUNNING"
    context = contextvars.copy_context()
    threading.Thread(
        target=context.run, args=(_run, crawler), daemon=True, name=f"crawler-{crawler['Name']}"
    ).start()
    return json_response({})


def _run(crawler: dict[str, Any]) -> None:
    started, result = time.time(), {"Status": "SUCCEEDED"}
    try:
        named = Config(user_agent_appid=crawler["Name"])  # type: ignore[call-arg]  # botocore-stubs lacks it
        crawl(crawler, boto3.client("s3", config=named))
    except (ClientError, BotoCoreError, pa.ArrowInvalid, OSError) as error:
        result = {"Status": "FAILED", "ErrorMessage": f"{type(error).__name__}: {error}"}
    crawler["LastCrawl"] = {
        **result,
        "LogGroup": "/aws-glue/crawlers",
        "LogStream": crawler["Name"],
        "StartTime": started,
    }
    crawler["CrawlElapsedTime"] = int((time.time() - started) * 1000)
    crawler["State"] = "READY"


def crawl(crawler: dict[str, Any], s3: S3Client) -> None:
    for target in crawler["Targets"].get("S3Targets", []):
        bucket, _, prefix = target["Path"].removeprefix("s3://").partition("/")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        objects = [o["Key"] for page in pages for o in page.get("Contents", []) if o["Size"]]
        for folder in folders(bucket, objects):
            _register(crawler, folder, s3)


def folders(bucket: str, objects: list[str]) -> list[Folder]:
    """Tables in a listing: what is above the first `key=value` folder, or above the files."""
    by_path: dict[str, Folder] = {}
    for key in sorted(objects):
        parts = key.split("/")[:-1]
        first = next((i for i, p in enumerate(parts) if "=" in p), len(parts))
        pairs = [p.split("=", 1) for p in parts[first:] if "=" in p]
        path = "/".join(parts[:first]) + "/"
        folder = by_path.setdefault(path, Folder(bucket, path, tuple(k for k, _ in pairs)))
        folder.sample = key
        if pairs:
            folder.partitions.add(tuple(v for _, v in pairs))
    return list(by_path.values())


def _register(crawler: dict[str, Any], folder: Folder, s3: S3Client) -> None:
    name = (
        crawler.get("TablePrefix", "") + folder.path.rstrip("/").rsplit("/", 1)[-1].replace("-", "_").lower()
    )
    kind, columns = classification(_reader(s3, folder))
    location = f"s3://{folder.bucket}/{folder.path}"
    table = {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "classification": kind,
            "CrawlerSchemaDeserializerVersion": "1.0",
            "UPDATED_BY_CRAWLER": crawler["Name"],
        },
        "PartitionKeys": [{"Name": k, "Type": "string"} for k in folder.keys],
        "StorageDescriptor": _storage(location, kind, [c for c in columns if c["Name"] not in folder.keys]),
    }
    database = crawler["DatabaseName"]
    change = glue._update_table if f"{database}/{name}" in glue._tables else glue._create_table
    status, _, body = change({"DatabaseName": database, "TableInput": table})
    if status >= 400:
        raise OSError(f"crawler {crawler['Name']}, table {database}.{name}: {body}")
    known = {tuple(p["Values"]) for p in glue._partitions.get(f"{database}/{name}") or []}
    new = [_partition(folder, values, table) for values in sorted(folder.partitions - known)]
    for start in range(0, len(new), 100):
        glue._batch_create_partition(
            {"DatabaseName": database, "TableName": name, "PartitionInputList": new[start : start + 100]}
        )


def _partition(folder: Folder, values: tuple[str, ...], table: dict[str, Any]) -> dict[str, Any]:
    place = "/".join(f"{k}={v}" for k, v in zip(folder.keys, values, strict=True))
    storage = {**table["StorageDescriptor"], "Location": f"s3://{folder.bucket}/{folder.path}{place}/"}
    return {"Values": list(values), "StorageDescriptor": storage, "Parameters": {}}


def _storage(location: str, kind: str, columns: list[dict[str, str]]) -> dict[str, Any]:
    reader, writer, serde = _FORMATS.get(kind, _FORMATS["json"])
    base = "org.apache.hadoop.hive.ql.io." if kind == "parquet" else "org.apache.hadoop."
    return {
        "Location": location,
        "Columns": columns,
        "InputFormat": base + (reader if kind == "parquet" else f"mapred.{reader}"),
        "OutputFormat": base + writer if kind == "parquet" else f"org.apache.hadoop.hive.ql.io.{writer}",
        "SerdeInfo": {
            "SerializationLibrary": f"org.apache.hadoop.hive.{'ql.io.' if kind == 'parquet' else ''}{serde}"
        },
    }


def _reader(s3: S3Client, folder: Folder) -> Any:
    def read(byte_range: str | None) -> bytes:
        arguments: dict[str, Any] = {"Range": byte_range} if byte_range else {}
        content: bytes = s3.get_object(Bucket=folder.bucket, Key=folder.sample, **arguments)["Body"].read()
        return content

    return read


def classification(read: Any) -> tuple[str, list[dict[str, str]]]:
    """What a file is and its columns, as far as a crawler needs to know; judged by content, not by name."""
    head = read(f"bytes=0-{HEAD_BYTES - 1}")
    if head[:4] == b"PAR1":
        schema = pq.read_schema(io.BytesIO(read(None)))
        return "parquet", [{"Name": f.name.lower(), "Type": hive_type(f.type)} for f in schema]
    if head[:2] == b"\x1f\x8b":
        head = gzip.GzipFile(fileobj=io.BytesIO(read(None))).read(HEAD_BYTES)
    text = head.decode("utf-8", "replace").lstrip("\ufeff").lstrip()
    if text[:1] in ("{", "["):
        return "json", []
    if "," not in text.partition("\n")[0]:
        return "UNKNOWN", []
    names = next(csv.reader(io.StringIO(text)))
    return "csv", [{"Name": n.strip().lower(), "Type": "string"} for n in names]


def hive_type(kind: pa.DataType) -> str:
    """The Hive name of an Arrow type."""
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return f"array<{hive_type(kind.value_type)}>"
    if pa.types.is_map(kind):
        return f"map<{hive_type(kind.key_type)},{hive_type(kind.item_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{f.name}:{hive_type(f.type)}' for f in kind)}>"
    return _HIVE.get(kind, "string")
