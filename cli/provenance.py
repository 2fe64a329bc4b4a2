"""Which columns of an answer may hold what must be hidden, by the parsed statement. What is not provably of
other columns counts as hidden: expressions, names that nobody knows, forms that are not looked into.

It is about what an answer shows, not about what it tells: a condition on a hidden column is no value of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp


@dataclass(frozen=True)
class Relation:
    """Names of columns, in order, each with whether it must be hidden. `rest`: whether columns that have no
    name here must; None where there are no others, and then the places are known, too.
    """

    columns: tuple[tuple[str, bool], ...] = ()
    rest: bool | None = None

    @property
    def hides(self) -> bool:
        return bool(self.rest) or any(hidden for _, hidden in self.columns)

    def of(self, name: str) -> bool | None:
        """Whether a column must be hidden; None where no column is known by that name."""
        found = [hidden for known, hidden in self.columns if known == name.lower()]
        return any(found) if found else None


UNKNOWN = Relation(rest=True)
Tables = Callable[[str, str], Relation]  # by database, as written, and name


def hidden_places(tree: exp.Expr, columns: Sequence[str], tables: Tables) -> frozenset[int]:
    """The places of an answer's columns, from 0, that must be hidden. `columns`: as the answer names them."""
    inside = tree.find(exp.MatchRecognize)
    found = UNKNOWN if inside else _Reader(tables).answer(tree, {})
    if found.rest is None and len(found.columns) == len(columns):
        return frozenset(i for i, (_, hidden) in enumerate(found.columns) if hidden)
    # Engines rename what has no name, or one that another column has.
    verdicts = [found.of(name) for name in columns]
    return frozenset(i for i, v in enumerate(verdicts) if (found.hides if v is None else v))


@dataclass(frozen=True)
class _Reader:
    tables: Tables

    def answer(self, query: exp.Expr | None, known: Mapping[str, Relation]) -> Relation:
        """Of a query; `known`: the queries that have a name where it stands."""
        if not isinstance(query, exp.Query):
            return UNKNOWN
        if within := query.args.get("with_"):
            if within.recursive:
                return UNKNOWN
            for cte in within.expressions:
                known = {**known, cte.alias.lower(): _renamed(self.answer(cte.this, known), cte)}
        match query:
            case exp.Select():
                return self._selected(query, known)
            case exp.SetOperation():
                return self._united(query, known)
            case exp.Subquery() if not query.args.get("pivots"):
                return self.answer(query.this, known)
        return UNKNOWN

    def _united(self, query: exp.SetOperation, known: Mapping[str, Relation]) -> Relation:
        left, right = (self.answer(side, known) for side in (query.this, query.expression))
        if not left.hides and not right.hides:
            return Relation(left.columns, left.rest if right.rest is None else False)
        aligned = left.rest is None and right.rest is None and len(left.columns) == len(right.columns)
        if not aligned or query.args.get("by_name"):
            return UNKNOWN
        pairs = zip(left.columns, right.columns, strict=True)
        return Relation(tuple((name, hidden or other) for (name, hidden), (_, other) in pairs))

    def _selected(self, select: exp.Select, known: Mapping[str, Relation]) -> Relation:
        scope = _Scope(select)
        parts = [part.this for part in (select.args.get("from_"), *select.args.get("joins", ())) if part]
        for part in (*parts, *select.args.get("laterals", ())):
            scope.relations.append((part.alias_or_name.lower(), self._source(part, known, scope)))
        columns: list[tuple[str, bool]] = []
        rest: bool | None = None
        for chosen in select.expressions:
            if chosen.is_star:
                found = scope.starred(chosen)
                columns += found.columns
                if found.rest is not None:
                    rest = bool(rest) or found.rest
            else:
                columns.append((chosen.alias_or_name.lower(), scope.hides(chosen)))
        return Relation(tuple(columns), rest)

    def _source(self, part: exp.Expr, known: Mapping[str, Relation], scope: _Scope) -> Relation:
        """Of what stands in FROM."""
        if part.args.get("pivots") or part.args.get("joins"):
            return UNKNOWN
        match part:
            case exp.Table() if isinstance(part.this, exp.Identifier):
                named = None if part.db else known.get(part.name.lower())
                found = named or (self.tables(part.db.lower(), part.name.lower()) if part.db else UNKNOWN)
            case exp.Subquery():
                found = self.answer(part.this, known)
            case exp.Values() | exp.Unnest() if not part.find(exp.Query):
                found = Relation(rest=scope.hides(part))
            case _:
                found = UNKNOWN
        return _renamed(found, part)


def _renamed(relation: Relation, aliased: exp.Expr) -> Relation:
    """With the names of `AS t(a, b)`."""
    alias = aliased.args.get("alias")
    names = [column.name.lower() for column in alias.columns] if isinstance(alias, exp.TableAlias) else []
    if not names:
        return relation
    if relation.rest is None and len(names) == len(relation.columns):
        return Relation(tuple((n, hidden) for n, (_, hidden) in zip(names, relation.columns, strict=True)))
    return Relation(tuple((name, relation.hides) for name in names))


@dataclass
class _Scope:
    """Where the names of one SELECT come from."""

    select: exp.Select
    relations: list[tuple[str, Relation]] = field(default_factory=list)

    def starred(self, star: exp.Expr) -> Relation:
        """What `*` and `t.*` stand for."""
        inner = star.this if isinstance(star, exp.Column) else star
        if not isinstance(inner, exp.Star) or inner.args.get("replace") or inner.args.get("rename"):
            return UNKNOWN
        of = star.table.lower() if isinstance(star, exp.Column) else ""
        chosen = [relation for name, relation in self.relations if of in ("", name)]
        if not chosen:
            return UNKNOWN
        columns = tuple(column for relation in chosen for column in relation.columns)
        rests = [relation.rest for relation in chosen if relation.rest is not None]
        # A join by name shows a column once.
        merged = any(j.args.get("using") or j.method for j in self.select.args.get("joins", ()))
        return Relation(columns, any(rests) if rests or merged or inner.args.get("except_") else None)

    def hides(self, part: exp.Expr) -> bool:
        """Whether an expression may hold something of a hidden column."""
        if not any(relation.hides for _, relation in self.relations) and not part.find(exp.Query):
            return False
        if part.find(exp.Query, exp.Columns):
            return True
        if any(not isinstance(star.parent, exp.Count) for star in part.find_all(exp.Star)):
            return True
        return any(self._hides_column(column, part) for column in part.find_all(exp.Column))

    def _hides_column(self, column: exp.Column, part: exp.Expr) -> bool:
        names = [each.name.lower() for each in column.parts]
        owners = [(names[i], names[i + 1]) for i in range(min(2, len(names) - 1))]
        owned = [
            relation.hides if (verdict := relation.of(name)) is None else verdict
            for owner, name in owners
            for known, relation in self.relations
            if known == owner
        ]
        if owned:
            return any(owned)
        # A column, or a field of one; some engines also take the name of another column of the answer, or of
        # a table for its whole rows.
        found = [v for _, relation in self.relations if (v := relation.of(names[0])) is not None]
        renamed = any(
            isinstance(other, exp.Alias) and other is not part and other.alias.lower() == names[0]
            for other in self.select.expressions
        )
        return any(found) if found and not renamed else True
