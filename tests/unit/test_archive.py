"""Processed files move to the archive, rejected ones are replayed; a run that dies or misses an object harms
no other file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from glue_scripts.engine.bronze import intake
from glue_scripts.engine.bronze.archive import archive_files
from glue_scripts.engine.quarantine.replay import replay_files
from glue_scripts.engine.run.job import Job, Replay
from shared.contracts import contract
from tests.support.ingest_rig import GOOD, NAMES, InjectedError, Rig, rig

ARCHIVED = "archive/shop/events/a.json_20240305T120000Z_r1"


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        yield made


@pytest.mark.parametrize("dies_before", ["DeleteObject", "UpdateItem", "CopyObject", None])
def test_a_run_that_dies_while_it_archives_is_repaired_by_the_next(lake: Rig, dies_before: str | None):
    lake.arrive("shop/events/x/a.json", GOOD)
    clients: Any = SimpleNamespace(s3=lake.s3, ledger=lake.ledger)
    calls: list[str] = []

    def fail(model: Any, **_: Any) -> None:
        calls.append(model.name)
        if model.name == dies_before and calls.count(model.name) == 1:
            raise InjectedError(model.name)

    lake.s3.meta.events.register("before-call.s3", fail)
    lake.ledger._table.meta.client.meta.events.register("before-call.dynamodb", fail)
    if dies_before:
        with pytest.raises(InjectedError):
            archive_files(clients, lake.ledger.pending("shop", "events"), "r1")
    archive_files(clients, lake.ledger.pending("shop", "events"), "r1")
    assert lake.objects("bronze") == {ARCHIVED: GOOD}
    assert [f.target_key for f in lake.ledger.files()] == [ARCHIVED]


def test_entries_that_share_a_stored_object_each_get_their_copy(lake: Rig):
    lake.arrive("web/ndjson/a.ndjson", LINE)
    lake.arrive("web/ndjson/a.ndjson", LINE)
    clients: Any = SimpleNamespace(s3=lake.s3, ledger=lake.ledger)
    archive_files(clients, lake.ledger.pending("web", "ndjson"), "r1")
    assert sorted(lake.objects("bronze")) == sorted(f.target_key or "" for f in lake.ledger.files())
    assert list(lake.objects("bronze").values()) == [LINE, LINE]


def test_a_file_that_is_no_longer_in_quarantine_does_not_stop_the_replay(
    lake: Rig, capsys: pytest.CaptureFixture[str]
):
    gone, kept = (lake.arrive("web/ndjson/a.ndjson", content) for content in (b"", b"\0"))
    lake.s3.delete_object(Bucket=gone.target_bucket, Key=gone.target_key)
    lake.s3.put_object(
        Bucket=kept.target_bucket, Key=kept.target_key, Body=LINE
    )  # stands for a contract that was fixed
    clients: Any = SimpleNamespace(s3=lake.s3, ledger=lake.ledger)
    replay_files(REPLAY, clients, contract("web").dataset("ndjson"))
    assert {f.version: f.status for f in lake.ledger.files()} == {
        gone.version: "quarantined",
        kept.version: "accepted",
    }
    assert f"nothing stands at {gone.target_key}" in capsys.readouterr().out


@pytest.mark.parametrize(("largest", "status"), [(200, "accepted"), (50, "quarantined")])
def test_a_replay_reads_files_as_large_as_the_bronze_job_does(
    lake: Rig, monkeypatch: pytest.MonkeyPatch, largest: int, status: str
):
    monkeypatch.setattr(intake, "LARGEST_BYTES", largest)
    file = lake.arrive("web/ndjson/a.ndjson", b"\0")
    lake.s3.put_object(Bucket=file.target_bucket, Key=file.target_key, Body=LINE)  # 104 bytes
    clients: Any = SimpleNamespace(s3=lake.s3, ledger=lake.ledger)
    replay_files(REPLAY, clients, contract("web").dataset("ndjson"))
    assert [f.status for f in lake.ledger.files()] == [status]


def test_without_a_replay_nobody_looks_for_quarantined_files(lake: Rig):
    lake.arrive("web/ndjson/a.ndjson", b"\0")
    lake.faults.calls.clear()
    clients: Any = SimpleNamespace(s3=lake.s3, ledger=lake.ledger)
    replay_files(replace(REPLAY, replay=None), clients, contract("web").dataset("ndjson"))
    assert lake.faults.calls == []


REPLAY = Job(NAMES, contract("web"), "r1", replay=Replay())
LINE = (
    b'{"timestamp":"2024-11-29T10:00:00Z","ip":"10.0.0.1","request_type":"GET","status":200,"endpoint":"/"}\n'
)
