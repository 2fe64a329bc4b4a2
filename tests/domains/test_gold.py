"""Gold of every domain of the project, whoever wrote it: the tests beside its SQL on Spark and on DuckDB, and that
what is computed for some dates or keys is what the whole table has of them.
"""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from cli.gold_cases import Case, cases
from cli.gold_duck import answer as on_duckdb
from shared.contracts import Table, contract, contracts, domains
from tests.support import gold
from tests.support.spark import interpreted

CASES = [
    pytest.param(d, c, id=f"{d}.{c.table.name}: {c.name}") for d in domains() for c in cases(contract(d))
]
TABLES = [
    pytest.param(c.domain, table, id=f"{c.domain}.{table.name}")
    for c in contracts()
    for table in c.gold
    if table.depends_on and any(d.column for d in table.depends_on)
]


@pytest.mark.parametrize(("domain", "case"), CASES)
def test_spark_answers_the_tests_beside_gold(domain: str, case: Case, spark: SparkSession) -> None:
    with interpreted(spark):
        assert case.difference(gold.answer(spark, domain, case)) is None


@pytest.mark.parametrize(("domain", "case"), CASES)
def test_duckdb_answers_them_alike(domain: str, case: Case) -> None:
    assert case.difference(on_duckdb(contract(domain), case)) is None


@pytest.mark.parametrize(("domain", "table"), TABLES)
def test_what_is_computed_incrementally_is_what_the_whole_table_has(
    domain: str, table: Table, spark: SparkSession
) -> None:
    with interpreted(spark):
        for scope, wanted, found in gold.incremental(spark, contract(domain), table):
            assert found == wanted, f"in {scope}: missing {wanted - found}, too much {found - wanted}"
