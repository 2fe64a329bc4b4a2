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
PATIENCE = Patience(files=3, wait=dt.timedelta(minutes=15), runs_a_day=24)


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


@pytest.mark.parametrize(
    ("runs_a_day", "now", "runs", "until"),
    [
        (24, "00:00", 1, "01:00"),
        (24, "00:59", 1, "01:00"),
        (24, "01:00", 2, "02:00"),
        (24, "23:59", 24, "24:00"),
        (1, "00:00", 1, "24:00"),
        (1, "23:59", 1, "24:00"),
        (3, "12:00", 2, "16:00"),
        (288, "00:04", 1, "00:05"),
        (288, "00:05", 2, "00:10"),
    ],
)
def test_the_runs_of_a_day_are_spread_over_it_and_what_is_left_is_kept(
    runs_a_day: int, now: str, runs: int, until: str
) -> None:
    patience, day = Patience(3, dt.timedelta(), runs_a_day), dt.datetime(2026, 3, 1, tzinfo=dt.UTC)

    def at(clock: str) -> dt.datetime:
        hours, minutes = map(int, clock.split(":"))
        return day + dt.timedelta(hours=hours, minutes=minutes)

    assert (patience.runs_until(at(now)), patience.next_share(at(now))) == (runs, at(until))


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
    assert silence(EVENTS, DAILY, ago(36 * 60), NOW) == []
    assert values(silence(EVENTS, DAILY, ago(54 * 60), NOW)) == {"unusual": 1}
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
            boto3.client("logs"),
            30,
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


def test_a_day_has_no_more_runs_than_are_paid_for_and_the_files_wait(watch: Watch) -> None:
    states: Any = Executions(
        ("20260301T1045Z-watch", "20260301T1020Z-watch", "by-hand", "20260301T0330Z-maintenance"),
        ("20260301T0000Z-watch", "20260228T2359Z-watch", "20260228T2300Z-watch"),
    )
    bounded = replace(
        watch, patience=replace(PATIENCE, runs_a_day=4), pipelines=Pipelines(NAMES, states), clock=lambda: NOW
    )
    watch.ledger.commit(file(1, ago(60)))
    assert bounded.check() == []  # three have begun, and noon allows three
    assert (states.started, bounded.ledger.arrivals("shop", "events")) == ([], [ago(60).isoformat()])
    later = replace(bounded, clock=lambda: NOW + dt.timedelta(hours=6))
    watch.ledger.commit(file(2, ago(-300)))
    assert later.check() == ["20260301T1800Z-watch"]
    assert len(later.ledger.arrivals("shop", "events")) == 2


class Executions:
    """Stands in for Step Functions: pages of executions that succeeded, the newest first, each begun when its
    name says or else at noon of the first of March.
    """

    def __init__(self, *pages: tuple[str, ...]) -> None:
        self.pages, self.started = pages, list[str]()

    def get_paginator(self, _: str) -> Executions:
        return self

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        return [{"executions": [self._execution(name) for name in page]} for page in self.pages]

    def _execution(self, name: str) -> dict[str, Any]:
        said = name[:13] if name[0].isdigit() else "20260301T0600"
        begun = dt.datetime.strptime(said, "%Y%m%dT%H%M").replace(tzinfo=dt.UTC)
        return {"name": name, "status": "SUCCEEDED", "startDate": begun}

    def list_executions(self, *, statusFilter: str = "", **_: object) -> dict[str, Any]:  # noqa: N803
        return {"executions": [] if statusFilter == "RUNNING" else self.paginate()[0]["executions"]}

    def start_execution(self, *, name: str, **_: object) -> None:
        self.started.append(name)

    class exceptions:  # noqa: N801
        class ExecutionAlreadyExists(Exception):  # noqa: N818
            pass


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


def test_a_domain_whose_stack_is_still_to_come_hinders_no_other(watch: Watch) -> None:
    """It is deployed after the function, which has its contract already."""
    watch = replace(watch, contracts=[contract("retail"), contract("shop"), contract("web")])
    watch.ledger.commit(file(1, ago(60)))
    assert watch.check() == ["20260301T1200Z-watch"]
    assert watch.maintain() == ["20260301T1200Z-maintenance"]


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
                            {"Name": "Environment", "Value": NAMES.env},
                            {"Name": "Prefix", "Value": NAMES.prefix},
                            {"Name": "Domain", "Value": "shop"},
                            {"Name": "Dataset", "Value": "events"},
                        ],
                    },
                    "Period": 60,
                    "Stat": "Maximum",
                },
            }
            for name in ("freshness_hours", "pending_files")
        ],
        StartTime=dt.datetime.now(dt.UTC) - dt.timedelta(hours=1),
        EndTime=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1),
    )["MetricDataResults"]
    assert {m["Label"].split()[0]: m["Values"] for m in metrics} == {
        "freshness_hours": [2.0],
        "pending_files": [1.0],
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
    assert {"unusual", "unknown_column_days"} <= names


def test_log_groups_that_glue_and_redshift_made_for_this_environment_get_its_retention(watch: Watch) -> None:
    """Whatever these services put around the names; those of other lakes and teams stay as they are."""
    logs, glue = boto3.client("logs"), boto3.client("glue")
    ours = ["/aws-glue/_lakehouse-test-glue_/error", "/aws-glue/crawlers-role/any-role-_lakehouse-test-glue_"]
    ours += ["/aws/redshift/lakehouse-test-warehouse/userlog"]
    others = ["/aws-glue/jobs/error", "/aws-glue/_lakehouse-prod-glue_/error", "/_lakehouse-test-glue_"]
    others += ["/aws-glue/_my-lakehouse-test-glue_/error", "/aws-glue/_lakehouse-test-glue-glue_/error"]
    others += ["/aws/redshift/my-lakehouse-test-warehouse/userlog"]
    for name in (*ours, *others):
        logs.create_log_group(logGroupName=name)
    job = NAMES.job("shop", "silver-to-gold")
    glue.create_job(Name=job, Role=ROLE, Command={"Name": "glueetl"})
    watch.note_job(job, glue.start_job_run(JobName=job)["JobRunId"])
    days = {g["logGroupName"]: g.get("retentionInDays") for g in logs.describe_log_groups()["logGroups"]}
    assert days == dict.fromkeys(ours, 30) | dict.fromkeys(others)
