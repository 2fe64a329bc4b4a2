"""Which columns a table's columns are made of, as the facet `columnLineage` says it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.lineage.datasets import JSON

DIRECT, INDIRECT = "DIRECT", "INDIRECT"
IDENTITY, TRANSFORMATION, AGGREGATION = "IDENTITY", "TRANSFORMATION", "AGGREGATION"
JOIN, GROUP_BY, FILTER, SORT = "JOIN", "GROUP_BY", "FILTER", "SORT"
WINDOW, CONDITIONAL = "WINDOW", "CONDITIONAL"
STRENGTH = (IDENTITY, TRANSFORMATION, AGGREGATION)
SUBTYPES = (*STRENGTH, JOIN, GROUP_BY, FILTER, SORT, WINDOW, CONDITIONAL)


class Source(NamedTuple):
    """A column of a table or of files; `dataset` is whatever its reader resolves to a name of OpenLineage."""

    dataset: str
    column: str


class Use(NamedTuple):
    """How a source has a say in a value (DIRECT), or in whether or where it stands (INDIRECT). `masking`: the
    value tells nobody what the source holds.
    """

    source: Source
    type: str
    subtype: str
    masking: bool = False

    def through(self, subtype: str) -> Use:
        """In a value that is computed from one that has this use."""
        if self.type == INDIRECT:
            return self
        return self._replace(subtype=max(self.subtype, subtype, key=STRENGTH.index))

    def behind(self, subtype: str) -> Use:
        """In what is decided by a value that has this use."""
        return Use(self.source, INDIRECT, subtype, self.masking)


Uses = frozenset[Use]


@dataclass(frozen=True)
class Lineage:
    """What a table is made of. `fields`: of each column whose sources are known; a constant has none.

    `rows`: what decides which rows there are. `tables`: all that was read. `gaps`: what was met on the way
    of which it is not known what comes out of it.
    """

    fields: Mapping[str, Uses] = field(default_factory=dict)
    rows: Uses = frozenset()
    tables: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()

    def content(self, dataset: Callable[[str], JSON]) -> JSON | None:
        """The facet's, for columns that have sources; None where there is nothing to say."""
        fields = {c: {"inputFields": _inputs(uses, dataset)} for c, uses in self.fields.items() if uses}
        if not fields and not self.rows:
            return None
        return {"fields": fields, **({"dataset": _inputs(self.rows, dataset)} if self.rows else {})}


def _inputs(uses: Iterable[Use], dataset: Callable[[str], JSON]) -> list[JSON]:
    """One entry a source, with all its uses."""
    ways: dict[Source, list[JSON]] = {}
    for use in sorted(uses):
        masked = {"masking": True} if use.masking else {}
        ways.setdefault(use.source, []).append({"type": use.type, "subtype": use.subtype, **masked})
    return [{**dataset(s.dataset), "field": s.column, "transformations": w} for s, w in ways.items()]
