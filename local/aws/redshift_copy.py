"""COPY of Parquet by a manifest, as Redshift does it: exactly the files that are named, columns by their
order, maps and lists as JSON.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_COPY = re.compile(
    r"COPY\s+(?P<table>\S+)\s*\((?P<columns>[^)]*)\)\s+FROM\s+'(?P<url>s3://[^']+)'\s+IAM_ROLE\s+\S+\s+"
    r"FORMAT\s+AS\s+PARQUET(?P<nested>\s+SERIALIZETOJSON)?\s+MANIFEST\s*",
    re.IGNORECASE,
)


class CopyError(Exception):
    """A COPY failed; Redshift would refuse it too, unless the message says that the stand-in does."""


def copy(cursor: Any, sql: str) -> None:
    """Loads the files of the manifest in the cursor's transaction. Raises CopyError."""
    command = _COPY.fullmatch(sql.strip())
    if command is None:
        raise CopyError(
            "the stand-in knows COPY table (columns) FROM manifest IAM_ROLE … FORMAT AS PARQUET MANIFEST"
            f" only, found: {sql[:80]}"
        )
    s3 = boto3.client("s3")
    entries = json.loads(_content(s3, command["url"]))["entries"]
    if not entries:
        raise CopyError("the manifest names no files")
    for entry in entries:
        _load(cursor, command, _content(s3, entry["url"]), entry)


def _load(cursor: Any, command: re.Match[str], content: bytes, entry: dict[str, Any]) -> None:
    if entry.get("meta", {}).get("content_length") != len(content):
        raise CopyError(
            f"{entry['url']}: the manifest's content_length is {entry.get('meta')}, the file has"
            f" {len(content)} bytes"
        )
    rows = pq.read_table(io.BytesIO(content))
    columns = [name.strip().strip('"') for name in command["columns"].split(",")]
    if len(columns) != rows.num_columns:
        raise CopyError(
            f"{entry['url']}: unmatched number of columns: the table has {len(columns)}, the file"
            f" {rows.num_columns}"
        )
    text = io.BytesIO()
    pc.write_csv(
        _flat(rows, entry["url"], serialize=command["nested"] is not None),
        text,
        pc.WriteOptions(include_header=False),
    )
    text.seek(0)
    cursor.execute(
        f"COPY {command['table']} ({command['columns']}) FROM STDIN WITH (FORMAT csv)", stream=text
    )


def _flat(rows: pa.Table, url: str, *, serialize: bool) -> pa.Table:
    """The rows with maps and lists as JSON text, as SERIALIZETOJSON makes them.

    Without it Redshift refuses a nested column.
    """
    for place, field in enumerate(rows.schema):
        if not pa.types.is_nested(field.type):
            continue
        if not serialize:
            raise CopyError(f"{url}: {field.name} is nested: COPY needs SERIALIZETOJSON")
        if not (pa.types.is_map(field.type) or pa.types.is_list(field.type)):
            raise CopyError(
                f"{url}: the stand-in serializes maps and lists only, {field.name} is {field.type}"
            )
        values = rows.column(place).to_pylist()
        texts = [None if v is None else _serialized(v, pa.types.is_map(field.type)) for v in values]
        rows = rows.set_column(place, field.name, pa.array(texts, pa.string()))
    return rows


def _serialized(value: Any, is_map: bool = False) -> str:
    """A cell as JSON: numbers with all their digits, times as text."""
    match value:
        case list() if is_map:
            return "{" + ", ".join(f"{json.dumps(str(k))}: {_serialized(v)}" for k, v in value) + "}"
        case list():
            return "[" + ", ".join(map(_serialized, value)) + "]"
        case Decimal():
            return str(value)
        case dt.datetime():
            return json.dumps(value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" "))
        case dt.date():
            return json.dumps(value.isoformat())
    return json.dumps(value)


def _content(s3: S3Client, url: str) -> bytes:
    bucket, _, key = url.removeprefix("s3://").partition("/")
    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise CopyError(f"{url}: {error.response['Error']['Code']}") from error
    return content
