"""What is known of a query's rows: which of its columns identify a row, and which carry a column of the
tables that it reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

Column = tuple[str, str]
"""Of a source by its alias, and its name; or of none: a key that a FULL JOIN merges, a grouped expression."""
Carried = tuple[Column, str]
MERGED = "="
EXPRESSION = "()"


@dataclass(frozen=True)
class Facts:
    """Of a table or a query, by its own columns.

    `keys`: no two rows have one. An empty one: at most one row. None are known of what has no keys here.

    `carries`: (column, c): the rows with a value v in the column are made of those rows alone that have v in
    their column c, of all tables that are read. `constant`: made of no table whose changes are followed.
    `numbered`: a column with row numbers → what they begin anew for.
    """

    columns: tuple[str, ...]
    keys: frozenset[frozenset[str]] = frozenset()
    carries: frozenset[tuple[str, str]] = frozenset()
    constant: bool = False
    numbered: dict[str, frozenset[str]] = field(default_factory=dict)


@dataclass
class Joined:
    """The same of what stands behind FROM, by alias and column; `decide`: a set of columns and the columns
    that follow from it.
    """

    columns: set[Column] = field(default_factory=set)
    keys: set[frozenset[Column]] = field(default_factory=set)
    carries: set[Carried] = field(default_factory=set)
    constant: bool = True
    decide: list[tuple[frozenset[Column], frozenset[Column]]] = field(default_factory=list)
    merged: dict[frozenset[Column], Column] = field(default_factory=dict)
    numbered: dict[Column, frozenset[Column]] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Facts, alias: str) -> Joined:
        columns = {(alias, c) for c in facts.columns}
        keys = {frozenset((alias, c) for c in key) for key in facts.keys}
        return cls(
            columns,
            keys,
            {((alias, column), c) for column, c in facts.carries},
            facts.constant,
            [(key, frozenset(columns)) for key in keys],
            numbered={
                (alias, c): frozenset((alias, p) for p in parts) for c, parts in facts.numbered.items()
            },
        )

    def closure(self, columns: Iterable[Column]) -> frozenset[Column]:
        """The columns, and all that follow from them."""
        known = frozenset(columns)
        while more := [right for left, right in self.decide if left <= known and not right <= known]:
            known = known.union(*more)
        return known

    def identify(self, columns: Iterable[Column]) -> bool:
        """Whether no two rows share the columns."""
        known = self.closure(columns)
        return any(key <= known for key in self.keys)

    def minimal(self, key: frozenset[Column], kept: Collection[Column]) -> frozenset[Column]:
        """The key without what follows from the rest of it; the columns of `kept` go last."""
        left = key
        for column in sorted(key, key=lambda c: (c in kept, c)):
            if column in self.closure(left - {column}):
                left -= {column}
        return left
