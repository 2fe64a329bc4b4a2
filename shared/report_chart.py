"""The chart that a report asks for, in a line of the comment it begins with:
`-- chart: line x=date y=total_revenue,gross_amount`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["line", "bar"]
KINDS: tuple[Kind, ...] = get_args(Kind)
BEGINS = re.compile(r"--\s*chart\s*:", re.I)
FORM = "-- chart: line x=COLUMN y=COLUMN[,COLUMN…] (or bar)"


@dataclass(frozen=True)
class Chart:
    """A line, or bars, for each of the columns `y`, along the column `x`.

    `line`: where it is asked for in its file, from 1.
    """

    kind: Kind
    x: str
    y: tuple[str, ...]
    line: int = 1

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.x, *self.y)


def asks_for_chart(comment: str) -> bool:
    return BEGINS.match(comment) is not None


def chart(comment: str, line: int = 1) -> Chart:
    """Raises ValueError for a line that does not say the kind, x and y, each once."""
    words = BEGINS.sub("", comment, count=1).split()
    kind = next((k for k in KINDS if words[:1] == [k]), None)
    pairs = [word.partition("=")[::2] for word in words[1:]]
    if kind is None or sorted(name for name, _ in pairs) != ["x", "y"]:
        raise ValueError(f"expected {FORM}, found {comment!r}")
    given = dict(pairs)
    y = tuple(given["y"].split(","))
    if not given["x"] or not all(y):
        raise ValueError(f"expected {FORM}, found {comment!r}")
    return Chart(kind, given["x"], y, line)
