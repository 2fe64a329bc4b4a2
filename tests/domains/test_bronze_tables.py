"""The tables over bronze that the templates have, read as the laptop's Athena reads them: what the files hold, by
readers of their own.
"""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest

from domains.samples import sample_of, sampled_domains
from local.athena_files import rows_of_files
from shared.contracts import contract
from tests.domains.conftest import Product
from tests.support.ingest_rig import NAMES, Rig, rig

SMALL: dict[str, tuple[Any, ...]] = {"tpcds": (0.01, 7), "ecommerce": (300, 2, 3)}
ROWS_DAYS_SEED = (600, 3, 3)


@pytest.fixture(scope="module", params=sampled_domains())
def lake(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Rig]]:
    """A domain, and its sample's files with their outcomes."""
    domain, folder = str(request.param), tmp_path_factory.mktemp("sample")
    sample_of(domain).generate(*SMALL.get(domain, ROWS_DAYS_SEED), folder, progress=False)
    with rig() as made:
        for file in sorted(f for f in (folder / "raw").rglob("*") if f.is_file()):
            made.arrive(file.relative_to(folder / "raw").as_posix(), file.read_bytes())
        yield domain, made


def tables(product: Product, domain: str) -> dict[str, dict[str, Any]]:
    """Of a domain's bronze, as the templates have them, with the names of the lake at hand."""
    inputs = {
        r["Properties"]["TableInput"]["Name"]: r["Properties"]["TableInput"]
        for _, r in product.assembly.resources("AWS::Glue::Table", "dev")
        if f"_{domain}_bronze" in str(r["Properties"]["DatabaseName"])
    }
    return {name: api(given, f"{domain}/{name}/") for name, given in inputs.items()}


def api(given: dict[str, Any], folder: str) -> dict[str, Any]:
    """The bucket's name is known at deployment only."""
    place = f"s3://{NAMES.bucket('bronze')}/{folder}"
    storage, parameters = dict(given["StorageDescriptor"]), dict(given["Parameters"])
    assert folder in json.dumps(storage["Location"])
    storage["Location"] = place
    if "storage.location.template" in parameters:
        below = json.dumps(parameters["storage.location.template"]).partition(folder)[2].partition('"')[0]
        parameters["storage.location.template"] = place + below
    return {**given, "StorageDescriptor": storage, "Parameters": parameters}


def plain(value: Any) -> str | None:
    """A value as text that two engines agree on; Arrow gives a map as pairs."""
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        value = dict(value)
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    return None if value is None else str(value)


def read_by_others(
    content: bytes, key: str, kind: str, columns: list[str], folder: Path
) -> list[tuple[Any, ...]]:
    """Parquet by DuckDB, lines by Python's own library."""
    if kind == "parquet":
        (folder / "file.parquet").write_bytes(content)
        found = duckdb.sql(f"from '{folder / 'file.parquet'}'")
        names = [name.lower() for name in found.columns]
        return [
            tuple(row[names.index(c)] if c in names else None for c in columns) for row in found.fetchall()
        ]
    text = gzip.decompress(content) if key.endswith(".gz") else content
    assert kind == "text"
    return [
        (line.rstrip("\r\n"),)
        for line in io.TextIOWrapper(io.BytesIO(text), "utf-8", "replace", newline=None)
    ]


@pytest.mark.field("38", "Text, gzip, JSON and Parquet of bronze in tables without a crawler", "right")
def test_every_table_holds_what_its_files_hold(
    lake: tuple[str, Rig], product: Product, tmp_path: Path
) -> None:
    domain, made = lake
    glue, known = boto3.client("glue", region_name=NAMES.region), tables(product, domain)
    assert set(known) == {d.name for d in contract(domain).datasets}
    glue.create_database(DatabaseInput={"Name": "b"})
    keys = {
        o["Key"]
        for p in made.s3.get_paginator("list_objects_v2").paginate(Bucket=NAMES.bucket("bronze"))
        for o in p.get("Contents", ())
    }
    assert keys
    for name, table in known.items():
        glue.create_table(DatabaseName="b", TableInput=table)
        kind, columns = (
            table["Parameters"]["classification"],
            [c["Name"] for c in table["StorageDescriptor"]["Columns"]],
        )
        found = rows_of_files(glue, made.s3, "b", name, path=True)
        own = sorted(k for k in keys if k.startswith(f"{domain}/{name}/"))
        binary = {
            k for k in own if kind == "text" and k.endswith(".parquet")
        }  # no lines; see the documentation
        assert Counter(p for p in set(found["$path"].to_pylist())) == Counter(
            f"s3://{NAMES.bucket('bronze')}/{k}" for k in own
        ), name
        for key in sorted(set(own) - binary):
            content = made.s3.get_object(Bucket=NAMES.bucket("bronze"), Key=key)["Body"].read()
            wanted = read_by_others(content, key, kind, columns, tmp_path)
            rows = [r for r in found.to_pylist() if r["$path"].endswith(f"/{key}")]
            got = [tuple(plain(r[c]) for c in columns) for r in rows]
            if kind == "parquet":
                assert Counter(got) == Counter(tuple(map(plain, row)) for row in wanted), key
            else:
                assert got == [tuple(map(plain, row)) for row in wanted], key
            day = {f"{k}={r[k]}" for r in rows for k in (c["Name"] for c in table["PartitionKeys"])}
            assert day <= set(key.split("/")), key
