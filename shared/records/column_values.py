"""The values of columns, record by record. Where a column is spelled in several ways, the first value that a
record has counts, as in `shared.records.shape`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any


def values_of(objects: list[dict[str, Any]], names: tuple[str, ...]) -> list[Any]:
    """The values of some names, record by record; None for a record that has not the name."""
    try:
        found = list(map(itemgetter(*names), objects))
    except KeyError:
        return [record.get(n) for record in objects for n in names]
    return found if len(names) == 1 else list(itertools.chain.from_iterable(found))


def first_values(
    objects: list[dict[str, Any]], spellings: Mapping[str, str], columns: Iterable[str]
) -> dict[str, list[Any]]:
    """By column; `spellings`: name → column. The order of names is the record's own."""
    found: dict[str, list[Any]] = {column: [] for column in columns}
    for record in objects:
        first: dict[str, Any] = {}
        for name, value in record.items():
            if name in spellings and value is not None:
                first.setdefault(spellings[name], value)
        for column, values in found.items():
            values.append(first.get(column))
    return found


def first_of(places: Sequence[Sequence[Any]], nothing: str | None = None) -> Sequence[Any]:
    """Of each row the first value among the places of one column."""
    if len(places) == 1:
        return places[0]
    return [next((v for v in values if v != nothing), nothing) for values in zip(*places, strict=True)]
