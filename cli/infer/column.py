"""What was counted of a column: how many values are spelled how. Counts of parts add up to those of the
whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.infer.facts import Facts, facts_of

MOST_VALUES = 10_000  # distinct values that are counted exactly


@dataclass
class Column:
    """`facts`: of values; null of JSON is none of them. `nested`: objects and lists that stand where others
    have plain values. `arrow`: types that Parquet files declare. `hashes`: of distinct values, None beyond
    what is counted. `votes`: of files whose dates fit one order only, and whose numbers one mark only.
    """

    facts: Counter[Facts] = field(default_factory=Counter)
    objects: int = 0
    lists: int = 0
    record_lists: int = 0
    elements: int = 0
    arrow: set[str] = field(default_factory=set)
    hashes: set[int] | None = field(default_factory=set)
    votes: Counter[str] = field(default_factory=Counter)
    files: int = 0

    def add(self, value: Any) -> None:
        found = facts_of(value)
        self.facts[found] += 1
        if self.hashes is not None and found.value:
            self.hashes.add(hash(value))
            if len(self.hashes) > MOST_VALUES:
                self.hashes = None

    def take(self, values: Mapping[Any, int]) -> None:
        """Texts, and how often each occurs."""
        for value, count in values.items():
            if value is not None:
                found = facts_of(value)
                self.facts[found] += count
                if self.hashes is not None and found.value:
                    self.hashes.add(hash(value))
        if self.hashes is not None and len(self.hashes) > MOST_VALUES:
            self.hashes = None

    def merge(self, other: Column) -> None:
        self.facts.update(other.facts)
        self.objects += other.objects
        self.lists += other.lists
        self.record_lists += other.record_lists
        self.elements += other.elements
        self.arrow |= other.arrow
        self.votes.update(other.votes)
        self.files += other.files
        if self.hashes is not None and other.hashes is not None:
            self.hashes |= other.hashes
        if self.hashes is None or other.hashes is None or len(self.hashes) > MOST_VALUES:
            self.hashes = None

    def settle(self) -> None:
        """Notes what one file says of orders and marks, when all its values were taken."""
        self.files = 1
        texts = [f for f in self.facts if f.kind == "text"]
        orders = {f.time.orders[0] for f in texts if f.time and f.time.skeleton and len(f.time.orders) == 1}
        marks = {f.number.decimal for f in texts if f.number and f.number.decimal and f.time is None}
        self.votes.update(["+".join(sorted(orders))] if orders else [])
        self.votes.update([f"mark {'+'.join(sorted(marks))}"] if marks else [])

    @property
    def values(self) -> int:
        """How many values there are, without those that spell nothing."""
        return sum(n for f, n in self.facts.items() if f.value)

    @property
    def blanks(self) -> int:
        return sum(n for f, n in self.facts.items() if f.blank)

    @property
    def distinct(self) -> int | None:
        return None if self.hashes is None else len(self.hashes)

    def count(self, chosen: Iterable[Facts]) -> int:
        return sum(self.facts[f] for f in chosen)
