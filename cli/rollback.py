"""All tables of a domain back to a moment: each to the snapshot that was current then, in one commit a table.

Data files stay.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table

from cli import runs
from local import athena
from local.athena import snapshot_at
from local.errors import LakeError
from local.session import Session
from shared.contracts import contract
from shared.contracts.evolution import BEHIND, SWAPPED
from shared.retention import KEPT_SINCE
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
    """Raises LakeError before any change: while a run or a migration owns the domain, or when a table no
    longer knows what it was at that moment. After some: when somebody commits to a table meanwhile, which
    stays as it is.
    """
    if held := session.ledger.held_for(domain):
        raise LakeError(
            f"a migration holds {domain} until run {held} fills its tables",
            "when that has ended, give the same command again",
        )
    owner = session.ledger.lock_owner(domain)
    # The rule by which the next run would take the lock over (domain.asl.json).
    if owner and runs.status_of(session, domain, owner) == "RUNNING":
        raise LakeError(
            f"run {owner} owns {domain}, and its commits would come in between",
            "wait for it or stop it, then give the same command again",
        )
    catalog, glue = athena.catalog_of(session), session.client("glue")
    planned: list[tuple[Table | None, RolledBack]] = []
    # All plans before the first commit: one table that cannot go back leaves every table as it is.
    for zone, table in _tables(domain):
        name, shown = (session.names.database(domain, zone), table), f"{zone}.{table}"
        if not catalog.table_exists(name):
            planned.append((None, RolledBack(shown, "absent")))
            continue
        found = catalog.load_table(name)
        created = glue.get_table(DatabaseName=name[0], Name=name[1])["Table"]["CreateTime"]
        planned.append((found, _plan(found, shown, moment, created)))
    for stored, plan in planned:
        if stored and plan.restored is not None:
            _set_back(stored, plan)
    return [plan for _, plan in planned]


def _set_back(stored: Table, plan: RolledBack) -> None:
    """Raises LakeError, with the table as it is, when it is no longer what the plan was made for."""
    try:
        _forget_what_is_known(stored)
        _note_older_columns(stored, plan)
        with stored.manage_snapshots() as change:
            # Not only to an ancestor: the moment may lie before an earlier rollback.
            change.set_current_snapshot(plan.restored)
    except CommitFailedException as error:
        raise LakeError(
            f"somebody committed to {plan.table} while the tables went back. It and those after"
            " it are as they were",
            "see that nothing runs, and give the same command again: it goes on with the rest",
        ) from error


def _tables(domain: str) -> list[tuple[str, str]]:
    """Zone and name of every table, and of what remembers the deletes of one."""
    known = contract(domain).tables
    return [*((t.zone, t.name) for t in known), *((t.zone, t.tombstones) for t in known if t.buries)]


def _forget_what_is_known(stored: Table) -> None:
    """Rows go back behind the fill of a column, and those that had left come back; a property does not: the
    next run looks again.
    """
    if names := [p for p in stored.properties if p.startswith((NAMES_PROPERTY, KEPT_SINCE))]:
        with stored.transaction() as change:
            change.set_properties(dict.fromkeys(names, ""))


def _note_older_columns(stored: Table, plan: RolledBack) -> None:
    """Rows go back behind the columns that a table got since: the next run computes it as a whole, so that
    the warehouse finds files of one schema.
    """
    restored = stored.snapshot_by_id(plan.restored) if plan.restored is not None else None
    if restored is not None and restored.schema_id not in (None, stored.metadata.current_schema_id):
        with stored.transaction() as change:
            change.set_properties({BEHIND: "true"})


def _plan(table: Table, shown: str, moment: dt.datetime, created: dt.datetime) -> RolledBack:
    current, restored = table.current_snapshot(), snapshot_at(table, moment)
    swapped = dt.datetime.fromtimestamp(int(table.properties.get(SWAPPED, 0)) / 1000, dt.UTC)
    if moment < swapped:
        raise LakeError(
            f"{shown} was made anew at {swapped:%Y-%m-%d %H:%M:%S} UTC, and does not know what it was before."
            " No table was changed",
            "choose a later moment, or mend the code and ./lake run DOMAIN --full-refresh",
        )
    if current is None or restored == current.snapshot_id:
        return RolledBack(shown, "same")
    if restored is None and (moment < created or _knows_its_beginning(table)):
        return RolledBack(shown, "later", left=current.snapshot_id)
    if restored is None or table.snapshot_by_id(restored) is None:
        known = dt.datetime.fromtimestamp(table.history()[0].timestamp_ms / 1000, dt.UTC)
        raise LakeError(
            f"{shown} no longer knows what it was at {moment:%Y-%m-%d %H:%M:%S} UTC:"
            " maintenance keeps snapshots for snapshot_days only, its oldest is of"
            f" {known:%Y-%m-%d %H:%M:%S}. No table was changed",
            "choose a later moment, or mend the code and ./lake run DOMAIN --full-refresh",
        )
    return RolledBack(shown, "back", current.snapshot_id, restored)


def _knows_its_beginning(table: Table) -> bool:
    """Whether no snapshot before the oldest one that readers saw was forgotten. It need not be the table's
    first: a fill commits to a branch before it shows anything.
    """
    oldest = table.snapshot_by_id(table.history()[0].snapshot_id)
    while oldest and oldest.parent_snapshot_id is not None:
        oldest = table.snapshot_by_id(oldest.parent_snapshot_id)
    return oldest is not None and oldest.sequence_number == FIRST_SEQUENCE_NUMBER
