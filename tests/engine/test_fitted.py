"""A computed value that its column, or a warehouse, cannot hold is found where it is computed, and named."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from glue_scripts.engine.gold.values import fitted, misfit
from shared.contracts import Column

FITS = [
    ("decimal(18,2)", "9999999999999999.98BD + 0.01BD", None, "9999999999999999.99"),
    ("decimal(18,2)", "1.005BD", None, "1.01"),
    ("decimal(18,2)", "CAST(NULL AS decimal(38,2))", None, "None"),
    ("int", "2147483647L", None, "2147483647"),
    ("double", "1.7976931348623157E308D", None, "1.7976931348623157e+308"),
    ("date", "timestamp'2026-03-01 23:59:59'", None, "2026-03-01"),
    ("string", "'äöü'", 3, "äöü"),
    ("string", "length(repeat('a', 65535))", None, "65535"),
    ("array<double>", "array(1D, null)", None, "[1.0, None]"),
    ("map<string,bigint>", "map('a', 1L)", None, "{'a': 1}"),
]
UNFIT = [
    (
        "decimal(18,2)",
        "9999999999999999.99BD + 5.00BD",
        None,
        "the type cannot hold. Give the column a wider",
    ),
    ("decimal(18,2)", "CAST(1E30 AS double)", None, "the type cannot hold. Give the column a wider"),
    ("int", "2147483648L", None, "the type cannot hold. Give the column a wider"),
    ("date", "'soon'", None, "the type cannot hold. Compute one that it can"),
    ("double", "1E308D * 10", None, "is NaN or infinite"),
    ("double", "double('-Infinity')", None, "is NaN or infinite"),
    ("double", "double('NaN')", None, "is NaN or infinite"),
    ("double", "float('NaN')", None, "is NaN or infinite"),
    ("array<double>", "array(1D, double('NaN'))", None, "is NaN or infinite"),
    ("string", "'äöüß'", 3, "is too long for it"),
    ("string", "repeat('a', 65536)", None, "is too long for it"),
    ("string", "repeat('é', 32768)", 40_000, "is too long for it"),
    ("string", "concat('a', char(0))", None, "has a NUL character"),
    ("string", "char(0)", 3, "has a NUL character"),
    ("array<string>", "array('a', null, char(0))", None, "has a NUL character"),
    ("map<string,bigint>", "map(repeat('a', 65536), 1L)", None, "is too long for it"),
]


def computed(spark: SparkSession, kind: str, sql: str, most: int | None) -> Any:
    # Of a row that the planner cannot compute ahead.
    rows = spark.range(1).selectExpr(f"CASE WHEN id >= 0 THEN {sql} END AS value")
    column = Column("value", kind, "A value.", max_length=most)
    found = rows.selectExpr(fitted(column, dict(rows.dtypes)["value"]))
    assert found.dtypes == [("value", kind)]
    return found.collect()[0]["value"]


@pytest.mark.parametrize(("kind", "sql", "most", "shown"), FITS)
def test_a_value_that_fits_is_as_it_was(
    spark: SparkSession, kind: str, sql: str, most: int | None, shown: str
) -> None:
    assert str(computed(spark, kind, sql, most)) == shown


@pytest.mark.parametrize(("kind", "sql", "most", "said"), UNFIT)
def test_a_value_that_does_not_fit_names_its_column(
    spark: SparkSession, kind: str, sql: str, most: int | None, said: str
) -> None:
    with pytest.raises(PySparkException) as raised:
        computed(spark, kind, sql, most)
    column, told = misfit(raised.value) or ("", "")
    assert (column, told.startswith(said)) == ("value", True)


def test_another_error_is_none_of_these(spark: SparkSession) -> None:
    with pytest.raises(PySparkException) as raised:
        spark.range(1).selectExpr("raise_error('value: of somebody else')").collect()
    assert misfit(raised.value) is None
