"""Follows a query from its tables to its result: keys, carried columns, and where order decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from cli.lint.select.facts import Column, Facts, Joined
from cli.lint.select.joins import Equalities, conjuncts, equalities, join, resolved
from cli.lint.select.parts import Found, aggregates_of, grouped_by, line_of, numbered, parts_of, renamed

# Of a window, they depend on the order of rows that the order leaves equal.
BY_ORDER = (exp.RowNumber, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue, exp.Ntile)
GENERATORS = (exp.UDTF, exp.Explode, exp.Posexplode, exp.Inline)
GROUPINGS = ("rollup", "cube", "grouping_sets")


@dataclass
class Reading:
    """One look at a statement, whose names are all qualified.

    `fixed`: tables whose changes are not followed. `lost`: by a column of tables, where it was lost.
    `undecided`: what an order leaves open; `unsure`: what it may leave open. `crossed`: joins without a
    condition that both sides have. `strange`: parts that are not followed, so that what is lost may be there.
    """

    tables: Mapping[str, Facts]
    fixed: frozenset[str] = frozenset()
    lost: dict[str, Found] = field(default_factory=dict)
    undecided: list[Found] = field(default_factory=list)
    unsure: list[Found] = field(default_factory=list)
    crossed: list[Found] = field(default_factory=list)
    strange: list[Found] = field(default_factory=list)

    def query(self, tree: exp.Expr, known: Mapping[str, Facts], kept: Iterable[str] = ()) -> Facts:
        """`known`: common table expressions by name. `kept`: columns that keys shall consist of, if they
        can.
        """
        if isinstance(tree, exp.Subquery | exp.Paren):
            return self.query(tree.this, known, kept)
        if clause := tree.args.get("with_"):
            for each in clause.expressions:
                known = {**known, each.alias: renamed(self.query(each.this, known), each)}
        if isinstance(tree, exp.SetOperation):
            return self._set(tree, known)
        if isinstance(tree, exp.Select):
            return self._select(tree, known, frozenset(kept))
        self.strange.append((line_of(tree), type(tree).__name__.upper()))
        return Facts(())

    def _set(self, tree: exp.SetOperation, known: Mapping[str, Facts]) -> Facts:
        left, right = self.query(tree.this, known), self.query(tree.expression, known)
        columns = left.columns
        both = min(len(columns), len(right.columns))
        carried = {
            (columns[i], c)
            for c in {c for _, c in (*left.carries, *right.carries)}
            for i in range(both)
            if (left.constant or (columns[i], c) in left.carries)
            and (right.constant or (right.columns[i], c) in right.carries)
        }
        self._note_lost(
            {c for _, c in (*left.carries, *right.carries)} - {c for _, c in carried}, tree, "UNION"
        )
        keys = {frozenset(columns)} if tree.args.get("distinct") else set()
        if isinstance(tree, exp.Except | exp.Intersect):
            keys |= left.keys
        return Facts(columns, frozenset(keys), frozenset(carried), left.constant and right.constant)

    def _select(self, tree: exp.Select, known: Mapping[str, Facts], kept: frozenset[str]) -> Facts:
        rows = self._from(tree, known)
        self._strange_parts(tree)
        outputs: dict[str, Column] = {e.alias_or_name: resolved(e, rows) for e in tree.expressions}
        if any(isinstance(e.unalias(), GENERATORS) for e in tree.expressions):
            rows.keys = set()
        self._group(tree, rows)
        self._windows(tree, rows)
        return self._result(tree, rows, outputs, kept)

    def _from(self, tree: exp.Select, known: Mapping[str, Facts]) -> Joined:
        clause = tree.args.get("from_")
        if clause is None:
            return Joined(keys={frozenset()})
        rows = self._source(clause.this, known)
        where = tree.args.get("where")
        filters = list(conjuncts(where.this)) if where else []
        for each in tree.args.get("joins") or ():
            right = self._source(each.this, known)
            conditions = list(conjuncts(each.args.get("on")))
            side, kind = each.side.upper(), each.kind.upper()
            equal = equalities(conditions if side or conditions else filters, rows, right)
            if not side and filters:
                more = equalities(filters, rows, right)
                equal = Equalities(equal.pairs | more.pairs, equal.constants | more.constants, alone=False)
            self._crossed(each, rows, right, filters)
            before = {c for _, c in (*rows.carries, *right.carries)}
            rows = join(rows, right, side, kind, equal)
            self._note_lost(before - {c for _, c in rows.carries}, each, "JOIN")
        if tree.args.get("laterals"):
            rows.keys = set()
        for each in filters:
            self._filter(each, rows, alone=not tree.args.get("joins"))
        return rows

    def _source(self, source: exp.Expr, known: Mapping[str, Facts]) -> Joined:
        alias = source.alias_or_name
        if source.args.get("pivots"):
            self.strange.append((line_of(source), "PIVOT"))
        if isinstance(source, exp.Table):
            name = f"{source.db}.{source.name}" if source.db else source.name
            facts = self.tables.get(name) if source.db else known.get(name)
            facts = facts or Facts((), constant=True)
            if name in self.fixed:
                facts = Facts(facts.columns, facts.keys, constant=True)
            return Joined.of(facts, alias)
        if isinstance(source, exp.Subquery):
            facts = renamed(self.query(source.this, known), source)
            return Joined.of(facts, alias)
        if query := source.find(exp.Query):
            self.strange.append((line_of(query), "LATERAL"))
        return Joined.of(Facts((), constant=True), alias)  # VALUES, range(…): rows of no table

    def _filter(self, condition: exp.Expr, rows: Joined, *, alone: bool) -> None:
        """A row number that must be 1 leaves one row of what it is counted for."""
        if not isinstance(condition, exp.EQ):
            return
        column, value = condition.this, condition.expression
        if isinstance(column, exp.Literal):
            column, value = value, column
        if not isinstance(column, exp.Column) or not isinstance(value, exp.Literal):
            return
        number = (column.table, column.name)
        rows.decide.append((frozenset(), frozenset({number})))
        if alone and value.name == "1" and number in rows.numbered:
            rows.keys.add(rows.numbered[number])

    def _crossed(self, each: exp.Join, left: Joined, right: Joined, filters: list[exp.Expr]) -> None:
        """Rows of both sides are put together whatever they hold, and there may be more than one of each."""
        condition = each.args.get("on")
        said = [condition] if condition is not None else filters
        of_right = {alias for alias, _ in right.columns} | {each.this.alias_or_name}
        for part in (p for s in said for p in conjuncts(s)):
            names = {c.table for c in part.find_all(exp.Column)}
            if names & of_right and (names - of_right):
                return
        single = frozenset[Column]()
        if single not in left.keys and single not in right.keys and not isinstance(each.this, exp.Lateral):
            what = "CROSS JOIN" if each.kind.upper() == "CROSS" else "JOIN without a condition of both tables"
            self.crossed.append((line_of(each), f"{what}: every row of one side with every row of the other"))

    def _group(self, tree: exp.Select, rows: Joined) -> None:
        group = tree.args.get("group")
        aggregates = [a for e in tree.expressions for a in aggregates_of(e)]
        if group is None and not aggregates and not tree.args.get("having"):
            return
        self._ordered_aggregates(aggregates, rows, grouped_by(tree, rows))
        if group is not None and any(group.args.get(g) for g in GROUPINGS):
            self.strange.append((line_of(group), "GROUPING SETS"))
            rows.keys, rows.carries = set(), set()
            return
        grouped = grouped_by(tree, rows)
        before = {c for _, c in rows.carries}
        rows.keys = {frozenset(grouped), *(k for k in rows.keys if k <= grouped)}
        rows.carries = {(column, c) for column, c in rows.carries if column in grouped}
        where = f"GROUP BY {', '.join(sorted(name for _, name in grouped)) or 'nothing'}"
        self._note_lost(before - {c for _, c in rows.carries}, group or tree, where)

    def _ordered_aggregates(self, found: list[exp.Expr], rows: Joined, grouped: frozenset[Column]) -> None:
        """max_by and its like, whose order must decide."""
        for each in found:
            if isinstance(each, exp.ArgMax | exp.ArgMin):
                by = {resolved(part, rows) for part in parts_of(each.expression)}
                self._decided(
                    each, rows, by | grouped, "max_by" if isinstance(each, exp.ArgMax) else "min_by"
                )

    def _windows(self, tree: exp.Select, rows: Joined) -> None:
        for window in (w for e in tree.expressions for w in e.find_all(exp.Window)):
            partition = {resolved(p, rows) for p in window.args.get("partition_by") or ()}
            before = {c for _, c in rows.carries}
            rows.carries = {(column, c) for column, c in rows.carries if column in partition}
            self._note_lost(before - {c for _, c in rows.carries}, window, "a window without PARTITION BY it")
            order = window.args.get("order")
            spec = window.args.get("spec")
            by_rows = spec is not None and str(spec.args.get("kind")).upper() == "ROWS"
            called = window.this.this if isinstance(window.this, exp.IgnoreNulls) else window.this
            if order is not None and (isinstance(called, BY_ORDER) or by_rows):
                by = {resolved(p, rows) for o in order.expressions for p in parts_of(o.this)}
                self._decided(window, rows, partition | by, called.sql_name().lower())

    def _decided(self, part: exp.Expr, rows: Joined, columns: Iterable[Column], what: str) -> None:
        if rows.identify(columns):
            return
        keys = [", ".join(sorted(name for _, name in key)) for key in rows.keys]
        advice = f"add {min(keys, key=lambda k: (len(k), k))}" if keys else "add what identifies a row"
        said = f"the order of {what} does not decide between rows that it leaves equal; {advice} to it"
        (self.undecided if keys else self.unsure).append((line_of(part), said))

    def _result(
        self, tree: exp.Select, rows: Joined, outputs: Mapping[str, Column], kept: frozenset[str]
    ) -> Facts:
        names: dict[Column, str] = {}
        for name, column in outputs.items():
            names.setdefault(column, name)
        preferred = {column for name, column in outputs.items() if name in kept} or set(names)
        keys = {rows.minimal(key, preferred) for key in rows.keys}
        if kept and rows.identify(preferred):
            keys.add(rows.minimal(frozenset(preferred), preferred))
        shown = {frozenset(names[c] for c in key) for key in keys if key <= names.keys()}
        if tree.args.get("distinct"):
            shown.add(frozenset(outputs))
        if limit := tree.args.get("limit"):
            self._limited(tree, limit, rows)
        carried = {(name, c) for name, column in outputs.items() for of, c in rows.carries if of == column}
        return Facts(
            tuple(outputs), frozenset(shown), frozenset(carried), rows.constant, numbered(tree, rows, names)
        )

    def _limited(self, tree: exp.Select, limit: exp.Expr, rows: Joined) -> None:
        order = tree.args.get("order")
        by = {resolved(o.this, rows) for o in order.expressions} if order else set()
        self._decided(limit, rows, by, "LIMIT")
        self._note_lost({c for _, c in rows.carries}, limit, "LIMIT")
        rows.carries = set()

    def _strange_parts(self, tree: exp.Select) -> None:
        """Queries inside expressions are not followed: what they read decides on rows, too."""
        inside = [*tree.expressions, *(tree.args.get(a) for a in ("where", "having", "group"))]
        inside += [j.args.get("on") for j in tree.args.get("joins") or ()]
        for part in inside:
            if part is not None and (query := part.find(exp.Query)):
                self.strange.append((line_of(query), "a query inside an expression"))

    def _note_lost(self, columns: Iterable[str], part: exp.Expr, what: str) -> None:
        for column in columns:
            self.lost.setdefault(column, (line_of(part), what))
