"""Gold tables that are a SELECT in a file, on Spark: what they read, what they are cut to, and what is said of a
wrong one.
"""

from __future__ import annotations

import datetime as dt
import importlib
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from cli.gold_cases import Case, cases
from glue_scripts.engine.gold import Lake
from glue_scripts.engine.gold.lake import Shared
from glue_scripts.engine.gold.promises import TransformError, failed_row
from glue_scripts.engine.gold.references import waves
from glue_scripts.engine.gold.scope import Scope, follows
from glue_scripts.engine.gold.sql_file import SqlTransform
from glue_scripts.engine.gold.transforms import transforms_of
from glue_scripts.engine.lineage.plan import lineage_of
from glue_scripts.engine.tables import changes
from shared.contracts import Dependency, Table, contract
from tests.support import gold
from tests.support.rig import Rig

SHOP = contract("shop")
REVENUE = SHOP.table("daily_revenue")
FACTS = SHOP.table("fact_events")
DAY, NEXT = dt.date(2026, 5, 1), dt.date(2026, 5, 2)
WRONG = [
    ("SELECT event_date AS date,\n  count(* AS transaction_count", "line 2: ParseException: [PARSE_SYNTAX_ERROR]"),
    ("SELECT event_date AS date,\n\n  nope\nFROM silver.transactions", "line 3: AnalysisException: [UNRESOLVED_COLUMN"),
    ("SELECT transactions.event_date\nFROM silver.transactions", "line 1: AnalysisException: [UNRESOLVED_COLUMN"),
    ("SELECT _run_id\nFROM silver.transactions", "line 1: AnalysisException: [UNRESOLVED_COLUMN"),
    ("SELECT 1\nFROM transactions", "line 2: AnalysisException: [TABLE_OR_VIEW_NOT_FOUND]"),
    ("SELECT 1\nFROM silver.nope", "line 2: SqlTextError: silver.nope is not a table of the contract"),
    ("SELECT date\nFROM gold.daily_revenue", "line 1: SqlTextError: gold.daily_revenue is computed from itself"),
    ("DROP TABLE silver.transactions", "line 1: ParseException: [PARSE_SYNTAX_ERROR]"),
    ("SELECT 1 AS date FROM silver.transactions", " returns other columns than the table has: missing: avg_amount"),
]  # fmt: skip


def transform(text: str, table: Table = REVENUE) -> SqlTransform:
    return SqlTransform("shop", table.name, text)


def sold(*rows: tuple[str, dt.date, str]) -> list[tuple[Any, ...]]:
    """Transactions: key, day, user."""
    names = SHOP.table("transactions").column_names
    values = ({"tx_id": key, "event_date": day, "user_id": user, "amount": None} for key, day, user in rows)
    return [tuple(v.get(n) for n in names) for v in values]


@pytest.mark.parametrize("case", [pytest.param(c, id=f"{c.table.name}: {c.name}") for c in cases(SHOP)])
def test_spark_answers_the_tests_beside_gold(case: Case, spark: SparkSession) -> None:
    assert case.difference(gold.answer(spark, "shop", case)) is None


@pytest.mark.parametrize(
    "table",
    [
        pytest.param((d, t), id=f"{d}.{t.name}")
        for d in ("shop", "retail")
        for t in contract(d).gold
        if any(link.column for link in t.depends_on)
    ],
)
def test_what_is_computed_incrementally_is_what_the_whole_table_has(
    table: tuple[str, Table], spark: SparkSession
) -> None:
    for scope, wanted, found in gold.incremental(spark, contract(table[0]), table[1]):
        assert found == wanted, f"in {scope}: missing {wanted - found}, too much {found - wanted}"


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[t for t, _ in WRONG])
def test_a_wrong_statement_is_told_with_its_file_and_line(text: str, said: str, spark: SparkSession) -> None:
    given = {"transactions": gold.frame(spark, SHOP.table("transactions"), [])}
    lake = gold.lake_of(spark, SHOP, given)
    with pytest.raises(TransformError) as wrong:
        gold.computed_rows(transform(text), lake, REVENUE)
    place = "shop.daily_revenue: domains/shop/gold/daily_revenue.sql"
    assert str(wrong.value).startswith(f"{place}, {said}" if said.startswith("line") else f"{place}{said}")
    assert not [t.name for t in spark.catalog.listTables() if "." in t.name]  # no view stays


def test_a_value_that_cannot_be_computed_is_told_with_its_line_and_not_itself(spark: SparkSession) -> None:
    text = "SELECT event_date AS date,\n  CAST(user_id AS int) AS transaction_count\nFROM silver.transactions"
    rows = sold(("t1", DAY, "secret"))
    lake = gold.lake_of(spark, SHOP, {"transactions": gold.frame(spark, SHOP.table("transactions"), rows)})
    with pytest.raises(PySparkException) as raised:
        transform(text)(lake).collect()
    said = str(failed_row(transform(text), lake, REVENUE, raised.value))
    assert said.startswith(
        "shop.daily_revenue: domains/shop/gold/daily_revenue.sql, line 2 fails on a row: CAST_INVALID"
    )
    assert "secret" not in said


def test_strings_and_comments_name_no_tables(spark: SparkSession) -> None:
    text = """SELECT /* silver.nope */ DATE'2026-05-01' AS date, 'silver.transactions' AS said -- silver.nope
        FROM silver.transactions"""
    given = {"transactions": gold.frame(spark, SHOP.table("transactions"), sold(("t1", DAY, "u1")))}
    assert [tuple(r) for r in transform(text)(gold.lake_of(spark, SHOP, given)).collect()] == [
        (DAY, "silver.transactions")
    ]


def test_a_table_that_is_read_as_a_whole_cuts_the_result_to_the_scope(spark: SparkSession) -> None:
    """Days of users without a restriction would be days with wrong numbers."""
    text = "SELECT u.event_date AS date, count(t.tx_id) AS transaction_count, 0 AS total_revenue, 0 AS gross_amount, CAST(NULL AS decimal(18,2)) AS avg_amount, 0 AS delivered_count FROM silver.events AS u LEFT JOIN silver.transactions AS t ON t.event_date = u.event_date GROUP BY u.event_date"
    events = SHOP.table("events")
    seen = [
        tuple({"event_id": str(n), "event_date": d}.get(c) for c in events.column_names)
        for n, d in enumerate((DAY, NEXT))
    ]
    given = {
        "transactions": gold.frame(
            spark, SHOP.table("transactions"), sold(("t1", DAY, "u1"), ("t2", NEXT, "u1"))
        ),
        "events": gold.frame(spark, events, seen),
    }
    lake = gold.lake_of(spark, SHOP, given, Scope(False, frozenset({str(NEXT)})))
    rows = gold.computed_rows(transform(text), lake, REVENUE).collect()
    assert [(r["date"], r["transaction_count"]) for r in rows] == [(NEXT, 1)]


@pytest.mark.parametrize("dates", [frozenset({str(DAY)}), frozenset()], ids=["dates and keys", "keys"])
@pytest.mark.parametrize("clause", ["", "WITH a AS (SELECT 1) "], ids=["select", "with"])
def test_what_a_run_chooses_is_no_part_of_what_the_columns_are_made_of(
    clause: str, dates: frozenset[str], spark: SparkSession, rig: Callable[..., Rig]
) -> None:
    lake = rig(f"chosen{len(clause)}{len(dates)}")
    lake.drop("shop/events/a.csv", b"event_id,user_id,ts\ne1,u1,2026-05-01T10:00:00Z\n")
    lake.drop("shop/users/a.csv", b"user_id,city,updated_at\nu1,Bonn,2026-05-01T10:00:00Z\n")
    job = lake.silver("first")
    scope = Scope(False, dates, "user_id", changes.pending(spark, job).keys(["users"]))
    rule = transforms_of("shop")["fact_events"]
    assert isinstance(rule, SqlTransform)
    found = lineage_of(transform(clause + rule.text, FACTS)(Lake(spark, job, scope, Shared())))
    silver = lake.names.database("shop", "silver")
    assert sorted(found.tables) == [f"{silver}.events", f"{silver}.users"]
    assert {*found.fields} == {*FACTS.column_names}
    made = found.fields["user_city"]
    assert {(u.source.dataset, u.source.column) for u in made if u.type == "DIRECT"} == {
        (f"{silver}.users", "city")
    }


def test_what_follows_by_date_is_restricted_and_what_is_looked_up_is_not() -> None:
    events, users, transactions = (SHOP.table(n) for n in ("events", "users", "transactions"))
    assert (follows(FACTS, events), follows(FACTS, users), follows(FACTS, transactions)) == (
        True,
        False,
        False,
    )
    ltv = SHOP.table("user_ltv")
    assert (follows(ltv, events), follows(ltv, transactions), follows(ltv, users)) == (True, True, False)
    whole = replace(REVENUE, depends_on=(Dependency("transactions", "event_date"), Dependency("users")))
    assert (follows(whole, transactions), follows(whole, users)) == (True, False)
    assert not follows(replace(REVENUE, depends_on=()), transactions)


def test_a_table_waits_for_the_gold_that_it_is_made_of() -> None:
    made_of = {"daily_revenue": transform("SELECT 1 FROM gold.fact_events, silver.users").gold_sources}
    order = [t.name for group in waves(SHOP.gold, made_of) for t in group]
    assert made_of == {"daily_revenue": frozenset({"fact_events"})}
    assert order.index("daily_revenue") > order.index("fact_events")
    both = {"daily_revenue": frozenset({"fact_events"}), "fact_events": frozenset({"daily_revenue"})}
    assert {t.name for t in waves(SHOP.gold, both)[-1]} >= {"daily_revenue", "fact_events"}


def test_a_table_of_gold_is_read_as_this_run_left_it(rig: Callable[..., Rig]) -> None:
    lake = rig("sqlgold")
    head = b"tx_id,user_id,amount,status,created_at\n"
    lake.drop("shop/transactions/a.csv", head + b"t1,u1,10,paid,2026-05-01T10:00:00Z\n")
    text = "SELECT user_id, CAST(NULL AS bigint) AS event_count, CAST(NULL AS timestamp) AS first_event, CAST(NULL AS timestamp) AS last_event, (SELECT sum(transaction_count) FROM gold.daily_revenue) AS transaction_count, 0 AS total_revenue, 0 AS ltv FROM silver.transactions GROUP BY user_id"
    counted = transform(text.replace("CAST(NULL AS bigint)", "0"), SHOP.table("user_ltv"))
    lake.gold(lake.silver("first"), user_ltv=counted)
    assert lake.rows("gold.user_ltv", "user_id", "transaction_count") == [("u1", 1)]
    lake.drop("shop/transactions/b.csv", head + b"t2,u2,5,paid,2026-05-02T10:00:00Z\n")
    lake.gold(lake.silver("second"), user_ltv=counted)
    assert lake.rows("gold.user_ltv", "user_id", "transaction_count") == [("u1", 1), ("u2", 2)]


def test_two_rules_for_a_table_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import domains

    folder = tmp_path / "twice"
    shutil.copytree(Path(str(domains.__path__[0])) / "shop" / "gold", folder / "gold")
    (folder / "transforms.py").write_text("GOLD = {'fact_events': None}\n")
    monkeypatch.setattr(domains, "__path__", [str(tmp_path), *domains.__path__])
    with pytest.raises(LookupError, match="two rules for fact_events: "):
        transforms_of("twice")
    (folder / "transforms.py").unlink()
    for name in ("domains.twice.transforms", "domains.twice"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.invalidate_caches()
    assert sorted(transforms_of("twice")) == ["daily_revenue", "fact_events"]
