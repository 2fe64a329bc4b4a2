"""What becomes of keys and of carried columns where tables are joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cli.lint.select.facts import EXPRESSION, MERGED, Column, Joined


@dataclass(frozen=True)
class Equalities:
    """Of a condition: pairs of columns, of which the second is the joined table's, and those of both sides
    that equal a constant. `alone`: which rows fit is a matter of the pairs and of the joined table only.
    """

    pairs: frozenset[tuple[Column, Column]]
    constants: frozenset[Column]
    alone: bool = True

    @property
    def left(self) -> frozenset[Column]:
        return frozenset(a for a, _ in self.pairs) | self.constants

    @property
    def right(self) -> frozenset[Column]:
        return frozenset(b for _, b in self.pairs) | self.constants


def conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.And):
        yield from conjuncts(condition.left)
        yield from conjuncts(condition.right)
    elif isinstance(condition, exp.Paren):
        yield from conjuncts(condition.this)
    elif condition is not None:
        yield condition


def resolved(value: exp.Expr, joined: Joined) -> Column:
    """The column that an expression is; any other expression stands for itself."""
    value = value.unalias()
    if isinstance(value, exp.Column):
        return value.table, value.name
    if isinstance(value, exp.Coalesce):
        parts = frozenset(resolved(v, joined) for v in (value.this, *value.expressions))
        if parts in joined.merged:
            return joined.merged[parts]
    return EXPRESSION, value.sql("spark")


def equalities(conditions: Sequence[exp.Expr], left: Joined, right: Joined) -> Equalities:
    pairs: set[tuple[Column, Column]] = set()
    constants: set[Column] = set()
    alone = True
    for each in conditions:
        if not isinstance(each, exp.EQ | exp.NullSafeEQ):
            alone = False
            continue
        one, other = resolved(each.this, left), resolved(each.expression, left)
        sides = (left.columns | {*left.merged.values()}, right.columns)
        if one in sides[0] and other in sides[1]:
            pairs.add((one, other))
        elif other in sides[0] and one in sides[1]:
            pairs.add((other, one))
        elif isinstance(each.this, exp.Literal) or isinstance(each.expression, exp.Literal):
            column = other if isinstance(each.this, exp.Literal) else one
            constants.add(column)
            alone = alone and column in right.columns
        else:
            alone = False
    return Equalities(frozenset(pairs), frozenset(constants), alone)


def join(left: Joined, right: Joined, side: str, kind: str, equal: Equalities) -> Joined:
    """`side`: LEFT, RIGHT, FULL or nothing. `kind`: SEMI and ANTI show nothing of the right side."""
    if kind in ("SEMI", "ANTI"):
        carried = {(a, c) for a, c in left.carries if right.constant or _equated(a, c, left, right, equal)}
        return Joined(
            left.columns, left.keys, carried, left.constant and right.constant, left.decide, left.merged
        )
    found = Joined(
        left.columns | right.columns,
        set(),
        set(),
        left.constant and right.constant,
        [*left.decide, *right.decide],
        dict(left.merged),
    )
    one_right = any(key <= equal.right for key in right.keys)
    one_left = any(key <= equal.left for key in left.keys)
    if side == "FULL":
        _merge(found, equal)
    found.keys = _keys(left, right, side, found, equal, (one_left, one_right))
    if one_right and (side == "" or (side == "LEFT" and equal.alone)):
        found.decide.append((equal.left - equal.constants, frozenset(right.columns)))
    if one_left and side == "":
        found.decide.append((equal.right - equal.constants, frozenset(left.columns)))
    if side == "":
        found.decide += [
            (frozenset({a}), frozenset({b})) for pair in equal.pairs for a, b in (pair, pair[::-1])
        ]
    _carry(found, left, right, equal)
    return found


def _merge(found: Joined, equal: Equalities) -> None:
    """The columns that a FULL JOIN equates are one where they are coalesced."""
    for a, b in equal.pairs:
        parts = next((parts for parts, name in found.merged.items() if name == a), frozenset({a}))
        found.merged[parts | {b}] = (MERGED, f"{a[1]}={b[1]}")
        found.merged[frozenset({a, b})] = (MERGED, f"{a[1]}={b[1]}")


def _keys(
    left: Joined, right: Joined, side: str, found: Joined, equal: Equalities, one: tuple[bool, bool]
) -> set[frozenset[Column]]:
    one_left, one_right = one
    if side == "FULL":
        return (
            {frozenset(found.merged[frozenset(p)] for p in equal.pairs)} if one_left and one_right else set()
        )
    keys: set[frozenset[Column]] = set()
    if one_right and side in ("", "LEFT"):
        keys |= left.keys
    if one_left and side in ("", "RIGHT"):
        keys |= right.keys
    return keys or {a | b for a in left.keys for b in right.keys}


def _carry(found: Joined, left: Joined, right: Joined, equal: Equalities) -> None:
    """What both sides carry stays carried where the join equates it; beside a constant all stays."""
    if left.constant or right.constant:
        found.carries = {*left.carries, *right.carries}
        return
    for a, b in equal.pairs:
        for carried in {c for _, c in left.carries}:
            if (a, carried) in left.carries and (b, carried) in right.carries:
                found.carries |= {(a, carried), (b, carried)}
                if merged := found.merged.get(frozenset({a, b})):
                    found.carries.add((merged, carried))


def _equated(column: Column, carried: str, left: Joined, right: Joined, equal: Equalities) -> bool:
    return any(a == column and (b, carried) in right.carries for a, b in equal.pairs)
