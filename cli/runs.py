"""Starts a domain's state machine and follows it to its end."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.session import Session
from shared.names import MAINTENANCE

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef, HistoryEventTypeDef

POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Outcome:
    """How a run ended; `log` says where the output of the failed job is."""

    run_id: str
    status: str
    seconds: float
    error: str = ""
    cause: str = ""
    log: str = ""

    @property
    def succeeded(self) -> bool:
        return self.status == "SUCCEEDED"

    def __str__(self) -> str:
        if self.succeeded:
            return f"run {self.run_id} succeeded after {self.seconds:.1f} s"
        log = f"\n  log: {self.log}" if self.log else ""
        return (
            f"run {self.run_id} ended {self.status} after {self.seconds:.1f} s\n  {self.error}:"
            f" {self.cause}{log}"
        )


def start(session: Session, domain: str, request: dict[str, Any]) -> str:
    """Starts a run and returns its id, which is the execution's name."""
    run_id = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    if request.get("maintenance"):
        run_id += f"-{MAINTENANCE}"  # tells it from runs that bring data (lambdas/watch/pipelines.py)
    machine = session.names.machine_arn(domain)
    session.client("stepfunctions").start_execution(
        stateMachineArn=machine, name=run_id, input=json.dumps(request)
    )
    return run_id


def follow(session: Session, domain: str, run_id: str, on_state: Callable[[str], None]) -> Outcome:
    """Waits for a run, telling each state that it enters."""
    states, arn, began = (
        session.client("stepfunctions"),
        session.names.execution_arn(domain, run_id),
        time.monotonic(),
    )
    seen = 0
    while True:
        execution = states.describe_execution(executionArn=arn)
        entered = list(entered_states(_history(states, arn)))
        for name in entered[seen:]:
            on_state(name)
        seen = len(entered)
        if execution["status"] != "RUNNING":
            return _outcome(session, states, execution, run_id, time.monotonic() - began)
        time.sleep(POLL_SECONDS)


def entered_states(events: Iterator[HistoryEventTypeDef]) -> Iterator[str]:
    return (e["stateEnteredEventDetails"]["name"] for e in events if e["type"].endswith("StateEntered"))


def _outcome(
    session: Session,
    states: SFNClient,
    execution: DescribeExecutionOutputTypeDef,
    run_id: str,
    seconds: float,
) -> Outcome:
    if execution["status"] == "SUCCEEDED":
        return Outcome(run_id, "SUCCEEDED", seconds)
    failed = [
        e["taskFailedEventDetails"]
        for e in _history(states, execution["executionArn"])
        if e["type"] == "TaskFailed"
    ]
    # The last failure ended the run; those before it were retried.
    texts = [execution.get("cause", ""), *(f.get("cause", "") for f in reversed(failed))]
    job = next((j for j in map(job_run, texts) if j), None)
    error = execution.get("error", "") or (failed[-1].get("error", "") if failed else "")
    cause = f"{job['JobName']}: {job.get('ErrorMessage', '')}" if job else execution.get("cause", "")
    return Outcome(
        run_id, execution["status"], seconds, error, cause, session.log_of(job["Id"]) if job else ""
    )


def job_run(cause: str) -> dict[str, Any] | None:
    """The Glue job run in a failure's cause; None for any other failure."""
    try:
        details = json.loads(cause)
    except json.JSONDecodeError:
        return None
    return details if isinstance(details, dict) and {"JobName", "Id"} <= details.keys() else None


def _history(states: SFNClient, arn: str) -> Iterator[HistoryEventTypeDef]:
    for page in states.get_paginator("get_execution_history").paginate(executionArn=arn):
        yield from page["events"]
