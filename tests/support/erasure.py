"""Erasing people from a rig's lake, whose jobs run without a state machine; and a search of its own for what
is left, by DuckDB and Python alone.
"""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import itertools
import lzma
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import boto3
import duckdb
from pyiceberg.avro.file import AvroFile
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import Record

from cli.erasure.erase import Erasure
from cli.erasure.files import Holder
from cli.erasure.receipt import Receipt
from cli.erasure.sought import Sought
from glue_scripts import maintenance
from local.athena import catalog_of
from local.session import Session
from shared.contracts import contract
from shared.contracts.people import marked
from shared.contracts.protection import key_mark
from shared.keyed_hash import keyed_hash
from shared.names import DATA_ZONES, RESULTS
from tests.support.rig import Rig

ZONES = (*DATA_ZONES, RESULTS)


def keep_all_versions(lake: Rig) -> None:
    """Every bucket keeps versions, as in AWS."""
    lake.s3.create_bucket(Bucket=lake.names.bucket(RESULTS))
    for zone in ZONES:
        lake.s3.put_bucket_versioning(
            Bucket=lake.names.bucket(zone), VersioningConfiguration={"Status": "Enabled"}
        )


def erasure(lake: Rig, *values: str, name: str = "user_id", again: bool = False) -> Erasure:
    """Of the people with these values."""

    def mark(who: str, value: str) -> str:
        return keyed_hash(lake.hash_key, marked(who, value))

    marks = frozenset((name, mark(name, v)) for v in values)
    known = lake.ledger.erased(lake.domain) if again else frozenset()
    sought = Sought({name: frozenset(values)}, known, mark)
    holder = Holder(lake.names, lake.s3, lake.ledger, contract(lake.domain), sought)
    numbers = itertools.count(1)

    def run(asked: dict[str, Any]) -> str:
        run_id = f"erase-{next(numbers)}"
        if asked.get("maintenance"):
            job = lake.job(run_id)
            maintenance.main(lake.spark, job, lake.clients(job), 5, dt.datetime.now(dt.UTC))
        else:
            lake.run(run_id, full_refresh=True)
        return run_id

    endpoint = boto3.client("s3").meta.endpoint_url
    session = Session(lake.names, boto3.Session(), endpoint)
    return Erasure(holder, catalog_of(session), marks | known, key_mark(lake.hash_key), run)


def erase(lake: Rig, *values: str, whole: bool = False) -> Receipt:
    return erasure(lake, *values).carry_out(whole=whole)


def holders(lake: Rig, word: str) -> dict[str, list[str]]:
    """By zone the object versions in which a word stands, and the ledger's items; by no code of the product."""
    found: dict[str, list[str]] = {}
    pattern = re.compile(rb"(?<![0-9A-Za-z])" + word.encode() + rb"(?![0-9A-Za-z])")
    for zone in ZONES:
        for key, content in _versions(lake, zone):
            if any(pattern.search(text) for text in _texts(content)):
                found.setdefault(zone, []).append(key)
    table = boto3.resource("dynamodb").Table(lake.names.ledger_table)
    items = [str(i) for page in _scanned(table) for i in page if pattern.search(str(i).encode())]
    return found | ({"ledger": items} if items else {})


def _scanned(table: Any) -> Iterator[list[Any]]:
    page = table.scan()
    yield page["Items"]
    while "LastEvaluatedKey" in page:
        page = table.scan(ExclusiveStartKey=page["LastEvaluatedKey"])
        yield page["Items"]


def _versions(lake: Rig, zone: str) -> Iterator[tuple[str, bytes]]:
    bucket = lake.names.bucket(zone)
    for page in lake.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for v in page.get("Versions", []):
            got = lake.s3.get_object(Bucket=bucket, Key=v["Key"], VersionId=v["VersionId"])
            yield v["Key"], got["Body"].read()


def _texts(content: bytes) -> Iterator[bytes]:
    yield content
    if content.startswith(b"PAR1"):
        with _file(content, ".parquet") as name, duckdb.connect() as con:
            yield repr(con.sql(f"SELECT * FROM '{name}'").fetchall()).encode()
    elif content.startswith(b"Obj\x01"):
        with _file(content, ".avro") as name, AvroFile[Record](PyArrowFileIO().new_input(name)) as records:
            yield repr([r._data for r in records]).encode()
    elif content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    for compressed in (gzip, bz2, lzma):
        with suppress(OSError, lzma.LZMAError, EOFError):
            yield compressed.decompress(content)


@contextmanager
def _file(content: bytes, suffix: str) -> Iterator[str]:
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(content)
        file.flush()
        yield file.name
