"""What live tables lack is carried out while nobody else may own the domain, and ends in the full refresh
that fills them.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cli import runs
from cli.deployed_contract import is_deployed
from cli.migration_plan import Step
from cli.table_drops import dropping
from local import athena
from local.console import say
from local.errors import LakeError
from local.session import Session
from shared.contracts.evolution import ANEW

# Prolonged before each request that changes a table; were this command to die, others wait no longer.
HELD_SECONDS = 600
FORGOTTEN_DAYS = 90  # Step Functions knows no older executions


class MigrationError(LakeError):
    """A migration cannot be carried out."""


@dataclass(frozen=True)
class Unfilled:
    """A migration that changed tables, and whose run did not fill them; `status`: None if it never began."""

    run_id: str
    status: str | None
    steps: list[dict[str, Any]]


def unfilled(session: Session, domain: str) -> Unfilled | None:
    """The last migration, where its run is not known to have succeeded."""
    if not (migrations := session.ledger.migrations(domain)):
        return None
    last = migrations[-1]
    status = runs.status_of(session, domain, last["run_id"])
    age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(last["at"])
    if status == "SUCCEEDED" or (status is None and age.days >= FORGOTTEN_DAYS):
        return None
    return Unfilled(last["run_id"], status, last["steps"])


def carry_out(session: Session, domain: str, steps: Sequence[Step]) -> str:
    """Changes the tables, then starts the full refresh that fills them; its id. Runs wait meanwhile, and the
    ledger keeps what was done.

    Raises MigrationError, before any change, while a run or another migration owns the domain, while its gate
    is closed, where another contract is deployed, and for a step that is unclear; after some, when somebody
    else took the domain.
    """
    if unclear := [step.table for step in steps if step.unclear]:
        raise MigrationError(
            f"whether columns of {', '.join(unclear)} were renamed, only you know. Nothing was changed",
            "rename them first, or name the table with --rebuild",
        )
    run_id = runs.new_id({"full_refresh": True})
    _begin(session, domain, run_id, [asdict(step) for step in steps])
    try:
        for step in steps:
            _hold(session, domain, run_id)
            _apply(session, domain, step, run_id)
    finally:
        # Whatever stopped the rest: rows of tables that are gone come back by this run alone. The domain is
        # not given back, as tables changed; a start that failed may have succeeded all the same.
        _start(session, domain, run_id)
    return run_id


def fill(session: Session, domain: str, left: Unfilled) -> str:
    """Starts the full refresh that a migration lacks; its id. Raises MigrationError as `carry_out` does."""
    run_id = left.run_id if left.status is None else runs.new_id({"full_refresh": True})
    _begin(session, domain, run_id, left.steps)
    _start(session, domain, run_id)
    return run_id


def _begin(session: Session, domain: str, run_id: str, steps: list[dict[str, Any]]) -> None:
    """Takes the domain for a run that is yet to start, and notes what it is for."""
    if not is_deployed(session, domain):
        raise MigrationError(
            f"the deployed jobs of {domain} have another contract than is on disk, and would"
            " fill the tables by that. Nothing was changed",
            f"./lake deploy --env {session.names.env}, or take the checkout that was deployed",
        )
    ledger = session.ledger
    if (held := ledger.held_for(domain)) not in (None, run_id):
        raise MigrationError(
            f"another migration holds {domain} until run {held} starts, for ten minutes at"
            " most. Nothing was changed",
            "wait, then give the same command again",
        )
    owner = ledger.lock_owner(domain)
    if owner and owner in runs.running(session, domain):
        raise MigrationError(
            f"run {owner} owns {domain}. Nothing was changed",
            f"wait for it, or ./lake run {domain} --env {session.names.env} --stop",
        )
    if not ledger.hold(domain, run_id, HELD_SECONDS, owner):
        raise MigrationError(
            f"somebody else took {domain} this moment. Nothing was changed", "give the same command again"
        )
    try:
        if closed := ledger.halted_by(domain):
            lake = f" --env {session.names.env}"
            raise MigrationError(
                f"run {closed} closed the quality gate of {domain}, and gold would stay without its"
                " tables. Nothing was changed",
                f"accept it first: ./lake run {domain}{lake} --accept-gate",
            )
        ledger.record_migration(domain, run_id, time.time(), steps)
    except BaseException:
        ledger.release_lock(domain, run_id)
        raise


def _hold(session: Session, domain: str, run_id: str) -> None:
    if not session.ledger.hold(domain, run_id, HELD_SECONDS):
        raise MigrationError(
            f"run {session.ledger.lock_owner(domain)} took {domain} while its tables changed."
            " The rest was not changed",
            "when that run has ended, give the same command again",
        )


def _start(session: Session, domain: str, run_id: str) -> None:
    runs.start(session, domain, {"full_refresh": True}, run_id)
    say(f"run {run_id} fills the tables from the files")


def _apply(session: Session, domain: str, step: Step, run_id: str) -> None:
    if not (step.columns or step.anew):
        for _ in dropping(session, domain, step.table):
            _hold(session, domain, run_id)
        return
    zone, _, name = step.table.partition(".")
    stored = athena.catalog_of(session).load_table((session.names.database(domain, zone), name))
    if step.anew:
        with stored.transaction() as change:
            change.set_properties({ANEW: run_id})
        return
    with stored.update_schema(allow_incompatible_changes=True) as change:
        for column in step.columns:
            change.delete_column(column)
