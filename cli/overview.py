"""A lake on one screen of 24 lines and 80 columns: what needs attention, the worst first, then a line for
each domain.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cli.item import Item
from cli.stuck import age
from cli.wording import counted
from shared.ledger.counters import PENDING

LINES = 23  # of 24: the prompt takes one
WIDTH = 80
MOST_DOMAINS = 6
LONGEST_NAME = 18
COLUMNS = ("domain", "accepted", "waiting", "quarantined", "last run")


@dataclass(frozen=True)
class Attention:
    """An item and the domain that it is about; of the whole lake where that is empty."""

    domain: str
    item: Item

    def document(self) -> dict[str, Any]:
        """The machine's form."""
        values = {"domain": self.domain, **asdict(self.item)}
        del values["rank"]
        return values


def worst_first(items_of: Mapping[str, Iterable[Item]], of_lake: Iterable[Item] = ()) -> list[Attention]:
    """The items of all domains. What several domains say in the same words is of the lake, and said once."""
    found: dict[str, Attention] = {item.what: Attention("", item) for item in of_lake}
    for domain, items in items_of.items():
        for item in items:
            owner = "" if item.what in found else domain
            found[item.what] = Attention(owner, found[item.what].item if item.what in found else item)
    return sorted(found.values(), key=lambda each: (not each.item.red, each.item.rank))


def overview(
    title: str, lake: str, attention: Sequence[Attention], domains: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, bool]]:
    """The lines, and whether each is of what is red. `lake`: the option that names the lake in a command;
    `domains`: as `status_of` has them.
    """
    table = _table(domains, {each.domain for each in attention})
    room = (LINES - 3 - len(table)) // 2
    if not attention:
        head = [(f"{title}: nothing needs attention", False)]
    else:
        needs = f"{counted(len(attention), 'thing')} need{'s' if len(attention) == 1 else ''} attention"
        head = [(f"{title}: {needs}{', the worst first' if len(attention) > 1 else ''}", False)]
    width = min(LONGEST_NAME, max([4, *(len(each.domain or "lake") for each in attention)]))
    lines = [line for each in attention[:room] for line in _item(each, width, lake)]
    if left := len(attention) - room if len(attention) > room else 0:
        lines.append((f"  … and {left} more: ./lake status DOMAIN{lake}", False))
    return [(_cut(text), red) for text, red in (*head, *lines, ("", False), *((t, False) for t in table))]


def _item(each: Attention, width: int, lake: str) -> Iterator[tuple[str, bool]]:
    """What it is and what to do; a command that is too long to be pasted is with the domain's details."""
    item, name = each.item, _cut(each.domain or "lake", width)
    yield f"{'!' if item.red else ' '} {name:<{width}}  {' '.join(item.what.split())}", item.red
    details = f"./lake status{' ' if each.domain else ''}{each.domain}{lake}"
    step = item.do if "\n" not in item.do and width + 6 + len(item.do) <= WIDTH else details
    yield f"  {'':<{width}}  → {step}", item.red


def _table(domains: Mapping[str, Mapping[str, Any]], needy: set[str]) -> list[str]:
    """A line for each domain, those that need attention first where not all find a place."""
    if not domains:
        return ["no domain"]
    chosen = list(domains)
    if left := max(0, len(chosen) - MOST_DOMAINS):
        chosen = sorted(chosen, key=lambda domain: domain not in needy)[:MOST_DOMAINS]
    rows = [COLUMNS, *(_row(domain, domains[domain]) for domain in chosen)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = [
        "  ".join(
            cell.rjust(width) if 0 < i < len(COLUMNS) - 1 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [*lines, f"… and {counted(left, 'more domain')}"] if left else lines


def _row(domain: str, known: Mapping[str, Any]) -> tuple[str, ...]:
    files = known["files"].values()
    counts = (sum(of.get(status, 0) for of in files) for status in ("accepted", PENDING, "quarantined"))
    return (_cut(domain, LONGEST_NAME), *(f"{count:,}" for count in counts), _last(known["runs"]))


def _last(runs: Sequence[Mapping[str, str]]) -> str:
    if not runs:
        return "none"
    return f"{runs[0]['status'].lower()}, {age(dt.datetime.fromisoformat(runs[0]['started']))} ago"


def _cut(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
