"""Athena SQL on the laptop: translation and refusals."""

from __future__ import annotations

import duckdb
import pytest

from local.athena import QueryError, TableName, database, translate
from shared.names import Names

NAMES = Names("dev", "123456789012", "us-east-1")


def resolve(written: str) -> str:
    return database(NAMES, written, ["shop"], None)


def test_short_database_names_become_glue_databases() -> None:
    found = translate("select e.id from silver.events e join gold.Daily using (id)", resolve)
    assert found.tables == (
        TableName("lakehouse_dev_shop_silver", "events"),
        TableName("lakehouse_dev_shop_gold", "daily"),
    )


def test_a_full_database_name_is_itself() -> None:
    assert translate("select 1 from other_db.t", resolve).tables == (TableName("other_db", "t"),)


def test_a_table_used_twice_is_read_once() -> None:
    assert len(translate("select 1 from silver.t a, silver.t b", resolve).tables) == 1


def test_cte_names_are_not_tables() -> None:
    found = translate("with t as (select 1 as x) select x from t", resolve)
    assert found.tables == ()
    assert duckdb.sql(found.sql).fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("select date_format(date '2026-01-02', '%Y/%m')", "2026/01"),
        ("select element_at(split('a,b', ','), 2)", "b"),
        ("select json_extract_scalar('{\"a\": 1}', '$.a')", "1"),
        ("select date_diff('day', date '2026-01-01', date '2026-01-05')", 4),
        ("select count_if(x > 1) from (values 1, 2, 3) as t(x)", 2),
        ("select regexp_like('abc', 'b')", True),
        ("select a[1] from (values array['x', 'y']) as t(a)", "x"),
        ("select element_at(a, -1) from (values array['x', 'y']) as t(a)", "y"),
        ("select cardinality(a) from (values array['x', null]) as t(a)", 2),
        ("select contains(a, 'y') from (values array['x', 'y']) as t(a)", True),
        ("select array_join(a, '/') from (values array['x', null, 'y']) as t(a)", "x/y"),
        ("select transform(a, x -> x + 1) from (values array[1, null]) as t(a)", [2, None]),
        ("select max(x) from (values array[1, 3, null]) as t(a) cross join unnest(a) as u(x)", 3),
    ],
)
def test_functions_of_athena(sql: str, value: object) -> None:
    assert duckdb.sql(translate(sql, resolve).sql).fetchall() == [(value,)]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select * from events", "silver.events"),
        ("delete from silver.events", "one SELECT"),
        ("select 1; select 2", "one SELECT"),
        ("select * from silver.events for version as of 3", "time travel"),
        ('select * from silver."events$snapshots"', "metadata tables"),
        ("selec nonsense from", "not a statement"),
        ("select array_position(tags, 'x') from silver.t", "array_position gives something else in DuckDB"),
        ("select array_max(n) from silver.t", "array_max gives something else"),
        ("select slice(n, 2, 2) from silver.t", "slice gives something else"),
        ("select array_distinct(n) from silver.t", "array_distinct gives something else"),
        ("select array_remove(n, 1) from silver.t", "array_remove gives something else"),
    ],
)
def test_what_cannot_be_answered_is_refused(sql: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        translate(sql, resolve)


def test_with_several_domains_one_must_be_named() -> None:
    with pytest.raises(QueryError, match="--domain"):
        database(NAMES, "gold", ["shop", "web"], None)
    assert database(NAMES, "gold", ["shop", "web"], "web") == "lakehouse_dev_web_gold"
