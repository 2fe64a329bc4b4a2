"""Answers as Athena types and writes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from local.athena import Answer, connected
from local.athena_catalog import properties_in
from local.athena_ddl import new_table, with_bigints
from local.athena_files import hive_type
from local.athena_results import Result, athena_type, decimal_size, text, written
from local.dialect import QueryError

MOMENT = dt.datetime(2026, 3, 29, 3, 30, 0, 123000, dt.timezone(dt.timedelta(hours=2)))


@pytest.mark.parametrize(
    ("duckdb", "athena"),
    [
        ("INTEGER", "integer"),
        ("BIGINT", "bigint"),
        ("VARCHAR", "varchar"),
        ("FLOAT", "real"),
        ("HUGEINT", "bigint"),
        ("TIMESTAMP_S", "timestamp"),
        ("TIMESTAMP_MS", "timestamp"),
        ("TIMESTAMP_NS", "timestamp"),
        ("DECIMAL(18,2)", "decimal(18,2)"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp with time zone"),
        ("DECIMAL(9,2)[]", "array"),
        ("STRUCT(x INTEGER)", "row"),
        ("MAP(VARCHAR, INTEGER)", "map"),
    ],
)
def test_types_have_athenas_names(duckdb: str, athena: str) -> None:
    assert athena_type(duckdb) == athena


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, None),
        (True, "true"),
        (Decimal("1E+3"), "1000"),
        (MOMENT, "2026-03-29 01:30:00.123000 UTC"),
        (dt.datetime(900, 1, 2, tzinfo=dt.UTC), "0900-01-02 00:00:00.000000 UTC"),
        (0.0, "0.0"),
        (-1.5, "-1.5"),
        (9999999.0, "9999999.0"),
        (0.001, "0.001"),
        (1e-5, "1.0E-5"),
        (1e10, "1.0E10"),
        (-123456789.5, "-1.234567895E8"),
        (float("nan"), "NaN"),
        ([float("inf"), float("-inf")], "[Infinity, -Infinity]"),
        (dt.datetime(2026, 3, 29), "2026-03-29 00:00:00.000"),
        (dt.datetime(2026, 3, 29, 1, 2, 3, 456789), "2026-03-29 01:02:03.456789"),
        (dt.date(1, 1, 1), "0001-01-01"),
        (b"\xde\xad", "de ad"),
        ([1, None, "a"], "[1, null, a]"),
        ({"k": [True]}, "{k=[true]}"),
    ],
)
def test_values_are_athenas_texts(value: Any, words: str | None) -> None:
    assert text(value) == words


def test_a_real_has_the_digits_of_32_bits() -> None:
    given = connected().execute("select 1.1::float, [1.1::float], 3.4028235e38::float, 1.1::double")
    types = tuple(str(column[1]) for column in given.description)
    result = Result.of(Answer(("a", "b", "c", "d"), given.fetchall(), types))
    assert result.types == ("real", "array", "real", "double")
    assert result.rows == [["1.1", "[1.1]", "3.4028235E38", "1.1"]]


def test_a_sum_beyond_64_bits_fails_as_athenas_does() -> None:
    most = 2**63 - 1
    assert Result.of(Answer(("n",), [(most,), (-most - 1,), (None,)], ("HUGEINT",))).types == ("bigint",)
    with pytest.raises(QueryError, match=r"bigint.*overflow"):
        Result.of(Answer(("n",), [(most + 1,)], ("HUGEINT",)))


def test_a_table_of_sums_has_bigints() -> None:
    rows = connected().sql("select sum(x) n, 5::decimal(38,0) d from (values (1), (2)) t(x)")
    table = with_bigints(rows.to_arrow_table(), ("HUGEINT", "DECIMAL(38,0)"))
    assert [hive_type(t) for t in table.schema.types] == ["bigint", "decimal(38,0)"]
    assert table.to_pydict() == {"n": [3], "d": [5]}
    rows = connected().sql("select sum(x) n from (values (9223372036854775807), (1)) t(x)")
    with pytest.raises(QueryError, match=r"bigint.*overflow"):
        with_bigints(rows.to_arrow_table(), ("HUGEINT",))


def test_none_is_no_empty_text_in_the_object_that_athena_leaves() -> None:
    result = Result.of(
        Answer(("a", 'b"c'), [("", None), ("x,y", Decimal("1.50"))], ("VARCHAR", "DECIMAL(9,2)"))
    )
    assert written(result, header=True) == b'"a","b""c"\n"",\n"x,y","1.50"\n'
    assert written(result, header=False) == b"\t\nx,y\t1.50\n"
    assert [decimal_size(t) for t in result.types] == [None, (9, 2)]


def test_a_table_is_made_of_a_select_only() -> None:
    made = new_table(
        '-- dbt\ncreate table "awsdatacatalog"."own"."T" with (table_type=\'hive\', is_external=true,'
        " external_location='s3://b/t', format='parquet') as select 1 a;",
        "usual",
    )
    assert made is not None
    assert (made.database, made.name, made.select, made.place) == ("own", "t", "SELECT 1 AS a", "s3://b/t")
    assert new_table("SELECT 1", "usual") is None
    assert new_table("what is this", "usual") is None
    for refused in (
        "CREATE VIEW v AS SELECT 1 a",
        "CREATE TABLE t WITH (table_type='ICEBERG') AS SELECT 1 a",
        "CREATE TABLE t WITH (format='ORC') AS SELECT 1 a",
        "CREATE TABLE t WITH (partitioned_by=ARRAY['a']) AS SELECT 1 a",
    ):
        with pytest.raises(QueryError, match="is not made on the laptop"):
            new_table(refused, "usual")


def test_properties_are_read_whole_or_refused() -> None:
    assert properties_in("'comment' = 'it''s, (one) = 2' , 'k'='v'") == {
        "comment": "it's, (one) = 2",
        "k": "v",
    }
    for wrong in ("'k'='v',", "'k'='v' 'l'='w'", "k='v'", "'k'=v", ""):
        with pytest.raises(QueryError, match="expected 'name' = 'value'"):
            properties_in(wrong)
