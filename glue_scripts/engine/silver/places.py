"""Columns that are found by no name: by a path into the record, or in the key of the object. A silver table
remembers with which of them its rows were read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from glue_scripts.engine.run.session import Aws
from shared.contracts import Column, Dataset, folded
from shared.contracts.keys import value_in_key
from shared.unknown_columns import PLACES_PROPERTY


def places_property(dataset: Dataset) -> str:
    """The property of a silver table that says which places its rows of a dataset were read with."""
    return PLACES_PROPERTY + mark(dataset.name)


def place(column: Column) -> str | None:
    """Where a column is found that is found by no name."""
    if column.from_key is not None:
        return f"{column.name} key {column.from_key}"
    return f"{column.name} path {column.path}" if column.path is not None else None


def places_known(dataset: Dataset, columns: Collection[str] | None = None) -> str:
    """The marks of the places of the dataset's columns, or of some, as the property has them."""
    found = (dataset.target.column(c) for c in dataset.received if columns is None or c in columns)
    return ",".join(sorted(mark(at) for c in found if (at := place(c)) is not None))


def newly_placed(dataset: Dataset, known: str) -> list[Column]:
    """The columns with a path or a part of the key that rows that stand were not read with."""
    marks = known.split(",")
    columns = map(dataset.target.column, dataset.received)
    return [c for c in columns if (at := place(c)) is not None and mark(at) not in marks]


def may_be_there(column: Column, held: Collection[str], clients: Aws, dataset: Dataset) -> bool:
    """Whether reading the files again may find a value: some key has it, some row has in `_extra` what its
    path begins with, or that is not kept there. `held`: the names in `_extra`.
    """
    if column.from_key is not None:
        files = clients.ledger.accepted(dataset.domain, dataset.name)
        return any(value_in_key(column.from_key, f.key) is not None for f in files)
    path = column.path
    if path is None or path.up or dataset.envelope == "debezium":
        return True
    start = str(path.steps[0])
    others = (c.path for c in map(dataset.target.column, dataset.sent) if c is not column)
    taken = {p.steps[0] for p in (*others, *dataset.lists_elsewhere) if p is not None and not p.up}
    if start in taken or folded(start) in dataset.aliases:
        return True
    # XML has flat names where the contract had no path: request.id, request@unit, name[2].
    return any(n == start or (n.startswith(start) and n[len(start)] in ".@[") for n in held)


def mark(name: str) -> str:
    """A name as it may stand in a property: Spark shows none that holds a word such as token or password."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]
