"""PostgreSQL in Redshift's place: what it takes, what it makes of it, and what it refuses because Redshift
would.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from decimal import Decimal

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.aws.redshift import Warehouse, postgres
from local.aws.redshift_copy import _flat
from shared.contracts import contract
from shared.warehouse import create_table
from tests.support.warehouse import started

CREATE = 'CREATE TABLE counts ("day" DATE NOT NULL, "super" VARCHAR(9), "by_type" SUPER NOT NULL, PRIMARY KEY ("day")) DISTSTYLE AUTO'
COPY = """COPY counts ("day", "super", "by_type") FROM 's3://gold/m' IAM_ROLE default FORMAT AS PARQUET{} MANIFEST"""


class Objects:
    """The one call of S3 that COPY makes."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self._contents = contents

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, io.BytesIO]:  # noqa: N803
        return {"Body": io.BytesIO(self._contents[f"{Bucket}/{Key}"])}


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with started() as made:
        yield made


@pytest.fixture
def _one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = pa.array(
        [[('a "quoted", one', 2), ("other", 9_007_199_254_740_993)]], pa.map_(pa.string(), pa.int64())
    )
    content = io.BytesIO()
    pq.write_table(
        pa.table({"day": pa.array(["2026-05-01"]), "super": pa.array(["x"]), "by_type": maps}), content
    )
    entry = {"url": "s3://gold/f", "meta": {"content_length": len(content.getvalue())}}
    objects = Objects({"gold/m": json.dumps({"entries": [entry]}).encode(), "gold/f": content.getvalue()})
    monkeypatch.setattr(boto3, "client", lambda service: objects)


@pytest.mark.usefixtures("_one_file")
def test_a_map_becomes_an_object_in_a_super_column(warehouse: Warehouse) -> None:
    ran = warehouse.statement(
        warehouse.run(["DROP TABLE IF EXISTS counts", CREATE, COPY.format(" SERIALIZETOJSON")])
    )
    assert ran.status == "FINISHED", ran.error
    query = """SELECT "super", "by_type" ->> 'a "quoted", one', "by_type" ->> 'other' FROM counts"""
    asked = warehouse.statement(warehouse.run([query]))
    assert asked.answers == {
        1: [[{"StringValue": "x"}, {"StringValue": "2"}, {"StringValue": "9007199254740993"}]]
    }


def test_lists_become_json_with_all_their_digits() -> None:
    at = dt.datetime(2026, 1, 2, 12, 0, 0, 5, dt.UTC)
    rows = pa.table(
        {
            "n": pa.array([[1, None], None], pa.list_(pa.int64())),
            "d": pa.array([[Decimal("9007199254740993.25")], []], pa.list_(pa.decimal128(18, 2))),
            "t": pa.array([[at], None], pa.list_(pa.timestamp("us", "UTC"))),
            "s": pa.array([['a "b"'], [""]], pa.list_(pa.string())),
        }
    )
    assert _flat(rows, "s3://gold/f", serialize=True).to_pylist() == [
        {
            "n": "[1, null]",
            "d": "[9007199254740993.25]",
            "t": '["2026-01-02 12:00:00.000005"]',
            "s": r'["a \"b\""]',
        },
        {"n": None, "d": "[]", "t": None, "s": '[""]'},
    ]


@pytest.mark.usefixtures("_one_file")
def test_a_nested_column_is_refused_without_the_word_that_redshift_asks_for(warehouse: Warehouse) -> None:
    ran = warehouse.statement(warehouse.run(["DROP TABLE IF EXISTS counts", CREATE, COPY.format("")]))
    assert ran.status == "FAILED"
    assert "by_type is nested: COPY needs SERIALIZETOJSON" in ran.error


@pytest.mark.parametrize("domain", ["shop", "web"])
def test_every_table_can_be_made(warehouse: Warehouse, domain: str) -> None:
    of = contract(domain)
    made = [create_table(of, table) for table in of.gold]
    ran = warehouse.statement(warehouse.run([f'CREATE SCHEMA "{domain}"', *made]))
    assert ran.status == "FINISHED", ran.error


def test_other_statements_stay_as_they_are() -> None:
    said = """COMMENT ON COLUMN "a"."b" IS 'the column "x" SUPER DISTSTYLE AUTO'"""
    assert postgres(said) == said
