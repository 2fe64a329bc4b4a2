"""How wide a text column of the warehouse is where the contract gives no `maxLength`: as its values need.

Redshift reserves memory for a query by the widths of its columns ("Use the smallest possible column size",
Amazon Redshift developer guide, best practices for designing tables).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shared.contracts import Column, Contract, Table
from shared.values.texts import BYTES_A_CHARACTER, MOST_BYTES

WIDTHS = (64, 256, 1024, 4096, 16_384, MOST_BYTES)  # bytes
Widths = Mapping[str, Mapping[str, int]]  # table → column → bytes


def unsized(table: Table) -> tuple[str, ...]:
    """The text columns of which the contract does not say how long they are."""
    return tuple(c.name for c in table.columns if c.type == "string" and c.max_length is None)


def width(longest: int, before: int | None) -> int:
    """The bytes of a column whose longest value has so many, and that had `before`.

    It never shrinks and it grows twofold at least, for a wider column is a new table.
    """
    if before is not None and longest <= before:
        return before
    return next((w for w in WIDTHS if w >= 2 * longest), MOST_BYTES)


def sized(contract: Contract, widths: Widths) -> Contract:
    """The contract with lengths for all texts of gold that have a width."""
    gold = tuple(
        replace(table, columns=tuple(_column(c, widths.get(table.name, {})) for c in table.columns))
        for table in contract.gold
    )
    return replace(contract, gold=gold)


def _column(column: Column, widths: Mapping[str, int]) -> Column:
    known = widths.get(column.name, MOST_BYTES)
    if column.max_length is not None or known == MOST_BYTES:
        return column
    return replace(column, max_length=known // BYTES_A_CHARACTER)
