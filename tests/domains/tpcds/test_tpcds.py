"""The tpcds sample through the real jobs: from text at a source location to gold, every cell against DuckDB
on dsdgen's clean rows.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from domains.samples import sample_of
from domains.tpcds.sample import oracle
from glue_scripts import bronze_ingest
from glue_scripts.engine.bronze import intake
from glue_scripts.engine.run.job import Delivery
from glue_scripts.engine.silver.integrity import orphan_counts
from shared.contracts import contract
from tests.support.figures import ACCOUNTED, COMPARED, Noted, accounted
from tests.support.rig import Rig

GOLD = contract("tpcds").gold
FACTS = ("store_sales", "catalog_sales", "web_sales", "store_returns", "catalog_returns", "web_returns")
# What gold is computed from, and a table with a file that came twice; all 24 take a minute more and are in
# the slow tests.
TABLES = (*FACTS, "customer", "item", "date_dim", "web_page")
DATES = {"store_sales": "ss_sold_date_sk", "store_returns": "sr_returned_date_sk"}


class Delivered(Rig):
    """A lake whose files lie at a source location."""

    def __init__(self, spark: SparkSession, env: str, folder: Path, tables: tuple[str, ...]) -> None:
        super().__init__(spark, env, "tpcds")
        self.folder, self.source = folder, Delivery(f"deliveries-{env}", "TPC-DS/small/", tables)
        self.s3.create_bucket(Bucket=self.source.bucket)
        for table in tables:
            for file in sorted((folder / "raw" / "tpcds" / table).iterdir()):
                self.s3.upload_file(str(file), self.source.bucket, f"{self.source.prefix}{table}/{file.name}")

    def bronze(self, run_id: str) -> None:
        job = self.job(run_id, source=self.source)
        bronze_ingest.main(self.spark, job, self.clients(job))

    def keys(self, table: str) -> dict[str, str]:
        """Objects of a table in bronze, with their content's mark."""
        return self.objects("bronze", f"tpcds/{table}/")

    def truth(self, sql: str) -> list[tuple[Any, ...]]:
        with oracle.connected(self.folder / "truth") as con:
            return con.execute(sql).fetchall()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tpcds")
    sample_of("tpcds").generate(0.01, 7, folder, progress=False)
    return folder


@pytest.fixture(scope="module")
def expected(sample: Path) -> dict[str, Any]:
    return dict(json.loads((sample / "expected.json").read_text()))


@pytest.fixture(scope="module")
def lake(spark: SparkSession, sample: Path) -> Delivered:
    """Bronze dies in the middle of a table, and is run again."""
    made, finished = Delivered(spark, "tpcds", sample, TABLES), intake.ingest_files
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            bronze_ingest,
            "ingest_files",
            lambda s, names, files: finished(s, names, files[: len(files) // 2]) and die(),
        )
        with pytest.raises(KeyboardInterrupt):
            made.bronze("run-0")
    made.before = {t: made.keys(t) for t in TABLES}
    made.bronze("run-1")
    made.results = made.run("run-1")
    return made


def die() -> None:
    raise KeyboardInterrupt


def same(expected: Any, found: Any) -> bool:
    """Equal; doubles up to the last of their 6 places, which the engines round each in their own way."""
    if isinstance(expected, float) and isinstance(found, float):
        return abs(expected - found) <= 1.01e-6
    return bool(expected == found)


def differences(
    columns: tuple[str, ...], key: int, expected: list[tuple[Any, ...]], found: list[tuple[Any, ...]]
) -> list[str]:
    old, new = {r[:key]: r for r in expected}, {r[:key]: r for r in found}
    told = [f"only one side has {k}" for k in old.keys() ^ new.keys()]
    told += [f"{len(expected)} rows were expected, {len(found)} found"] if len(expected) != len(found) else []
    return told + [
        f"{k} {c}: {e} {f}"
        for k in old.keys() & new.keys()
        for c, e, f in zip(columns, old[k], new[k], strict=True)
        if not same(e, f)
    ]


@pytest.mark.parametrize("table", GOLD, ids=lambda t: t.name)
def test_gold_is_the_answer_of_an_independent_engine_in_every_cell(
    lake: Delivered, table: Any, figures: Noted
):
    names = table.column_names
    ordered = [*table.primary_key, *(n for n in names if n not in table.primary_key)]
    wanted = lake.truth(f"select {', '.join(ordered)} from ({oracle.GOLD[table.name]})")
    found = [tuple(r) for r in lake.table(f"gold.{table.name}").select(*ordered).collect()]
    assert wanted
    assert differences(tuple(ordered), len(table.primary_key), wanted, found)[:5] == []
    figures.add(COMPARED, "TPC-DS scale 0.01", len(names) * len(wanted))


@pytest.mark.parametrize("table", ["store_sales", "catalog_returns", "customer", "date_dim"])
def test_silver_is_what_dsdgen_made_in_every_cell(lake: Delivered, table: str, figures: Noted):
    agreed = contract("tpcds").table(table)
    names = ", ".join(agreed.sent_names)
    types = ", ".join(
        f"cast({n} as {'varchar' if (t := agreed.column(n).type) == 'string' else t}) as {n}"
        for n in agreed.sent_names
    )
    wanted = sorted(lake.truth(f"select {names} from (select {types} from {table})"), key=repr)
    rows = lake.table(f"silver.{table}").select(*agreed.sent_names).collect()
    assert sorted(map(tuple, rows), key=repr) == wanted
    figures.add(COMPARED, "TPC-DS scale 0.01", len(agreed.sent_names) * len(wanted))


def test_every_file_and_row_has_the_outcome_that_the_sample_expects(
    lake: Delivered, expected: dict[str, Any], figures: Noted
):
    assert Counter(f.status for f in lake.ledger.files()) == {
        "accepted": 17,
        "quarantined": 1,
        "duplicate": 1,
    }
    assert [(f.reason, f.dataset) for f in lake.ledger.files() if f.reason] == [
        ("corrupt_gzip", "store_sales")
    ]
    found = {n: {k: getattr(r.rows, k) for k in expected["rows"][n]} for n, r in lake.results.items()}
    assert found == {t: expected["rows"][t] for t in TABLES}
    figures(ACCOUNTED, "TPC-DS scale 0.01, ten tables", accounted(found))
    reasons: Counter[str] = sum((Counter(r.reasons) for r in lake.results.values()), Counter())
    assert reasons.keys() == expected["quarantine"].keys()
    wrong = lake.table("quarantine.store_sales_rows").where("array_contains(reasons, 'invalid_type')").first()
    assert wrong
    assert (wrong["columns"], '"ss_quantity":"many"' in wrong["raw_record"]) == (["ss_quantity"], True)


@pytest.mark.parametrize(("table", "column"), DATES.items())
def test_facts_stand_under_the_year_and_month_that_date_dim_gives_and_undated_ones_under_none(
    lake: Delivered, table: str, column: str
):
    found = lake.table(f"silver.{table}").groupBy("year", "month").count().collect()
    wanted = lake.truth(
        f"select d_year, d_moy, count(*) from {table} left join date_dim on d_date_sk = {column} group by all"
    )
    assert sorted(map(tuple, found), key=repr) == sorted(wanted, key=repr)
    assert any(year is None for year, _, _ in wanted)


def test_what_was_added_to_dimensions(lake: Delivered):
    names = lake.table("silver.customer").where("c_customer_sk = 1").select("full_name").collect()
    assert [tuple(r) for r in names] == lake.truth(
        "select c_first_name || ' ' || c_last_name from customer where c_customer_sk = 1"
    )
    assert lake.table("silver.date_dim").where("is_weekend <> (weekday(d_date) >= 5)").count() == 0


def test_foreign_keys_are_measured(lake: Delivered):
    def orphans(column: str, table: str, target: str, key: str) -> int:
        return int(
            lake.truth(
                f"select count(*) from {table} anti join {target} on {column} = {key} where {column} is not null"
            )[0][0]
        )

    figures = lake.results["store_returns"].metrics
    assert figures["orphans_sr_customer_sk"] == orphans(
        "sr_customer_sk", "store_returns", "customer", "c_customer_sk"
    )
    assert figures["orphans_sr_item_sk"] == figures["orphans_sr_item_sk_sr_ticket_number"] == 0
    assert "orphans_sr_store_sk" not in figures  # no file of that table has come

    job = lake.job("measured-again")
    lake.spark.sql(f"DELETE FROM {job.identifier(job.contract.table('customer'))} WHERE c_customer_sk <= 100")
    gone = lake.truth(
        "select count(*) filter (where sr_customer_sk <= 100), count(sr_customer_sk) from store_returns"
    )[0]
    found = orphan_counts(lake.spark, job, [job.contract.table("store_returns")])["store_returns"]
    assert (found["orphans_sr_customer_sk"], found["orphan_rate"]) == (gone[0], gone[0] / gone[1])
    lake.spark.sql(
        f"DELETE FROM {job.identifier(job.contract.table('store_sales'))} WHERE ss_ticket_number <= 100"
    )
    (lost, of) = lake.truth(
        "select count(*) filter (where sr_ticket_number <= 100), count(*) from store_returns"
    )[0]
    found = orphan_counts(lake.spark, job, [job.contract.table("store_returns")])["store_returns"]
    assert 0 < lost == found["orphans_sr_item_sk_sr_ticket_number"]
    assert found["orphan_rate_sr_item_sk_sr_ticket_number"] == lost / of


def test_bronze_goes_on_in_the_middle_of_a_table_and_takes_no_file_twice(lake: Delivered):
    assert 0 < sum(map(len, lake.before.values())) < 17
    after = {t: lake.keys(t) for t in TABLES}
    assert all(after[t].items() >= lake.before[t].items() for t in TABLES)
    lake.bronze("run-2")
    assert {t: lake.keys(t) for t in TABLES} == after
    assert not lake.ledger.pending("tpcds", "store_sales")
