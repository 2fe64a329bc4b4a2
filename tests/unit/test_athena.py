"""Athena SQL on the laptop: translation and refusals."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest

from local.athena import TableName, as_of, connected, database, translate
from local.dialect import QueryError, athena_names
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


# A date, a time without a zone and one with: 23:30:00.123 on 31 January in UTC.
VALUES = (
    "with t as (select date '2026-01-31' d, timestamp '2026-01-31 23:30:00.123' ts,"
    " timestamp '2026-01-31 23:30:00.123 UTC' tz, 1 n) "
)
UTC = dt.UTC


def answer(sql: str) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    result = connected().execute(translate(sql, resolve).sql)
    return athena_names([c[0] for c in result.description]), result.fetchall()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("date_trunc('month', d)", dt.date(2026, 1, 1)),
        ("date_trunc('hour', ts)", dt.datetime(2026, 1, 31, 23)),
        ("date_trunc('day', tz)", dt.datetime(2026, 1, 31, tzinfo=UTC)),
        ("date_add('month', 1, d)", dt.date(2026, 2, 28)),
        ("date_add('quarter', n, d)", dt.date(2026, 4, 30)),
        ("date_add('day', -n, ts)", dt.datetime(2026, 1, 30, 23, 30, 0, 123000)),
        ("date_add('hour', 1, tz)", dt.datetime(2026, 2, 1, 0, 30, 0, 123000, UTC)),
        ("d + interval '1' day", dt.date(2026, 2, 1)),
        ("interval '1' month + d", dt.date(2026, 2, 28)),
        ("ts - interval '2' hour", dt.datetime(2026, 1, 31, 21, 30, 0, 123000)),
        ("date_diff('month', d, date '2026-02-01')", 0),
        ("date_diff('day', ts, timestamp '2026-02-01 23:00:00')", 0),
        ("to_iso8601(d)", "2026-01-31"),
        ("to_iso8601(ts)", "2026-01-31T23:30:00.123"),
        ("to_iso8601(tz)", "2026-01-31T23:30:00.123Z"),
        ("to_iso8601(at_timezone(tz, 'Asia/Kolkata'))", "2026-02-01T05:00:00.123+05:30"),
        ("to_iso8601(ts at time zone 'America/New_York')", "2026-01-31T18:30:00.123-05:00"),
        ("at_timezone(tz, 'Europe/Berlin')", "2026-02-01 00:30:00.123 Europe/Berlin"),
        ("ts at time zone 'Europe/Berlin'", "2026-02-01 00:30:00.123 Europe/Berlin"),
        ("date(at_timezone(tz, 'Europe/Berlin'))", dt.date(2026, 2, 1)),
        ("cast(at_timezone(ts, 'Europe/Berlin') as date)", dt.date(2026, 2, 1)),
        ("hour(tz at time zone 'Europe/Berlin')", 0),
        ("date_format(at_timezone(tz, 'Europe/Berlin'), '%d %H:%i')", "01 00:30"),
        ("date_trunc('day', at_timezone(tz, 'Europe/Berlin'))", "2026-02-01 00:00:00.000 Europe/Berlin"),
        ("at_timezone(tz, 'Europe/Berlin') < timestamp '2026-01-31 23:45:00 UTC'", True),
        ("extract(dow from date '2026-02-01')", 7),
        # One in another.
        ("date_add('day', 1, date_trunc('month', d))", dt.date(2026, 1, 2)),
        ("date_trunc('month', d - interval '31' day)", dt.date(2025, 12, 1)),
        ("date_add('day', date_diff('month', d, date '2026-02-01'), d)", dt.date(2026, 1, 31)),
        # Of aggregates and windows, whose type DuckDB knows late.
        ("date_add('day', -1, max(d))", dt.date(2026, 1, 30)),
        ("date_trunc('month', max(d) over (partition by n))", dt.date(2026, 1, 1)),
        ("date_add('hour', 1, max(ts))", dt.datetime(2026, 2, 1, 0, 30, 0, 123000)),
        ("to_iso8601(max(d))", "2026-01-31"),
        ("to_iso8601(max(tz))", "2026-01-31T23:30:00.123Z"),
        ("date(at_timezone(max(ts), 'Europe/Berlin'))", dt.date(2026, 2, 1)),
        ("at_timezone(max(tz), 'Europe/Berlin')", "2026-02-01 00:30:00.123 Europe/Berlin"),
    ],
)
def test_dates_and_times_are_those_of_athena(expression: str, value: object) -> None:
    """Expected values: Trino's documentation of date and time functions, by hand."""
    assert answer(f"{VALUES} select {expression} from t") == (("_col0",), [(value,)])


def test_days_of_a_zone_can_be_counted() -> None:
    sql = "select date_trunc('day', at_timezone(tz, 'Europe/Berlin')) as day, count(*) from t group by 1"
    assert answer(VALUES + sql) == (("day", "_col1"), [("2026-02-01 00:00:00.000 Europe/Berlin", 1)])


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select max(at_timezone(tz, 'Europe/Berlin')) from t", "in Athena only"),
        ("select x.z from (select at_timezone(tz, 'Europe/Berlin') z from t) x", "in Athena only"),
        (
            "select n from t where date_trunc('day', at_timezone(tz, 'Asia/Tokyo')) = timestamp '2026-02-01'",
            "in Athena only",
        ),
        ("select date_trunc('decade', d) from t", "date_trunc: decade is none of"),
        ("select (ts at time zone 'Asia/Tokyo') at time zone 'Europe/Berlin' from t", "in Athena only"),
    ],
)
def test_what_would_be_another_answer_is_refused(sql: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        translate(VALUES + sql, resolve)


@pytest.mark.parametrize(
    "expression",
    ["to_iso8601('2026-01-31')", "at_timezone('2026-01-31', 'UTC')", "date_trunc('day', '2026')"],
)
def test_a_text_is_no_time(expression: str) -> None:
    with pytest.raises(duckdb.Error):
        answer(f"{VALUES} select {expression} from t")


def test_times_are_grouped_and_ordered_by() -> None:
    hour = "date_trunc('hour', ts)"
    sql = f"{VALUES} select {hour} as h, count(*) as n from t group by {hour} order by {hour}"
    assert answer(sql) == (("h", "n"), [(dt.datetime(2026, 1, 31, 23), 1)])


@pytest.mark.parametrize(
    "expression",
    [
        "date_trunc('hour', d)",
        "date_add('hour', 1, d)",
        "d + interval '1' hour",
        "date_add('hour', 1, max(d))",
    ],
)
def test_a_date_has_no_hours(expression: str) -> None:
    with pytest.raises(duckdb.Error, match="a date has no hours"):
        answer(f"{VALUES} select {expression} from t")


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select count(*), n, sum(n) as total, n + 1 from t group by n", ("_col0", "n", "total", "_col3")),
        ("select *, n + 1 from t", ("d", "ts", "tz", "n", "_col4")),
        ("select x.* from (select n, count(*) from t group by n) x", ("n", "_col1")),
        ("select (n), (select max(n) from t), n in (1) from t", ("n", "_col1", "_col2")),
        ("select count(*) from t union all select n from t", ("_col0",)),
    ],
)
def test_columns_without_a_name_have_athenas(sql: str, names: tuple[str, ...]) -> None:
    assert answer(VALUES + sql)[0] == names


def test_time_travel_names_the_moment_or_the_snapshot() -> None:
    found = translate(
        "select 1 from silver.t for timestamp as of timestamp '2026-01-01 00:00:00 UTC' a, silver.t b,"
        " silver.t for version as of 3 c",
        resolve,
    )
    assert [as_of(connected(), table) for table in found.tables] == [
        dt.datetime(2026, 1, 1, tzinfo=UTC),
        None,
        3,
    ]
    assert len({table.view for table in found.tables}) == 3


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select * from events", "silver.events"),
        ("delete from silver.events", "one SELECT"),
        ("select 1; select 2", "one SELECT"),
        ('select * from silver."events$snapshots"', "metadata tables"),
        ("selec nonsense from", "not a statement"),
        ("select 'abc", "not a statement"),
        ("select cast(1 as nope)", r"cast\(1 as nope\)"),
        ("", "one SELECT"),
        ("with", "not a statement"),
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


def test_a_column_called_like_its_table_is_a_column() -> None:
    assert answer("with n(n) as (select 1) select n from n")[1] == [(1,)]
    assert translate("with n(n) as (select 1) select n from n", resolve).like_tables == frozenset()
    assert translate("select t.n as t from silver.t order by t", resolve).like_tables == frozenset()
    assert translate("select t from silver.t", resolve).like_tables == {"t"}
