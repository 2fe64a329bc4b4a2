"""The state machines as this function sees them."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.names import MAINTENANCE, Names

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

WATCH = "watch"  # ends the names of runs that this function started
LOOKED_AT = 20  # newest executions in which the last run of the data itself is looked for


@dataclass(frozen=True)
class LastRuns:
    """Of the runs that bring data, not of maintenance. Times are those of their start."""

    running: bool
    failed_at: dt.datetime | None
    succeeded_at: dt.datetime | None


class Pipelines:
    """`states` is a boto3 Step Functions client."""

    def __init__(self, names: Names, states: SFNClient) -> None:
        self._names, self._states = names, states

    def last_runs(self, domain: str) -> LastRuns | None:
        """None without a state machine: the stack of a new domain comes after this function's."""
        try:
            return self._last_runs(domain)
        except self._states.exceptions.StateMachineDoesNotExist:
            return None

    def _last_runs(self, domain: str) -> LastRuns:
        machine = self._names.machine_arn(domain)
        running = self._states.list_executions(stateMachineArn=machine, statusFilter="RUNNING", maxResults=1)[
            "executions"
        ]
        newest = self._states.list_executions(stateMachineArn=machine, maxResults=LOOKED_AT)["executions"]
        # Step Functions lists the newest first.
        runs = [e for e in newest if e["status"] != "RUNNING" and not e["name"].endswith(MAINTENANCE)]
        succeeded = self._states.list_executions(
            stateMachineArn=machine, statusFilter="SUCCEEDED", maxResults=LOOKED_AT
        )["executions"]
        followed = [e for e in succeeded if not e["name"].endswith(MAINTENANCE)]
        failed = runs[0]["startDate"] if runs and runs[0]["status"] != "SUCCEEDED" else None
        return LastRuns(bool(running), failed, followed[0]["startDate"] if followed else None)

    def begun_since(self, domain: str, since: dt.datetime) -> int:
        """How many runs this function has started."""
        pages = self._states.get_paginator("list_executions").paginate(
            stateMachineArn=self._names.machine_arn(domain)
        )
        begun = 0
        for page in pages:  # the newest first
            runs = [e for e in page["executions"] if e["startDate"] >= since]
            begun += sum(e["name"].endswith(f"-{WATCH}") for e in runs)
            if len(runs) < len(page["executions"]):
                break
        return begun

    def start(self, domain: str, now: dt.datetime, *, maintenance: bool = False) -> str | None:
        """Starts a run and returns its id; None without a state machine.

        Asked twice within a minute it is one run: the name says the minute.
        """
        run_id = f"{now:%Y%m%dT%H%MZ}-{MAINTENANCE if maintenance else WATCH}"
        request = {"maintenance": True} if maintenance else {}
        try:
            self._states.start_execution(
                stateMachineArn=self._names.machine_arn(domain), name=run_id, input=json.dumps(request)
            )
        except self._states.exceptions.ExecutionAlreadyExists:
            return run_id
        except self._states.exceptions.StateMachineDoesNotExist:
            return None
        return run_id
