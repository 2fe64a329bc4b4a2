"""Change data: what a record does to its row, as SQL over the typed columns."""

from __future__ import annotations

from glue_scripts.engine.read.sql import literal, quoted
from shared.contracts import Operation


def is_delete(operation: Operation | None) -> str:
    """True for a record that says its row is gone; never null."""
    return "false" if operation is None else _is_among(operation, operation.delete)


def is_unknown(operation: Operation) -> str:
    """True for a record whose operation the contract does not name; never null."""
    return f"NOT {_is_among(operation, (*operation.upsert, *operation.delete))}"


def _is_among(operation: Operation, values: tuple[str, ...]) -> str:
    return f"coalesce({quoted(operation.column)} IN ({', '.join(map(literal, values))}), false)"
