"""Records by column are the rows that `Shape.rows` makes of each."""

from __future__ import annotations

import tracemalloc
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from shared.contracts.paths import parsed_path
from shared.records.cells import Cells, in_cells
from shared.records.reading import Unread, rows_of
from shared.records.shape import Row, Shape
from shared.records.strict_json import Number

ALIASES = {"id": "id", "identity": "id", "amount": "amount", "tags": "tags", "sizes": "sizes", "more": "more"}
KINDS = {"id": "text", "amount": "other", "tags": "list", "sizes": "list", "more": "json"}
FLAT = Shape(ALIASES, KINDS, text_lists=frozenset({"tags"}))
LISTED = Shape(ALIASES, KINDS, explode=parsed_path("items"))
CHANGES = Shape(ALIASES, KINDS, enveloped=True)
Record = tuple[dict[str, Any] | Unread, str | None]

plain = (
    st.none()
    | st.booleans()
    | st.sampled_from(["", "a", "ä7"])
    | st.builds(Number, st.sampled_from(["7", "7.0", "1e2", "0.5"]))
)
values = (
    plain
    | st.just(b"\xff")
    | st.lists(plain, max_size=2)
    | st.dictionaries(st.sampled_from("ab"), plain, max_size=2)
)
names = st.sampled_from(["id", "Identity", "ID", "amount", "tags", "sizes", "more", "colour", "", "size"])
records = st.dictionaries(names, values, max_size=6)
listed = st.fixed_dictionaries({"items": st.lists(records, max_size=3)})
found = st.tuples(
    records | listed | st.builds(Unread, st.sampled_from(["?", "null"])), st.none() | st.just("{}")
)


def rows(cells: Cells) -> list[Row]:
    """Each row of them, without columns that have no value."""
    return [
        Row(
            {name: texts[at] for name, texts in cells.values.items() if texts[at] is not None},
            cells.extra[at] or {},
            cells.faults[at] or {},
            cells.raw[at],
            cells.record[at],
        )
        for at in range(len(cells.raw))
    ]


def expected(records: list[Record], shape: Shape) -> list[Row]:
    return [
        Row({n: v for n, v in r.values.items() if v is not None}, r.extra, r.faults, r.raw, r.record)
        for r in rows_of(records, shape)
    ]


@given(st.lists(found, max_size=9), st.sampled_from([FLAT, LISTED, CHANGES]), st.integers(1, 5))
@example([({"id": None, "identity": "u1"}, "{}"), ({"ID": Number("7.5"), "colour": "red"}, None)], FLAT, 5)
def test_records_by_column_are_the_rows_of_each(records: list[Record], shape: Shape, size: int) -> None:
    batches = list(in_cells(records, shape, [*KINDS], size))
    assert [row for batch in batches for row in rows(batch)] == expected(records, shape)
    assert all(len(batch.raw) <= size for batch in batches)


def test_a_record_is_read_by_column() -> None:
    [cells] = in_cells(
        [
            ({"ID": "u1", "amount": Number("12.10"), "colour": True}, '{"ID":"u1"}'),
            (Unread("{broken"), "{broken"),
            ({"identity": Number("7.5"), "tags": ["a"]}, None),
        ],
        FLAT,
        [*KINDS],
        9,
    )
    assert cells.values == {
        "id": ["u1", None, "7.5"],
        "amount": ["12.10", None, None],
        "tags": [None, None, '["a"]'],
        "sizes": [None] * 3,
        "more": [None] * 3,
    }
    assert cells.extra == [{"colour": "true"}, None, None]
    assert cells.faults == [None, None, {"id": "number_as_text"}]
    assert (cells.raw, cells.record) == ([None, "{broken", None], ['{"ID":"u1"}', None, None])


def test_long_names_of_hostile_records_are_not_remembered() -> None:
    tracemalloc.start()
    for n in range(500):
        assert FLAT.column(f"{n}{'x' * 10_000}") == ""
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1_000_000
