"""Names of columns and tables, from headers in any script; one header always gets the same name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cli.infer.vocabulary import words_of
from shared.contracts import folded

LONGEST = 63
TAKEN = {"event_date"}  # what the engine computes
CLEAN = re.compile(r"[a-z][a-z0-9_]{0,62}")


def column_name(steps: Iterable[str]) -> str:
    """Of a header, or of the steps to a nested value. A header that is a name already stays as it is."""
    parts = list(steps)
    if len(parts) == 1 and CLEAN.fullmatch(parts[0]):
        return parts[0]
    name = "_".join(w for part in parts for w in words_of(part))[:LONGEST].strip("_")
    return name if name and name[0].isalpha() else f"column_{name}".strip("_")[:LONGEST]


def named_once(headers: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """A name for each header or path, in an order of their own: equal names get a number."""
    found: dict[tuple[str, ...], str] = {}
    taken = set(TAKEN)
    ordered = sorted(headers, key=lambda steps: (column_name(steps) != folded_name(steps), steps))
    for steps in ordered:
        base = column_name(steps)
        name, number = base if base not in TAKEN else f"{base}_given", 1
        while name in taken:
            number += 1
            name = f"{base[: LONGEST - 4]}_{number}"
        taken.add(name)
        found[steps] = name
    return found


def folded_name(steps: tuple[str, ...]) -> str:
    return folded(steps[-1]) if len(steps) == 1 else "_".join(steps)


def table_name(stem: str) -> str:
    """Of a stem, as a table and a dataset can be called."""
    name = "_".join(words_of(stem))[:40].strip("_")
    return name if name and name[0].isalpha() else f"files_{name}".strip("_")
