"""What a contract promises and the engine keeps: required values, SQL that never raises, keys of gold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from cli.lint.contract_sql import FUNCTIONS
from glue_scripts.engine.gold import Lake
from glue_scripts.engine.gold.lake import Shared
from glue_scripts.engine.gold.promises import BrokenKeyError, TransformError
from glue_scripts.engine.gold.tables import refresh
from glue_scripts.engine.lineage.recorder import recorder
from glue_scripts.engine.quarantine.row_rules import judged, with_reasons
from glue_scripts.engine.read.attempts import attempt, value
from glue_scripts.engine.read.conform import conformed
from glue_scripts.engine.tables import changes
from shared.contracts import Column, Dataset, Operation, RejectRule, contract
from tests.support.rig import Rig


@pytest.fixture(scope="module", autouse=True)
def settings() -> None:
    """Plans are compiled, as in production: only then does Spark compute common parts of expressions ahead."""


def promising() -> Dataset:
    """Transactions of the shop with SQL that fails on some rows; two rules and a column share what fails."""
    shop = contract("shop")
    transactions = shop.dataset("transactions")
    table = transactions.target
    columns = [replace(c, required=c.required or c.name in ("status", "amount")) for c in table.columns]
    derived = (
        Column("ratio", "decimal(18,2)", "", derived="amount / age", required=True),
        Column("parts", "array<string>", "", derived="split(email, ';')"),
        Column("small", "int", "", derived="CAST(ratio AS tinyint)"),
    )
    rules = (
        RejectRule("negative_amount", "amount < 0", ("amount",)),
        RejectRule("invalid_value", "amount / age > 100", ("amount", "age")),
        RejectRule("invalid_value", "CAST(user_id AS int) + age > 1000 OR amount / age > 100", ("user_id",)),
    )
    return replace(transactions, target=replace(table, columns=(*columns, *derived), rejects=rules))


def sent(spark: SparkSession, dataset: Dataset, *rows: dict[str, str]) -> DataFrame:
    """Records as readers give them."""
    base = {"created_at": "2026-01-01", "status": "paid", "user_id": "7", "email": "a@x;b@x", "age": "2"}
    columns = (*dataset.received, "fault")
    values = [[*({**base, **r}.get(n) for n in columns), 0] for r in rows]
    schema = ", ".join([*(f"`{n}` string" for n in columns), "_file int"])
    return spark.createDataFrame(values, schema).selectExpr(
        "*",
        "timestamp'2026-06-01' AS _ingested_at",
        "CAST(NULL AS date) AS _day",
        "CAST(NULL AS map<string,string>) AS _extra",
        "CAST(NULL AS string) AS _raw",
        "CASE WHEN fault IS NOT NULL THEN map(fault, 'nested_value') END AS _faults",
        "CAST(NULL AS string) AS _record",
        "CAST(NULL AS struct<part:int>) AS _place",
        "0 AS _mark",
    )


def test_what_fails_or_is_missing_is_the_reason_of_its_row(spark: SparkSession) -> None:
    dataset = promising()
    rows = sent(
        spark,
        dataset,
        {"tx_id": "good", "amount": "10"},
        {"tx_id": "by zero", "amount": "10", "age": "0"},
        {"tx_id": "no number", "amount": "10", "user_id": "u1"},
        {"tx_id": "no status", "amount": "10", "status": ""},
        {"tx_id": "no amount"},
        {"tx_id": "no type", "amount": "ten"},
        {"tx_id": "overflow", "amount": "199", "age": "1", "user_id": "u1"},
        {"tx_id": "no ratio", "amount": "10", "age": ""},
        {"tx_id": "negative", "amount": "-4"},
    )
    # One plan holds every test and every derived column, as silver's does.
    found = with_reasons(judged(conformed(rows, contract("shop"), dataset), dataset), dataset).collect()
    assert {r["tx_id"]: (r["reasons"], r["columns"], r["_bad"]) for r in found} == {
        "good": ([], [], False),
        "by zero": (["not_computable"], ["amount", "age", "user_id"], True),
        "no number": (["not_computable"], ["user_id"], True),
        "no status": (["missing_value"], ["status"], True),
        "no amount": (["missing_value"], ["amount"], True),
        "no type": (["invalid_type"], ["amount"], True),
        "overflow": (["invalid_value", "not_computable"], ["amount", "age", "user_id"], True),
        "no ratio": (["missing_value"], ["ratio"], True),
        "negative": (["negative_amount"], ["amount"], True),
    }
    good = next(r for r in found if r["tx_id"] == "good")
    assert (good["ratio"], good["parts"], good["small"]) == (Decimal("5.00"), ["a@x", "b@x"], 5)


def test_a_delete_need_not_have_what_a_change_must(spark: SparkSession) -> None:
    dataset = promising()
    operation = Operation("status", upsert=("paid",), delete=("gone",))
    dataset = replace(dataset, target=replace(dataset.target, operation=operation))
    rows = sent(
        spark,
        dataset,
        {"tx_id": "empty", "status": "gone", "age": ""},
        {"tx_id": "fails", "status": "gone", "amount": "10", "age": "0"},
        {"tx_id": "breaks", "status": "gone", "amount": "-4"},
        {"tx_id": "", "status": "gone", "amount": "-4"},
        {"tx_id": "no operation", "amount": "10", "status": ""},
        {"tx_id": "change", "age": ""},
        {"tx_id": "nested", "amount": "10", "status": "paid", "email": "", "fault": "email"},
        {"tx_id": "nested amount", "fault": "amount"},
    )
    found = with_reasons(judged(conformed(rows, contract("shop"), dataset), dataset), dataset).collect()
    assert {r["tx_id"]: (r["reasons"], r["columns"], r["_bad"]) for r in found} == {
        "empty": ([], [], False),
        "fails": ([], [], False),
        "breaks": ([], [], False),
        None: (["missing_key"], ["tx_id"], True),
        "no operation": (["unknown_operation"], ["status"], True),
        "change": (["missing_value"], ["amount"], True),
        "nested": (["nested_value"], ["email"], True),
        "nested amount": (["nested_value"], ["amount"], True),
    }


@pytest.mark.parametrize(
    ("sql", "kind", "expected"),
    [
        ("''", "string", ""),
        ("CAST(NULL AS string)", "string", None),
        ("'=x'", "string", "=x"),
        ("1 = 1", "boolean", True),
        ("1e300 * 10", "double", 1e301),
        ("0.1D + 0.2D", "double", 0.1 + 0.2),
        ("-1.50", "decimal(18,2)", Decimal("-1.50")),
        ("date'0001-01-01'", "date", dt.date(1, 1, 1)),
        ("timestamp'2026-01-01 00:00:00.000001'", "timestamp", dt.datetime(2026, 1, 1, 0, 0, 0, 1)),
        ("map('a', 1)", "map<string,bigint>", {"a": 1}),
        ("array('a', NULL)", "array<string>", ["a", None]),
        ("CAST(NULL AS array<string>)", "array<string>", None),
        ("array()", "array<int>", []),
        (
            "array(timestamp'2026-01-01 00:00:00.000001')",
            "array<timestamp>",
            [dt.datetime(2026, 1, 1, 0, 0, 0, 1)],
        ),
        ("array(1.10, NULL)", "array<decimal(30,2)>", [Decimal("1.10"), None]),
        ("array('NaN', '1e400')", "array<decimal(5,2)>", None),
        ("raise_error('no')", "string", None),
        ("element_at(array(1), 2)", "int", None),
        ("2147483647 + 1", "int", None),
    ],
)
def test_a_value_is_what_it_was_and_a_failure_is_null(
    spark: SparkSession, sql: str, kind: str, expected: Any
) -> None:
    rows = spark.range(1).selectExpr("id AS _file").selectExpr(f"{attempt(sql, kind)} AS tried")
    assert rows.selectExpr(f"{value('tried', kind)} AS v").first()["v"] == expected


def test_the_functions_that_lint_knows_are_those_of_this_spark(spark: SparkSession) -> None:
    every = {r[0] for r in spark.sql("SHOW SYSTEM FUNCTIONS").collect()}
    assert {f for f in every if f.isidentifier()} == set(FUNCTIONS.read_text("utf-8").split())


@pytest.fixture(scope="module")
def shop(rig: Callable[[str], Rig]) -> Rig:
    """Sales of two days, in silver and gold; gold has not followed the last one yet."""
    lake = rig("promises")
    lake.drop(
        "shop/transactions/t.csv",
        b"tx_id,user_id,amount,status,created_at,age\n"
        b"t1,u1,10,paid,2026-01-01,0\nt2,u1,7,paid,2026-01-01,1\nt3,u2,5,paid,2026-01-02,1\n",
    )
    lake.run("run-1")
    lake.drop("shop/transactions/more.csv", b"tx_id,amount,status,created_at,age\nt9,1,paid,2026-01-02,0\n")
    lake.silver("run-2")
    return lake


def without_key(lake: Lake) -> DataFrame:
    return revenue(lake).withColumn("date", F.expr("if(day(date) = 1, NULL, date)"))


def doubled(lake: Lake) -> DataFrame:
    return revenue(lake).unionByName(revenue(lake))


def by_zero(lake: Lake) -> DataFrame:
    ages = lake.touched("transactions").agg(F.min("age").alias("youngest"))
    return (
        revenue(lake)
        .crossJoin(ages)
        .withColumn("avg_amount", F.col("avg_amount") / F.col("youngest"))
        .drop("youngest")
    )


def one_more(lake: Lake) -> DataFrame:
    return revenue(lake).withColumn("vat", F.lit(1)).drop("gross_amount")


def misspelt(lake: Lake) -> DataFrame:
    rows = revenue(lake)
    return rows.select("dte")


def revenue(lake: Lake) -> DataFrame:
    return (
        lake.table("transactions")
        .groupBy(F.col("event_date").alias("date"))
        .agg(
            F.count("*").alias("transaction_count"),
            F.sum("amount").alias("total_revenue"),
            F.sum("amount").alias("gross_amount"),
            F.avg("amount").alias("avg_amount"),
            F.count("*").alias("delivered_count"),
        )
    )


HERE = "test_promises.py"


@pytest.mark.parametrize(
    ("transform", "error", "said"),
    [
        (without_key, BrokenKeyError, r"\(date\): 1 rows without it, 0 keys of several rows"),
        (doubled, BrokenKeyError, r"\(date\): 0 rows without it, 2 keys of several rows"),
        (by_zero, TransformError, rf"fails on a row: DIVIDE_BY_ZERO, called from .*{HERE}:\d+$"),
        (one_more, TransformError, "not in the contract: vat; missing: gross_amount"),
        (misspelt, TransformError, r"AnalysisException: \[UNRESOLVED_COLUMN"),
    ],
)
def test_a_broken_promise_of_a_transform_is_named_and_nothing_is_committed(
    shop: Rig, transform: Callable[[Lake], DataFrame], error: type[Exception], said: str
) -> None:
    before = shop.rows("gold.daily_revenue")
    assert len(before) == 2
    for job in (shop.job("run-3", full_refresh=True), shop.job("run-3")):
        with pytest.raises(error, match=said) as raised, Shared() as shared:
            refresh(
                shop.spark,
                job,
                job.contract.table("daily_revenue"),
                transform,
                changes.pending(shop.spark, job),
                lambda: None,
                shared,
                recorder(shop.spark, job, shop.clients(job)),
            )
        line = transform.__code__.co_firstlineno + (2 if transform is misspelt else 0)
        assert str(raised.value).startswith(f"shop.daily_revenue: transform {transform.__name__} (")
        assert f"{HERE}, line {line})" in str(raised.value)
        assert shop.rows("gold.daily_revenue") == before
