"""A line of what needs attention."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """Something that needs attention: what and why, and a command or a step that helps.

    `red`: before others of its kind.
    """

    what: str
    do: str
    red: bool = False
