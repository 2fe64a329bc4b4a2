"""Who is to be erased, as people say it: NAME=VALUE, a name that the contract says identifies somebody."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from cli.erasure.spellings import WHOLE
from cli.options import path
from local.errors import LakeError
from shared.contracts import Contract
from shared.contracts.people import Identity, identities, is_nobody, spelled_as_stored

STDIN = Path("-")


def file(text: str) -> Path:
    """Of an option: a file that is there, or stdin."""
    return STDIN if text == str(STDIN) else path(text)


def given(keys: Sequence[str] | None, listed: Path | None) -> list[str]:
    """Keys one by one: those of the command line, else those in a file, a line each."""
    if listed is None:
        return list(keys or ())
    text = sys.stdin.read() if listed == STDIN else listed.read_text("utf-8")
    return [line for line in text.splitlines() if line.strip()]


def people_of(agreed: Contract, keys: Iterable[str]) -> dict[str, frozenset[str]]:
    """Values by name, as silver spells them. Raises LakeError for a name that identifies nobody."""
    known = {i.name: i for t in agreed.tables for i in identities(agreed, t) if i.column == i.name}
    people = defaultdict[str, set[str]](set)
    for number, text in enumerate(keys, 1):
        name, equals, value = text.partition("=")
        if not equals or not value.strip() or name.strip() not in known:
            # Not the text itself: it may be a person's
            raise LakeError(
                f"key {number}: expected NAME=VALUE with a name of {', '.join(known) or 'none'}, which the"
                f" contract of {agreed.domain} says identify a person",
                "say `identifies: person` at the column: docs/howto/erase-a-person.md",
            )
        if is_nobody(value, known[name.strip()]):
            raise LakeError(
                f"key {number}: a value that says nothing, or stands for none by nullSpellings, is nobody's",
                "give the value of a person",
            )
        people[name.strip()].add(stored_value(number, value, known[name.strip()]))
    return {name: frozenset(values) for name, values in people.items()}


def stored_value(number: int, value: str, identity: Identity) -> str:
    """A value as silver spells it. Raises LakeError for one that silver never has."""
    stored = spelled_as_stored(value, identity)
    if identity.type != "string" and not WHOLE.fullmatch(stored):
        raise LakeError(
            f"key {number}: {identity.name} is a whole number",
            "give it in digits alone, as the silver table shows it",
        )
    return stored
