"""`./lake try` against the lake that it stands for: the same files give the same tables and counts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.errors import PythonException
from pyspark.sql import DataFrame, SparkSession

from cli.trial.findings import findings, write_tables
from cli.trial.lake import TRIALS, Engine
from cli.trial.placing import placed
from cli.trial.report import Report
from cli.trial.steps import Tried, _message, tried
from glue_scripts.engine.gold import Lake
from glue_scripts.engine.gold.promises import TransformError
from local.aws.process import Emulation
from local.settings import ROOT
from shared.contracts import contract
from tests.support.rig import Rig

SHOP = contract("shop")
EVENTS = """event_id,user_id,ts,price,colour
e1,u1,2026-05-01T10:00:00Z,1.50,red
e1,u1,2026-05-01T10:00:00Z,1.50,red
,u2,2026-05-01T11:00:00Z,2,
e3,u3,soon,x,
e4,u1,2026-05-02T10:00:00Z,,
"""
TRANSACTIONS = (
    '{"tx_id":"t1","user_id":"u1","amount":12.5,"status":"paid","created_at":"2026-05-01T10:00:00Z"}\n'
)
FILES = {
    "events/a.csv": EVENTS,
    "events/b.csv": EVENTS,
    "events/c.bin": "\0\1\2",
    "transactions/t.ndjson": TRANSACTIONS,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("files")
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture(scope="module")
def trial(spark: SparkSession, emulation: Emulation, files: Path) -> Tried:
    return tried(Engine(spark, emulation), SHOP, placed([files], SHOP, None)[0], gold=True)


@pytest.fixture(scope="module")
def report(trial: Tried) -> Report:
    return findings(trial, ())


def test_tables_and_counts_are_those_of_a_real_run(
    trial: Tried, report: Report, rig: Callable[[str], Rig], files: Path, tmp_path: Path
) -> None:
    real = rig("as-real")
    real.drop_all(files, [])
    for name, text in FILES.items():
        real.drop(f"shop/{name}", text.encode())
    results = real.run("r1")
    assert {name: d.rows for name, d in report.datasets.items()} == {n: r.rows for n, r in results.items()}
    assert {name: d.reasons for name, d in report.datasets.items()} == {
        n: r.reasons for n, r in results.items()
    }
    written = {f"{f.parent.name}.{f.stem}": pq.read_table(f) for f in write_tables(trial, tmp_path)}
    assert written.keys() == report.tables.keys() == {f"{t.zone}.{t.name}" for t in SHOP.tables}
    for name, table in written.items():
        columns = [c for c in table.column_names if not c.startswith("_")]
        # Athena and Spark name the zone of an instant differently; the instants are compared.
        rows = [
            tuple(str(v).removesuffix("+00:00") for v in r.values())
            for r in table.select(columns).to_pylist()
        ]
        expected = [tuple(map(str, r)) for r in real.rows(name, *columns)]
        assert sorted(rows) == sorted(expected), name
        assert report.tables[name].rows == len(expected)


def test_the_report_tells_each_files_and_each_records_fate(report: Report) -> None:
    assert [(Path(f.path).name, f.outcome, f.reason, f.records) for f in report.files] == [
        ("a.csv", "accepted", None, 5),
        ("b.csv", "duplicate", None, 5),
        ("c.bin", "quarantined", "not_text", 0),
        ("t.ndjson", "accepted", None, 1),
    ]
    events = report.datasets["events"]
    assert (events.rows.read, events.rows.written, events.rows.quarantined, events.rows.deduplicated) == (
        5,
        2,
        2,
        1,
    )
    faults = {
        (f.reason, f.columns): [(Path(p.file).name, p.number, p.unit) for p in f.places]
        for f in events.faults
    }
    assert faults == {
        ("invalid_type", ("ts", "price")): [("a.csv", 5, "line")],
        ("missing_key", ("event_id",)): [("a.csv", 4, "line")],
    }
    assert events.columns == {"event_id": 1, "price": 1, "ts": 1}
    assert report.unknown == {"events": {"colour": 1}}
    assert "events: 40% of the records were quarantined" in [w.text for w in report.warnings]
    assert not report.failed


def test_a_transform_that_fails_is_named_and_silver_is_shown_all_the_same(
    spark: SparkSession, emulation: Emulation, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from domains.shop import transforms

    def broken(lake: Lake) -> DataFrame:
        return lake.table("events").select("no_such_column")

    monkeypatch.setitem(transforms.GOLD, "dim_users", broken)
    events = placed([files / "events"], SHOP, None)[0][:1]
    report = findings(tried(Engine(spark, emulation), SHOP, events, gold=True), ())
    assert "no_such_column" in report.failures["gold"]
    assert report.failed
    assert report.tables["silver.events"].rows == 2


def test_what_python_said_of_a_row_is_told() -> None:
    trace = "\nTraceback (most recent call last):\n  File x, line 1\nValueError: no price\n"
    error = TransformError("shop.daily: transform daily (x.py, line 3) fails on a row: PythonException")
    error.__cause__ = PythonException(f"An exception was thrown from the Python worker.{trace}")
    assert _message(error, None).endswith("line 3) fails on a row: PythonException (ValueError: no price)")


def test_the_verb_starts_tries_tells_and_leaves_nothing(files: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "cli",
        "try",
        "shop",
        "events",
        "--no-gold",
        "--json",
        "o.json",
        "--out",
        "out",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LAKE_CALLED_FROM": str(tmp_path)}
    for name in [n for n in environment if n.startswith(("PYSPARK_GATEWAY", "AWS_"))]:
        del environment[name]
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "a.csv").write_text(EVENTS)
    # A Python process at the JVM reads this one.
    (tmp_path / "events" / "b.json").write_text('[{"event_id": "e9", "ts": "2026-05-01T10:00:00Z"}]')
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert "invalid_type" in done.stdout
    assert "a.csv line 5" in done.stdout
    told = json.loads((tmp_path / "o.json").read_text())
    assert told["datasets"]["events"]["written"] == 3
    assert pq.read_metadata(tmp_path / "out" / "silver" / "events.parquet").num_rows == 3
    assert not list(TRIALS.glob("*"))
