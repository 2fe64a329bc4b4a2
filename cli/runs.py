"""Starts a domain's state machine and follows it to its end."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from local.console import say
from local.session import Session
from shared.names import MAINTENANCE

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef, HistoryEventTypeDef

POLL_SECONDS = 0.5
ENDED_BADLY = ("FAILED", "TIMED_OUT", "ABORTED")
REDRIVABLE_DAYS = 14  # Step Functions' limit
MOST_FAILURES = 100  # of a machine that fails for weeks, more say nothing new
TOLD_SECONDS = 0.1


@dataclass(frozen=True)
class Step:
    """A state of the state machine that a run entered; `seconds`: how long it took, None while it lasts."""

    name: str
    began: dt.datetime
    seconds: float | None = None


@dataclass(frozen=True)
class Execution:
    """A run as Step Functions lists it; `ended`: None while it goes on."""

    run_id: str
    status: str
    started: dt.datetime
    ended: dt.datetime | None = None


@dataclass(frozen=True)
class Outcome:
    """How a run ended and how long it took; `log` says where the output of the failed job is. `step`: in
    which state one ended that did not succeed.
    """

    run_id: str
    status: str
    seconds: float
    error: str = ""
    cause: str = ""
    log: str = ""
    step: str = ""

    @property
    def succeeded(self) -> bool:
        return self.status == "SUCCEEDED"

    def __str__(self) -> str:
        if self.succeeded:
            return f"run {self.run_id} succeeded after {self.seconds:.1f} s"
        log = f"\n  log: {self.log}" if self.log else ""
        place = f" in {self.step}" if self.step else ""
        return (
            f"run {self.run_id} ended {self.status} after {self.seconds:.1f} s{place}\n  {self.error}:"
            f" {self.cause}{log}"
        )


def new_id(request: Mapping[str, Any]) -> str:
    """The id of a run that is to start; it is the execution's name."""
    run_id = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    if request.get("maintenance"):
        run_id += f"-{MAINTENANCE}"  # tells it from runs that bring data (lambdas/watch/pipelines.py)
    return run_id


def start(session: Session, domain: str, request: dict[str, Any], run_id: str | None = None) -> str:
    """Starts a run, under a new id unless one is given, and returns that."""
    run_id = run_id or new_id(request)
    machine = session.names.machine_arn(domain)
    session.client("stepfunctions").start_execution(
        stateMachineArn=machine, name=run_id, input=json.dumps(request)
    )
    return run_id


def running(session: Session, domain: str) -> list[str]:
    """The runs of a domain that go on, the one that owns the domain first, then as they were started."""
    states, machine = session.client("stepfunctions"), session.names.machine_arn(domain)
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
    found = sorted((e["startDate"], e["name"]) for page in pages for e in page["executions"])
    owner = session.ledger.lock_owner(domain)
    return sorted((name for _, name in found), key=lambda name: name != owner)


def newest(session: Session, domain: str, at_most: int) -> list[Execution]:
    """The runs of a domain that began last, newest first; none where it has no state machine yet."""
    states, machine = session.client("stepfunctions"), session.names.machine_arn(domain)
    try:
        found = states.list_executions(stateMachineArn=machine, maxResults=at_most)["executions"]
    except states.exceptions.StateMachineDoesNotExist:
        return []
    return [Execution(e["name"], e["status"], e["startDate"], e.get("stopDate")) for e in found]


def exists(session: Session, domain: str, run_id: str) -> bool:
    """Whether the environment remembers a run of this id."""
    return status_of(session, domain, run_id) is not None


def status_of(session: Session, domain: str, run_id: str) -> str | None:
    """How a run stands, or None where the environment does not remember it."""
    states = session.client("stepfunctions")
    try:
        execution = states.describe_execution(executionArn=session.names.execution_arn(domain, run_id))
    except (states.exceptions.ExecutionDoesNotExist, states.exceptions.InvalidArn):
        return None
    return str(execution["status"])


def failures(session: Session, domain: str) -> list[tuple[str, str]]:
    """Runs that failed, timed out or were stopped since the last success, with their status, newest first.

    Maintenance and runs that bring data are apart: one says nothing of the other. Of maintenance that never
    succeeds, the last two weeks' are told. Raises StateMachineDoesNotExist where the domain has none.
    """
    states, machine = session.client("stepfunctions"), session.names.machine_arn(domain)
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    old = dt.datetime.now(dt.UTC) - dt.timedelta(days=REDRIVABLE_DAYS)
    found: list[tuple[str, str]] = []
    succeeded = {False: False, True: False}  # by whether it is maintenance
    for execution in (e for page in pages for e in page["executions"]):
        upkeep = is_maintenance(execution["name"])
        if execution["status"] == "SUCCEEDED":
            succeeded[upkeep] = True
        elif execution["status"] in ENDED_BADLY and not succeeded[upkeep]:
            found.append((execution["name"], execution["status"]))
        over = all(succeeded.values()) or (succeeded[False] and execution["startDate"] < old)
        if over or len(found) == MOST_FAILURES:
            break
    return found


def is_maintenance(run_id: str) -> bool:
    """Whether a run brings no data; its id says so."""
    return run_id.endswith(f"-{MAINTENANCE}")


def stop(session: Session, domain: str, run_id: str) -> None:
    """Stops a run and the job it waits for. The next run takes its lock over and repairs what it left."""
    session.client("stepfunctions").stop_execution(
        executionArn=session.names.execution_arn(domain, run_id), error="Stopped", cause="./lake run --stop"
    )


def follow(
    session: Session,
    domain: str,
    run_id: str,
    on_state: Callable[[str], None],
    on_ended: Callable[[Step], None] = lambda _: None,
) -> Outcome:
    """Waits for a run, telling each state that it enters, and each step that has ended."""
    states, arn = session.client("stepfunctions"), session.names.execution_arn(domain, run_id)
    told: list[Step] = []
    while True:
        execution = states.describe_execution(executionArn=arn)
        steps = steps_of(_history(states, arn))
        for before, step in zip_longest(told, steps):
            if before is None:
                on_state(step.name)
            if step != before and step.seconds is not None:
                on_ended(step)
        told = steps
        if execution["status"] != "RUNNING":
            return _outcome(session, states, execution, run_id)
        time.sleep(POLL_SECONDS)


def tell(step: Step) -> None:
    """Says that a step has ended; most take no time, and say nothing."""
    if step.seconds and step.seconds >= TOLD_SECONDS:
        say(f"  {step.seconds:6.1f} s  {step.name}")


def described(session: Session, domain: str, run_id: str) -> tuple[Execution, dict[str, Any], list[Step]]:
    """A run as it stands now, what was asked of it, and its steps so far."""
    states, arn = session.client("stepfunctions"), session.names.execution_arn(domain, run_id)
    found = states.describe_execution(executionArn=arn)
    execution = Execution(found["name"], found["status"], found["startDate"], found.get("stopDate"))
    return execution, json.loads(found.get("input") or "{}"), steps_of(_history(states, arn))


def steps_of(events: Iterable[HistoryEventTypeDef]) -> list[Step]:
    """The states that a run entered, in that order, with how long each took."""
    steps: list[Step] = []
    for event in events:
        if event["type"].endswith("StateEntered"):
            steps.append(Step(event["stateEnteredEventDetails"]["name"], event["timestamp"]))
        elif event["type"].endswith("StateExited"):
            name = event["stateExitedEventDetails"]["name"]
            place = next(i for i, s in enumerate(steps) if s.name == name and s.seconds is None)
            took = (event["timestamp"] - steps[place].began).total_seconds()
            steps[place] = replace(steps[place], seconds=took)
    return steps


def outcome_of(session: Session, domain: str, run_id: str) -> Outcome:
    """How a run ended that is over."""
    states = session.client("stepfunctions")
    execution = states.describe_execution(executionArn=session.names.execution_arn(domain, run_id))
    return _outcome(session, states, execution, run_id)


def _outcome(
    session: Session,
    states: SFNClient,
    execution: DescribeExecutionOutputTypeDef,
    run_id: str,
) -> Outcome:
    seconds = (execution["stopDate"] - execution["startDate"]).total_seconds()
    if execution["status"] == "SUCCEEDED":
        return Outcome(run_id, "SUCCEEDED", seconds)
    events = list(_history(states, execution["executionArn"]))
    failed = [e["taskFailedEventDetails"] for e in events if e["type"] == "TaskFailed"]
    job = _failed_job(execution, events)
    error = execution.get("error", "") or (failed[-1].get("error", "") if failed else "")
    cause = f"{job['JobName']}: {job.get('ErrorMessage', '')}" if job else execution.get("cause", "")
    log = session.log_of(job) if job else ""
    left = [step.name for step in steps_of(events) if step.seconds is None]
    return Outcome(run_id, execution["status"], seconds, error, cause, log, left[-1] if left else "")


def failed_job(session: Session, domain: str, run_id: str) -> dict[str, Any] | None:
    """The Glue job run that ended a run; None where no job did."""
    states, arn = session.client("stepfunctions"), session.names.execution_arn(domain, run_id)
    return _failed_job(states.describe_execution(executionArn=arn), list(_history(states, arn)))


def _failed_job(
    execution: DescribeExecutionOutputTypeDef, events: Iterable[HistoryEventTypeDef]
) -> dict[str, Any] | None:
    """The last failure ended the run; those before it were retried."""
    failed = [e["taskFailedEventDetails"] for e in events if e["type"] == "TaskFailed"]
    texts = [execution.get("cause", ""), *(f.get("cause", "") for f in reversed(failed))]
    return next((j for j in map(job_run, texts) if j), None)


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
