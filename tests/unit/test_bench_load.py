"""The load benchmark: what it says must become of the files that it makes, and that it becomes of them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cli.bench._load_files import Expected, expected, made_files
from cli.bench.load import percentiles
from local.settings import ROOT
from tests.support.figures import Noted

LOAD = "2,000 files, 10,000 events, 8 workers on 2 cores: one outcome each, silver exact"


def test_of_a_hundred_files_five_come_twice_and_two_are_none() -> None:
    counts = {"accepted": 93, "pending": 93, "duplicate": 5, "quarantined": 2}
    assert expected(100, 1000) == Expected(counts, {"empty_file": 1, "corrupt_gzip": 1}, 372)
    files = list(made_files(100, 1000))
    assert [f.number for f in files if f.twin is not None] == [20, 40, 60, 80, 99]
    assert len({f.key for f in files}) == 100
    assert len({f.content for f in files}) == 95
    assert files[21].content.count(b"\n") == 4
    assert 800 < len(files[21].content) < 1200


def test_batches_are_told_by_what_half_and_nearly_all_of_them_took() -> None:
    assert percentiles([n / 10 for n in range(200, 0, -1)]) == (10.0, 19.8)
    assert percentiles([3.0]) == (3.0, 3.0)  # of few events there is one batch


@pytest.mark.slow
def test_the_events_of_thousands_of_files_leave_each_with_one_outcome_and_silver_exact(
    figures: Noted,
) -> None:
    """It fails unless all is exact; how quick it was is told, never held."""
    command = [sys.executable, "-m", "cli", "bench", "load"]
    # Its domain is one of the product's, not of the tests' own project.
    product = {name: value for name, value in os.environ.items() if name != "LAKE_PROJECT"}
    done = subprocess.run(command, cwd=ROOT, env=product, stdout=subprocess.PIPE, text=True, check=False)
    ingestion, run = tables(done.stdout)
    assert (ingestion["files"], ingestion["events"], ingestion["retried"]) == ("2,000", "10,000", "0")
    assert (run["files in one run"], run["records"]) == ("1,860", "7,440")
    figures(
        LOAD, "ingestion: files and events a minute", f"{ingestion['files/min']}, {ingestion['events/min']}"
    )
    figures(
        LOAD, "ingestion: seconds for ten events, p50, p99", f"{ingestion['s/batch p50']}, {ingestion['p99']}"
    )
    figures(LOAD, "freshness: seconds until the last outcome", ingestion["s"])
    figures(LOAD, "memory of all processes with the emulation, MB", ingestion["peak MB"])
    figures(LOAD, "one run over them: CPU seconds, MB", f"{run['CPU s']}, {run['peak MB']}")


def tables(printed: str) -> list[dict[str, str]]:
    """The tables of one row that a benchmark prints, by column."""
    lines = [[c.strip() for c in line.strip("|").split("|")] for line in printed.splitlines() if "|" in line]
    return [dict(zip(lines[i], lines[i + 2], strict=True)) for i in range(0, len(lines), 3)]
