"""The end of what a failed job wrote: on the laptop a file, on AWS streams of log groups."""

from __future__ import annotations

import time
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from cli.job_log import log_tail
from local.session import Session
from shared.names import Names

NAMES = Names("dev", "123456789012", "us-east-1")
RUN = {"Id": "jr_1", "JobName": "lakehouse-dev-shop-bronze-to-silver", "LogGroupName": "/aws-glue/jobs_x"}


def test_the_laptops_log_is_read_from_its_end(tmp_path: Path) -> None:
    session = Session(NAMES, boto3.Session(region_name="us-east-1"), "http://127.0.0.1:1", tmp_path)
    assert log_tail(session, RUN) == ""
    log = tmp_path / "glue" / "jr_1" / "stderr"
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"line {number}\n" for number in range(1_000)))
    lines = log_tail(session, RUN).splitlines()
    assert (len(lines), lines[0], lines[-1]) == (200, "line 800", "line 999")


def test_on_aws_the_streams_of_the_job_run_are_read(
    monkeypatch: pytest.MonkeyPatch, credentials: None
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        logs, now = boto3.client("logs"), int(time.time() * 1000)
        for group, stream, text in (
            ("/aws-glue/jobs_x/error", "jr_1", "the cause\n"),
            ("/aws-glue/jobs_x/output", "jr_1-worker", "a row count"),
            ("/aws-glue/jobs_x/output", "jr_2", "of another run"),
        ):
            if group not in [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]]:
                logs.create_log_group(logGroupName=group)
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
            events = [{"timestamp": now, "message": text}]
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
        assert log_tail(Session(NAMES, boto3.Session()), RUN) == "the cause\na row count"
