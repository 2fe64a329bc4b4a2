"""A job writes only while no other run owns the domain."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from glue_scripts.engine.run.job import Job
from shared.ledger import Ledger

Guard = Callable[[], None]


class TakenOverError(RuntimeError):
    """Another run owns the domain: this one failed, lost its lock and was redriven, or was started by hand
    beside a run.
    """


def guard(job: Job, ledger: Ledger) -> Guard:
    """To be called at a job's start and before its commits.

    Raises TakenOverError naming the run that owns the domain.

    A domain that nobody owns is free: a job that somebody starts in the Glue console has no lock.
    """
    return partial(_refuse_another_owner, job, ledger)


def _refuse_another_owner(job: Job, ledger: Ledger) -> None:
    owner = ledger.lock_owner(job.domain)
    if owner not in (None, job.run_id):
        raise TakenOverError(
            f"run {job.run_id} must not write: run {owner} owns {job.domain} now. Nothing is lost: what this"
            f" run has not done is still pending and {owner}, or the next run, does it. Do not redrive this"
            " run."
        )
