"""Parts of a statement: where they stand, and what groups, orders and aliases name."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from cli.lint.select.facts import Column, Facts, Joined
from cli.lint.select.joins import resolved

Found = tuple[int, str]
"""A line, 0 where none is known, and what was found there."""


def line_of(part: exp.Expr) -> int:
    """Of the first name in a part of a statement; 0 where the parser made it up."""
    return next((int(n.meta["line"]) for n in part.walk() if "line" in n.meta), 0)


def aggregates_of(value: exp.Expr) -> list[exp.Expr]:
    """Aggregates of groups, not those of windows."""
    return [
        a
        for a in value.find_all(exp.AggFunc)
        if not isinstance(a.find_ancestor(exp.Window, exp.Select), exp.Window)
    ]


def grouped_by(tree: exp.Select, rows: Joined) -> frozenset[Column]:
    """What GROUP BY names, where names of the result stand for what they name."""
    group = tree.args.get("group")
    if group is None:
        return frozenset()
    if group.args.get("all"):
        parts = [e for e in tree.expressions if not aggregates_of(e)]
    else:
        parts = list(group.expressions)
    named = {e.alias: e for e in tree.expressions if e.alias}
    return frozenset(
        resolved(named[p.name] if isinstance(p, exp.Column) and not p.table and p.name in named else p, rows)
        for p in parts
        if not isinstance(p, exp.Literal)
    )


def parts_of(value: exp.Expr) -> list[exp.Expr]:
    """What an order is by: the fields of a struct, or the value."""
    if not isinstance(value, exp.Struct):
        return [value]
    return [p.expression if isinstance(p, exp.PropertyEQ) else p.unalias() for p in value.expressions]


def numbered(tree: exp.Select, rows: Joined, names: Mapping[Column, str]) -> dict[str, frozenset[str]]:
    """Columns of the result that are row numbers, with what these begin anew for."""
    found = {}
    for each in tree.expressions:
        window = each.unalias()
        if isinstance(window, exp.Window) and isinstance(window.this, exp.RowNumber):
            partition = [resolved(p, rows) for p in window.args.get("partition_by") or ()]
            if all(p in names for p in partition):
                found[each.alias] = frozenset(names[p] for p in partition)
    return found


def renamed(facts: Facts, named: exp.Expr) -> Facts:
    """With the columns that an alias lists, `x(a, b)`."""
    columns = named.alias_column_names
    if not columns or len(columns) != len(facts.columns):
        return facts
    new = dict(zip(facts.columns, columns, strict=True))
    return Facts(
        tuple(columns),
        frozenset(frozenset(new[c] for c in key) for key in facts.keys),
        frozenset((new[c], of) for c, of in facts.carries),
        facts.constant,
        {new[c]: frozenset(new[p] for p in parts) for c, parts in facts.numbered.items()},
    )
