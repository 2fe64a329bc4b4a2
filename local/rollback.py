"""All tables of a domain back to a moment: each to the snapshot that was current then, in one commit a table. Data files stay."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pyiceberg.table import Table

from local import athena
from local.errors import LakeError
from local.session import Session
from shared.contracts import contract


@dataclass(frozen=True)
class RolledBack:
    """What became of a table: `back` (with both snapshots), `same` (unchanged since), `later` (made afterwards, left alone) or `absent`."""

    table: str
    outcome: str
    left: int | None = None
    restored: int | None = None


def rollback(session: Session, domain: str, moment: dt.datetime) -> list[RolledBack]:
    """Raises LakeError while a run owns the domain: its commits would come in between."""
    if owner := session.ledger.lock_owner(domain):
        raise LakeError(f"run {owner} owns {domain}: wait for it or stop it, then roll back")
    catalog, found = athena.catalog_of(session), []
    for table in contract(domain).tables:
        name, shown = (session.names.database(domain, table.zone), table.name), f"{table.zone}.{table.name}"
        stands = catalog.table_exists(name)
        found.append(_table_back(catalog.load_table(name), shown, moment) if stands else RolledBack(shown, "absent"))
    return found


def _table_back(table: Table, shown: str, moment: dt.datetime) -> RolledBack:
    current, wanted = table.current_snapshot(), snapshot_at(table, moment)
    if current is None or wanted == current.snapshot_id:
        return RolledBack(shown, "same")
    if wanted is None:
        return RolledBack(shown, "later", left=current.snapshot_id)
    with table.manage_snapshots() as change:
        change.rollback_to_snapshot(wanted)
    return RolledBack(shown, "back", current.snapshot_id, wanted)


def snapshot_at(table: Table, moment: dt.datetime) -> int | None:
    """The snapshot that was current at a moment, by the table's own log of snapshots; None before the first."""
    millis = int(moment.timestamp() * 1000)
    before = [e for e in table.history() if e.timestamp_ms <= millis]
    return max(before, key=lambda e: e.timestamp_ms).snapshot_id if before else None
