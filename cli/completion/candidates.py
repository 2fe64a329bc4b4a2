"""What may stand at a place of a command line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cli.completion import names
from shared.project import VARIABLE

PATH = ":path"
PROJECT = "--project"
TABLE = Path(__file__).with_name("verbs.json")


@cache
def verbs() -> dict[str, Any]:
    """What each verb takes, as the parsers have it: `help`, `options` and `positionals`. Of a value `kind` or
    `choices` say what it may be, `values` how many an option takes.
    """
    known: dict[str, Any] = json.loads(TABLE.read_text("utf-8"))
    return known


@dataclass
class Place:
    """Where the current word stands: `value`: of which option or argument it is, None where it may only be an
    option; `given`: values of the words before, by option or argument.
    """

    value: Mapping[str, Any] | None = None
    may_be_option: bool = True
    given: dict[str, str] = field(default_factory=dict)


def candidates(words: Sequence[str]) -> list[str]:
    """Of the last word, which may be empty. Never fails: a project that cannot be read has no names."""
    *before, current = [word for word in words if word != "="] or [""]  # bash takes --env=dev apart
    if words and words[-1] == "=":
        before, current = [*before, current], ""
    if before and before[0] == PROJECT:
        if len(before) == 1:
            return [PATH]
        os.environ[VARIABLE] = os.path.join(os.environ.get("LAKE_CALLED_FROM", "."), before[1])
        before = before[2:]
    if not before:
        own = [(verb, str(known["help"])) for verb, known in verbs().items()]
        return _matching([*own, (PROJECT, "folder with environments.toml and domains/")], current)
    if (known := verbs().get(before[0])) is None:
        return []
    option, equals, part = current.partition("=")
    if equals and option in known["options"]:  # zsh and fish leave --env=dev together
        place = place_of(known, [*before[1:], option])
        found = _of_value(place, part)
        return found if found == [PATH] else [f"{option}={text}" for text in found]
    place = place_of(known, before[1:])
    found = _of_value(place, current) if not current.startswith("-") else []
    if place.may_be_option and (current.startswith("-") or not found):
        used = set(place.given)
        found += _matching(
            [(o, str(of["help"])) for o, of in known["options"].items() if o not in used], current
        )
    return found


def place_of(verb: Mapping[str, Any], before: Sequence[str]) -> Place:
    """Where the word after these stands."""
    positionals, taken = list(verb["positionals"]), 0
    place, option, left = Place(), "", 0  # left: values that the option still takes
    for word in before:
        known = verb["options"].get(word)
        if known is not None:
            option, left = word, known["values"]
            place.given.setdefault(word, "")
        elif left:
            place.given[option] = word
            left -= 1
        else:
            here = positionals[min(taken, len(positionals) - 1)] if positionals else {"name": ""}
            place.given[here["name"]] = word
            taken += 1
    if left:
        place.value = verb["options"][option]
        place.may_be_option = place.value.get("optional", False) or place.given[option] != ""
    elif taken < len(positionals):
        place.value = positionals[taken]
    elif positionals and positionals[-1].get("many"):
        place.value = positionals[-1]
    return place


def _of_value(place: Place, start: str) -> list[str]:
    if place.value is None:
        return []
    if place.value.get("kind") == "path":
        return [PATH]
    return _matching([(text, "") for text in _values(place)], start)


def _values(place: Place) -> Iterator[str]:
    assert place.value is not None
    domain = place.given.get("domain") or place.given.get("--domain", "")
    match place.value.get("kind"):
        case "domain":
            yield from names.domains()
        case "environment":
            yield from names.environments()
        case "dataset":
            yield from names.datasets(domain)
        case "table":
            yield from names.tables(domain)
        case "report":
            yield from names.reports(domain)
        case _:
            yield from place.value.get("choices", ())


def _matching(found: Sequence[tuple[str, str]], start: str) -> list[str]:
    return [f"{text}\t{what}" if what else text for text, what in found if text.startswith(start)]
