"""Spellings of a time that only one domain has, registered by it: `domains/<name>/spellings.py`, `SPELLINGS`.

The core reads what a contract declares. A domain's own come first and turn a text into one of these formats.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Spelling:
    """One spelling, said twice: for routing, which is Python, and for silver, which is SQL. Both must agree.

    `text`: the text respelled, others as they are; None where routing cannot know (the day of a bare clock
    time). `sql`: the same as Spark SQL of a value and of the day that the value's file stands for.
    """

    sql: Callable[[str, str], str]
    text: Callable[[str], str] | None = None


def spellings_of(domain: str) -> Mapping[str, Spelling]:
    """By the name that a contract's `formats` use; none where the domain registers none."""
    module = f"domains.{domain}.spellings"
    try:
        known = importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the domain is a package here: an archive without it
        known = False
    if not known:
        return {}
    spellings: Mapping[str, Spelling] = importlib.import_module(module).SPELLINGS
    return spellings
