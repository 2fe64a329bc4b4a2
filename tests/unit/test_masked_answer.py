"""No value of a confidential column is in a masked answer, whatever way it took through a statement; asked of
DuckDB, so that what really comes out is looked at.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest

from cli.masked_answer import hidden_columns, masked
from cli.masking import HIDDEN
from local.athena import Answer, database, translate
from local.dialect import athena_names
from tests.support.reports import NAMES, fill
from tests.support.reports import database as tables_of

SECRET = "s3cr3t"
DOMAINS = ("shop", "web")


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = tables_of("shop")
    day = dt.date(2026, 5, 1)
    columns = "user_id, name, email, phone, city, age, event_date"
    people = [
        ("u1", SECRET, f"{SECRET}@x", SECRET, "Bonn", 30, day),
        ("u2", SECRET, None, SECRET, "Lyon", 40, day),
    ]
    fill(made, "shop", "silver.users", columns, people)
    fill(made, "shop", "gold.dim_users", "user_id, name, email, city", [("u1", SECRET, SECRET, "Bonn")])
    fill(made, "shop", "gold.daily_revenue", "date, total_revenue", [(day, 10)])
    return made


def shown(connection: duckdb.DuckDBPyConnection, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement, masked."""
    found = connection.execute(translate(statement, resolve).sql)
    columns = athena_names([column[0] for column in found.description])
    return masked(Answer(columns, found.fetchall()), statement, NAMES, DOMAINS, "shop").rows


def resolve(written: str) -> str:
    return database(NAMES, written, DOMAINS, "shop")


FULL = "lakehouse_dev_shop_silver.users"
SHOWN: list[tuple[str, list[tuple[Any, ...]]]] = [
    # columns as they are, with other names, in full
    ("select user_id, email from silver.users", [("u1", HIDDEN), ("u2", None)]),
    ("select u.email as city, u.city as email from silver.users u", [(HIDDEN, "Bonn"), (None, "Lyon")]),
    (f"select NAME, city from {FULL}", [(HIDDEN, "Bonn"), (HIDDEN, "Lyon")]),
    # computed
    ("select upper(name), length(email), 'a' || city from silver.users", [(HIDDEN, HIDDEN, "aBonn"), (HIDDEN, None, "aLyon")]),
    ("select coalesce(city, name), age + 1 from silver.users", [(HIDDEN, 31), (HIDDEN, 41)]),
    ("select case when age > 35 then name else 'x' end from silver.users", [(HIDDEN,), (HIDDEN,)]),
    ("select count(*), max(age), max(email), count(email) from silver.users", [(2, 40, HIDDEN, HIDDEN)]),
    ("select city, row_number() over (order by name) from silver.users order by 1", [("Bonn", HIDDEN), ("Lyon", HIDDEN)]),
    ("select array[name, city], array[city] from silver.users", [(HIDDEN, ["Bonn"]), (HIDDEN, ["Lyon"])]),
    # stars
    ("select * from (select user_id, name, city from silver.users)", [("u1", HIDDEN, "Bonn"), ("u2", HIDDEN, "Lyon")]),
    ("select u.*, u.name as city from (select city, age from silver.users) x, (select name from silver.users) u limit 1", [(HIDDEN, HIDDEN)]),
    ("select x.*, 1 from (select email, city from silver.users) x", [(HIDDEN, "Bonn", 1), (None, "Lyon", 1)]),
    # subqueries
    ("select e, c from (select email as e, city as c from silver.users)", [(HIDDEN, "Bonn"), (None, "Lyon")]),
    ("select t.a, t.b from (select email, city from silver.users) as t(a, b)", [(HIDDEN, "Bonn"), (None, "Lyon")]),
    ("select city from silver.users where email in (select email from gold.dim_users)", []),
    ("select (select max(email) from silver.users)", [(HIDDEN,)]),
    ("select total_revenue, (select max(name) from silver.users) from gold.daily_revenue", [(10, HIDDEN)]),
    ("select exists(select 1 from silver.users) from gold.daily_revenue", [(HIDDEN,)]),
    # queries with a name
    ("with p as (select user_id, name as who from silver.users) select who, user_id from p", [(HIDDEN, "u1"), (HIDDEN, "u2")]),
    ("with p(a, b) as (select name, city from silver.users), q as (select b, a from p) select * from q", [("Bonn", HIDDEN), ("Lyon", HIDDEN)]),
    ("with users as (select city as name from silver.users) select name from users", [("Bonn",), ("Lyon",)]),
    ("with p as (select * from silver.users) select email, city from p", [(HIDDEN, "Bonn"), (None, "Lyon")]),
    # unions
    ("select city, 1 from silver.users union all select name, 2 from silver.users where user_id = 'u1' order by 2, 1",
     [(HIDDEN, 1), (HIDDEN, 1), (HIDDEN, 2)]),
    ("select x from (select city x from silver.users union select email from silver.users where email is not null) order by x",
     [(HIDDEN,), (HIDDEN,), (HIDDEN,)]),
    ("select city from silver.users except select name from silver.users order by 1", [(HIDDEN,), (HIDDEN,)]),
    # joins
    ("select u.city, d.email from silver.users u join gold.dim_users d using (user_id)", [("Bonn", HIDDEN)]),
    ("select user_id, name from silver.users join gold.dim_users using (user_id, name)", [("u1", HIDDEN)]),
    ("select total_revenue, name from gold.daily_revenue, silver.users", [(10, HIDDEN), (10, HIDDEN)]),
    ("select r.*, u.city from gold.daily_revenue r, (select city, name from silver.users) u",
     [(dt.date(2026, 5, 1), None, 10, None, None, None, "Bonn"), (dt.date(2026, 5, 1), None, 10, None, None, None, "Lyon")]),
    ("select n from silver.users cross join unnest(array[name]) as t(n)", [(HIDDEN,), (HIDDEN,)]),
    ("select n, city from silver.users cross join unnest(array[1]) as t(n)", [(1, "Bonn"), (1, "Lyon")]),
    # what an engine may read otherwise than Athena: the rows of a table, a name given beside
    ("select q from (select email as x from silver.users) q", [(HIDDEN,), (HIDDEN,)]),
    ("select email as z, z || 'a' from silver.users", [(HIDDEN, HIDDEN), (None, None)]),
    ("select email as city, city from silver.users", [(HIDDEN, HIDDEN), (None, HIDDEN)]),
    # nothing confidential
    ("select * from gold.daily_revenue", [(dt.date(2026, 5, 1), None, 10, None, None, None)]),
    ("select 1, 'a'", [(1, "a")]),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "rows"), SHOWN)
def test_what_may_come_from_a_confidential_column_is_hidden(
    connection: duckdb.DuckDBPyConnection, statement: str, rows: list[tuple[Any, ...]]
) -> None:
    found = shown(connection, statement)
    assert SECRET not in repr(found)
    assert found == rows


def test_a_star_shows_the_columns_of_the_contract_that_are_open(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    [row, _] = shown(connection, "select *, name from silver.users")
    assert SECRET not in repr(row)
    assert row[:4] == ("u1", HIDDEN, HIDDEN, HIDDEN)
    assert row[4:6] == ("Bonn", 30)


HIDES_ALL = [
    "with recursive t(a, b) as (select city, name from silver.users) select a from t",
    "select * from silver.users pivot (count(*) for city in ('Bonn'))",
    "select x from silver.users, lateral (select name as x)",
    "select a.city from (silver.users a join gold.dim_users b on true)",
    "select file from silver.\"users$files\"",
    "select x from silver.nothing_of_a_contract",
    "select user_id from bronze.users",
    "select from from",
    "select a from silver.users match_recognize (order by age measures name as a pattern (x) define x as true)",
    "explain select city from silver.users",
]  # fmt: skip


@pytest.mark.parametrize("statement", HIDES_ALL)
def test_what_cannot_be_followed_is_hidden(statement: str) -> None:
    assert hidden_columns(("a",), statement, NAMES, DOMAINS, "shop") == {0}


def hidden(statement: str, *columns: str) -> list[str]:
    places = hidden_columns(columns, statement, NAMES, DOMAINS, "shop")
    return [name for place, name in enumerate(columns) if place in places]


def test_a_column_may_be_named_with_its_database() -> None:
    assert hidden("select silver.users.city, silver.users.name from silver.users", "city", "name") == ["name"]
    assert hidden("select silver.users.nothing from silver.users", "nothing") == ["nothing"]


def test_a_quarantined_record_is_hidden_where_its_dataset_has_confidential_columns() -> None:
    columns = ("reasons", "raw_record", "source_file")
    assert hidden("select reasons, raw_record, source_file from quarantine.events_rows", *columns) == [
        "raw_record"
    ]
    assert hidden("select * from quarantine.events_rows", *columns) == ["raw_record"]


def test_what_no_contract_names_is_hidden_and_lineage_is_not() -> None:
    assert hidden("select _extra, _source_file from silver.users", "_extra", "_source_file") == ["_extra"]


def test_what_is_said_of_tables_is_shown() -> None:
    assert hidden("describe silver.users", "col_name", "data_type", "comment") == []
    assert hidden("select column_name from information_schema.columns", "column_name") == []
    assert hidden("select rows from metrics.runs", "rows") == []
    assert hidden('select snapshot_id from gold."daily_revenue$snapshots"', "snapshot_id") == []
