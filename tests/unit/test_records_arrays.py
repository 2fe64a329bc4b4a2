"""Elements of a list that are read many at a time are those that are read one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.records import Unreadable
from shared.records.contradictions import refuse_contradictions
from shared.records.file_profile import FileProfile
from shared.records.json_profile import profile_stream
from shared.records.json_stream import Window, elements, elements_of
from shared.records.verdict import Limits
from tests.support.fuzz import dataset_of
from tests.support.mutations import mutated

FEW = 4000  # bytes that can be read one at a time
ALIKE = '{"event_id":"a","ts":"2024-03-01T10:00:00Z"'
FRAGMENTS = [
    *[ALIKE + "}"] * 6,
    ALIKE + ',"age":7}',
    ALIKE + ',"o":{"event_id":1},"l":[{"event_id":2},{"event_id":3}]}',
    ALIKE + ',"message":"},{\\"event_id\\":"}',
    ALIKE + ',"age":' + "[" * 63 + "]" * 63 + "}",
    ALIKE + ',"age":' + "[" * 64 + "]" * 64 + "}",
    ALIKE + ',"age":' + "3" * 400 + "}",
    ALIKE + ',"age":1e400}',
    ALIKE + ',"age":NaN}',
    ALIKE + ',"age":01}',
    ALIKE + ',"name":"\\ud800"}',
    ALIKE + ',"name":"\udcff"}',
    ALIKE + ',"ts":"02.03.2024"}',
    ALIKE + ',"TS":"2024-03-02T10:00:00Z"}',
    '{"event_id":"a","TS":"2024-03-03T10:00:00Z","ts":"n/a"}',
    '{"event_id":"a","time":null,"ts":true,"TS":"2024-03-04T10:00:00Z"}',
    ALIKE,
    "{}",
    "[]",
    "7",
    "null",
    "",
    "}",
    "]",
]
BETWEEN = st.sampled_from([*[","] * 9, ",\n  ", " , ", "", ",,", ":", "\n"])
TEXTS = st.tuples(
    st.sampled_from(["[", "[", " [\n", ""]),
    st.lists(st.sampled_from(FRAGMENTS), max_size=12),
    BETWEEN,
    st.sampled_from(["]", "]", "]\n", "", "]]", ",]"]),
).map(lambda t: (t[0] + t[2].join(t[1]) + t[3]).encode(errors="surrogateescape"))


def found(content: bytes, size: int, name: str = "json", limits: Limits | None = None) -> tuple[Any, ...]:
    """What is observed of a content that comes in blocks of a size: of one byte nothing is ever ahead."""
    profile = FileProfile(dataset_of(name))
    try:
        profile_stream(blocks(content, size), profile, limits or Limits())
        refuse_contradictions(profile.watches.values())
    except Unreadable as stop:
        return (stop.reason,)
    return profile.records, profile.unreadable, profile.columns, profile.known, profile.dates.result()


def blocks(content: bytes, size: int) -> Iterator[bytes]:
    return (content[i : i + size] for i in range(0, len(content), size))


@settings(max_examples=1000, deadline=None)
@example(text=b"[" + b",".join([b'{"a":"},{\\"a\\":"}'] * 5) + b"]", size=999)
@example(text=b'[{"event_id":1},{"event_id":2},{"event_id":3},{"event_id":', size=999)
@example(text=b'{"event_id":1},{"event_id":2},{"event_id":3},{"event_id":4}', size=999)
@given(text=TEXTS, size=st.integers(20, 999))
def test_elements_at_once_are_the_elements_one_by_one(text: bytes, size: int):
    assert found(text, size) == found(text, 1)


@pytest.mark.parametrize("name", ["json", "nested json", "nested list", "changes"])
def test_damaged_documents_are_judged_as_their_elements_one_by_one(name: str):
    contents = [c for n in range(150) if len(c := mutated(name, n)) < FEW]
    assert len(contents) > 100
    assert [found(c, FEW, name) for c in contents] == [found(c, 1, name) for c in contents]


def test_most_elements_are_ahead_of_the_first():
    """Or the properties above would hold of nothing."""
    text = json.dumps([{"a": {"b": [n]}, "c": "},{"} for n in range(100)])
    window = Window(iter([text.encode()]))
    texts = elements_of(window, Limits(), None)
    assert json.loads(next(texts)) == {"a": {"b": [0]}, "c": "},{"}
    following = window.following()
    assert len(json.loads(f"[{following}]")) == 98
    window.take(following)
    assert list(map(json.loads, texts)) == [{"a": {"b": [99]}, "c": "},{"}]


def test_elements_that_are_not_alike_are_seldom_searched_for_others(monkeypatch: pytest.MonkeyPatch):
    """A search that finds none goes through 32 kB."""
    searches, following = [], Window.following
    monkeypatch.setattr(Window, "following", lambda window: searches.append(1) or following(window))
    each = [f'{{"n{n}":"{"}" * 90}"}}' for n in range(10_000)]
    assert found(f"[{','.join(each)}]".encode(), 1 << 20)[0] == 10_000
    assert len(searches) < 600  # the last 32 kB hold 300 elements, for which less and less is searched


def test_no_element_may_be_longer_than_a_record():
    short, long = {"a": "x"}, {"a": "x" * 90}
    text = json.dumps([short] * 20 + [long] + [short] * 20).encode()
    assert found(text, 9999, limits=Limits(max_record=80)) == ("record_too_large",)
    assert found(text, 9999, limits=Limits(max_record=200))[0] == 41


def test_tombstones_between_changes_are_no_records():
    change = {"op": "c", "after": {"event_id": "a", "ts": "2024-03-01T10:00:00Z"}}
    text = json.dumps([change] * 20 + [None] + [change] * 20).encode()
    assert found(text, 9999, "changes")[:2] == (40, 0)


@pytest.mark.parametrize("number", ["12", "1.5", "1E5", "1.5e-10"])
def test_a_number_that_a_block_cuts_is_one(number: str):
    for text in (f"[{number},7]", f"{number} 7"):
        assert [*elements(blocks(text.encode(), 1), Limits())] == [number.encode(), b"7"]
