"""A line of what needs attention."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """Something that needs attention: what and why, and a command or a step that helps.

    `red`: before all others; `rank`: the kind's place among those of one colour, 0 is the worst.
    """

    what: str
    do: str
    red: bool = False
    rank: int = 0
