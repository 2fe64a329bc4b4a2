"""Where the records of an enveloped document are: the one list of objects that an object holds, whatever else
it holds. Told by the start of the document; the records themselves are read by ingestion's readers.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

from shared.contracts.paths import Path

# Names beside a list, without `_`, that say something of a document and nothing of its records.
ENVELOPE = {
    *("version", "ttl", "lastupdated", "count", "total", "totalcount", "totalresults", "totalpages", "page"),
    *("pages", "pagenumber", "perpage", "pagesize", "limit", "offset", "paging", "pagination", "links"),
    *("meta", "metadata", "next", "nextpage", "nextlink", "nextcursor", "nexttoken", "previous", "prev"),
    *("hasmore", "cursor", "success", "ok", "error", "errors", "message", "took", "timedout"),
    *("shards", "maxscore"),
}
GEOJSON = {"type", "crs", "bbox"}
DEEPEST = 6  # steps from the document to its records


@dataclass
class _Level:
    """An open object or list; `name`: the member that is being read."""

    listed: bool
    name: str = ""
    filled: bool = False


@dataclass
class Outline:
    """Lists of objects that lie in objects alone, by their steps, in the order of the text; `members`: names
    in each object that lies in objects alone, without empty lists and objects. `closed`: documents that ended
    within the text.
    """

    lists: dict[tuple[str, ...], int] = field(default_factory=dict)
    members: dict[tuple[str, ...], set[str]] = field(default_factory=dict)
    closed: int = 0

    def beside(self, lists: Sequence[tuple[str, ...]]) -> set[str]:
        """Names of what the objects around these lists hold beside them."""
        found = set[str]()
        for at in {steps[:n] for steps in lists for n in range(len(steps))}:
            ways = {steps[len(at)] for steps in lists if steps[: len(at)] == at and len(steps) > len(at)}
            found |= self.members.get(at, set()) - ways
        return found


def json_outline(text: str) -> Outline:
    """Of a document's start; it may end anywhere."""
    found, open_levels = Outline(), list[_Level]()
    word = ""
    for token in _tokens(text):
        level = open_levels[-1] if open_levels else None
        match token:
            case "{" | "[":
                steps = _steps(open_levels)
                if token == "{" and level is not None and level.listed and steps is not None:  # nosec B105: a brace
                    found.lists[steps] = found.lists.get(steps, 0) + 1
                open_levels.append(_Level(token == "["))  # nosec B105: a bracket
            case "}" | "]":
                if open_levels:
                    open_levels.pop()
                    if level is not None and not level.filled and open_levels and not open_levels[-1].listed:
                        _members(found, open_levels).discard(open_levels[-1].name)
                found.closed += not open_levels
            case ":" if level is not None:
                level.name = word
                if not any(each.listed for each in open_levels):
                    _members(found, open_levels).add(word)
            case _:
                word = token[1:]
        if level is not None:
            level.filled = True
    return found


def _members(found: Outline, levels: list[_Level]) -> set[str]:
    """Of the innermost object."""
    return found.members.setdefault(tuple(level.name for level in levels[:-1]), set())


def is_envelope(name: str, lists: Sequence[tuple[str, ...]]) -> bool:
    """Whether a member beside a list of records speaks of the document, as far as its name tells."""
    if any(steps == ("features",) for steps in lists) and name in GEOJSON:
        return True
    return name.startswith(("@odata.", "odata.", "$")) or name.lower().replace("_", "").strip("-") in ENVELOPE


def _steps(levels: list[_Level]) -> tuple[str, ...] | None:
    """The names that lead to the innermost list; None where another list is on the way."""
    if len(levels) < 2:
        return None
    *outer, last = levels
    if not last.listed or any(level.listed for level in outer) or len(outer) > DEEPEST:
        return None
    return tuple(level.name for level in outer)


def _tokens(text: str) -> Iterator[str]:
    """Punctuation, texts behind one quote, and the characters of other plain values."""
    at, end = 0, len(text)
    while at < end:
        character = text[at]
        if character == '"':
            try:
                value, at = json.decoder.scanstring(text, at + 1)  # type: ignore[attr-defined]
            except ValueError:
                return
            yield f'"{value}'
            continue
        if not character.isspace():
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
