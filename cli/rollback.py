"""All tables of a domain back to a moment: each to the snapshot that was current then, in one commit a table.

Data files stay.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pyiceberg.table import Table

from local import athena
from local.errors import LakeError
from local.session import Session
from shared.contracts import contract
from shared.unknown_columns import NAMES_PROPERTY

FIRST_SEQUENCE_NUMBER = 1  # of a table's first commit (Iceberg specification, "Sequence Numbers")


@dataclass(frozen=True)
class RolledBack:
    """What became of a table: `back` (with both snapshots), `same` (unchanged since), `later` (made
    afterwards, left alone) or `absent`.
    """

    table: str
    outcome: str
    left: int | None = None
    restored: int | None = None


def roll_back(session: Session, domain: str, moment: dt.datetime) -> list[RolledBack]:
    """Raises LakeError before any change: while a run owns the domain, or when a table no longer knows what
    it was at that moment.
    """
    owner = session.ledger.lock_owner(domain)
    if owner and _is_running(session, domain, owner):
        raise LakeError(
            f"run {owner} owns {domain}, and its commits would come in between: wait for it or stop it, then"
            " roll back"
        )
    catalog, planned = athena.catalog_of(session), []
    # All plans before the first commit: one table that cannot go back leaves every table as it is.
    for zone, table in _tables(domain):
        name, shown = (session.names.database(domain, zone), table), f"{zone}.{table}"
        stored = catalog.load_table(name) if catalog.table_exists(name) else None
        planned.append((stored, _plan(stored, shown, moment) if stored else RolledBack(shown, "absent")))
    for stored, plan in planned:
        if stored and plan.restored is not None:
            _forget_spellings(stored)
            with stored.manage_snapshots() as change:
                change.set_current_snapshot(
                    plan.restored
                )  # not only to an ancestor: the moment may lie before an earlier rollback
    return [plan for _, plan in planned]


def _tables(domain: str) -> list[tuple[str, str]]:
    """Zone and name of every table, and of what remembers the deletes of one."""
    known = contract(domain).tables
    return [*((t.zone, t.name) for t in known), *((t.zone, t.tombstones) for t in known if t.buries)]


def _forget_spellings(stored: Table) -> None:
    """Rows go back behind the fill of a column, a property does not: the next run looks again."""
    if names := [p for p in stored.properties if p.startswith(NAMES_PROPERTY)]:
        with stored.transaction() as change:
            change.set_properties(dict.fromkeys(names, ""))


def _is_running(session: Session, domain: str, owner: str) -> bool:
    """Whether the run that holds the lock is alive, by the rule by which the next run would take the lock
    over (domain.asl.json).
    """
    states = session.client("stepfunctions")
    try:
        execution = states.describe_execution(executionArn=session.names.execution_arn(domain, owner))
    except states.exceptions.ExecutionDoesNotExist:
        return False
    return bool(execution["status"] == "RUNNING")


def _plan(table: Table, shown: str, moment: dt.datetime) -> RolledBack:
    current, restored = table.current_snapshot(), snapshot_at(table, moment)
    if current is None or restored == current.snapshot_id:
        return RolledBack(shown, "same")
    oldest = table.snapshot_by_id(table.history()[0].snapshot_id)
    if restored is None and oldest and oldest.sequence_number == FIRST_SEQUENCE_NUMBER:
        return RolledBack(shown, "later", left=current.snapshot_id)
    if restored is None or table.snapshot_by_id(restored) is None:
        known = dt.datetime.fromtimestamp(table.history()[0].timestamp_ms / 1000, dt.UTC)
        raise LakeError(
            f"{shown} no longer knows what it was at {moment:%Y-%m-%d %H:%M:%S} UTC: maintenance keeps"
            f" snapshots for snapshot_days only, its oldest is of {known:%Y-%m-%d %H:%M:%S}. No table was"
            " changed: choose a later moment, or mend the code and run with --full-refresh"
        )
    return RolledBack(shown, "back", current.snapshot_id, restored)


def snapshot_at(table: Table, moment: dt.datetime) -> int | None:
    """The snapshot that was current at a moment, by the table's own log of snapshots; None
    before the first.
    """
    millis = int(moment.timestamp() * 1000)
    before = [e for e in table.history() if e.timestamp_ms <= millis]
    return max(before, key=lambda e: e.timestamp_ms).snapshot_id if before else None
