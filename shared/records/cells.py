"""Many records at once, by column: what `Shape.rows` says of each, for a fraction of its time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from shared.reasons import RowReason
from shared.records.plain import text_of
from shared.records.reading import Unread, rows_of
from shared.records.shape import Row, Shape
from shared.records.strict_json import Number

# What is its own text: in a column of texts, in any other.
TEXTS, SPELLED = {str, type(None)}, {str, Number, type(None)}


@dataclass(frozen=True)
class Cells:
    """Rows by column: for each row a value, or None. The fields are those of `shared.records.shape.Row`."""

    values: dict[str, list[str | None]]
    extra: list[dict[str, str] | None]
    faults: list[dict[str, RowReason] | None]
    raw: list[str | None]
    record: list[str | None]

    @classmethod
    def empty(cls, names: Iterable[str], count: int) -> Cells:
        def nothing() -> list[Any]:
            return [None] * count

        return cls({n: nothing() for n in names}, nothing(), nothing(), nothing(), nothing())

    def put(self, at: int, row: Row) -> None:
        """The row stands at this place."""
        for name, text in row.values.items():
            self.values[name][at] = text
        self.extra[at], self.faults[at] = row.extra or None, row.faults or None
        self.raw[at], self.record[at] = row.raw, row.record


def in_cells(
    records: Iterable[tuple[dict[str, Any] | Unread, str | None]],
    shape: Shape,
    names: Sequence[str],
    size: int,
) -> Iterator[Cells]:
    """The rows of records, in order, at most so many at a time. `names`: all columns of the shape."""
    if not shape.flat:
        every = rows_of(records, shape)
        while rows := list(islice(every, size)):
            yield _of_rows(rows, names)
        return
    records = iter(records)
    while some := list(islice(records, size)):
        yield _of_records(some, shape, names)


def _of_rows(rows: list[Row], names: Sequence[str]) -> Cells:
    cells = Cells.empty(names, len(rows))
    for at, row in enumerate(rows):
        cells.put(at, row)
    return cells


def _of_records(
    records: list[tuple[dict[str, Any] | Unread, str | None]], shape: Shape, names: Sequence[str]
) -> Cells:
    """One row a record. Records of the same names are taken together, a name at a time."""
    cells = Cells.empty(names, len(records))
    alike = defaultdict[tuple[str, ...], list[int]](list)
    for at, (record, text) in enumerate(records):
        if isinstance(record, Unread):
            cells.raw[at] = record.raw
        else:
            alike[tuple(record)].append(at)
            cells.record[at] = text
    for own, places in alike.items():
        columns = [shape.column(name) for name in own]
        known = [c for c in columns if c]
        if len(set(known)) < len(known):  # two names of one column: the first that has a value counts
            for at in places:
                record, text = records[at]
                [row] = shape.rows(record, text)
                cells.put(at, row)
            continue
        wholes = zip(*(records[at][0].values() for at in places), strict=True)  # type: ignore[union-attr]
        for name, column, values in zip(own, columns, wholes, strict=True):
            if column:
                _put_column(cells, places, column, values, shape)
            else:
                _put_extra(cells, places, name, values)
    return cells


def _put_column(cells: Cells, places: list[int], column: str, values: Sequence[Any], shape: Shape) -> None:
    texts = cells.values[column]
    kind = shape.kinds[column]
    own = TEXTS if kind == "text" else SPELLED if kind == "other" else set[type]()
    if set(map(type, values)) <= own:
        for at, text in zip(places, values, strict=True):
            texts[at] = text
        return
    for at, value in zip(places, values, strict=True):
        texts[at], fault = shape.text(column, value)
        if fault is not None:
            cells.faults[at] = {**(cells.faults[at] or {}), column: fault}


def _put_extra(cells: Cells, places: list[int], name: str, values: Sequence[Any]) -> None:
    for at, value in zip(places, values, strict=True):
        if value is not None:
            extra = cells.extra[at]
            if extra is None:
                extra = cells.extra[at] = {}
            extra[name] = text_of(value)
