"""When a run starts by itself, and what CloudWatch is told."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lambdas.watch.due import Patience, Situation, is_due
from lambdas.watch.figures import freshness, job_run, silence, unknown_columns
from lambdas.watch.pipelines import Pipelines
from lambdas.watch.watch import Watch
from local.ledger_table import create_ledger_table
from shared.contracts import contract
from shared.ledger import Ledger
from shared.ledger.items import item_of
from shared.ledger.model import FileStatus, LedgerFile
from shared.ledger.observed import Learnt
from shared.names import Names
from shared.unknown_columns import UnknownColumns, observed_column

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
PATIENCE = Patience(files=3, wait=dt.timedelta(minutes=15))


def ago(minutes: float) -> dt.datetime:
    return NOW - dt.timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (Situation([]), False),
        (Situation([ago(1), ago(1)]), False),
        (Situation([ago(1), ago(1), ago(0)]), True),  # enough files
        (Situation([ago(15)]), True),  # old enough
        (Situation([ago(60)] * 1000, running=True), False),
        (Situation([ago(60)] * 1000, gate_closed=True), False),
        (Situation([ago(60)] * 1000, failed_at=ago(30)), False),  # all of them were there when the run failed
        (Situation([ago(60), ago(60), ago(20)], failed_at=ago(30)), True),  # one came later and is old enough
        (Situation([ago(60), ago(60), ago(5)], failed_at=ago(30)), False),
    ],
)
def test_a_run_is_due_when_enough_files_wait_or_one_waits_too_long(
    situation: Situation, expected: bool
) -> None:
    assert is_due(situation, PATIENCE, NOW) is expected


def ages(figures: list[dict[str, Any]]) -> dict[str, float]:
    return {f["Dimensions"][1]["Value"]: f["Value"] for f in figures}


def test_a_table_is_as_old_as_its_newest_file_and_gold_as_its_oldest_source_or_its_last_run() -> None:
    newest = {"events": ago(60), "users": ago(180), "never": None}
    assert ages(freshness("shop", newest, ago(30), NOW)) == {"events": 1.0, "users": 3.0, "gold": 3.0}
    assert ages(freshness("shop", newest, ago(600), NOW)) == {"events": 1.0, "users": 3.0, "gold": 10.0}
    assert ages(freshness("shop", {"never": None}, ago(600), NOW)) == {}


def test_a_job_s_cost_is_its_dpu_seconds_or_its_time_on_all_its_capacity() -> None:
    values = {
        f["MetricName"]: f["Value"]
        for f in job_run("shop", "silver", {"ExecutionTime": 600, "DPUSeconds": 900.0, "MaxCapacity": 10})
    }
    assert values == {"job_seconds": 600, "job_dpu_hours": 0.25}
    fixed = {
        f["MetricName"]: f["Value"]
        for f in job_run("shop", "silver", {"ExecutionTime": 600, "MaxCapacity": 6.0})
    }
    assert fixed == {"job_seconds": 600, "job_dpu_hours": 1.0}


EVENTS = contract("shop").dataset("events")
DAILY = Learnt("r1", "2026-02-28", gap_hours=36.0)


def values(figures: list[dict[str, Any]]) -> dict[str, float]:
    return {f["MetricName"]: f["Value"] for f in figures}


def test_a_dataset_that_is_silent_for_longer_than_its_history_allows_is_a_finding() -> None:
    assert values(silence(EVENTS, DAILY, ago(36 * 60), NOW)) == {"silence": 1.0}
    assert values(silence(EVENTS, DAILY, ago(54 * 60), NOW)) == {"silence": 1.5, "unusual": 1}
    assert silence(EVENTS, replace(DAILY, gap_hours=None), ago(10**6), NOW) == []
    assert silence(EVENTS, None, ago(10**6), NOW) == []
    assert silence(EVENTS, DAILY, None, NOW) == []
    switched_off = contract("web").datasets[0]
    assert silence(switched_off, DAILY, ago(10**6), NOW) == []


def test_an_unknown_column_is_as_old_as_its_first_file_until_the_contract_names_it() -> None:
    def report(*names: str) -> UnknownColumns:
        return UnknownColumns(
            tuple(observed_column(n, {f"2026-02-{20 + i}"}, 1, 1, 1) for i, n in enumerate(names))
        )

    assert values(unknown_columns(EVENTS, report("new", "newer"), NOW)) == {"unknown_column_days": 9.5}
    assert values(unknown_columns(EVENTS, report("Event-ID", "newer"), NOW)) == {"unknown_column_days": 8.5}
    assert unknown_columns(EVENTS, report("Event-ID"), NOW) == []


# --- with emulated services ---------------------------------------------------------------------------------

NAMES = Names("test", "123456789012", "us-east-1")
ROLE = "arn:aws:iam::123456789012:role/any"


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Watch]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", NAMES.region)
    with mock_aws():
        states = boto3.client("stepfunctions")
        states.create_state_machine(name=NAMES.state_machine("shop"), definition="{}", roleArn=ROLE)
        boto3.client("s3").create_bucket(Bucket=NAMES.bucket("quarantine"))
        yield Watch(
            NAMES,
            [contract("shop")],
            PATIENCE,
            Ledger(create_ledger_table(boto3.resource("dynamodb"), NAMES.ledger_table)),
            Pipelines(NAMES, states),
            boto3.client("s3"),
            boto3.client("glue"),
            boto3.client("cloudwatch"),
            lambda: NOW,
        )


def file(n: int, arrived: dt.datetime, processed_by: str | None = None) -> LedgerFile:
    key = f"shop/events/{n}.csv"
    return LedgerFile(
        *("raw", key, "v1", "shop", "events", FileStatus.ACCEPTED),
        ingested_at=arrived.isoformat(),
        processed_by=processed_by,
    )


def executions(watch: Watch) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = boto3.client("stepfunctions").list_executions(
        stateMachineArn=NAMES.machine_arn("shop")
    )["executions"]
    return found


def test_a_later_copy_of_a_file_starts_a_run_and_a_read_one_does_not(watch: Watch) -> None:
    copy = replace(file(1, ago(60)), status=FileStatus.DUPLICATE, later_copy=True)
    watch.ledger.commit(replace(copy, processed_by="run-1"))
    assert watch.check() == []
    watch.ledger.commit(copy)
    assert len(watch.check()) == 1


def test_a_thousand_files_cost_one_run(watch: Watch) -> None:
    watch.ledger.commit(file(0, ago(1)))
    with watch.ledger._table.batch_writer() as batch:  # moto copies its whole table for every transaction
        for n in range(1, 1000):
            batch.put_item(Item=item_of(file(n, ago(1))))
    assert watch.check() == ["20260301T1200Z-watch"]
    assert watch.check() == []  # it runs
    assert [e["name"] for e in executions(watch)] == ["20260301T1200Z-watch"]


def test_a_file_that_waits_for_the_bronze_job_waits_for_a_run(watch: Watch) -> None:
    watch.ledger.commit(replace(file(1, ago(60)), status=FileStatus.DEFERRED))
    assert len(watch.check()) == 1


def test_a_file_too_large_for_ingestion_starts_a_run_too(watch: Watch) -> None:
    watch.ledger.commit(replace(file(1, ago(60)), status=FileStatus.DEFERRED))
    assert watch.check() == ["20260301T1200Z-watch"]


def test_the_same_minute_s_check_twice_is_one_run(watch: Watch) -> None:
    assert watch.pipelines.start("shop", NOW) == watch.pipelines.start("shop", NOW)
    assert len(executions(watch)) == 1


def test_what_made_a_run_fail_does_not_start_another(watch: Watch) -> None:
    watch = replace(
        watch, clock=lambda: dt.datetime.now(dt.UTC)
    )  # the emulation dates executions by its own clock
    watch.ledger.commit(file(1, watch.clock() - dt.timedelta(hours=1)))
    [run_id] = watch.check()
    boto3.client("stepfunctions").stop_execution(executionArn=NAMES.execution_arn("shop", run_id))
    assert watch.pipelines.last_runs("shop").failed_at is not None
    assert watch.check() == []


def test_a_closed_gate_starts_nothing(watch: Watch) -> None:
    watch.ledger.commit(file(1, ago(60)))
    watch.ledger.halt("shop", "r1", ["too many nulls"])
    assert watch.check() == []


def test_figures_tell_what_waits_and_how_old_the_newest_row_is(watch: Watch) -> None:
    watch.ledger.commit(file(1, ago(240), processed_by="r1"))
    watch.ledger.commit(file(2, ago(120), processed_by="r1"))
    watch.ledger.commit(file(3, ago(5)))
    watch.check()
    metrics = boto3.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {
                "Id": name[0],
                "MetricStat": {
                    "Metric": {
                        "Namespace": "Lakehouse",
                        "MetricName": name,
                        "Dimensions": [
                            {"Name": "Domain", "Value": "shop"},
                            {"Name": "Dataset", "Value": "events"},
                        ],
                    },
                    "Period": 60,
                    "Stat": "Maximum",
                },
            }
            for name in ("freshness_hours", "pending_files", "oldest_pending_minutes")
        ],
        StartTime=dt.datetime.now(dt.UTC) - dt.timedelta(hours=1),
        EndTime=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1),
    )["MetricDataResults"]
    assert {m["Label"].split()[0]: m["Values"] for m in metrics} == {
        "freshness_hours": [2.0],
        "pending_files": [1.0],
        "oldest_pending_minutes": [5.0],
    }


def test_the_reason_of_a_failed_run_is_kept_and_that_of_a_foreign_machine_is_not(watch: Watch) -> None:
    detail = {
        "name": "r9",
        "status": "FAILED",
        "error": "E",
        "cause": "the cause",
        "stateMachineArn": NAMES.machine_arn("shop"),
    }
    assert watch.keep_reason(detail) == "shop/system/glue/r9.json"
    body = watch.s3.get_object(Bucket=NAMES.bucket("quarantine"), Key="shop/system/glue/r9.json")[
        "Body"
    ].read()
    assert json.loads(body)["cause"] == "the cause"
    assert watch.keep_reason({**detail, "stateMachineArn": NAMES.machine_arn("other")}) is None


def test_silence_and_unknown_columns_are_told_though_nothing_runs(watch: Watch) -> None:
    watch.ledger.commit(file(1, ago(72 * 60), processed_by="r1"))
    watch.ledger.note_learnt("shop", "events", DAILY)
    report = UnknownColumns((observed_column("new", {"2026-02-20"}, 1, 1, 1),))
    watch.ledger.note_unknown_columns("shop", "events", report)
    assert watch.check() == []
    told = boto3.client("cloudwatch").list_metrics(Namespace="Lakehouse")["Metrics"]
    names = {m["MetricName"] for m in told if {"Name": "Dataset", "Value": "events"} in m["Dimensions"]}
    assert {"silence", "unusual", "unknown_column_days"} <= names
