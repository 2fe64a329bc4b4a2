"""orjson and the standard library give the same verdict on any line, so that ingestion and the executors
agree.
"""

from __future__ import annotations

import json
import subprocess
import sys
from types import NoneType
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.records import strict_json
from shared.records.known_lines import known_lines
from shared.records.plain import DIGITS
from shared.records.strict_json import MARK, Number, depth, exact, loads, objects_at_once
from tests.support.ingestion import read

SNIPPETS = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    '"a"',
    '"b"',
    "0",
    "-",
    "1",
    "12.10",
    "1e5",
    "1E400",
    "-1e999",
    "e",
    ".",
    "+",
    "true",
    "false",
]
SNIPPETS += [
    "null",
    "NaN",
    "Infinity",
    " ",
    "\t",
    "\n",
    "\r",
    "\x0b",
    "\x00",
    "\x7f",
    "\\",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "\\u00e9",
    "\\n",
    "\\/",
]
SNIPPETS += [
    "é",
    "\u2028",
    "\ufeff",
    "😀",
    "\x85",
    "/*",
    "//",
    "'",
    "[" * 63,
    "]" * 63,
    "[" * 64,
    "]" * 64,
    '{"a":',
    "1" * 400,
    "0." + "1" * 400,
]
LINES = st.one_of(
    st.lists(st.sampled_from(SNIPPETS), max_size=12).map("".join).map(str.encode),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    ).map(lambda v: json.dumps(v, ensure_ascii=len(repr(v)) % 2 == 0).encode(errors="surrogatepass")),
    st.binary(max_size=12),
)


def outcome(parse: Any, line: bytes) -> Any:
    """The value with numbers as floats, or `no JSON`."""
    try:
        return as_read(parse(line))
    except ValueError:
        return "no JSON"


def as_read(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: as_read(v) for k, v in value.items()}
    if isinstance(value, list):
        return [as_read(v) for v in value]
    is_number = isinstance(value, strict_json.Number) or (
        isinstance(value, int | float) and not isinstance(value, bool)
    )
    return ("number", float(value)) if is_number else value


@settings(max_examples=3000, deadline=None)
@given(LINES)
@example(b"[" * 64 + b"]" * 64)
@example(b"[" * 65 + b"]" * 65)
@example(b'{"a":"\\ud800","a":1}')
@example(b'{"a":' + b"[" * 70 + b"]" * 70 + b',"a":1}')
@example(b'"\\\\ud800"')
@example(b'"\\ud83d\\ude00\\ud83d"')
@example(b'"' + b"[" * 100 + b'"')
@example(b"9" * 309)
@example(b"1e-400")
@example(b"-0")
@example(b"0e99999")
@example(b"\xef\xbb\xbf{}")
@example(b"\xed\xa0\x80")
@example(b"")
def test_both_parsers_agree(line: bytes):
    assert strict_json.plain is orjson.loads
    assert outcome(loads, line) == outcome(exact, line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [(b"1", 0), (b"{}", 1), (b'{"a":[[1],[2]]}', 3), (b'["[[", "\\"[["]', 1), (b"[][][]", 1), (b'["', 1)],
)
def test_depth_counts_brackets_outside_of_strings(line: bytes, expected: int):
    assert depth(line) == expected


FRAGMENTS = [
    '{"a":1}',
    '{"a":[1',
    "2]}",
    ",",
    '{"b":2}',
    '{"a":"x',
    'y"}',
    "{}",
    "",
    " ",
    '{"a":[{"b":1',
    "3}]}",
    "7",
]


@settings(max_examples=3000, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([*FRAGMENTS, str(MARK)]), max_size=4).map("".join), min_size=1, max_size=6
    )
)
@example(['{"a":[1', "2]}", '{"b":2},{"b":2},{"b":2}'])
@example(["{}", "{}" + f",{MARK},{MARK}," + "{}"])
@example(['{"a":' + "[" * 64 + "]" * 64 + "}", "{}"])
def test_lines_parsed_at_once_are_the_lines_parsed_one_by_one(lines: list[str]):
    objects = objects_at_once("\n".join(lines).encode())
    one_by_one = [outcome(exact, line.encode()) for line in lines]
    whole = all(isinstance(value, dict) for value in one_by_one)
    assert whole or objects is None
    assert objects is None or list(map(as_read, objects)) == one_by_one


def test_common_lines_are_parsedobjects_at_once():
    assert objects_at_once(b'{"a": [1, 2]}\r\n{"b": "}\\n{"}') == [{"a": [1, 2]}, {"b": "}\n{"}]


def test_without_fast_parsers_ingestion_gives_the_same_verdict_on_a_file():
    lines = [
        *[b'{"event_id":"e","ts":"2024-03-01","n":12.50}'] * 1500,  # several pieces
        *[
            b'{"a":nan}',
            b"[1]",
            b'{"a":"\\ud800"}',
            b'{"a":1e400}',
            b'{"a":"\xff"}',
            b'{"a":' + b"[" * 65 + b"]" * 65 + b"}",
        ],
        *[b'{"event_id":"e","ts":"2024-03-02"} x', b""],
    ]
    program = """
import io, sys
if sys.argv[1] == "without":
    sys.modules["orjson"] = sys.modules["msgspec"] = None
from shared.contracts import contract
from shared.records import Limits, judge
from shared.records.source import Source
from dataclasses import replace
from shared.records import strict_json
assert (strict_json.orjson is None) == (sys.argv[1] == "without")
dataset = replace(contract("shop").dataset("events"), max_unreadable_rate=0.5)
print(judge(Source(io.BytesIO(sys.stdin.buffer.read()), Limits()), dataset, Limits()))
"""
    told = {
        how: subprocess.run(
            [sys.executable, "-c", program, how], input=b"\n".join(lines), capture_output=True, check=True
        ).stdout
        for how in ("with", "without")
    }
    assert told["with"] == told["without"]
    assert b"records=1507, unreadable_records=7" in told["with"]


KNOWN = {"a": "text", "b": "asked", "c": "any"}
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=4),
    st.lists(st.integers(), max_size=2),
)
SPELLED_CELLS = st.one_of(
    CELLS.map(lambda v: json.dumps(v, ensure_ascii=False).encode()),
    st.sampled_from(
        [b"1e400", b"-0", b"1E5", b"0.1e-9", b'"\\ud800"', b'"\\u00e9"', b'"\xff"', b"nan", b"01", b"9" * 309]
    ),
)


@st.composite
def known_text(draw: st.DrawFn) -> bytes:
    """Lines of known and some unknown names; then and now a byte is another."""
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        names = draw(st.lists(st.sampled_from(["a", "b", "c", "a", "b", "c", "d", "\\u0061"]), max_size=4))
        cells = [b'"%b": %b' % (n.encode(), draw(SPELLED_CELLS)) for n in names]
        lines.append(b"{" + b",".join(cells) + b"}")
    text = draw(st.sampled_from([b"\n", b"\r\n", b" \n", b"\n"])).join(lines)
    if draw(st.integers(0, 2)) == 0:
        at = draw(st.integers(0, len(text)))
        text = (
            text[:at]
            + draw(st.sampled_from([b"", b"{", b"}", b"[", b",", b'"', b"\n", b"\0", b"1"]))
            + text[at + 1 :]
        )
    return text


@settings(max_examples=800, deadline=None)
@given(known_text())
@example(b'{"a":1}\n{"a":"x","b":2.5,"c":[1]}')
@example(b'{"c":' + b"[" * 64 + b"]" * 64 + b"}")
@example(b'{"a":18446744073709551615}')
@example(b'{"a":1},{"a":2}\n{"a":3\n}')
@example(b'7\n{"a":1}')
def test_lines_of_known_names_are_read_as_the_strict_parser_reads_them(text: bytes):
    reader = known_lines(frozenset("abc"), frozenset("a"), frozenset("b"))
    assert reader is not None
    if (read := reader.read(text)) is None or b"9" * 150 in text:  # such a block is left to the other way
        return
    objects = [exact(line) for line in text.split(b"\n")]
    assert read[0] == len(objects)
    assert all(type(o) is dict and o.keys() <= {"a", "b", "c"} for o in objects)
    assert all(o.get("a").__class__ in (str, bool, NoneType, Number) for o in objects)
    assert all(DIGITS.fullmatch(o["a"]) for o in objects if o.get("a").__class__ is Number)
    assert [as_read(v) for v in read[1]["b"]] == [as_read(o.get("b")) for o in objects]


@pytest.mark.parametrize(
    ("number", "unreadable"),
    [("3" * 309, 1), ("-" + "3" * 400, 1), ("3" * 309 + ".5", 1), ("3" * 310 + "e-200", 0)],
)
def test_a_number_that_no_double_holds_spoils_its_record_behind_many_others(number: str, unreadable: int):
    """Lines of known names go another way, whose parser takes such a number; the second reading does not."""
    lines = [f'{{"event_id":"e{i}","ts":"2024-03-01T10:00:00Z","age":{i}}}' for i in range(2000)]
    bad = f'{{"event_id":"e","ts":"2024-03-01T10:00:00Z","age":{number}}}'
    found, _ = read("\n".join([*lines, bad]).encode())
    assert (found.records, found.unreadable_records) == (2001, unreadable)


def test_common_lines_of_known_names_are_read():
    reader = known_lines(frozenset("abc"), frozenset("a"), frozenset("b"))
    assert reader is not None
    assert reader.read(b'{"a": "x", "b": 1.5, "c": {}}\r\n{"c": null, "a": 7}') == (2, {"b": [1.5, None]})
    assert reader.read(b'{"a": 1.5}') is None  # a double has not one text alone
    assert reader.read(b'{"d": 1}') is None
