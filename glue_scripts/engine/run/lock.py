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


def guard(run: Job, ledger: Ledger) -> Guard:
    """To be called at a job's start and before its commits.

    Raises TakenOverError naming the run that owns the domain.

    A domain that nobody owns is free: a job that somebody starts in the Glue console has no lock.
    """
    return partial(_refuse_another_owner, run, ledger)


def _refuse_another_owner(run: Job, ledger: Ledger) -> None:
    owner = ledger.lock_owner(run.domain)
    if owner not in (None, run.run_id):
        raise TakenOverError(
            f"run {run.run_id} must not write: run {owner} owns {run.domain} now. Nothing is lost: what this"
            f" run has not done is still pending and {owner}, or the next run, does it. Do not redrive this"
            " run."
        )
