"""Which columns a DataFrame is made of, by the plan that Spark has analysed: columns are followed by their
ids, from the tables up. A part that is not known here has no lineage, nor has anything that is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pyspark.sql import DataFrame

from glue_scripts.engine.lineage.catalyst import OTHER_SPARK, attributes, each, made_by_driver, named, tag
from glue_scripts.engine.lineage.expressions import (
    NOTHING,
    Column,
    Expressions,
    Found,
    TooLargeError,
    joined,
    through,
)
from glue_scripts.engine.run.job import CATALOG
from shared.lineage import Lineage, Source, Use
from shared.lineage import columns as words
from shared.lineage.columns import Uses

DEEPEST = 100
TABLE = "DataSourceV2Relation"
IN_PART = "a condition that is not known in all its parts"
SAME_ROWS = {
    *("SubqueryAlias", "View", "ResolvedHint", "CollectMetrics", "Sample"),
    *("Repartition", "RepartitionByExpression", "RebalancePartitions"),
    *("GlobalLimit", "LocalLimit", "Offset", "Tail"),
}
CHOOSING = ("Filter", "Join", "Project")  # parts of a run's choice


def lineage_of(rows: DataFrame) -> Lineage:
    """What the rows are made of; tables as Spark names them, without the catalog. Never fails: of a plan that
    is too large, or of another Spark, it has the tables only.
    """
    try:
        plan = Plan(rows.sparkSession)
        analysed = rows._jdf.queryExecution().analyzed()
    except OTHER_SPARK as error:
        return Lineage(gaps=(type(error).__name__,))
    try:
        found = plan.rows(analysed)
        columns = {name: found.uses_of(i) for name, i in attributes(analysed.output())}
    except (TooLargeError, RecursionError):
        return plan.only_tables(analysed, "a plan that is too large")
    except OTHER_SPARK as error:
        return plan.only_tables(analysed, type(error).__name__)
    fields = {name: uses for name, uses in columns.items() if uses is not None}
    return Lineage(fields, found.decided, tuple(plan.tables), tuple(plan.gaps))


@dataclass
class Plan(Expressions):
    """`shared`: the columns of common table expressions, in their order; `totals`: aggregates by likeness."""

    tables: dict[str, None] = field(default_factory=dict)
    gaps: dict[str, None] = field(default_factory=dict)
    shared: dict[int, tuple[Found, list[int]]] = field(default_factory=dict)
    totals: dict[int, list[tuple[Any, Found, list[int]]]] = field(default_factory=dict)
    depth: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.scoped = tag(self.spark)

    def only_tables(self, plan: Any, gap: str) -> Lineage:
        """Those below the plan, without the ones of its subqueries that were not looked at."""
        with suppress(*OTHER_SPARK):
            for leaf in each(plan.collectLeaves()):
                if leaf.nodeName() == TABLE:
                    self._table(leaf)
        return Lineage(tables=tuple(self.tables), gaps=(gap,))

    def rows(self, plan: Any) -> Found:
        self.count()
        self.depth += 1
        if self.depth > DEEPEST:
            raise TooLargeError
        kind = plan.nodeName()
        if kind in CHOOSING and plan.getTagValue(self.scoped).isDefined():
            found = self._whole(plan)
        elif (alone := ALONE.get(kind)) is not None:
            found = alone(self, plan)
        else:
            found = self._above(plan, kind)
        self.depth -= 1
        return found

    def _above(self, plan: Any, kind: str) -> Found:
        """Of a part that stands on the columns of the one below it."""
        if kind in SAME_ROWS:
            return self.rows(plan.child())
        if (above := ABOVE.get(kind)) is not None:
            return above(self, plan, self.rows(plan.child()))
        self.gaps[kind] = None
        return Found({}, _decided(self.rows(child) for child in each(plan.children())))

    def _whole(self, plan: Any) -> Found:
        """The table below a choice of its rows, of which it is the first part."""
        while plan.nodeName() in CHOOSING:
            plan = plan.children().head()
        return self.rows(plan)

    def _table(self, plan: Any) -> Found:
        """A table by database and name; branches and metadata of one have longer names, and are gaps."""
        catalog, _, name = plan.name().partition(".")
        if catalog != CATALOG or name.count(".") != 1:
            self.gaps["a relation that is no table"] = None
            return Found({})
        self.tables[name] = None
        uses = {i: Use(Source(name, c), words.DIRECT, words.IDENTITY) for c, i in attributes(plan.output())}
        return Found({i: _known(frozenset({use})) for i, use in uses.items()})

    def _written(self, plan: Any) -> Found:
        """Rows that stand in the plan itself."""
        return Found({i: _known(NOTHING) for i in _ids(plan)})

    def _of_an_rdd(self, plan: Any) -> Found:
        """Rows that the driver made are as good as written in the plan."""
        if made_by_driver(plan.rdd()):
            return self._written(plan)
        self.gaps["LogicalRDD"] = None
        return Found({})

    def _union(self, plan: Any) -> Found:
        """By position; its columns have the ids of the first part's."""
        parts = [(self.rows(p), _ids(p)) for p in each(plan.children())]

        def together(place: int) -> Uses | None:
            return joined(found.uses_of(ids[place]) for found, ids in parts)

        columns = {made: Column(partial(together, place)) for place, made in enumerate(_ids(plan))}
        return Found(columns, _decided(found for found, _ in parts))

    def _compared(self, plan: Any) -> Found:
        """Rows of the first part that the second has, or has not."""
        first, second = self.rows(plan.left()), self.rows(plan.right())
        both = Found(first.columns, first.decided | second.decided)
        return both.decided_by(self._known_of(plan.right().output(), second), words.FILTER)

    def _with_common(self, plan: Any) -> Found:
        for common in each(plan.cteDefs()):
            self.shared[common.id()] = self.rows(common.child()), _ids(common.child())
        return self.rows(plan.plan())

    def _common(self, plan: Any) -> Found:
        found, ids = self.shared.get(plan.cteId(), (Found({}), _ids(plan)))
        same = zip(_ids(plan), ids, strict=True)
        return Found({own: found.columns[i] for own, i in same if i in found.columns}, found.decided)

    def _project(self, plan: Any, below: Found) -> Found:
        return self._computed(plan.projectList(), below)

    def _aggregate(self, plan: Any) -> Found:
        """Rows that several parts of a plan are made of stand in it several times, with other ids."""
        likeness = plan.semanticHash()
        for other, found, ids in self.totals.get(likeness, ()):
            if plan.sameResult(other):
                pairs = zip(_ids(plan), ids, strict=True)
                return Found({own: found.columns[i] for own, i in pairs if i in found.columns}, found.decided)
        below = self.rows(plan.child())
        grouped = self._any(each(plan.groupingExpressions()), below)
        found = self._computed(plan.aggregateExpressions(), below).decided_by(grouped, words.GROUP_BY)
        self.totals.setdefault(likeness, []).append((plan, found, _ids(plan)))
        return found

    def _window(self, plan: Any, below: Found) -> Found:
        return self._computed(plan.windowExpressions(), below)

    def _computed(self, expressions: Any, below: Found) -> Found:
        """With the columns that get a name here; others pass as they are."""

        def look(column: int, place: int) -> Uses | None:
            expression = expressions.apply(place)
            if expression.nodeName() != "Alias":  # an attribute whose name looks so
                return below.uses_of(column)
            return self.uses(expression.child(), below)

        return below.with_columns({i: Column(partial(look, i, place)) for i, place in named(expressions)})

    def _filter(self, plan: Any, below: Found) -> Found:
        return below.decided_by(self._any([plan.condition()], below), words.FILTER)

    def _join(self, plan: Any) -> Found:
        """Columns that a semi join hides are still there."""
        left, right = self.rows(plan.left()), self.rows(plan.right())
        below = Found({**left.columns, **right.columns}, left.decided | right.decided)
        if plan.condition().isEmpty():
            return below
        return below.decided_by(self._any([plan.condition().get()], below), words.JOIN)

    def _sort(self, plan: Any, below: Found) -> Found:
        return below.decided_by(self._any(each(plan.order()), below), words.SORT)

    def _deduplicate(self, plan: Any, below: Found) -> Found:
        return below.decided_by(self._any(each(plan.keys()), below), words.GROUP_BY)

    def _distinct(self, plan: Any, below: Found) -> Found:
        return below.decided_by(self._known_of(plan.output(), below), words.GROUP_BY)

    def _generate(self, plan: Any, below: Found) -> Found:
        made = Column(lambda: through(self.uses(plan.generator(), below), words.TRANSFORMATION))
        return below.with_columns({i: made for _, i in attributes(plan.generatorOutput())})

    def _expand(self, plan: Any, below: Found) -> Found:
        """Several rows for each: a column is any of its expressions."""

        def look(place: int) -> Uses | None:
            return joined(self.uses(way.apply(place), below) for way in each(plan.projections()))

        columns = {i: Column(partial(look, place)) for place, i in enumerate(_ids(plan))}
        return below.with_columns(columns)

    def _any(self, expressions: Iterable[Any], below: Found) -> Uses:
        """Of what decides together; of an expression that is not known, of those columns in it that are."""
        found = NOTHING
        for expression in expressions:
            uses = self.uses(expression, below)
            found |= self._known_of(expression.references(), below) if uses is None else uses
        return found

    def _known_of(self, listed: Any, below: Found) -> Uses:
        """Of those of a list of attributes that are known; that some are not is a gap."""
        uses = [below.uses_of(i) for _, i in attributes(listed)]
        if None in uses:
            self.gaps[IN_PART] = None
        return NOTHING.union(*(u for u in uses if u is not None))


def _decided(parts: Iterable[Found]) -> Uses:
    return frozenset[Use]().union(*(found.decided for found in parts))


def _known(uses: Uses) -> Column:
    return Column(lambda: uses)


def _ids(plan: Any) -> list[int]:
    return [i for _, i in attributes(plan.output())]


ALONE: dict[str, Callable[[Plan, Any], Found]] = {
    TABLE: Plan._table,
    "LocalRelation": Plan._written,
    "OneRowRelation": Plan._written,
    "Range": Plan._written,
    "LogicalRDD": Plan._of_an_rdd,
    "Aggregate": Plan._aggregate,
    "Join": Plan._join,
    "Union": Plan._union,
    "Intersect": Plan._compared,
    "Except": Plan._compared,
    "WithCTE": Plan._with_common,
    "CTERelationRef": Plan._common,
}
ABOVE: dict[str, Callable[[Plan, Any, Found], Found]] = {
    "Project": Plan._project,
    "Window": Plan._window,
    "Filter": Plan._filter,
    "Sort": Plan._sort,
    "Deduplicate": Plan._deduplicate,
    "Distinct": Plan._distinct,
    "Generate": Plan._generate,
    "Expand": Plan._expand,
}
