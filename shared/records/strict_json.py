"""JSON as RFC 8259 has it, nothing more. orjson is used where it is installed; without it the standard library gives the same verdicts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

try:
    import orjson
except ImportError:  # Glue has no orjson
    orjson = None  # type: ignore[assignment]

MAX_DEPTH = 1024  # orjson has this limit built in


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


def exact(line: bytes) -> Any:
    """The value in a line, numbers as they are spelled. Raises ValueError."""
    text = line.decode()
    if text.startswith("\ufeff"):
        raise ValueError("byte-order mark inside the text")
    value, end = DECODER.raw_decode(text, _blank(text, 0))
    if _blank(text, end) != len(text):
        raise ValueError("text behind the value")
    check(value, text)
    return value


def check(value: Any, text: str) -> None:
    """Raises ValueError for what Python's parser lets pass: lone surrogates and too deep nesting."""
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode()
    if text.count("{") + text.count("[") > MAX_DEPTH and depth(value) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")


def depth(value: Any) -> int:
    """How deep arrays and objects are nested; without recursion, because the value may be hostile."""
    deepest, todo = 0, [(value, 0)]
    while todo:
        item, level = todo.pop()
        deepest = max(deepest, level)
        children = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        todo.extend((child, level + 1) for child in children if isinstance(child, dict | list))
        if isinstance(item, dict | list):
            deepest = max(deepest, level + 1)
    return deepest


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\n\r":
        at += 1
    return at


def _plain(line: bytes) -> Any:
    try:
        return exact(line)
    except RecursionError as error:
        raise ValueError(f"nested deeper than {MAX_DEPTH}") from error


loads: Callable[[bytes], Any] = _plain if orjson is None else orjson.loads
