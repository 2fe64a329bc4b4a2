"""The tpcds sample through the real jobs: from text at a source location to gold, every cell against DuckDB on dsdgen's clean rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from glue_scripts import bronze_ingest
from glue_scripts.engine.job import Delivery
from local.samples import SAMPLES
from local.samples.tpcds import oracle
from shared.contracts import contract
from tests.engine.rig import Rig

SOURCE = Delivery("deliveries", "TPC-DS/small/", tuple(d.name for d in contract("tpcds").datasets))


class Delivered(Rig):
    """A lake whose files lie at a source location, with the sample's expectation."""

    def deliver(self, folder: Path) -> None:
        self.sample = folder
        self.s3.create_bucket(Bucket=SOURCE.bucket)
        for file in sorted(f for f in (folder / "raw" / "tpcds").rglob("*") if f.is_file()):
            self.s3.upload_file(str(file), SOURCE.bucket, f"{SOURCE.prefix}{file.parent.name}/{file.name}")

    def bronze(self, run_id: str) -> None:
        job = self.job(run_id, source=SOURCE)
        bronze_ingest.main(self.spark, job, self.clients(job))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tpcds")
    SAMPLES["tpcds"].generate(0.01, 7, folder, progress=False)
    return folder


@pytest.fixture(scope="module")
def lake(spark: Any, sample: Path) -> Delivered:
    made = Delivered(spark, "tpcds", "tpcds")
    made.deliver(sample)
    made.bronze("run-1")
    made.results = made.run("run-1")
    return made


def same(expected: Any, found: Any) -> bool:
    """Equal; doubles up to the last of their 6 places, which the engines round each in their own way."""
    if isinstance(expected, float) and isinstance(found, float):
        return abs(expected - found) <= 1.01e-6
    return expected == found


def differences(columns: list[str], key: int, expected: list[tuple[Any, ...]], found: list[tuple[Any, ...]]) -> list[str]:
    def by_key(rows: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        return {r[:key]: r for r in rows}

    old, new = by_key(expected), by_key(found)
    told = [f"only one side has {k}" for k in old.keys() ^ new.keys()]
    return told + [
        f"{k} {c}: {e} {f}" for k in old.keys() & new.keys() for c, e, f in zip(columns, old[k], new[k], strict=True) if not same(e, f)
    ]


@pytest.mark.parametrize("table", list(oracle.GOLD))
def test_gold_is_the_answer_of_an_independent_engine_in_every_cell(lake: Delivered, table: str):
    agreed = contract("tpcds").table(table)
    with oracle.connected(lake.sample / "truth") as con:
        expected = con.execute(f"select {', '.join(agreed.column_names)} from ({oracle.GOLD[table]})").fetchall()
    found = [tuple(r) for r in lake.table(f"gold.{table}").select(*agreed.column_names).collect()]
    assert len(expected) == len(found)
    assert differences(list(agreed.column_names), len(agreed.primary_key), expected, found)[:5] == []
