"""TPC-DS from text to gold against DuckDB doing the same work: `./lake bench tpcds --scale 1`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from cli.bench import _lake
from cli.bench._cpu import Cost, measured
from cli.bench._lake import BenchLake
from cli.bench._wrong import WRONG
from local.errors import LakeError

DOMAIN, SEED = "tpcds", 7
MOST_RATIO, MOST_GOLD_RATIO, MOST_MEGABYTES = 6.0, 10.0, 6 * 1024
STAGES = ("bronze-ingest", "bronze-to-silver", "silver-to-gold")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./lake bench tpcds", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="scale factor (default 1)")
    scale = parser.parse_args(argv).scale
    folder = _lake.sample(DOMAIN, scale, seed=SEED)
    expected = json.loads((folder / "expected.json").read_text())
    with BenchLake("tpcds", DOMAIN) as lake:
        lake.drop(folder)
        spark = lake.run(STAGES, "bench", long=True)
        written = {d.dataset: d.rows.written for d in lake.session.ledger.runs(DOMAIN, "bench")}
    print(f"\n| scale {scale:g} | CPU s | wall s | peak MB |\n|---|---:|---:|---:|")
    _print_costs(spark)
    duck = _run_duckdb(folder)
    counts = json.loads(duck.output)
    _check_rows(
        {t.removeprefix("silver/"): n for t, n in expected["tables"].items() if t.startswith("silver/")},
        written,
        counts["rows"],
    )
    _print_costs({"DuckDB, all of it": duck})
    return _print_verdict(spark, duck, counts["gold_cpu"])


def _run_duckdb(folder: Path) -> Cost:
    out = _lake.FOLDER / "duckdb-tpcds"
    shutil.rmtree(out, ignore_errors=True)
    return measured([sys.executable, "-m", "cli.bench._duck_tpcds", str(folder / "raw" / DOMAIN), str(out)])


def _check_rows(expected: dict[str, int], spark: dict[str, int], duck: dict[str, int]) -> None:
    for table, rows in expected.items():
        if not rows == spark.get(table) == duck.get(table):
            raise LakeError(
                f"{table}: expected {rows} rows, Spark has {spark.get(table)}, DuckDB {duck.get(table)}",
                WRONG,
            )


def _print_costs(costs: dict[str, Cost]) -> None:
    for name, cost in costs.items():
        print(f"| {name} | {cost.cpu:.1f} | {cost.wall:.1f} | {cost.peak} |", flush=True)


def _print_verdict(spark: dict[str, Cost], duck: Cost, gold: float) -> int:
    total, peak = sum(c.cpu for c in spark.values()), max(c.peak for c in spark.values())
    whole, alone = total / duck.cpu, spark["silver-to-gold"].cpu / gold
    print(f"\nratio of CPU seconds: {whole:.2f} (at most {MOST_RATIO})")
    print(f"gold alone: {alone:.2f} (at most {MOST_GOLD_RATIO}; DuckDB {gold:.1f} CPU s)")
    return 0 if whole <= MOST_RATIO and alone <= MOST_GOLD_RATIO and peak <= MOST_MEGABYTES else 1
