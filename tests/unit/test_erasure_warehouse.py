"""A person who was left in the warehouse is found there, by no statement that has a value of theirs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from ministack import app

from cli.erasure import warehouse as module
from cli.erasure.search import Place
from cli.erasure.sought import Sought
from cli.erasure.warehouse import Unasked, Warehouse, kept_namespace
from local.aws import redshift, redshift_requests
from tests.support.ingest_rig import NAMES
from tests.support.warehouse import data_api, started

TABLES = (
    'CREATE SCHEMA "shop"',
    'CREATE TABLE "shop"."dim" ("user_id" VARCHAR(64), "number" BIGINT, "name" VARCHAR(64), "day" DATE)',
    'CREATE TABLE "shop"."notes" ("note" VARCHAR(64), "tags" SUPER)',
    'CREATE TABLE "shop"."days" ("day" DATE, "rows" BIGINT)',
    """INSERT INTO "shop"."dim" VALUES ('u42', 7, 'Ann', NULL), ('u421', 8, NULL, NULL), (NULL, NULL, 'u4', NULL)""",
    """INSERT INTO "shop"."notes" VALUES ('hash-of-u42', '{}'), ('O''Neil', '{}')""",
    """INSERT INTO "shop"."days" VALUES ('2026-01-01', 7)""",
    'CREATE SCHEMA "other"',
    'CREATE TABLE "other"."dim" ("user_id" VARCHAR(64))',
    """INSERT INTO "other"."dim" VALUES ('u42')""",
)


@pytest.fixture
def engine() -> Iterator[redshift.Warehouse]:
    with started() as made:
        ran = made.statement(made.run(TABLES))
        assert ran.status == "FINISHED", ran.error
        yield made


def people(name: str = "user_id", *values: str, pseudonym: str | None = None) -> Sought:
    return Sought({name: frozenset(values)}, pseudonyms=frozenset({pseudonym} if pseudonym else ()))


def found(warehouse: Warehouse, sought: Sought) -> list[str]:
    return [p.where for p in warehouse.places("shop", sought) if p is not None]


def test_rows_that_say_whose_they_are_or_hold_a_value_are_found(engine: redshift.Warehouse) -> None:
    warehouse = Warehouse(data_api(engine), NAMES)
    dim, notes = ["shop.dim in the warehouse"], ["shop.notes in the warehouse"]
    others = [f"x{n}" for n in range(250)]  # of whom not all are in one statement
    assert found(warehouse, people("user_id", "u42")) == dim
    assert found(warehouse, people("user_id", "u4")) == dim
    assert found(warehouse, people("user_id", "u42", *others)) == dim
    assert found(warehouse, people("user_id", "u", *others)) == []
    assert found(warehouse, people("user_id", "u9", pseudonym="hash-of-u42")) == notes
    assert found(warehouse, people("user_id", "O'Neil")) == notes
    assert found(warehouse, people("number", "7")) == dim
    assert found(warehouse, people("user_id", "7")) == []


def test_no_statement_has_a_value(engine: redshift.Warehouse) -> None:
    client, sent = data_api(engine), list[bytes]()
    client.meta.events.register_first(
        "before-send.redshift-data", lambda request, **_: sent.append(bytes(request.body))
    )
    assert found(Warehouse(client, NAMES), people("user_id", "u42"))
    assert any(b"user_id" in body for body in sent)
    assert not any(b"u42" in body for body in sent)


def test_what_cannot_be_asked_is_told(engine: redshift.Warehouse) -> None:
    engine.run(["DROP FUNCTION sha2"])
    [place] = Warehouse(data_api(engine), NAMES).places("shop", people("user_id", "u42"))
    assert isinstance(place, Place)
    assert (place.zone, place.where) == ("warehouse", "the warehouse's tables of shop")
    assert "function sha2(text, integer) does not exist" in place.unopened


def test_a_value_is_found_in_any_case_and_with_blanks_around_it(engine: redshift.Warehouse) -> None:
    warehouse = Warehouse(data_api(engine), NAMES)
    spelled = ("Ann@X.com", "ann@x.com ", "\r\n\tANN@x.com", "ΟΔΟΣ", "Ünal", "İz", "HASH-of-u7 ")
    tables = [f"t{n}" for n in range(len(spelled))]
    for table, text in zip(tables, spelled, strict=True):
        assert _ran(engine, f"""CREATE TABLE "shop"."{table}" AS SELECT '{text}' AS "any" """)
    assert _ran(engine, """CREATE TABLE "shop"."beside" AS SELECT 'joann@x.com' AS "any" """)
    assert _tables(found(warehouse, people("mail", "ann@x.com"))) == ["t0", "t1", "t2"]
    assert _tables(found(warehouse, people("mail", " Ann@X.COM\t"))) == ["t0", "t1", "t2"]
    assert _tables(found(warehouse, people("mail", "ΟΔΟΣ", "Ünal", "İz"))) == ["t3", "t4", "t5"]
    assert _tables(found(warehouse, people("mail", "u7", pseudonym="hash-of-u7"))) == ["t6"]


def test_a_number_is_found_under_the_name_of_who_it_is_whatever_its_type(engine: redshift.Warehouse) -> None:
    columns = ("DECIMAL(18,2)", "DOUBLE PRECISION", "REAL", "SMALLINT")
    for kind in columns:
        table = kind.partition("(")[0].partition(" ")[0].lower()
        rows = "(7.00), (NULL)" if kind == "SMALLINT" else "(7.00), (NULL), (8.5), ('NaN'), (70)"
        made = f'CREATE TABLE "shop"."{table}" ("person" {kind})'
        assert _ran(engine, made, f'INSERT INTO "shop"."{table}" VALUES {rows}')
    assert _ran(engine, 'CREATE TABLE "shop"."long" AS SELECT 9007199254740991::FLOAT8 AS "person"')
    assert _ran(engine, 'CREATE TABLE "shop"."endless" AS SELECT 1e300::FLOAT8 AS "person"')
    warehouse = Warehouse(data_api(engine), NAMES)
    every = ["decimal", "double", "real", "smallint"]
    assert _tables(found(warehouse, people("person", "7"))) == every
    assert _tables(found(warehouse, people("person", "8.5"))) == every[1:3]
    assert _tables(found(warehouse, people("person", "9007199254740991"))) == ["long"]
    assert found(warehouse, people("person", "700", "0")) == []


def test_a_column_whose_name_says_whose_a_row_is_and_whose_type_cannot_be_compared_is_told(
    engine: redshift.Warehouse,
) -> None:
    assert _ran(engine, 'CREATE TABLE "shop"."super" ("day" SUPER, "note" VARCHAR(9))')
    found = [p for p in Warehouse(data_api(engine), NAMES).places("shop", people("day", "7")) if p]
    assert [(p.where, p.unopened) for p in found] == [
        ("shop.days in the warehouse", "day (date): no type that is compared"),
        ("shop.dim in the warehouse", "day (date): no type that is compared"),
        ("shop.super in the warehouse", "day (jsonb): no type that is compared"),
    ]


def test_a_column_is_asked_whatever_its_name(engine: redshift.Warehouse) -> None:
    names = ('a"", 256), 256) IS NULL --', 'q""x')
    [first, second] = (f'"{name}" VARCHAR(9)' for name in names)
    made = f'CREATE TABLE "shop"."odd" ({first}, {second})'
    assert _ran(engine, made, """INSERT INTO "shop"."odd" VALUES (NULL, 'u77')""")
    warehouse = Warehouse(data_api(engine), NAMES)
    assert _tables(found(warehouse, people("user_id", "u77"))) == ["odd"]
    assert found(warehouse, people("user_id", "u78")) == []


def test_every_column_is_compared_with_every_value(engine: redshift.Warehouse) -> None:
    columns = ", ".join(f"NULL::VARCHAR AS c{n}" for n in range(100))
    for place in (0, 99):
        made = columns.replace(f"NULL::VARCHAR AS c{place}", f"'u77' AS c{place}", 1)
        assert _ran(engine, f'CREATE TABLE "shop"."wide{place}" AS SELECT {made}')
    many = [f"x{n}" for n in range(250)]
    warehouse = Warehouse(data_api(engine), NAMES)
    assert _tables(found(warehouse, people("user_id", "u77", *many))) == ["wide0", "wide99"]


def _ran(engine: redshift.Warehouse, *sqls: str) -> bool:
    statement = engine.statement(engine.run(sqls))
    assert statement.status == "FINISHED", statement.error
    return True


def _tables(places: Sequence[str]) -> list[str]:
    return [place.removeprefix("shop.").removesuffix(" in the warehouse") for place in places]


class Columns:
    """A warehouse that has one table of text columns and nobody; keeps what it is sent."""

    def __init__(self, *names: str, status: str = "FINISHED") -> None:
        self._names, self._status = names, status
        self.sent: list[int] = []  # bytes

    def run(self, sqls: Sequence[str], parameters: Mapping[str, str]) -> str:
        [sql] = sqls
        self.sent.append(len(sql.encode()) + sum(len(n) + len(v) for n, v in parameters.items()))
        return "columns" if "information_schema" in sql else "count"

    def statement(self, batch: str) -> redshift.Statement:
        rows = [["wide", name, "character varying"] for name in self._names]
        columns = [[{"StringValue": text} for text in row] for row in rows]
        return redshift.Statement(
            self._status, "", {1: columns if batch == "columns" else [[{"LongValue": 0}]]}
        )


def columns_api(columns: Columns) -> Any:
    any_warehouse: Any = columns
    return data_api(any_warehouse)


def test_no_statement_is_too_large_for_the_data_api() -> None:
    columns = Columns(*(f"{n:03}" + 124 * '"' for n in range(200)))
    places = list(Warehouse(columns_api(columns), NAMES).places("shop", people("u", *map(str, range(100)))))
    assert (len(columns.sent), max(columns.sent) < 100_000) == (6, True)
    assert places == 5 * [None]  # one after each, for who holds the domain's lock


def test_where_only_hashes_are_known_nothing_is_asked() -> None:
    columns = Columns("any")
    hashes = Sought({}, frozenset({("user_id", "mark")}), lambda name, value: value)
    assert (list(Warehouse(columns_api(columns), NAMES).places("shop", hashes)), columns.sent) == ([], [])


def test_a_warehouse_that_cannot_be_reached_is_told() -> None:
    client = columns_api(Columns("any"))

    def unreachable(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://redshift-data")

    client.meta.events.register_first("before-send.redshift-data", unreachable)
    [place] = Warehouse(client, NAMES).places("shop", people("user_id", "u42"))
    assert place is not None
    assert place.unopened == 'Could not connect to the endpoint URL: "https://redshift-data"'


def test_a_statement_that_does_not_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SECONDS", -1)
    monkeypatch.setattr(module, "POLL_SECONDS", (0, 0))
    waiting = columns_api(Columns("any", status="STARTED"))
    [place] = Warehouse(waiting, NAMES).places("shop", people("user_id", "u42"))
    assert place is not None
    assert place.unopened == "statement columns had no answer within -1 seconds"


def serverless() -> tuple[Any, Stubber]:
    client = boto3.client(
        "redshift-serverless", region_name=NAMES.region, aws_access_key_id="x", aws_secret_access_key="x"
    )
    return client, Stubber(client)


def test_a_namespace_that_outlived_its_stack_is_told() -> None:
    client, answers = serverless()
    name = {"namespaceName": NAMES.name("warehouse")}
    answers.add_response("get_namespace", {"namespace": name}, name)
    answers.add_client_error("get_namespace", "AccessDeniedException", "not authorized", expected_params=name)
    answers.add_client_error("get_namespace", "ResourceNotFoundException", expected_params=name)
    with answers:
        kept, unknown, none = (kept_namespace(client, NAMES) for _ in range(3))
    assert kept == Unasked(
        f"its namespace {NAMES.name('warehouse')} is kept without a workgroup, through which it could be"
        " asked: delete the namespace, or give it a workgroup of its name"
    )
    assert unknown is not None
    assert unknown.why.endswith("when calling the GetNamespace operation: not authorized")
    assert none is None
    assert list(kept.places("shop", people("user_id", "u42"))) == [
        Place("warehouse", "the warehouse's tables of shop", unopened=kept.why)
    ]


def test_the_laptop_keeps_no_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_dispatch_service_request", None)
    any_warehouse: Any = None
    redshift_requests.install(any_warehouse)
    call = {"x-amz-target": "RedshiftServerless.GetNamespace"}
    status, _, body = asyncio.run(app._dispatch_service_request("POST", "/", call, b"{}", {}, "1"))
    assert (status, json.loads(body)["__type"]) == (400, "ResourceNotFoundException")
