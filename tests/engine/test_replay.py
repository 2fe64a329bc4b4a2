"""Quarantined files and rows after a fix: what passes leaves quarantine, what fails keeps its history."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from glue_scripts.engine.run.job import Replay
from shared.contracts import contract
from shared.ingestion import ingest
from shared.ledger.model import RowCounts
from tests.support import rig as rig_module
from tests.support.rig import Rig

KEY = "web/ndjson/a.ndjson"


def line(number: int, **changed: Any) -> bytes:
    record = {
        "timestamp": f"2024-11-29T10:00:{number:02d}Z",
        "ip": "10.0.0.1",
        "request_type": "GET",
        "status": 200,
        "endpoint": "/",
    }
    return json.dumps(record | changed).encode() + b"\n"


@pytest.fixture
def fixed_contract(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Calling it fixes the contract: PURGE becomes a method, XML is accepted for NDJSON too."""
    before = contract("web")

    def fix() -> None:
        table = before.table("logs")
        rules = tuple(replace(r, when=r.when.replace("'ERROR')", "'ERROR', 'PURGE')")) for r in table.rejects)
        logs = replace(table, rejects=rules)
        datasets = tuple(
            replace(d, target=logs, formats=(*d.formats, "xml")) if d.target is table else d
            for d in before.datasets
        )
        silver = tuple(logs if t is table else t for t in before.silver)
        after = replace(before, silver=silver, datasets=datasets)
        for module in (ingest, rig_module):
            monkeypatch.setattr(module, "contract", lambda _: after)

    return fix


def test_replay_moves_what_passes_and_leaves_the_rest_with_its_history(
    rig: Callable[..., Rig], fixed_contract: Callable[[], None]
):
    lake = rig("replay", "web")
    lake.drop(
        KEY,
        line(0) + line(1, request_type="PURGE") + line(2, request_type="PURGE", status=42) + line(3, ip="no"),
    )
    document = b"<r><e timestamp='2024-11-29T11:00:00Z' ip='::1' request_type='GET' status='200'/></r>"
    aside = lake.drop("web/ndjson/b.ndjson", document)
    lake.drop("web/ndjson/empty.ndjson", b" ")
    assert aside is not None
    assert aside.reason == "format_not_accepted"
    lake.silver("run-1")
    assert lake.results("run-1")["ndjson"].rows == RowCounts(4, 1, 3)
    columns = ("reasons", "run_id", "history", "columns")

    lake.silver("run-2", replay=Replay())
    assert lake.results("run-2")["ndjson"].rows == RowCounts(4, 1, 3)
    assert {r[1:3] for r in lake.rows("quarantine.data_quality", *columns)} == {("run-1", None)}

    fixed_contract()
    lake.run("run-3", replay=Replay(reason="invalid_type"))
    assert lake.rows("gold.daily_activity", "total_requests") == [(1,)]

    lake.run("run-4", replay=Replay(dataset="ndjson"))
    assert lake.rows("gold.daily_activity", "total_requests") == [(3,)]
    left = [json.loads(r[0]) for r in lake.rows("quarantine.data_quality", "raw_record")]
    assert sorted(r["status"] for r in left) == ["200", "42"]
    assert [(r[0], r[1], r[3]) for r in lake.rows("quarantine.data_quality", *columns)] == [
        (["invalid_value"], "run-1", ["ip_address"]),
        (["invalid_value"], "run-1", ["status_code"]),
    ]
    found = {
        f.key.rpartition("/")[2]: (str(f.status), f.reason, f.records, f.processed_by)
        for f in lake.ledger.files("web")
    }
    assert found == {
        "a.ndjson": ("accepted", None, 4, "run-4"),
        "b.ndjson": ("accepted", None, 1, "run-4"),
        "empty.ndjson": ("quarantined", "empty_file", 0, None),
    }
    moved = next(f for f in lake.ledger.files("web") if f.key.endswith("b.ndjson"))
    assert [h["reason"] for h in json.loads(moved.history or "[]")] == ["format_not_accepted"]
    left = [re.sub(r"-[0-9a-f]{12}\.", ".", k) for k in lake.objects("quarantine", "web/system/")]
    assert left == [f"web/system/lambda/ndjson/empty.ndjson{end}" for end in ("", ".reason.json")]

    commits, rows = lake.commits("silver.logs"), lake.rows("quarantine.data_quality")
    lake.silver("run-5", replay=Replay())
    assert (lake.commits("silver.logs"), lake.rows("quarantine.data_quality")) == (commits, rows)
