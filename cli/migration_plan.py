"""What differs between a domain's live tables and its contract that no run can change by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table as Stored
from pyiceberg.transforms import MonthTransform
from pyiceberg.types import IcebergType, ListType

from cli.table_drops import TableDropError, places, stored_tables
from local import athena
from local.session import Session
from shared.contracts import Table, contract
from shared.contracts.evolution import column_changes
from shared.contracts.protection import PROTECTED, changed, protected

GO_ON = "queries go on, of the other columns"
ON_THE_OLD = "queries go on, of the old table, until the run has filled the new"
GONE = "queries of it fail from then on"
# Iceberg's names of types where Spark's, which contracts have, are others.
SPARK_TYPES = {"long": "bigint", "timestamptz": "timestamp", "timestamp": "timestamp_ntz"}


@dataclass(frozen=True)
class Step:
    """A table that changes: `columns` are dropped from it in place, or it is made `anew` from the files, or
    dropped for good. `unclear`: somebody must say that no column was renamed.
    """

    table: str
    why: str
    readers: str
    columns: tuple[str, ...] = ()
    anew: bool = False
    unclear: bool = False


def plan(
    session: Session, domain: str, rebuilt: Sequence[str] = (), dropped: Sequence[str] = ()
) -> list[Step]:
    """What differs between the live tables and the contract. A live table shows neither its key nor its kind:
    where those changed, name the table in `rebuilt`. Of tables in no contract only those of `dropped` go.

    One of `rebuilt` that is gone already, by a migration that broke off, needs nothing. Raises TableDropError
    for another name in either, and for a table that this lake did not make.
    """
    known = {f"{t.zone}.{t.name}": t for t in contract(domain).tables}
    stored = stored_tables(session, domain)
    foreign, live = in_no_contract(domain, stored), [t for t in stored if t in known]
    for asked, allowed, what in (
        (rebuilt, list(known), "of its contract"),
        (dropped, foreign, "in no contract"),
    ):
        if unknown := [t for t in asked if t not in allowed]:
            raise TableDropError(
                f"{domain} has no table {', '.join(unknown)} {what}; expected some of"
                f" {', '.join(allowed) or 'none'}",
                "name one of these",
            )
    catalog = athena.catalog_of(session)
    steps = [_step(session, catalog, known[t], domain, asked=t in rebuilt) for t in live]
    steps += [Step(t, "the contract has it no more: it is dropped", GONE) for t in dropped]
    wanted = [step for step in steps if step]
    places(session, domain, [step.table for step in wanted if not step.columns])
    return wanted


def in_no_contract(domain: str, stored: Sequence[str]) -> list[str]:
    """Of stored tables those that the contract does not name, whoever made them; without what remembers
    deletes.
    """
    tables = contract(domain).tables
    named = {f"{t.zone}.{t.name}" for t in tables} | {f"{t.zone}.{t.tombstones}" for t in tables if t.buries}
    return [t for t in stored if t not in named]


def _step(session: Session, catalog: Catalog, table: Table, domain: str, *, asked: bool) -> Step | None:
    stored = catalog.load_table((session.names.database(domain, table.zone), table.name))
    name, partitions = f"{table.zone}.{table.name}", _partitions(stored)
    changes = column_changes(_live_columns(stored), {c.name: c.type for c in table.columns})
    causes = [f"{c} is {old}, the contract says {table.column(c).type}" for c, old in changes.retyped.items()]
    other = changed(stored.properties.get(PROTECTED, ""), [*_live_columns(stored)], protected(table))
    causes += [f"{c} is protected: {old}, the contract says {new}" for c, (old, new) in other.items()]
    if partitions != table.partition_fields:
        causes.append(
            f"it has partitions by {_listed(partitions)}, the contract by {_listed(table.partition_fields)}"
        )
    renamed = _renamed(changes.removed, changes.added)
    if asked:
        causes.append("it was asked for")
    if causes:
        why, unclear = f"{'; '.join(causes)}: it is made anew{renamed}", bool(renamed and not asked)
        return Step(name, why, ON_THE_OLD, anew=True, unclear=unclear)
    if changes.removed:
        removed = tuple(changes.removed)
        why = f"the contract has {_listed(removed)} no more: dropped in place{renamed}"
        return Step(name, why, GO_ON, removed, unclear=bool(renamed))
    return None


def _renamed(removed: Mapping[str, str], added: Mapping[str, str]) -> str:
    """What to do where a column that went may be one that came."""
    heirs = [name for name, kind in added.items() if kind in removed.values()]
    if not heirs:
        return ""
    return (
        f"; or was it renamed to {' or '.join(heirs)}? Then rename it first (docs/howto/evolve-a-table.md),"
        " else name the table with --rebuild"
    )


def _live_columns(stored: Stored) -> dict[str, str]:
    """Without the engine's own, which no contract has."""
    return {f.name: _spark_type(f.field_type) for f in stored.schema().fields if not f.name.startswith("_")}


def _spark_type(kind: IcebergType) -> str:
    if isinstance(kind, ListType):
        return f"array<{_spark_type(kind.element_type)}>"
    return SPARK_TYPES.get(str(kind), str(kind).replace(" ", ""))


def _partitions(stored: Stored) -> tuple[str, ...]:
    found = [(stored.schema().find_column_name(f.source_id), f.transform) for f in stored.spec().fields]
    return tuple(f"months({c})" if isinstance(by, MonthTransform) else str(c) for c, by in found)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
