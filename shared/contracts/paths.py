"""Paths into nested records: `user.id`, `items[0].sku`, `price@currency`, `["odd.name"]`, `^.order_id`.

One syntax for JSON, XML and Parquet; counting starts with 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

STEP = re.compile(r"""(?:^|\.)([^.\[\]"'@^$\s]+)|(?:^|\.)?(@[^.\[\]"'@^$\s]+)|\[(\d{1,6})\]|\["([^"]+)"\]""")
UP = "^"  # the record that holds the exploded list


@dataclass(frozen=True)
class Path:
    """Names and numbers that lead from a record to a value. `up`: from the record that holds the list which
    the dataset explodes.
    """

    steps: tuple[str | int, ...]
    up: bool = False

    def __str__(self) -> str:
        """As a contract may write it."""
        text = UP if self.up else ""
        for step in self.steps:
            if isinstance(step, int):
                text += f"[{step}]"
            elif re.search(r"""[.\[\]"'^$\s]|.@""", step):
                text += f'["{step}"]'
            else:
                text += step if not text or step.startswith("@") else f".{step}"
        return text


def parsed_path(text: str) -> Path:
    """Raises ValueError, which says what a path looks like."""
    up = text.startswith(f"{UP}.")
    rest = text[2:] if up or text.startswith("$.") else text
    steps: list[str | int] = []
    at = 0
    while at < len(rest):
        match = STEP.match(rest, at)
        if match is None:
            break
        name, attribute, number, odd = match.groups()
        steps.append(int(number) if number is not None else name or attribute or odd)
        at = match.end()
    if not steps or at < len(rest) or rest.startswith("."):
        raise ValueError('expected a path such as user.id, items[0].sku, price@currency or ["odd.name"]')
    return Path(tuple(steps), up)
