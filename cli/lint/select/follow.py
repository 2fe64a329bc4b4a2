"""Whether a statement's rows follow the changes that its table's `dependsOn` names, and what it could name.

A run computes the rows of the dates or keys that changed, from the rows of these dates or keys alone. That is
right where the statement groups, joins and partitions by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from cli.lint.select.facts import Facts
from cli.lint.select.parts import Found
from cli.lint.select.query import Reading
from shared.contracts import Contract, Table

DAY = "event_date"
Dependencies = Mapping[str, str | None]


@dataclass(frozen=True)
class Statement:
    """The statement of a gold table, with the tables that it reads."""

    contract: Contract
    table: Table
    tree: exp.Expr

    @property
    def reads(self) -> dict[str, Table]:
        """By name, `silver.events`."""
        names = {f"{t.db}.{t.name}" for t in self.tree.find_all(exp.Table) if t.db}
        return {f"{t.zone}.{t.name}": t for t in self.contract.tables if f"{t.zone}.{t.name}" in names}

    @property
    def followed(self) -> dict[str, Table]:
        """The tables of silver on which it rests, through tables of gold, too."""
        of_gold = [
            self.contract.table(d.table)
            for t in self.reads.values()
            if t.zone == "gold"
            for d in t.depends_on
        ]
        silver = [t for t in self.reads.values() if t.zone == "silver"]
        return {t.name: t for t in (*silver, *of_gold)}


def facts(contract: Contract) -> dict[str, Facts]:
    """What is known of each table. Rows of a log share keys."""
    return {
        f"{t.zone}.{t.name}": Facts(
            t.column_names,
            frozenset({frozenset(t.primary_key)} if t.primary_key and t.kind != "log" else ()),
            frozenset(_carried(t)),
        )
        for t in contract.tables
    }


def _carried(table: Table) -> Iterator[tuple[str, str]]:
    """Columns by which the table's changes are announced; of gold, those by which it follows silver."""
    if table.zone == "silver":
        yield from ((c, c) for c in (DAY, table.change_key) if c and c in table.column_names)
        return
    columns = {d.column for d in table.depends_on}
    if len(columns) == 1:
        [column] = columns
        here = table.day_column if column == DAY else column
        if column and here in table.column_names:
            yield str(here), column


def read(statement: Statement, fixed: frozenset[str] = frozenset()) -> tuple[Reading, Facts]:
    reading = Reading(facts(statement.contract), fixed)
    return reading, reading.query(statement.tree, {}, statement.table.primary_key)


def incomplete(statement: Statement) -> Iterator[str]:
    """Tables whose changes would not be followed."""
    named = {d.table for d in statement.table.depends_on}
    for table in statement.reads.values():
        if table.zone == "silver" and table.name not in named:
            yield (
                f"reads silver.{table.name}, and dependsOn does not name it: a change there alone would be"
                " missed"
            )
        if table.zone == "gold" and not table.depends_on:
            yield (
                f"reads gold.{table.name}, which is computed anew in every run, so this one must be, too:"
                " leave dependsOn empty"
            )
        missing = sorted({d.table for d in table.depends_on} - named) if table.zone == "gold" else []
        if missing:
            followed = ", ".join(missing)
            yield f"reads gold.{table.name}, which follows {followed}: dependsOn must name that, too"
    for name in sorted(n for n in named if statement.contract.table(n).zone == "gold"):
        yield f"dependsOn names gold.{name}; changes are followed from silver: name what {name} follows"


def unproven(statement: Statement, depends_on: Dependencies) -> tuple[str, Found, bool] | None:
    """A column by which the statement is not proven to follow, where it is lost, and whether parts of it are
    not understood. None: all is proven.
    """
    whole = frozenset(f"silver.{t}" for t, column in depends_on.items() if column is None)
    columns = sorted({c for c in depends_on.values() if c is not None}, key=lambda c: (c != DAY, c))
    for column in columns:
        fixed = whole
        if column == DAY:  # rows are made of those by date, the others are looked up
            fixed |= {f"silver.{t}" for t, c in depends_on.items() if c != DAY}
        reading, found = read(statement, fixed)
        here = statement.table.day_column if column == DAY else column
        if reading.strange:
            return column, reading.strange[0], True
        if (here, column) not in found.carries:
            return column, reading.lost.get(column, (0, "")), False
    return None


def provable(statement: Statement) -> Dependencies | None:
    """What dependsOn can say, the least that is recomputed first; None where nothing is proven."""
    if any(t.zone == "gold" and not t.depends_on for t in statement.reads.values()):
        return None
    silver = statement.followed
    keys = {t.change_key for t in silver.values() if t.change_key}
    every: list[Dependencies] = [dict.fromkeys(silver, DAY)]
    every += [
        {name: key if name == looked_up else DAY for name in silver}
        for key in sorted(keys)
        for looked_up in silver
        if len(silver) > 1
    ]
    every += [dict.fromkeys(silver, key) for key in sorted(keys)]
    return next((d for d in every if silver and _possible(statement, d) and not unproven(statement, d)), None)


def _possible(statement: Statement, depends_on: Dependencies) -> bool:
    """Whether silver announces changes so, and a row of gold that has no key is followed by its date."""
    for name, column in depends_on.items():
        table = statement.contract.table(name)
        if column not in (DAY, table.change_key) or column not in table.column_names:
            return False
    return not loose_keys(statement, depends_on)


def loose_keys(statement: Statement, depends_on: Dependencies) -> set[str]:
    """Keys alone by which rows are followed, which rows may not have."""
    keys = {c for c in depends_on.values() if c is not None}
    must = {c.name for c in statement.table.columns if c.required} | {*statement.table.primary_key}
    return set() if DAY in keys else keys - must
