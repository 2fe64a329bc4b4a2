"""Tests beside gold's SQL: how they are read, what they compare, and that DuckDB answers them."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli.gold_cases import Case, CaseError, cases, value
from cli.gold_duck import answer
from cli.gold_tests import outcome
from shared.contracts import contract
from shared.project import VARIABLE

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "tests" / "project"
VALUES = [
    ("a", "string", "a"),
    (None, "bigint", None),
    (1, "bigint", 1),
    (1, "double", 1.0),
    (0.1, "decimal(18,2)", Decimal("0.10")),
    ("2.50", "decimal(18,2)", Decimal("2.50")),
    (True, "boolean", True),
    (dt.date(2026, 5, 1), "date", dt.date(2026, 5, 1)),
    ("2026-05-01", "date", dt.date(2026, 5, 1)),
    ("2026-05-01T10:00:00+02:00", "timestamp", dt.datetime(2026, 5, 1, 8)),
    (dt.datetime(2026, 5, 1, 8), "timestamp", dt.datetime(2026, 5, 1, 8)),
    ({"a": 1}, "map<string,bigint>", {"a": 1}),
    ([1, None], "array<decimal(4,1)>", [Decimal("1.0"), None]),
]
NO_VALUES = [
    (7, "string", "put it in quotes"),
    (True, "int", "expected int, found True"),
    ("1", "bigint", "expected bigint"),
    (1.5, "int", "expected int"),
    (0.125, "decimal(18,2)", "expected decimal(18,2), found 0.125"),
    (100, "decimal(4,2)", "expected decimal(4,2), found 100"),
    ("ten", "decimal(4,2)", "expected decimal(4,2)"),
    (dt.datetime(2026, 5, 1, 8), "date", "expected date"),
    ("1.5.2026", "date", "expected date"),
    (dt.date(2026, 5, 1), "timestamp", "expected timestamp"),
    ("x", "array<string>", "expected a list"),
    ([1], "map<string,bigint>", "expected names and values"),
]
WRONG = [
    ("x: 1", "expected a list of tests"),
    ("- {name: a, given: {}}", "test 1: expected name, given, expect"),
    ("- {name: a, given: {silver.nope: []}, expect: []}", "a: given: silver.nope is not a table of the contract"),
    ("- {name: a, given: {silver.users: {}}, expect: []}", "given: silver.users: expected a list of rows"),
    ("- {name: a, given: {}, expect: }", "a: expect: expected a list of rows"),
    ("- {name: a, given: [], expect: []}", "a: expected names and values"),
    ("- {name: a, given: {}, expect: [{nope: 1}]}", "expect: row 1: nope: no such column (date, "),
    ("- {name: a, given: {}, expect: [{date: 1}]}", "expect: row 1: date: expected date, found 1"),
    ("- {name: a, given: {silver.users: []}, expect: []}", "gives rows of silver.users, which the statement does not read"),
    ("- [", "is no YAML"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "kind", "read"), VALUES)
def test_values_are_of_their_columns_type(written: Any, kind: str, read: Any) -> None:
    found = value(written, kind, "here")
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize(("written", "kind", "said"), NO_VALUES)
def test_no_value_is_guessed(written: Any, kind: str, said: str) -> None:
    with pytest.raises(CaseError) as refused:
        value(written, kind, "here")
    assert str(refused.value).startswith("here: ")
    assert said in str(refused.value)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The fixture's shop in a project of its own; its folder of gold."""
    shutil.copytree(PROJECT, tmp_path / "project")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "project"))
    return tmp_path / "project" / "domains" / "shop" / "gold"


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_a_test_that_cannot_be_read_is_told_with_its_place(text: str, said: str, shop: Path) -> None:
    (shop / "daily_revenue.test.yaml").write_text(text)
    with pytest.raises(CaseError) as refused:
        outcome([contract("shop")])
    assert said in str(refused.value)
    assert "daily_revenue" in str(refused.value)


def test_rows_are_compared_whatever_their_order_and_each_as_often_as_it_is_there(shop: Path) -> None:
    case = Case(
        contract("shop").table("daily_revenue"),
        "a",
        {},
        ("date", "transaction_count"),
        [(1, 2), (1, 2), (3, None)],
    )
    assert case.difference([(3, None), (1, 2), (1, 2)]) is None
    assert case.difference([(1, 2), (4, 4)]) == (
        "  expected and not there: date: 1, transaction_count: 2\n"
        "  expected and not there: date: 3, transaction_count: null\n"
        "  there and not expected: date: 4, transaction_count: 4"
    )


def test_duckdb_answers_the_tests_of_the_shop(shop: Path) -> None:
    found = outcome([contract("shop")])
    assert (found.passed, found.failed, found.untested) == (4, [], [])


def test_what_differs_is_told_by_name(shop: Path) -> None:
    (shop / "fact_events.test.yaml").unlink()
    tests = shop / "daily_revenue.test.yaml"
    tests.write_text(tests.read_text().replace("gross_amount: 15.75", "gross_amount: 15.74"))
    found = outcome([contract("shop")])
    assert found.passed == 2
    assert found.untested == ["shop.fact_events"]
    [said] = found.failed
    assert said.startswith("shop.daily_revenue: money counts by its state")
    assert "gross_amount: 15.74" in said
    assert "gross_amount: 15.75" in said


def test_what_duckdb_cannot_answer_is_told(shop: Path) -> None:
    sql = shop / "daily_revenue.sql"
    sql.write_text(sql.read_text().replace("count(*)", "hll_sketch_estimate(hll_sketch_agg(tx_id))"))
    assert all("DuckDB cannot answer it: " in said for said in outcome([contract("shop")]).failed)


def test_the_parameters_are_the_contracts(shop: Path) -> None:
    [case, *_] = cases(contract("shop"))
    assert "revenue_statuses" in (shop / "daily_revenue.sql").read_text()
    [row] = answer(contract("shop"), case)
    assert dict(zip(case.columns, row, strict=True))["total_revenue"] == Decimal("10.50")


def test_the_verb_tells_people_and_machines(shop: Path) -> None:
    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli", "contract", "test", *more]
        return subprocess.run(
            command, cwd=ROOT, env={**os.environ}, capture_output=True, text=True, check=False
        )

    passed = run("shop", "--json", "-")
    assert passed.returncode == 0, passed.stderr
    assert json.loads(passed.stdout) == {"passed": 4, "failed": [], "untested": []}
    sql = shop / "fact_events.sql"
    sql.write_text(sql.read_text().replace("LEFT JOIN", "JOIN"))
    failed = run()
    assert failed.returncode == 1
    assert "shop.fact_events: an event of somebody unknown, or of nobody, stays" in failed.stderr
    assert "1 of 4 tests failed" in failed.stderr
