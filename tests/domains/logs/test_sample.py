"""The shipped logs sample through the real engine: every figure against the clean truth."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from domains.logs.sample.oracle import SILVER, gold_sql
from domains.samples import sample_of
from tests.support.figures import ACCOUNTED, COMPARED, Noted, accounted
from tests.support.rig import Rig, truth


def test_the_sample_comes_out_as_its_clean_truth(rig: Callable[..., Rig], tmp_path: Path, figures: Noted):
    expected = sample_of("logs").generate(1500, 2, 3, tmp_path, progress=False)
    lake = rig("logsample", "logs")
    outcomes = lake.drop_all(
        tmp_path / "raw", sorted(f for f in (tmp_path / "raw").rglob("*") if f.is_file())
    )
    assert {**outcomes, "received": sum(outcomes.values())} == expected["files"]
    assert Counter(f.reason for f in lake.ledger.files() if f.reason) == expected["file_reasons"]
    results = lake.run("run-1")
    found = {n: {k: getattr(r.rows, k) for k in expected["rows"][n]} for n, r in results.items()}
    assert found == expected["rows"]
    figures(ACCOUNTED, "logs sample", accounted(found))
    assert (
        json.loads(json.dumps(sum((Counter(r.reasons) for r in results.values()), Counter())))
        == expected["quarantine"]
    )
    silver = truth(tmp_path / "truth", f"select {', '.join(SILVER)} from logs")[1]
    assert lake.rows("silver.logs", *SILVER) == silver
    figures.add(COMPARED, "logs sample", len(SILVER) * len(silver))
    for table, sql in gold_sql().items():
        columns, rows = truth(tmp_path / "truth", sql)
        assert lake.rows(f"gold.{table}", *columns) == rows, table
        figures.add(COMPARED, "logs sample", len(columns) * len(rows))
