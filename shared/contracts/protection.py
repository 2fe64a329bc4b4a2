"""Columns whose values silver does not hold as they came, by `protect` of the contract: hashed with the
environment's key (shared/keyed_hash.py), or null.

The records are read and judged plain; what loads them into silver writes protected values, and all that is
made of silver has no others.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from shared.contracts.errors import ContractError
from shared.contracts.model import LOADED_KINDS, Column, Contract, Protect, Table
from shared.contracts.node import Node
from shared.keyed_hash import keyed_hash

HASH: Protect = "hash"
NULL: Protect = "null"
WAYS = (HASH, NULL)
# Properties of a table: how values of columns were protected that it holds, and a mark of the key.
PROTECTED, HASH_KEY = "lakehouse.protected", "lakehouse.hash_key"
MARK_DIGITS = 16


def key_mark(key: str) -> str:
    """By which the environment's key of hashes is known again, without telling it."""
    return keyed_hash(key, HASH_KEY)[:MARK_DIGITS]


def protected(table: Table) -> dict[str, Protect]:
    """How a table protects the values of its columns as they are loaded; nothing for what is computed from
    tables, and finds them protected.
    """
    loaded = table.zone == "silver" and table.kind in LOADED_KINDS
    return {c.name: c.protect for c in table.columns if c.protect} if loaded else {}


def as_property(ways: Mapping[str, str]) -> str:
    return ",".join(f"{name} {way}" for name, way in sorted(ways.items()))


def changed(stored: str, columns: Collection[str], ways: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Of the columns that a table has, those that are to be protected otherwise than its rows are: how they
    are, and how they are to be. `stored`: the table's property.
    """
    held = dict(entry.split(" ") for entry in stored.split(",") if entry)
    both = {c: (held.get(c, "none"), ways.get(c, "none")) for c in columns}
    return {name: (old, new) for name, (old, new) in both.items() if old != new}


def protection_contradictions(contract: Contract, table: Table, node: Node) -> Iterator[ContractError]:
    """An error for each column that cannot be protected as the table says, or is only in part."""
    place, ways = node.child("properties"), protected(table)
    own = {str(p.child("name").value): p for p in place.items()}
    for column in (table.column(n) for n in own if table.column(n).protect):
        if why := _refusal(contract, table, column):
            yield own[column.name].error(f"column {column.name}: protect: {column.protect}: {why}")
    computed = [c for c in table.columns if c.derived and not c.protect and c.name in own]
    for column in (c for c in computed if c.name not in table.primary_key):
        read = [n for n in ways if re.search(rf"\b{re.escape(n)}\b", column.derived or "")]
        said = own[column.name].child("classification").value
        if read and (said is None or column.confidential):
            yield own[column.name].error(
                f"column {column.name} is derived from {', '.join(read)} as it came, which silver protects:"
                " protect it, too, or say by a classification such as public that it tells nobody"
            )
    yield from _one_sided(contract, table, place)


def _refusal(contract: Contract, table: Table, column: Column) -> str | None:
    """Why a column cannot be protected as it says."""
    name = column.name
    if not column.confidential:
        return "expected `classification: confidential` beside it"
    if name not in protected(table):
        return "values are protected where a dataset loads them: say it in that table of silver"
    if column.derived and name in table.primary_key:
        return "the key is computed from what silver holds; protect what it is derived from"
    if column.from_key:
        return "its value stands in the object's key, which every row has as _source_file; take it out there"
    if name in _read_by_the_engine(contract, table):
        return (
            "order, event date, partitions, the operation and intervals are read from silver as they came;"
            " protect a column that is none of these"
        )
    if column.protect == HASH and column.type != "string":
        return f"a keyed hash is a text, and the column is {column.type}: make it string, or protect: null"
    if column.protect == NULL and (column.required or name in _finding_rows(contract, table)):
        return "rows need its value, being required, of a key, a reference or tracked: protect: hash"
    return None


def _read_by_the_engine(contract: Contract, table: Table) -> set[str]:
    operation = (table.operation.column,) if table.operation else ()
    date = (table.event_date_column, "event_date")
    orders = {name for t in (table, *_computed_from(contract, table)) for name in t.order}
    return {*orders, *table.partitioned_by, *operation, *(n for n in date if n)}


def _finding_rows(contract: Contract, table: Table) -> set[str]:
    """Columns by which rows are found, joined or told apart."""
    found = {*table.primary_key, *((table.change_key,) if table.change_key else ())}
    for other in (table, *_computed_from(contract, table)):
        found |= {*other.primary_key, *other.tracked, *(c for r in other.references for c in r.columns)}
    return found


def _computed_from(contract: Contract, table: Table) -> list[Table]:
    return [t for t in contract.silver if table.name in t.sources and t.kind in ("latest", "scd2")]


def _one_sided(contract: Contract, table: Table, place: Node) -> Iterator[ContractError]:
    """Columns of silver that point to a key which is not protected alike: no row would find another. They are
    those of foreign keys, and those that are called as another table's key and are not this one's.
    """
    if table.zone != "silver" or table.kind not in LOADED_KINDS:
        return
    for column, other, key in dict.fromkeys(_pointing(contract, table)):
        ways = _way(contract, table.name, column), _way(contract, other, key)
        if ways[0] != ways[1]:
            yield place.error(
                f"{column} (protect: {ways[0]}) points to {other}.{key} (protect: {ways[1]}): protect both"
                " alike, or no row finds the other"
            )


def _pointing(contract: Contract, table: Table) -> Iterator[tuple[str, str, str]]:
    """Column, other table of silver, and the key there."""
    others = [t for t in contract.silver if t.name != table.name and not _same_rows(contract, t, table)]
    for reference in table.references:
        if reference.table in {t.name for t in others}:
            yield from (
                (c, reference.table, k) for c, k in zip(reference.columns, reference.keys, strict=True)
            )
    for other in others:
        keys = {*other.primary_key, *((other.change_key,) if other.change_key else ())}
        yield from ((c, other.name, c) for c in table.column_names if c in keys - {*table.primary_key})


def _same_rows(contract: Contract, one: Table, other: Table) -> bool:
    """Whether one of two tables is computed from the other."""
    return one in _computed_from(contract, other) or other in _computed_from(contract, one)


def _way(contract: Contract, name: str, column: str) -> str:
    """How values of a column are protected, where they were loaded."""
    table = contract.table(name)
    logs = [t for t in contract.silver if table in _computed_from(contract, t)]
    return next((protected(t)[column] for t in (*logs, table) if column in protected(t)), "none")
