"""How long rows are kept: `slaProperties` of property retention, and which tables can keep such a promise."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from shared.contracts.errors import ContractError
from shared.contracts.followers import OWN, followers
from shared.contracts.model import Contract, Table
from shared.contracts.node import Node
from shared.metrics import ORPHAN_RATE, orphan_rate, orphans

DAYS = {"d": 1, "y": 366}  # no row leaves before the calendar's year has passed
LONGEST = 100 * DAYS["y"]


@dataclass(frozen=True)
class Promise:
    """`elements`: tables with the column that is counted from; none: every table that a dataset is loaded
    into and that no other promise names.
    """

    node: Node
    days: int
    elements: tuple[tuple[str, str], ...]


def promises(root: Node) -> tuple[Promise, ...]:
    """Raises ContractError."""
    found = (p for p in root.child("slaProperties").items() if p.child("property").value == "retention")
    return tuple(_promise(node) for node in found)


def _promise(node: Node) -> Promise:
    node.only(("id", "property", "value", "unit", "element", "description", "driver"))
    asked = node.child("value").number() * DAYS[node.child("unit").choice(DAYS)]
    if asked != int(asked) or not 1 <= asked <= LONGEST:
        raise node.child("value").error(
            f"retention is in whole days, from 1 to {LONGEST}, or in years of {DAYS['y']} days; found"
            f" {asked:g} days"
        )
    named = (e.strip().partition(".") for e in node.child("element").text("").split(",") if e.strip())
    return Promise(node, int(asked), tuple((t.removeprefix("silver_"), c) for t, _, c in named))


def kept(
    tables: Mapping[str, Table], loaded: Collection[str], given: Collection[Promise]
) -> dict[str, Table]:
    """The tables with what is promised of them; a promise that names a table goes before one of all."""
    days = {t: p.days for p in given if not p.elements for t in loaded}
    days |= {t: p.days for p in given for t, _ in p.elements if t in loaded}
    return {name: replace(t, retention_days=days.get(name)) for name, t in tables.items()}


def retention_contradictions(contract: Contract, root: Node) -> Iterator[ContractError]:
    """An error for each promise that could not be kept."""
    loaded = {d.target.name: d.target for d in contract.datasets}
    seen: set[str] = set()
    for promise in promises(root):
        node, named = promise.node, {t for t, _ in promise.elements}
        for name in sorted(named & seen) if named else ["every table"] if "" in seen else []:
            yield node.error(f"retention of {name} is promised twice; keep one of both")
        seen |= named or {""}
        for name, column in promise.elements:
            yield from _element(contract, node.child("element"), name, column)
        elsewhere = {t for p in promises(root) for t, _ in p.elements}
        for name in sorted(named & loaded.keys() if named else loaded.keys() - elsewhere):
            yield from _countable(contract, loaded[name], node)
            yield from _referred(contract, loaded[name], node)
            yield from _halting(contract, loaded[name], node)


def _element(contract: Contract, node: Node, name: str, column: str) -> Iterator[ContractError]:
    """What is named must be a table that records are loaded into, and the date by which it has its days."""
    targets = {d.target.name: d.target for d in contract.datasets}
    table = targets.get(name)
    if table is None:
        known = name.removeprefix("gold_") in {t.name for t in contract.tables}
        why = "is computed: its rows leave with those it is computed from" if known else "is no table"
        yield node.error(
            f"{name} {why}; expected one of {', '.join(sorted(targets))} with the column of its event date"
        )
    elif column not in (dates := (table.event_date_column, "event_date")):
        yield node.error(
            f"{name}.{column}: rows are kept by their event date; expected"
            f" {name}.{dates[0] or 'a column that eventDate names'}"
        )


def _countable(contract: Contract, table: Table, node: Node) -> Iterator[ContractError]:
    date = table.event_date_column
    if date is None or "event_date" not in table.column_names:
        yield node.error(
            f"{table.name} has no eventDate, from which its days could be counted; give it one, or name the"
            " other tables in `element`"
        )
    elif not (table.column(date).required or table.column("event_date").required):
        yield node.error(
            f"{table.name}: a row without {date} would be kept for ever; make the column required"
        )
    elif table.kind == "keyed" and date not in (*table.order[:1], *table.primary_key):
        yield node.error(
            f"{table.name}: another version of a row may be of a younger {date} than the newest, and would"
            f" come back when that leaves; make {date} the first of `order`, or part of the key"
        )
    for follower in followers(table, contract.silver):
        if date is not None and follower.order[:1] != (date,):
            yield node.error(
                f"{table.name}: a change may leave before an older one of a younger {date}, and"
                f" {follower.name} would go back to that; make {date} the first of `order` of {follower.name}"
            )


def _referred(contract: Contract, table: Table, node: Node) -> Iterator[ContractError]:
    """A row must not outlive what it refers to: the quality gate would count it as an orphan."""
    silver = {t.name: t for t in contract.silver}
    for other in (t for t in contract.silver if t.kind != "computed" and t is not table):
        for reference in other.references:
            target = silver.get(reference.table)
            days = _source(contract, other).retention_days
            if target is None or _source(contract, target) is not table or days == table.retention_days:
                continue
            if days is None or days > (table.retention_days or LONGEST):
                long = "for ever" if days is None else f"for {days} days"
                yield node.error(
                    f"{other.name} is kept {long} and refers to {target.name}, which is kept for"
                    f" {table.retention_days} days; keep what is referred to at least as long"
                )


def _halting(contract: Contract, table: Table, node: Node) -> Iterator[ContractError]:
    """Rows leave by their own dates, so that those which are younger than what they refer to lose it: that is
    expected, and no reason to keep gold from everything that comes.
    """
    silver = {t.name: t for t in contract.silver}
    for other in {d.target.name: d.target for d in contract.datasets}.values():
        halting = {t.metric for t in other.thresholds if t.action == "halt"}
        for reference in other.references:
            target = silver.get(reference.table)
            counted = {ORPHAN_RATE, orphan_rate(reference.name), orphans(reference.name)}
            if target and _source(contract, target) is table and (found := sorted(halting & counted)):
                yield node.error(
                    f"{other.name} refers to {target.name}, whose rows leave by their own dates, and would"
                    f" halt by {found[0]} for ever; make that threshold a warning"
                )


def _source(contract: Contract, table: Table) -> Table:
    """The table whose retention a table has: of one that follows a log, the log's."""
    logs = (t for t in contract.silver if t.name in table.sources)
    return next(logs, table) if table.kind in OWN else table
