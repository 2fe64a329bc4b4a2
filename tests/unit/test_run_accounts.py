"""What a run that is started again after it died says of the dataset that it had loaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from glue_scripts.bronze_to_silver import store_days
from glue_scripts.engine.run.job import Job
from local.ledger_table import create_ledger_table
from shared.contracts import contract
from shared.ledger import Ledger
from shared.ledger.model import FileStatus, LedgerFile, RowCounts, RunResult
from shared.ledger.observed import Learnt
from shared.usual.days import Day
from tests.support.ingest_rig import NAMES

MONDAY = dt.date(2026, 6, 1)
LOADED = RunResult(
    *("shop", "run-1", "events", RowCounts(100, 90, 10)),
    reasons={"invalid_type": 10},
    metrics={"total_rows": 100, "unusual": 1},
    files=1,
    gate="warn",
    gate_findings=("quarantine_rate is 0.1",),
    finished_at="2026-06-02T00:10:00+00:00",
)


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", NAMES.region)
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(
            Bucket=NAMES.bucket("metrics"), CreateBucketConfiguration={"LocationConstraint": NAMES.region}
        )
        ledger = Ledger(create_ledger_table(boto3.resource("dynamodb"), NAMES.ledger_table))
        yield SimpleNamespace(ledger=ledger, s3=s3, cloudwatch=boto3.client("cloudwatch"))


def test_the_account_of_what_was_loaded_before_stays(clients: Any) -> None:
    ledger = clients.ledger
    for days in range(1, 71):
        ledger.note_day("shop", "events", Day(MONDAY - dt.timedelta(days=days), 1, 1000))
    few = LedgerFile("raw", "shop/events/a.csv", "v1", "shop", "events", FileStatus.ACCEPTED, records=100)
    ingested = {"ingested_at": "2026-06-01T10:00:00+00:00", "processed_by": "run-1"}
    ledger.commit(replace(few, event_dates=("2026-06-01",), **ingested))
    ledger.note_learnt("shop", "events", Learnt("run-0", "2026-05-31"))
    ledger.record_run(LOADED)
    job = Job(NAMES, contract("shop"), "run-1", now=dt.datetime(2026, 6, 2, 0, 30, tzinfo=dt.UTC))
    [said] = [r for r in store_days(job, clients, []) if r.dataset == "events"]
    [kept] = [r for r in ledger.runs("shop", "run-1") if r.dataset == "events"]
    for result in (said, kept):
        assert (result.rows, result.reasons, result.files) == (LOADED.rows, LOADED.reasons, 1)
        assert result.gate_findings[0] == "quarantine_rate is 0.1"
        assert any("2026-06-01 brought 100 rows" in finding for finding in result.gate_findings)
