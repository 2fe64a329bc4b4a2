"""A run as it stands: its steps so far, what it did to rows, and why it failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cli import job_log, redrive, runs
from cli.summary import Summary, summary_of
from local.errors import LakeError
from local.session import Session
from shared.ledger.model import RunResult

RUNNING = "RUNNING"


@dataclass(frozen=True)
class RunView:
    """`results` are there from the end of silver on, `summary` from the end of the run. `log`: the end of
    what the failed job wrote; `do`: the next step after a failure.
    """

    run: runs.Execution
    request: dict[str, Any]
    steps: tuple[runs.Step, ...]
    results: tuple[RunResult, ...]
    summary: Summary | None = None
    log: str = ""
    do: str = ""

    @property
    def goes_on(self) -> bool:
        return self.run.status == RUNNING


def run_view(session: Session, domain: str, run_id: str, lake: str) -> RunView:
    """Raises LakeError where the domain has no such run."""
    if not runs.exists(session, domain, run_id):
        raise LakeError(f"{domain} has no run {run_id}", f"./lake status {domain}{lake} has the last")
    run, request, steps = runs.described(session, domain, run_id)
    known = (run, request, tuple(steps), tuple(session.ledger.runs(domain, run_id)))
    if run.status == RUNNING:
        return RunView(*known)
    outcome = runs.outcome_of(session, domain, run_id)
    summary = summary_of(session, domain, outcome, steps)
    if outcome.succeeded:
        return RunView(*known, summary)
    job = runs.failed_job(session, domain, run_id)
    log = job_log.log_tail(session, job) if job else ""
    return RunView(*known, summary, log, redrive.next_step(outcome, domain, lake))
