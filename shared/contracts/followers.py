"""Tables of silver that are computed from a log: which, and what their columns must be in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.contracts.errors import ContractError
from shared.contracts.evolution import column_changes
from shared.contracts.model import Contract, Table
from shared.contracts.node import Node

# By kind, the columns that are computed and not the log's.
OWN = {"latest": ("event_date",), "scd2": ("valid_from", "valid_to", "is_current", "event_date")}


def followers(log: Table, tables: Sequence[Table]) -> tuple[Table, ...]:
    """The tables that are computed from a log."""
    return tuple(t for t in tables if log.name in t.sources and t.kind in OWN)


def follower_contradictions(contract: Contract, table: Table, node: Node) -> Iterator[ContractError]:
    """An error for each column that the table's log has not, or has of a type that does not fit."""
    logs = [log for log in contract.silver if table in followers(log, (table,))]
    if len(logs) != 1:
        return
    known = {c.name: c.type for c in logs[0].columns}
    wanted = {c.name: c.type for c in table.columns if c.name not in OWN[table.kind]}
    for name in wanted.keys() - known.keys():
        yield node.child("properties").error(
            f"{name}: {table.name} is computed from {logs[0].name}, which has no such column; add it there"
        )
    shared = {n: kind for n, kind in known.items() if n in wanted}
    for name in column_changes(shared, wanted).retyped:
        yield node.child("properties").error(
            f"{name}: {wanted[name]} cannot hold what {logs[0].name} has, which is {known[name]}; both need"
            " one type, or this table the wider"
        )
