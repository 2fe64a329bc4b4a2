"""What silver costs against DuckDB doing the same work, and what a day costs after a long history: `./lake
bench silver`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import sys
from pathlib import Path

from cli.bench import _lake
from cli.bench._cpu import Cost, measured
from cli.bench._lake import BenchLake
from cli.bench._wrong import WRONG
from local.errors import LakeError
from shared.contracts import contract

DOMAIN, SEED = "ecommerce", 7
NEW_DAY = dt.date(2026, 10, 28)
STAGES = ("bronze-to-silver", "silver-to-gold")
MOST_RATIO, MOST_GROWTH = 4.0, 1.2


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./lake bench silver", description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=4_000_000, help="rows of the comparison with DuckDB; 0 leaves it out"
    )
    parser.add_argument(
        "--days", type=int, nargs=2, default=(10, 300), help="days of history before the new day"
    )
    parser.add_argument(
        "--day-rows", type=int, default=10_000, help="rows of each day of history; 0 leaves it out"
    )
    options = parser.parse_args(argv)
    good = not options.rows or _compare_with_duckdb(options.rows)
    return 0 if (not options.day_rows or _compare_histories(options.days, options.day_rows)) and good else 1


def _compare_with_duckdb(rows: int) -> bool:
    """Both engines read the files that ingestion accepted; the rows of every table must agree before seconds
    are compared.
    """
    folder = _lake.sample(DOMAIN, rows, 7, seed=SEED)
    expected = json.loads((folder / "expected.json").read_text())
    with BenchLake("silver", DOMAIN) as lake:
        lake.drop(folder)
        spark = lake.run(["bronze-to-silver"], "bench", long=True)["bronze-to-silver"]
        files, out = _lake.FOLDER / "files.json", _lake.FOLDER / "duckdb"
        files.write_text(_lake.profiles(lake.session, DOMAIN, folder))
        duck = _run_duckdb(files, out)
        _check_rows(lake, json.loads(duck.output), expected)
    read = sum(r["read"] for r in expected["rows"].values())
    print(f"\n| {read:,} records | CPU s | wall s | peak MB | records per CPU s |\n|---|---:|---:|---:|---:|")
    for name, cost in (("bronze to silver on Spark", spark), ("DuckDB, the same work", duck)):
        print(f"| {name} | {cost.cpu:.1f} | {cost.wall:.1f} | {cost.peak} | {read / cost.cpu:,.0f} |")
    print(f"\nratio of CPU seconds: {spark.cpu / duck.cpu:.2f} (at most {MOST_RATIO})")
    return spark.cpu / duck.cpu <= MOST_RATIO


def _run_duckdb(files: Path, out: Path) -> Cost:
    shutil.rmtree(out, ignore_errors=True)
    return measured([sys.executable, "-m", "cli.bench._duck", DOMAIN, str(files), str(out)])


def _check_rows(lake: BenchLake, duck: dict[str, int], expected: dict[str, dict[str, int]]) -> None:
    runs = lake.session.ledger.runs(DOMAIN, "bench")
    spark = {f"quarantine/{r.dataset}": r.rows.quarantined for r in runs}
    reference = spark | {
        name: rows for name, rows in expected["tables"].items() if name.startswith("silver/")
    }
    written = {f"silver/{contract(DOMAIN).dataset(r.dataset).target.name}": r.rows.written for r in runs}
    for name, rows in (reference | written).items():
        if not rows == reference[name] == duck.get(name):
            raise LakeError(
                f"{name}: expected {reference[name]}, Spark has {rows}, DuckDB {duck.get(name)}", WRONG
            )


def _compare_histories(days: tuple[int, int], rows: int) -> bool:
    """The same new day after a short and a long history: silver and gold together."""
    new_day = _lake.sample(DOMAIN, rows, 1, seed=SEED + 1, start=NEW_DAY)
    print("\n| days of history | silver, CPU s | gold, CPU s | both |\n|---:|---:|---:|---:|")
    costs = []
    for count in days:
        history = _lake.sample(
            DOMAIN, rows * count, count, seed=SEED, start=NEW_DAY - dt.timedelta(days=count)
        )
        with BenchLake("history", DOMAIN) as lake:
            for folder, run_id in ((history, "history"), (new_day, "new-day")):
                lake.drop(folder)
                # Each on a JVM of its own, as on Glue.
                silver, gold = (
                    lake.run([stage], run_id, long=run_id == "history")[stage] for stage in STAGES
                )
        costs.append(silver.cpu + gold.cpu)
        print(f"| {count} | {silver.cpu:.1f} | {gold.cpu:.1f} | {costs[-1]:.1f} |", flush=True)
    print(f"\ngrowth: {costs[-1] / costs[0]:.2f} (at most {MOST_GROWTH})")
    return costs[-1] / costs[0] <= MOST_GROWTH
