"""Entry point: a schedule's `{"do": "check" | "maintain"}`, or EventBridge's news of a run that failed or a
job that ended.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from typing import Any

import boto3
from botocore.config import Config

from lambdas.watch.due import Patience
from lambdas.watch.pipelines import Pipelines
from lambdas.watch.watch import Watch
from shared.contracts import contracts
from shared.ledger import Ledger
from shared.names import Names

names = Names.of(os.environ)
patience = Patience(
    int(os.environ["LAKE_START_FILES"]),
    dt.timedelta(minutes=int(os.environ["LAKE_START_MINUTES"])),
    int(os.environ["LAKE_RUNS_A_DAY"]),
)
config = Config(retries={"mode": "standard", "max_attempts": 5})
watch = Watch(
    names,
    contracts(),
    patience,
    Ledger(boto3.resource("dynamodb", config=config).Table(names.ledger_table)),
    Pipelines(names, boto3.client("stepfunctions", config=config)),
    boto3.client("s3", config=config),
    boto3.client("glue", config=config),
    boto3.client("cloudwatch", config=config),
    boto3.client("logs", config=config),
    int(os.environ["LAKE_LOG_DAYS"]),
    lambda: dt.datetime.now(dt.UTC),
)


class UnknownEventError(ValueError):
    """An event that this function is not there for."""


def handler(event: dict[str, Any], context: object) -> None:
    match event:
        case {"do": "check"}:
            done: Any = watch.check()
        case {"do": "maintain"}:
            done = watch.maintain()
        case {"source": "aws.states", "detail": {"stateMachineArn": str()} as execution}:
            done = watch.keep_reason(execution)
        case {"source": "aws.glue", "detail": {"jobName": str(job), "jobRunId": str(run)}}:
            watch.note_job(job, run)
            done = job
        case _:
            raise UnknownEventError(
                f"expected do, or an event of aws.states or aws.glue; found {sorted(event)}"
            )
    print(json.dumps({"done": done}))  # noqa: T201 - the function's log
