"""Which columns have a say in a value, by an analysed expression of Spark's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyspark.sql import SparkSession

from glue_scripts.engine.lineage.catalyst import attributes, each, id_of, patterns
from shared.lineage import columns as words
from shared.lineage.columns import Uses

MOST_PARTS = 800  # of a plan and its expressions that are looked at: half a second of processor time
NOTHING: Uses = frozenset()
BY_ANOTHER = ("MaxBy", "MinBy")  # the value at the greatest or least of another
APART = ("OuterReference", "AggregateExpression", "CaseWhen", "If", "WindowExpression")
SUBQUERIES = ("ScalarSubquery", "ListQuery", "Exists")


class TooLargeError(Exception):
    """A plan of more parts than are looked at."""


class Column:
    """A column of a part of a plan; looked at when something is made of it, which of most nothing is.

    `uses`: None where they are not known.
    """

    def __init__(self, look: Callable[[], Uses | None]) -> None:
        self._look = look

    @cached_property
    def uses(self) -> Uses | None:
        return self._look()


@dataclass(frozen=True)
class Found:
    """Of the rows of a part of a plan: by id, each column that is known, and what decides which rows there
    are. Columns that are hidden from above are still in it.
    """

    columns: Mapping[int, Column]
    decided: Uses = NOTHING

    def with_columns(self, columns: Mapping[int, Column]) -> Found:
        return Found({**self.columns, **columns}, self.decided)

    def uses_of(self, column: int) -> Uses | None:
        return found.uses if (found := self.columns.get(column)) else None

    def decided_by(self, uses: Uses | None, subtype: str) -> Found:
        return Found(self.columns, self.decided | (behind(uses, subtype) or NOTHING))

    def all_of(self, listed: Any) -> Uses | None:
        """Of a list of attributes."""
        return joined(self.uses_of(i) for _, i in attributes(listed))


@dataclass
class Expressions(ABC):
    """`outer`: the columns around the subqueries that are looked at. `parts`: how much was looked at."""

    spark: SparkSession
    outer: list[Found] = field(default_factory=list)
    parts: int = 0

    def __post_init__(self) -> None:
        self.apart = patterns(self.spark)

    @abstractmethod
    def rows(self, plan: Any) -> Found:
        """Of the plan of a subquery."""

    def uses(self, expression: Any, below: Found) -> Uses | None:
        """None where nothing is known of a part of it."""
        self.count()
        kind = expression.nodeName()
        if kind == "AttributeReference":
            return below.uses_of(id_of(expression))
        if kind == "Literal":
            return NOTHING
        if kind not in APART and not expression.containsAnyPattern(self.apart):
            return through(below.all_of(expression.references()), words.TRANSFORMATION)
        match kind:
            case "OuterReference":
                return self.uses(expression.e(), self.outer[-1])
            case "AggregateExpression":
                return self._aggregated(expression, below)
            case "LambdaFunction":  # what it is given is counted with whoever gives it
                given = {id_of(a): Column(lambda: NOTHING) for a in each(expression.arguments())}
                return self.uses(expression.function(), below.with_columns(given))
            case _ if kind in SUBQUERIES:
                return self._subquery(expression, kind, below)
        inside = [self.uses(child, below) for child in each(expression.children())]
        match kind:
            case "CaseWhen":  # condition, value, condition, value, …, and maybe another value
                pairs = len(inside) // 2 * 2
                return _chosen(inside[:pairs:2], [*inside[1:pairs:2], *inside[pairs:]])
            case "If":
                return _chosen(inside[:1], inside[1:])
            case "WindowExpression":
                function, window = inside
                return joined([through(function, words.TRANSFORMATION), behind(window, words.WINDOW)])
        return through(joined(inside), words.TRANSFORMATION)

    def _aggregated(self, expression: Any, below: Found) -> Uses | None:
        """Of the rows that its filter leaves."""
        function, test = expression.aggregateFunction(), expression.filter()
        tests = [self.uses(test.get(), below)] if test.isDefined() else []
        around = [behind(t, words.CONDITIONAL) for t in tests]
        if function.nodeName() not in BY_ANOTHER:
            return joined([through(self.uses(function, below), words.AGGREGATION), *around])
        value, by = (self.uses(child, below) for child in each(function.children()))
        return joined([through(value, words.AGGREGATION), behind(by, words.SORT), *around])

    def _subquery(self, expression: Any, kind: str, below: Found) -> Uses | None:
        self.outer.append(below)
        plan = expression.plan()
        found = self.rows(plan)
        values = NOTHING if kind == "Exists" else found.all_of(plan.output())
        self.outer.pop()
        return joined([values, found.decided])

    def count(self) -> None:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise TooLargeError


def joined(found: Iterable[Uses | None]) -> Uses | None:
    """All of them; None where one is not known."""
    together = NOTHING
    for uses in found:
        if uses is None:
            return None
        together |= uses
    return together


def through(uses: Uses | None, subtype: str) -> Uses | None:
    return None if uses is None else frozenset(use.through(subtype) for use in uses)


def behind(uses: Uses | None, subtype: str) -> Uses | None:
    return None if uses is None else frozenset(use.behind(subtype) for use in uses)


def _chosen(tests: Iterable[Uses | None], values: Iterable[Uses | None]) -> Uses | None:
    """One of some values, by tests."""
    decided = (behind(test, words.CONDITIONAL) for test in tests)
    return joined([through(joined(values), words.TRANSFORMATION), *decided])
