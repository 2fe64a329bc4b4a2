"""JSON as RFC 8259 has it, nothing more. orjson is used where it is installed; without it the standard
library gives the same verdicts.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from itertools import accumulate
from typing import Any

try:
    import orjson
except ImportError:  # where somebody's Python has none
    orjson = None  # type: ignore[assignment]

MAX_DEPTH = 64
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
PAIR, LONE = r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}", r"u[dD][89a-fA-F][0-9a-fA-F]{2}"
ESCAPES = re.compile(rf"\\(?:{PAIR}|({LONE})|.)", re.DOTALL)
STEPS = dict.fromkeys(b"{[", 1) | dict.fromkeys(b"}]", -1)
NO_BRACKETS = bytes(b for b in range(256) if b not in STEPS)

# Stands between the values of lines that are parsed at once; it is new in each process, so no file holds it.
MARK = secrets.randbits(62)
BETWEEN = b",%d," % MARK


class Number(str):
    """A number as the file spells it: 12.10 stays 12.10."""

    __slots__ = ()


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> Number:
    if abs(float(text)) == float("inf"):
        raise ValueError("number is infinity when parsed as double")
    return Number(text)


DECODER = json.JSONDecoder(parse_constant=_constant, parse_float=_finite, parse_int=_finite)
LOOSE = json.JSONDecoder(parse_constant=Number, parse_float=_finite, parse_int=_finite)


def exact(line: bytes) -> Any:
    """The value in a line, numbers as they are spelled; of a name given twice the last value counts.

    Raises ValueError.
    """
    return _decoded(line, DECODER)


def loose(line: bytes) -> Any:
    """Like `exact`, but NaN, Infinity and -Infinity, which some programs write, are numbers too: they spoil
    their own column, not the record. Raises ValueError.
    """
    return _decoded(line, LOOSE)


def _decoded(line: bytes, decoder: json.JSONDecoder) -> Any:
    refuse_depth(line)
    text = line.decode().strip(" \t\n\r")
    value, end = decoder.raw_decode(text)
    if end != len(text):
        raise ValueError("text behind the value")
    if "\\u" in text and any(match[1] for match in ESCAPES.finditer(text)):
        raise ValueError("half of a surrogate pair")
    return value


def loads(line: bytes) -> Any:
    """The value in a line. Raises ValueError."""
    refuse_depth(line)
    return plain(line)


def refuse_depth(line: bytes) -> None:
    """Raises ValueError when arrays and objects are nested deeper than MAX_DEPTH, before any parser sees
    them.
    """
    if line.count(b"{") + line.count(b"[") > MAX_DEPTH and depth(line) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")


def depth(line: bytes) -> int:
    """How deep the brackets outside of strings are nested."""
    brackets = STRINGS.sub(b"", line).translate(None, NO_BRACKETS)
    return max(accumulate(STEPS[b] for b in brackets), default=0)


# Without the guard against depth, for lines that are known to be shallow.
plain = exact if orjson is None else orjson.loads


def objects_at_once(lines: bytes) -> list[dict[str, Any]] | None:
    """The objects of some lines, or None unless it is certain that each line is one, and shallow."""
    objects = None if orjson is None else one_a_line(lines, orjson.loads)
    return objects if objects is not None and set(map(type, objects)) == {dict} else None


def objects_of_list(text: bytes) -> list[dict[str, Any]] | None:
    """The objects of a text that is nothing but shallow objects with commas between them, or None."""
    objects = shallow_list(text, plain)
    return objects if objects is not None and set(map(type, objects)) == {dict} else None


def shallow_list(text: bytes, parse: Callable[[bytes], list[Any]]) -> list[Any] | None:
    """The values of a text with commas between them, or None unless all that are objects are shallow."""
    listed = b"[%b]" % text
    try:
        values = parse(listed)
    except ValueError:
        return None
    few = text.count(b"{") + text.count(b"[") - len(values) < MAX_DEPTH
    return values if few or depth(listed) <= MAX_DEPTH + 1 else None


def one_a_line(lines: bytes, parse: Callable[[bytes], list[Any]]) -> list[Any] | None:
    """The values of some lines, or None unless it is certain that each line is one, and shallow if it is an
    object.

    With a mark between any two lines they are an array. A line's end inside a value would leave too few marks
    at the array's own places, and two values on a line one where a mark belongs.
    A line that is an object has a bracket of its own, and at most those that are left of all.
    """
    marked = lines.replace(b"\n", BETWEEN)
    try:
        values = parse(b"[%b]" % marked)
    except ValueError:
        return None
    count = (len(marked) - len(lines)) // (len(BETWEEN) - 1) + 1
    if len(values) != 2 * count - 1 or values[1::2].count(MARK) != count - 1:
        return None
    brackets = len(lines) - len(lines.replace(b"{", b""))  # faster than to count what is rare
    if b"[" in lines:  # which is the faster of the two
        brackets += lines.count(b"[")
    return values[::2] if brackets - count < MAX_DEPTH else None
