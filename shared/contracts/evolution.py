"""Which changes of a live table the next run makes by itself: the one definition, for synthesis and for the
jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.contracts.model import Table
from shared.contracts.protection import protected
from shared.values.numbers import DECIMAL
from shared.values.texts import MOST_BYTES

# Iceberg's type promotions, as far as contracts have the types; a decimal may also gain digits before the
# point. An array is as wide as its elements.
WIDER = {("int", "bigint"), ("float", "double")}
BEHIND = "lakehouse.behind"  # a property: the rows were computed before the table had its columns
# A property: somebody decided that the table is to be made anew, which the next full refresh does.
ANEW = "lakehouse.anew"
SWAPPED = "lakehouse.swapped"  # when a table took the place of another one, in milliseconds
BESIDE = "__anew"  # ends the name of what becomes the table when it is full
COMPUTED = (
    "latest",
    "scd2",
    "computed",
    "dim",
    "fact",
    "mart",
    "bridge",
)  # from other tables; the others hold what producers sent


@dataclass(frozen=True)
class Shape:
    """What of a table stands in storage and in its commits. Types are Spark's.

    `lengths`: the most characters of texts of gold, which the warehouse's columns have room for; of those
    that say it. `protected`: how silver protects what is loaded into it.
    """

    kind: str
    columns: Mapping[str, str]
    required: frozenset[str]
    primary_key: tuple[str, ...]
    partitioned_by: tuple[str, ...]
    lengths: Mapping[str, int] = field(default_factory=dict)
    protected: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ColumnChanges:
    """How columns differ.

    `added` and `widened` are safe; for `retyped` and `removed` (name → old type) somebody must decide.
    """

    added: Mapping[str, str]
    widened: Mapping[str, str]
    retyped: Mapping[str, str]
    removed: Mapping[str, str]


@dataclass(frozen=True)
class Break:
    """A change that no run can make by itself: what changed, and the SQL statements or
    commands that make it.
    """

    column: str | None
    what: str
    migration: tuple[str, ...]


def shape(table: Table) -> Shape:
    required = frozenset(c.name for c in table.columns if c.required)
    return Shape(
        table.kind,
        {c.name: c.type for c in table.columns},
        required,
        table.primary_key,
        table.partition_fields,
        {c.name: c.max_length for c in table.columns if c.max_length and table.zone == "gold"},
        protected(table),
    )


def column_changes(old: Mapping[str, str], new: Mapping[str, str]) -> ColumnChanges:
    """From one set of columns to another; their order does not count."""
    other = {n: t for n, t in new.items() if n in old and _plain(old[n]) != _plain(t)}
    widened = {n: t for n, t in other.items() if _widens(_plain(old[n]), _plain(t))}
    return ColumnChanges(
        added={n: t for n, t in new.items() if n not in old},
        widened=widened,
        retyped={n: old[n] for n in other if n not in widened},
        removed={n: t for n, t in old.items() if n not in new},
    )


def _plain(kind: str) -> str:
    return kind.replace(" ", "").lower()


def _widens(old: str, new: str) -> bool:
    if old.startswith("array<") and new.startswith("array<"):
        return _widens(old[6:-1], new[6:-1])
    before, after = DECIMAL.fullmatch(old), DECIMAL.fullmatch(new)
    if before and after:
        return before[2] == after[2] and int(after[1]) > int(before[1])
    return (old, new) in WIDER


def breaks(domain: str, table: str, old: Shape, new: Shape) -> list[Break]:
    """The changes from the released to the wanted shape that are not safe; `table` is `database.table`."""
    changes = column_changes(old.columns, new.columns)
    rebuild = (f"DROP TABLE {table};", _refresh(domain))
    found = [_removed(table, name, kind, changes.added) for name, kind in changes.removed.items()]
    found += [
        Break(n, f"type {kind} became {new.columns[n]}, which is not wider", rebuild)
        for n, kind in changes.retyped.items()
    ]
    for name in (n for n in old.columns if n in new.columns):
        if (was := old.protected.get(name, "none")) != (now := new.protected.get(name, "none")):
            what = f"protect {was} became {now}: rows that stand would be of the one, new ones of the other"
            found.append(Break(name, what, rebuild))
    for name in sorted(new.required - old.required):
        what = (
            "is new and required: rows that stand have no value"
            if name in changes.added
            else "became required: rows that stand may lack it"
        )
        found.append(
            Break(name, what, (_refresh(domain), *([] if new.kind in COMPUTED else _backfill(table, name))))
        )
    for name, most in new.lengths.items():
        if name in old.columns and most < old.lengths.get(name, MOST_BYTES):
            what = (
                f"has at most {most} characters now: rows that stand may have more, and block the warehouse"
            )
            found.append(Break(name, what, (_refresh(domain),)))
    if old.kind != new.kind:
        found.append(Break(None, f"kind {old.kind} became {new.kind}", rebuild))
    if old.primary_key != new.primary_key:
        found.append(
            Break(None, f"primary key {_listed(old.primary_key)} became {_listed(new.primary_key)}", rebuild)
        )
    if old.partitioned_by != new.partitioned_by:
        found.append(
            Break(
                None,
                f"partitioning {_listed(old.partitioned_by)} became {_listed(new.partitioned_by)}",
                rebuild,
            )
        )
    return found


def table_removed(table: str) -> Break:
    return Break(None, "is not in the contract any more", (f"DROP TABLE {table};",))


def _removed(table: str, name: str, kind: str, added: Mapping[str, str]) -> Break:
    drop = f"ALTER TABLE {table} DROP COLUMN `{name}`;"
    heirs = [n for n, t in added.items() if _plain(t) == _plain(kind)]
    if not heirs:
        return Break(name, "was removed", (drop,))
    renames = [line for heir in heirs for line in _rename(table, name, heir, kind)]
    return Break(name, f"was removed, or renamed to {' or '.join(heirs)}", (*renames, f"otherwise: {drop}"))


def _rename(table: str, name: str, heir: str, kind: str) -> list[str]:
    """Athena cannot name Spark's timestamp, which has a zone; there the statement is Spark's alone."""
    spark = f"if renamed, in Spark:  ALTER TABLE {table} RENAME COLUMN `{name}` TO `{heir}`;"
    athena = f"          or in Athena: ALTER TABLE {table} CHANGE COLUMN `{name}` `{heir}` {kind};"
    return [spark] if kind == "timestamp" else [spark, athena]


def _backfill(table: str, name: str) -> list[str]:
    return [f"then, where files have no value: UPDATE {table} SET {name} = <value> WHERE {name} IS NULL;"]


def _refresh(domain: str) -> str:
    return f'after deployment: run {domain} with {{"full_refresh": true}}'


def _listed(names: tuple[str, ...]) -> str:
    return f"({', '.join(names)})"
