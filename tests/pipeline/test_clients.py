"""Clients that people use, in a venv of their own, against the laptop's endpoint: what they read is what was
written.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.types import TimestamptzType

from cli.venvs import program
from local import athena
from local.athena import catalog_of
from local.aws.environment import client_environment
from local.processes import run
from local.session import Session

CLIENTS = Path(__file__).parents[1] / "clients"
DATABASE, BUCKET, REGION = "clients_gold", "clients-results", "us-east-1"
STAGING, WORKGROUP = f"s3://{BUCKET}/results", "lake"
MOMENT = dt.datetime(2026, 3, 29, 1, 30, 0, 123456, dt.UTC)
ROWS = [
    {"id": 1, "shop": "O'Hara, \"B\"", "price": Decimal("1234567890.10"), "sold_at": MOMENT, "day": dt.date(2026, 3, 29),
     "paid": True, "note": "two\nlines", "sizes": [1, None, 3]},
    {"id": 2, "shop": "Nhà sách", "price": Decimal("-0.05"), "sold_at": None, "day": None, "paid": False, "note": "",
     "sizes": []},
    {"id": 3, "shop": None, "price": None, "sold_at": MOMENT, "day": dt.date(1, 1, 1), "paid": None, "note": None,
     "sizes": None},
]  # fmt: skip
SCHEMA = pa.schema(
    [
        pa.field("id", pa.int64()),
        pa.field("shop", pa.string()),
        pa.field("price", pa.decimal128(18, 2)),
        pa.field("sold_at", pa.timestamp("us", "UTC")),
        pa.field("day", pa.date32()),
        pa.field("paid", pa.bool_()),
        pa.field("note", pa.string()),
        pa.field("sizes", pa.list_(pa.int32())),
    ]
)
pytestmark = pytest.mark.slow  # a venv of 150 packages


@pytest.fixture(scope="module")
def sales(aws: Session) -> Session:
    """A lake with one gold table, and a place for results."""
    aws.client("s3").create_bucket(Bucket=BUCKET)
    aws.client("glue").create_database(DatabaseInput={"Name": DATABASE})
    enforced = {
        "EnforceWorkGroupConfiguration": True,
        "ResultConfiguration": {"OutputLocation": f"{STAGING}/"},
    }
    aws.client("athena").create_work_group(Name=WORKGROUP, Configuration=enforced)
    table = catalog_of(aws).create_table((DATABASE, "sales"), SCHEMA, location=f"s3://{BUCKET}/gold/sales")
    assert isinstance(table.schema().find_type("sold_at"), TimestamptzType)
    table.append(pa.Table.from_pylist(ROWS, SCHEMA))
    return aws


@pytest.fixture
def read(sales: Session) -> Callable[[str], Any]:
    """What a client's script prints."""

    def by(name: str) -> Any:
        environment = {**os.environ, **client_environment(sales.endpoint or "")}
        command = [
            program("clients", "python"),
            CLIENTS / f"by_{name}.py",
            STAGING,
            DATABASE,
            REGION,
            WORKGROUP,
        ]
        done = run(command, env=environment)
        assert done.code == 0, done.words()
        return json.loads(done.output)

    return by


def test_pyathena(read: Callable[[str], Any]) -> None:
    found = read("pyathena")
    at = "2026-03-29 01:30:00.123456+00:00"
    assert [row[:4] for row in found["rows"]] == [
        [1, 'O\'Hara, "B"', "1234567890.10", at],
        [2, "Nhà sách", "-0.05", None],
        [3, None, None, at],
    ]
    assert [row[4:7] for row in found["rows"]] == [
        ["2026-03-29", True, "two\nlines"],
        [None, False, ""],
        ["0001-01-01", None, None],
    ]
    assert found["types"][:4] == [
        ["id", "bigint", 19, 0], ["shop", "varchar", 0, 0], ["price", "decimal", 18, 2], ["sold_at", "timestamp with time zone", 0, 0],
    ]  # fmt: skip
    assert (found["named"], found["listed"], found["total"]) == ([[1]], [["sales"]], "1234567890.05")
    assert "nothing" in found["failed"]
    assert [row[0] for row in found["frame"]] == [1, 2, 3]
    assert found["columns"] == [f.name for f in SCHEMA]


def test_aws_sdk_for_pandas(read: Callable[[str], Any]) -> None:
    found = read("awswrangler")
    at, day = "2026-03-29T01:30:00.123", "2026-03-29T00:00:00.000"
    rows = [
        [1, 'O\'Hara, "B"', "1234567890.10", at, day, True, "two\nlines"],
        [2, "Nhà sách", "-0.05", None, None, False, ""],
        [3, None, None, at, "0001-01-01T00:00:00.000", None, None],
    ]
    assert found["ctas"]["rows"] == rows
    rows[1][6] = None  # pandas reads an empty text in CSV as none
    assert found["regular"]["rows"] == rows
    assert found["regular"]["types"]["id"] == found["ctas"]["types"]["id"] == "Int64"
    assert found["left"] == ["sales"]


@pytest.fixture
def asked(sales: Session) -> Callable[[str], tuple[str, str]]:
    """The state in which a statement ends, and why."""
    client, into = sales.client("athena"), {"OutputLocation": f"{STAGING}/"}

    def status(statement: str) -> tuple[str, str]:
        query = client.start_query_execution(
            QueryString=statement, QueryExecutionContext={"Database": DATABASE}, ResultConfiguration=into
        )["QueryExecutionId"]
        until = time.monotonic() + 20
        while (found := client.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"])[
            "State"
        ] in ("QUEUED", "RUNNING"):
            assert time.monotonic() < until
            time.sleep(0.05)
        return found["State"], found["StateChangeReason"]

    return status


def test_what_no_table_can_be_made_of_is_refused(asked: Callable[[str], tuple[str, str]]) -> None:
    for statement, words in (
        ("CREATE TABLE t AS SELECT sold_at FROM sales", "sold_at is a timestamp with time zone"),
        ("CREATE TABLE t WITH (table_type = 'ICEBERG') AS SELECT 1 a", "of iceberg as parquet is not made"),
        ("CREATE TABLE sales AS SELECT 1 a", "is there already"),
        ("DELETE FROM sales", "one SELECT at a time"),
    ):
        state, reason = asked(statement)
        assert (state, words in reason) == ("FAILED", True), reason


def test_a_table_of_the_lake_is_not_dropped_by_a_client(
    asked: Callable[[str], tuple[str, str]], sales: Session
) -> None:
    glue = sales.client("glue")
    for statement in ("DROP TABLE sales", f"-- dbt\ndrop table if exists `{DATABASE}`.`Sales`;"):
        state, reason = asked(statement)
        assert (state, "./lake drop-table DOMAIN TABLE" in reason) == ("FAILED", True), reason
    assert glue.get_table(DatabaseName=DATABASE, Name="sales")["Table"]["Name"] == "sales"
    assert asked("CREATE TABLE own AS SELECT 1 a")[0] == "SUCCEEDED"
    assert asked("DROP TABLE own")[0] == "SUCCEEDED"
    assert [t["Name"] for t in glue.get_tables(DatabaseName=DATABASE)["TableList"]] == ["sales"]
    assert asked("DROP TABLE IF EXISTS own")[0] == "SUCCEEDED"
    assert asked("DROP TABLE own")[0] == "FAILED"


def test_a_client_makes_a_database(asked: Callable[[str], tuple[str, str]], sales: Session) -> None:
    for statement in (
        "CREATE DATABASE Team_A",
        "create schema team_b;",
        "-- dbt\ncreate schema if not exists `team_b`",
    ):
        assert asked(statement) == ("SUCCEEDED", "")
    named = {d["Name"] for d in sales.client("glue").get_databases()["DatabaseList"]}
    assert {"team_a", "team_b"} <= named
    for statement, words in (
        ("CREATE SCHEMA team_b", "is there already"),
        ("CREATE DATABASE team_c COMMENT 'x'", "without comment"),
    ):
        state, reason = asked(statement)
        assert (state, words in reason) == ("FAILED", True), reason


def test_dbt_builds_a_model_on_gold(read: Callable[[str], Any], sales: Session) -> None:
    assert read("dbt") == [["success"], ["success"]]
    made = 'select paid, sales, total from "analytics"."by_payment" order by paid nulls last'
    assert athena.run(sales, made, ()).rows == [
        (False, 1, Decimal("-0.05")),
        (True, 1, Decimal("1234567890.10")),
        (None, 1, None),
    ]


def test_pyiceberg_reads_past_athena(sales: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in client_environment(sales.endpoint or "").items():
        monkeypatch.setenv(name, value)
    places = {
        "glue.endpoint": sales.endpoint,
        "s3.endpoint": sales.endpoint,
        "s3.force-virtual-addressing": "false",
    }
    lake = load_catalog("glue", **{"type": "glue"}, **places)
    rows = lake.load_table(f"{DATABASE}.sales").scan(row_filter="day > '2000-01-01'").to_arrow()
    assert rows.to_pylist() == [ROWS[0]]
