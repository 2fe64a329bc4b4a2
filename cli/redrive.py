"""A run that ended badly goes on at the state that failed; where that cannot be, a new one begins with its
input.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from cli import runs
from local.errors import LakeError
from local.session import Session

POLL_SECONDS = 0.5
BEGIN_SECONDS = 60.0
REDRIVABLE = "REDRIVABLE"
NO_REDRIVE = "the emulation on this laptop cannot redrive"
# Errors that a redrive would only meet again: the state that failed is a verdict, no work.
VERDICTS = {
    "Input.Unknown": "start it with an input that the message allows: ./lake run {domain}{lake}",
    "QualityGate.Halted": (
        "mend the source and run again, or accept the findings: ./lake run {domain}{lake} --accept-gate"
    ),
}


class RedriveError(LakeError):
    """The run cannot go on, or did not."""


@dataclass(frozen=True)
class Redriven:
    """The run that goes on. `instead_of`: the one whose input it has, and `why` that one could not go on."""

    run_id: str
    instead_of: str = ""
    why: str = ""


def next_step(outcome: runs.Outcome, domain: str, lake: str) -> str:
    """What to do about a run that ended badly. `lake`: the option that names the lake."""
    if (step := VERDICTS.get(outcome.error)) is not None:
        return step.format(domain=domain, lake=lake)
    return f"mend it, then ./lake redrive {domain}{lake} --execution, or ./lake run {domain}{lake}"


def redrive_newest(session: Session, domain: str, lake: str) -> Redriven | None:
    """Makes the newest run go on that failed since the last success; None where none did. Raises RedriveError
    while a run goes on, and where it would only fail again.
    """
    if going_on := runs.running(session, domain):
        raise RedriveError(
            f"run {going_on[0]} goes on: nothing was redriven", f"./lake run {domain}{lake} --follow shows it"
        )
    failed = runs.failures(session, domain)
    return redrive(session, domain, failed[0][0], lake) if failed else None


def redrive(session: Session, domain: str, run_id: str, lake: str) -> Redriven:
    """Makes a run go on that ended badly. Raises RedriveError where that would only fail again."""
    outcome = runs.outcome_of(session, domain, run_id)
    if outcome.error in VERDICTS:
        raise RedriveError(
            f"run {run_id} ended with {outcome.error}, and would end so again: {outcome.cause}",
            next_step(outcome, domain, lake),
        )
    states, arn = session.client("stepfunctions"), session.names.execution_arn(domain, run_id)
    found: Any = states.describe_execution(executionArn=arn)
    if found.get("redriveStatus") != REDRIVABLE:
        request = json.loads(found.get("input") or "{}")
        why = found.get("redriveStatusReason") or NO_REDRIVE
        return Redriven(runs.start(session, domain, request), run_id, why)
    states.redrive_execution(executionArn=arn)
    _wait_until_begun(states, arn, found.get("redriveCount", 0))
    return Redriven(run_id)


def _wait_until_begun(states: Any, arn: str, redrives: int) -> None:
    """Until the state machine counts it: before that the old end could be taken for the new one."""
    deadline = time.monotonic() + BEGIN_SECONDS
    while states.describe_execution(executionArn=arn).get("redriveCount", 0) <= redrives:
        if time.monotonic() > deadline:
            raise RedriveError(
                f"Step Functions took the redrive and has not begun it after {BEGIN_SECONDS:.0f} s",
                f"look at {arn} again later",
            )
        time.sleep(POLL_SECONDS)
