"""Where the records of an enveloped document are: the one list of objects that an object holds, whatever else
it holds. Told by the start of the document; the records themselves are read by ingestion's readers.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from shared.contracts.paths import Path

PUNCTUATION = set("{}[],:")
DEEPEST = 6  # steps from the document to its records


@dataclass
class _Level:
    """An open object or list; `name`: the member that is being read."""

    listed: bool
    name: str = ""


@dataclass
class Outline:
    """Lists of objects that lie in objects alone, by their steps, in the order of the text; `members`: how
    many members the outermost object has so far. `closed`: documents that ended within the text.
    """

    lists: dict[tuple[str, ...], int] = field(default_factory=dict)
    members: int = 0
    closed: int = 0


def json_outline(text: str) -> Outline:
    """Of a document's start; it may end anywhere."""
    found, open_levels = Outline(), list[_Level]()
    word = ""
    for token in _tokens(text):
        level = open_levels[-1] if open_levels else None
        match token:
            case "{" | "[":
                steps = _steps(open_levels)
                if token == "{" and level is not None and level.listed and steps is not None:
                    found.lists[steps] = found.lists.get(steps, 0) + 1
                open_levels.append(_Level(token == "["))
            case "}" | "]":
                if open_levels:
                    open_levels.pop()
                found.closed += not open_levels
            case ":" if level is not None:
                level.name = word
                found.members += len(open_levels) == 1
            case _:
                word = token
    return found


def _steps(levels: list[_Level]) -> tuple[str, ...] | None:
    """The names that lead to the innermost list; None where another list is on the way."""
    if len(levels) < 2:
        return None
    *outer, last = levels
    if not last.listed or any(level.listed for level in outer) or len(outer) > DEEPEST:
        return None
    return tuple(level.name for level in outer)


def _tokens(text: str) -> Iterator[str]:
    """Punctuation, and texts without their quotes; other plain values are left out."""
    at, end = 0, len(text)
    while at < end:
        character = text[at]
        if character == '"':
            try:
                value, at = json.decoder.scanstring(text, at + 1)  # type: ignore[attr-defined]
            except ValueError:
                return
            yield value
            continue
        if character in PUNCTUATION:
            yield character
        at += 1


def xml_records(text: bytes) -> Path | None:
    """Below the root, where elements of one name repeat first; None where the root's own children do."""
    counts: dict[tuple[str, ...], Counter[str]] = {}
    stack: list[str] = []

    def start(name: str, _: dict[str, str]) -> None:
        counts.setdefault(tuple(stack), Counter())[name.rpartition(" ")[2]] += 1
        stack.append(name.rpartition(" ")[2])

    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop()
    try:
        parser.Parse(text, False)
    except expat.ExpatError:
        return None  # the reader says what is wrong with it
    at: tuple[str, ...] = tuple(counts[()])[:1] if () in counts else ()
    while (children := counts.get(at)) and len(children) == 1 and sum(children.values()) == 1:
        at = (*at, next(iter(children)))
    repeated = [name for name, count in counts.get(at, Counter()).items() if count > 1]
    return Path(at[1:]) if repeated and len(at) > 1 else None
