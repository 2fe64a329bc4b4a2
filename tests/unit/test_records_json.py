"""orjson and the standard library give the same verdict on any line, so that ingestion and the executors
agree.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.records import strict_json
from shared.records.strict_json import depth, exact, loads

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


def test_without_orjson_ingestion_gives_the_same_verdict_on_a_file():
    lines = [
        *[b'{"event_id":"e","ts":"2024-03-01","n":12.50}'] * 30,
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
    sys.modules["orjson"] = None
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
    assert b"records=37, unreadable_records=7" in told["with"]
