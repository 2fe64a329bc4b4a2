"""Which columns say whose a row is: those that the contract says identify a person, and those that refer to
one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from shared.contracts.errors import ContractError
from shared.contracts.model import LOADED_KINDS, Contract, Table
from shared.contracts.node import Node
from shared.values.plan import INVISIBLE

WHOLE = re.compile(r"([+-]?)0*(\d+)(?:\.0*)?", re.ASCII)


@dataclass(frozen=True)
class Identity:
    """A column of a table, and under which `name` the person in it is known to the whole domain. `nothing`:
    texts, in lower case, that mean no value there.
    """

    column: str
    name: str
    type: str
    case: Literal["upper", "lower"] | None = None
    nothing: tuple[str, ...] = ("",)


def identities(contract: Contract, table: Table) -> tuple[Identity, ...]:
    """The columns of a table that say whose a row is."""
    names = {c.name: c.name for c in table.columns if c.identifies}
    tables = {t.name: t for t in contract.tables}
    for reference in table.references:
        other = tables.get(reference.table)
        if other is not None and len(reference.columns) == 1 and other.column(reference.keys[0]).identifies:
            names.setdefault(reference.columns[0], reference.keys[0])
    return tuple(
        Identity(column, name, table.column(column).type, table.column(column).case, contract.null_spellings)
        for column, name in names.items()
    )


def identity_names(contract: Contract) -> tuple[str, ...]:
    """All names under which people of a domain can be named."""
    return tuple(dict.fromkeys(i.name for t in contract.tables for i in identities(contract, t)))


def identity_contradictions(contract: Contract, table: Table, node: Node) -> Iterator[ContractError]:
    """An error where a table and another have a row for each person under one name, and neither refers to
    the other: the customer 7 and the employee 7 would be one person.
    """
    if not (own := _of_whom(table)):
        return
    for other in contract.tables[: contract.tables.index(table)]:
        if _of_whom(other) == own and not (_refers(table, other, own) or _refers(other, table, own)):
            yield node.child("properties").error(
                f"column {own} identifies a person here and in {other.name}: the same value would be the same"
                f" person. Rename one, or say by a relationship of {own} that both are the same"
            )


def _of_whom(table: Table) -> str | None:
    """The column by which a table that files are loaded into has a row for each person."""
    key = table.primary_key if table.zone == "silver" and table.kind in LOADED_KINDS else ()
    return key[0] if len(key) == 1 and table.column(key[0]).identifies else None


def _refers(table: Table, other: Table, column: str) -> bool:
    return any(
        r.table == other.name and tuple(r.columns) == tuple(r.keys) == (column,) for r in table.references
    )


def unnamed_children(contract: Contract) -> tuple[str, ...]:
    """Datasets of files that hold people by another dataset, and whose own rows do not say of whom they are:
    of a late file these would come, though the person's other rows do not.
    """
    found = []
    for dataset in (d for d in contract.datasets if d.files_of):
        owner = contract.dataset(str(dataset.files_of))
        needed = {i.name for i in identities(contract, owner.target)}
        if needed - {i.name for i in identities(contract, dataset.target)}:
            found.append(dataset.name)
    return tuple(found)


def referring(contract: Contract) -> tuple[str, ...]:
    """Columns by which rows refer to a person's, directly or through others, of tables whose rows do not say
    whose they are: when the others are erased, these stay. As `lines.order_id`.
    """
    loaded = {d.target.name: d.target for d in contract.datasets}
    related = {name for name, table in loaded.items() if identities(contract, table)}
    found = dict[str, None]()
    unsaid = {name: table for name, table in loaded.items() if name not in related}
    while True:
        before = len(found)
        for name, table in unsaid.items():
            for reference in table.references:
                if reference.table in related:
                    found |= dict.fromkeys(f"{name}.{column}" for column in reference.columns)
                    related.add(name)
        if len(found) == before:
            return tuple(found)


def marked(name: str, value: str) -> str:
    """The text of which the keyed hash is a person's tombstone: no pseudonym in silver is the same."""
    return f"erased {name}={value}"


def is_nobody(text: str, identity: Identity) -> bool:
    """Whether a value says nothing, in silver or to who looks at it: then a row is of nobody who is known."""
    return text.strip(INVISIBLE).lower() in ("", *identity.nothing)


def spelled_as_stored(text: str, identity: Identity) -> str:
    """A value as silver spells it, whoever sent it: without what nobody sees at its ends, in the column's
    case, a whole number without its zeros.
    """
    value = text.strip(INVISIBLE)
    if identity.type != "string":
        whole = WHOLE.fullmatch(value)
        return f"{'-' if whole[1] == '-' and whole[2] != '0' else ''}{whole[2]}" if whole else value
    return getattr(value, identity.case)() if identity.case else value
