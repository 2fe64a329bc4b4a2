"""SHOW, DESCRIBE and information_schema: what is asked, and answers from a Glue catalog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import duckdb
import pytest
from moto import mock_aws

from local import athena
from local.athena_metadata import MetadataStatement, UnknownStatementError, answer, metadata_statement, view
from local.dialect import QueryError
from shared.names import Names


def asked(text: str) -> MetadataStatement | None:
    return metadata_statement(text, lambda name: f"lake_{name}" if name else "")


@pytest.mark.parametrize(
    ("text", "kind", "database", "name", "sql"),
    [
        ("show tables in silver", "tables", "lake_silver", None, "SHOW TABLES IN `lake_silver`"),
        ("SHOW TABLES FROM gold 'd*';", "tables", "lake_gold", "d*", "SHOW TABLES IN `lake_gold` 'd*'"),
        ("show databases", "databases", None, None, "SHOW DATABASES"),
        ("show schemas like 'x*'", "databases", None, "x*", "SHOW DATABASES LIKE 'x*'"),
        ("describe silver.events", "describe", "lake_silver", "events", "DESCRIBE `lake_silver`.`events`"),
        ("desc `silver`.`events` ;", "describe", "lake_silver", "events", "DESCRIBE `lake_silver`.`events`"),
        ("show columns in gold.d", "columns", "lake_gold", "d", "SHOW COLUMNS IN `lake_gold`.`d`"),
        ("show columns from d\n in gold", "columns", "lake_gold", "d", "SHOW COLUMNS IN `lake_gold`.`d`"),
    ],
)
def test_a_statement_about_tables_is_understood(
    text: str, kind: str, database: str, name: str | None, sql: str
) -> None:
    found = asked(text)
    assert found == MetadataStatement(kind, database, name)
    assert found is not None
    assert found.sql == sql


def test_a_select_is_none() -> None:
    assert asked("select 'show tables'") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("show tables", "of which database"),
        ("describe events", "DESCRIBE silver.<table>"),
        ("show create table silver.events", "show create: expected SHOW TABLES"),
        ("show partitions silver.events", "Athena's own console"),
    ],
)
def test_what_is_not_answered_here_is_said(text: str, said: str) -> None:
    with pytest.raises(UnknownStatementError, match=said):
        asked(text)


@pytest.fixture(scope="module")
def glue() -> Iterator[Any]:
    """An Iceberg table that lost a column, and a crawled one."""
    with mock_aws():
        client = boto3.client("glue", region_name="us-east-1")
        for name in ("lake_silver", "lake_bronze"):
            client.create_database(DatabaseInput={"Name": name})
        columns = [
            {"Name": "event_id", "Type": "string", "Comment": "Identifies it."},
            {"Name": "ts", "Type": "timestamp"},
            {"Name": "price", "Type": "decimal(18,2)"},
            {"Name": "age", "Type": "int"},
            {"Name": "_extra", "Type": "map<string,string>"},
        ]
        current = [{**c, "Parameters": {"iceberg.field.current": "true"}} for c in columns]
        gone = {"Name": "old", "Type": "int", "Parameters": {"iceberg.field.current": "false"}}
        client.create_table(
            DatabaseName="lake_silver",
            TableInput={
                "Name": "events",
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"table_type": "ICEBERG"},
                "StorageDescriptor": {"Columns": [*current, gone]},
            },
        )
        client.create_table(
            DatabaseName="lake_bronze",
            TableInput={
                "Name": "events",
                "StorageDescriptor": {"Columns": [{"Name": "ts", "Type": "timestamp"}]},
                "PartitionKeys": [{"Name": "day", "Type": "string"}],
            },
        )
        yield client


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("show tables in silver", ("tab_name",), [("events",)]),
        ("show tables in silver 'x*|y'", ("tab_name",), []),
        ("show databases like '*bronze'", ("database_name",), [("lake_bronze",)]),
        ("show columns in bronze.events", ("field",), [("ts",), ("day",)]),
        (
            "describe silver.EVENTS",
            ("col_name", "data_type", "comment"),
            [
                ("event_id", "string", "Identifies it."),
                ("ts", "timestamp", ""),
                ("price", "decimal(18,2)", ""),
                ("age", "int", ""),
                ("_extra", "map<string,string>", ""),
            ],
        ),
    ],
)
def test_the_catalog_answers_as_athena_does(
    glue: Any, text: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]
) -> None:
    statement = asked(text)
    assert statement is not None
    assert answer(glue, statement) == (columns, rows)


@pytest.mark.parametrize("text", ["describe silver.nope", "show tables in gold"])
def test_what_is_not_there_is_named(glue: Any, text: str) -> None:
    statement = asked(text)
    assert statement is not None
    with pytest.raises(
        UnknownStatementError, match=r"no table lake_silver.nope; there are: events|no database lake_gold"
    ):
        answer(glue, statement)


def test_information_schema_has_athenas_columns_and_types(glue: Any) -> None:
    columns, tables = view(glue, "columns"), view(glue, "tables")
    assert duckdb.sql(
        "select column_name, ordinal_position, data_type from columns where table_schema = 'lake_silver' order by 2"
    ).fetchall() == [
        ("event_id", 1, "varchar"),
        ("ts", 2, "timestamp(6) with time zone"),
        ("price", 3, "decimal(18,2)"),
        ("age", 4, "integer"),
        ("_extra", 5, "map(varchar, varchar)"),
    ]
    assert duckdb.sql("select distinct table_schema, table_type from tables order by 1").fetchall() == [
        ("lake_bronze", "BASE TABLE"),
        ("lake_silver", "BASE TABLE"),
    ]
    assert (len(columns), len(tables)) == (7, 2)
    assert view(glue, "schemata").to_pylist()[-1] == {
        "catalog_name": "awsdatacatalog",
        "schema_name": "information_schema",
    }
    with pytest.raises(UnknownStatementError, match="not roles"):
        view(glue, "roles")


class Laptop:
    names, endpoint = Names("dev", "123456789012", "us-east-1"), None

    def __init__(self, glue: Any) -> None:
        self._glue = glue

    def client(self, service: str) -> Any:
        return {"glue": self._glue}[service]


def test_a_query_may_join_information_schema(glue: Any) -> None:
    rows = athena.run(
        Laptop(glue),  # type: ignore[arg-type]
        "select t.table_name, count(*) as n from information_schema.tables t join information_schema.columns c"
        " on c.table_schema = t.table_schema and c.table_name = t.table_name where t.table_schema = 'lake_silver'"
        " group by 1",
        ["shop"],
    ).rows
    assert rows == [("events", 5)]


def test_a_table_is_no_column(glue: Any) -> None:
    """DuckDB would answer with its rows."""
    sql = "select count(tables) from information_schema.tables"
    with pytest.raises(QueryError, match="there is no column tables"):
        athena.run(Laptop(glue), sql, ["shop"])  # type: ignore[arg-type]
