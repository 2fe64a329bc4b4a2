"""The shipped sample through the real engine: every cell against the clean truth, in any order, once or
again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domains.ecommerce.sample.oracle import gold_sql
from shared.ledger.model import RowCounts, RunResult
from tests.support.figures import ACCOUNTED, COMPARED, ORDERS, REFRESHED, Noted, accounted
from tests.support.rig import Rig, truth

SILVER = ("events", "users", "users_updates", "users_history", "transactions")
TABLES = [*(f"silver.{t}" for t in SILVER), *(f"gold.{t}" for t in gold_sql())]
DATASETS = ("events", "users", "transactions")


@pytest.fixture(scope="module")
def expected(sample: Path) -> dict[str, Any]:
    return json.loads((sample / "expected.json").read_text())


@pytest.fixture(scope="module")
def files(sample: Path) -> list[Path]:
    return sorted(f for f in (sample / "raw").rglob("*") if f.is_file())


@pytest.fixture(scope="module")
def whole(
    rig: Callable[[str], Rig], sample: Path, files: list[Path]
) -> tuple[Rig, Counter[str], dict[str, RunResult]]:
    """Everything in one run."""
    lake = rig("whole", "ecommerce")
    outcomes = lake.drop_all(sample / "raw", files)
    return lake, outcomes, lake.run("run-1")


def test_every_file_has_the_outcome_that_its_content_deserves(whole: Any, expected: dict[str, Any]):
    lake, outcomes, _ = whole
    assert {**outcomes, "received": sum(outcomes.values())} == expected["files"]
    reasons = Counter(f.reason for f in lake.ledger.files() if f.reason)
    assert reasons == expected["file_reasons"]


def test_every_record_is_accounted_for(whole: Any, expected: dict[str, Any], figures: Noted):
    results = whole[2]
    found = {}
    for name in DATASETS:
        rows = results[name].rows
        found[name] = {n: getattr(rows, n) for n in ("read", "written", "quarantined", "deduplicated")}
        assert found[name] == expected["rows"][name], name
        assert rows.balanced
    figures(ACCOUNTED, "e-commerce sample", accounted(found))
    reasons = sum((Counter(r.reasons) for r in results.values()), Counter())
    assert reasons == {k: v for k, v in expected["quarantine"].items() if v}


@pytest.mark.parametrize("table", SILVER)
def test_silver_equals_the_clean_truth_in_every_cell(whole: Any, sample: Path, table: str, figures: Noted):
    columns, rows = truth(sample / "truth", f"select * from {table}")
    assert whole[0].rows(f"silver.{table}", *columns) == rows
    figures.add(COMPARED, "e-commerce sample", len(columns) * len(rows))


@pytest.mark.parametrize("table", gold_sql())
def test_gold_equals_duckdb_on_the_clean_truth_in_every_cell(
    whole: Any, sample: Path, table: str, figures: Noted
):
    columns, rows = truth(sample / "truth", gold_sql()[table])
    assert whole[0].rows(f"gold.{table}", *columns) == rows
    figures.add(COMPARED, "e-commerce sample", len(columns) * len(rows))


def test_each_table_was_shown_in_one_commit_so_readers_never_saw_a_part(whole: Any):
    """Not the number of snapshots: a table is filled on a branch, which is one too; the history tells what
    readers saw.
    """
    assert {t: whole[0].table(f"{t}.history").count() for t in TABLES} == dict.fromkeys(TABLES, 1)


def test_the_days_of_a_month_lie_together(whole: Any):
    for table, column in (
        ("silver.events", "event_date"),
        ("gold.fact_events", "event_date"),
        ("gold.daily_revenue", "date"),
    ):
        days = {day for (day,) in whole[0].rows(table, column)}
        months = [row["partition"][0] for row in whole[0].table(f"{table}.partitions").collect()]
        assert sorted(months) == sorted({(d.year - 1970) * 12 + d.month - 1 for d in days}), (
            table
        )  # Iceberg counts from 1970
        assert len(days) > len(months)


def test_quarantined_rows_keep_reasons_and_what_was_received(whole: Any, expected: dict[str, Any]):
    lake = whole[0]
    for name in DATASETS:
        rows = lake.table(f"quarantine.{name}_rows").collect()
        assert len(rows) == expected["rows"][name]["quarantined"]
        assert all(
            r["reasons"] and r["raw_record"] and r["source_file"] and r["run_id"] == "run-1" for r in rows
        )


def test_files_in_reverse_order_over_two_runs_give_the_same_tables(
    whole: Any,
    rig: Callable[[str], Rig],
    sample: Path,
    files: list[Path],
    expected: dict[str, Any],
    figures: Noted,
):
    lake = rig("halves", "ecommerce")
    late, early = files[len(files) // 2 :], files[: len(files) // 2]
    lake.drop_all(sample / "raw", late[::-1])
    first = lake.run("run-1")
    lake.drop_all(sample / "raw", early[::-1])
    second = lake.run("run-2")
    for table in TABLES:
        columns = [c for c in whole[0].table(table).columns if not c.startswith("_")]
        assert lake.rows(table, *columns) == whole[0].rows(table, *columns), table
        figures.add(ORDERS, "e-commerce sample, reversed and in two runs, tables", 1)
    for name in DATASETS:
        rows = sum((run[name].rows for run in (first, second) if name in run), RowCounts())
        assert rows.balanced
        assert rows.written == expected["rows"][name]["written"]
        assert rows.read == expected["rows"][name]["read"]


def test_a_run_over_the_same_dates_again_changes_nothing(whole: Any):
    """Also: quarantine is not appended twice, and the metrics of the first run stay."""
    lake, _, first = whole
    before = {t: lake.rows(t) for t in TABLES}
    aside = {n: lake.rows(f"quarantine.{n}_rows", "reasons", "raw_record", "source_file") for n in DATASETS}
    again = lake.run("run-2", from_date=dt.date(1970, 1, 1), to_date=dt.date(2026, 12, 31))
    assert {t: lake.rows(t) for t in TABLES} == before
    assert {
        n: lake.rows(f"quarantine.{n}_rows", "reasons", "raw_record", "source_file") for n in DATASETS
    } == aside
    assert {n: r.rows for n, r in again.items()} == {n: r.rows for n, r in first.items()}
    figures = {k.rsplit("/", 1)[1] for k in lake.objects("metrics") if k.endswith(".csv")}
    assert figures == {"run-1.csv", "run-2.csv"}


def test_a_full_refresh_gives_equal_tables(whole: Any, figures: Noted):
    lake = whole[0]
    before = {t: lake.rows(t) for t in TABLES}
    lake.run("run-3", full_refresh=True)
    assert {t: lake.rows(t) for t in TABLES} == before
    figures(REFRESHED, "e-commerce sample, tables", str(len(before)))
