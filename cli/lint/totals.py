"""Totals: a sum outgrows the type of its parts, so gold keeps it in the widest type there is.

Transforms are read, not run. A column counts as a total where the table's transform, or a function that this
calls, gives its name to a sum, or to what was named so and only renamed, cast, added or filled up.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from shared.contracts import Column, Contract, ContractError
from shared.contracts.check import Place
from shared.gold_statements import statement_files
from shared.project import domain_folder
from shared.values.numbers import DECIMAL, MOST_DIGITS

SUM = re.compile(r"\bsum\s*\(", re.IGNORECASE)
SAME = ("coalesce", "cast", "try_cast", "alias", "over", "when", "otherwise", "nvl", "ifnull", "round", "col")
KEEPING = (
    exp.Alias,
    exp.Cast,
    exp.Coalesce,
    exp.Paren,
    exp.Neg,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Filter,
    exp.Window,
)
DEPTH = 8  # of calls that are followed
TABLE = "GOLD "  # before the name of a table, among those of functions
Named = tuple[str, ast.expr | exp.Expr, "_Function"]
"""A column's name, what it names, and where."""


@dataclass(frozen=True, eq=False)
class _Function:
    """A function of the domain's modules, with the constants that it sees."""

    tree: ast.FunctionDef
    constants: dict[str, ast.expr]
    assigned: dict[str, ast.expr] = field(default_factory=dict)

    @property
    def parameters(self) -> list[str]:
        return [a.arg for a in (*self.tree.args.posonlyargs, *self.tree.args.args)]


def narrow_totals(contract: Contract, places: Mapping[str, Place]) -> Iterator[ContractError]:
    """Columns of gold that hold sums in a type that the sums may outgrow."""
    statements = {t: statement_sums(path) for t, path in statement_files(contract.domain).items()}
    summed = {**sums(domain_folder(contract.domain) / "transforms.py"), **statements}
    for table in contract.gold:
        for each in places[table.name].node.child("properties").items():
            column = table.column(each.child("name").text())
            if column.name in summed.get(table.name, ()) and (wanted := _wider(column)):
                yield each.child("physicalType").error(
                    f"the transform computes a sum here, which may outgrow {column.type}; use {wanted}, in"
                    " casts of the transform, too"
                )


def sums(path: Path) -> dict[str, set[str]]:
    """By table of gold, the names that the module's transforms, and what they call, give to sums."""
    functions = _functions(path)
    tables = [name for name in functions if name.startswith(TABLE)]
    return {t.removeprefix(TABLE): _totals(_reached(t, functions), functions) for t in tables}


def statement_sums(path: Path) -> set[str]:
    """The names that a statement gives to sums; none where it cannot be read, which its own lint tells."""
    try:
        trees = sqlglot.parse(path.read_text("utf-8"), read="spark")
    except (SqlglotError, UnicodeDecodeError):
        return set()
    reading = _Reading({}, ())
    aliases = [alias for tree in trees if tree is not None for alias in tree.find_all(exp.Alias)]
    while more := {a.alias for a in aliases if reading.sql_is_total(a)} - reading.totals:
        reading.totals |= more
    return reading.totals


def _wider(column: Column) -> str | None:
    """The type that a total needs; None where the column has it, or is no decimal and no int."""
    if column.type == "int":
        return "bigint"
    sized = DECIMAL.fullmatch(column.type)
    return f"decimal({MOST_DIGITS},{sized[2]})" if sized and int(sized[1]) < MOST_DIGITS else None


def _functions(path: Path) -> dict[str, _Function]:
    """The functions of a module, and of those that it imports from its folder, by name; a table's transform
    is under the table's, too.
    """
    found: dict[str, _Function] = {}
    constants: dict[str, ast.expr] = {}
    trees = _modules(path)
    for tree in trees:
        for node in tree.body:
            match node:
                case ast.FunctionDef():
                    found[node.name] = _Function(node, constants, _assignments(node))
                case ast.Assign([ast.Name(name)], value):
                    constants[name] = value
                case ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
                    constants[name] = value
    gold = constants.get("GOLD")
    if isinstance(gold, ast.Dict):
        for key, value in zip(gold.keys, gold.values, strict=True):
            match key, value:
                case ast.Constant(str(table)), ast.Name(name) if name in found:
                    found[TABLE + table] = found[name]
    return found


def _modules(path: Path) -> list[ast.Module]:
    """The module, and those of the same folder that it imports from, which come first; each once, also where
    two import each other.
    """
    trees: dict[Path, ast.Module] = {}
    waiting = [path]
    while waiting:
        if (place := waiting.pop()) in trees:
            continue
        try:
            trees[place] = ast.parse(place.read_bytes(), str(place))
        except (FileNotFoundError, SyntaxError):  # which transform_findings names
            continue
        imported = (n.module or "" for n in ast.walk(trees[place]) if isinstance(n, ast.ImportFrom))
        waiting += [
            path.parent / f"{m.rpartition('.')[2]}.py" for m in imported if path.parent.name in m.split(".")
        ]
    return [*reversed(trees.values())]


def _assignments(function: ast.FunctionDef) -> dict[str, ast.expr]:
    return {
        node.targets[0].id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _reached(name: str, functions: dict[str, _Function]) -> list[_Function]:
    """A function and all those that it names, directly or not."""
    reached: dict[_Function, None] = {}
    waiting = [functions[name]]
    while waiting:
        function = waiting.pop()
        if function in reached:
            continue
        reached[function] = None
        names = (n.id for n in ast.walk(function.tree) if isinstance(n, ast.Name))
        waiting += [functions[n] for n in names if n in functions]
    return list(reached)


def _totals(reached: Sequence[_Function], functions: dict[str, _Function]) -> set[str]:
    """The names that sums have anywhere in the functions."""
    reading = _Reading(functions, reached)
    named = list(chain.from_iterable(map(reading.named, reached)))
    while True:
        more = {n for n, value, where in named if n not in reading.totals and reading.is_total(value, where)}
        if not more:
            return reading.totals
        reading.totals |= more


@dataclass
class _Reading:
    functions: dict[str, _Function]
    reached: Sequence[_Function]
    totals: set[str] = field(default_factory=set)

    def named(self, function: _Function) -> Iterator[Named]:
        """Every value of a function that is given a column's name."""
        for node in ast.walk(function.tree):
            match node:
                case ast.Call(ast.Attribute(value, "alias"), [name, *_]):
                    yield from ((n, value, function) for n in self.names(name, function))
                case ast.Call(ast.Attribute(_, "withColumn"), [name, value]):
                    yield from ((n, value, function) for n in self.names(name, function))
                case ast.Constant(str()) | ast.JoinedStr():
                    for tree in _parsed(self.text(node, function)):
                        yield from ((a.alias, a, function) for a in tree.find_all(exp.Alias))

    def names(self, node: ast.expr, function: _Function, depth: int = 0) -> list[str]:
        """The texts that an expression may be: a constant, one of a loop's, or an argument of some call."""
        if depth > DEPTH:
            return []
        match node:
            case ast.Constant(str(text)):
                return [text]
            case ast.Tuple(items) | ast.List(items) | ast.Set(items):
                return [n for item in items for n in self.names(item, function, depth + 1)]
            case ast.Dict(keys):
                return [n for key in keys if key for n in self.names(key, function, depth + 1)]
            case ast.Starred(value) | ast.Call(ast.Attribute(value, "items" | "keys"), []):
                return self.names(value, function, depth + 1)
            case ast.Name(name):
                values = [*_looped(name, function), *self._arguments(name, function)]
                values += [v for v in (function.assigned.get(name), function.constants.get(name)) if v]
                return [n for v in values for n in self.names(v, function, depth + 1)]
        return []

    def _arguments(self, name: str, function: _Function) -> Iterator[ast.expr]:
        """What a parameter is given by the calls that stand in the functions."""
        if name not in function.parameters:
            return
        position = function.parameters.index(name)
        for caller in self.reached:
            for node in ast.walk(caller.tree):
                match node:
                    case ast.Call(ast.Name(called), arguments) if called == function.tree.name:
                        given = arguments[position : position + 1]
                        yield from (g for a in given for g in (a, *_values(a, caller)))

    def is_total(self, value: ast.expr | exp.Expr, function: _Function, depth: int = 0) -> bool:
        """Whether a value is a sum, or one by another name."""
        if isinstance(value, exp.Expr):
            return self.sql_is_total(value)
        if depth > DEPTH:
            return False
        parts: Sequence[ast.expr] = ()
        match value:
            case ast.Call(ast.Attribute(_, "sum" | "sum_distinct")):
                return True
            case ast.Call(ast.Attribute(_, "expr"), [text]):
                trees = _parsed(self.text(text, function))
                return any(map(self.sql_is_total, trees)) if trees else _sums(self.text(text, function))
            case ast.Call(ast.Attribute(of, name), arguments) if name in SAME:
                parts = [of, *arguments]
            case ast.Call(ast.Name(name)) if name in self.functions:
                called = self.functions[name]
                returned = (n.value for n in ast.walk(called.tree) if isinstance(n, ast.Return) and n.value)
                return any(self.is_total(r, called, depth + 1) for r in returned)
            case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult(), right):
                parts = [left, right]
            case ast.Name(name) if name in function.assigned:
                parts = [function.assigned[name]]
            case ast.Constant(str(text)):
                return text in self.totals
        return any(self.is_total(part, function, depth + 1) for part in parts)

    def sql_is_total(self, tree: exp.Expr) -> bool:
        """The same of SQL alone."""
        if isinstance(tree, exp.Column):
            return tree.name in self.totals or _sums(tree.name)
        if isinstance(tree, exp.Sum):
            return True
        return isinstance(tree, KEEPING) and any(
            self.sql_is_total(part)
            for part in (tree.this, tree.args.get("expression"), *tree.expressions)
            if isinstance(part, exp.Expr)
        )

    def text(self, node: ast.expr, function: _Function) -> str:
        """A text of the code; what is put into it only where it is a constant."""
        match node:
            case ast.Constant(str(text)):
                return text
            case ast.JoinedStr(parts):
                return "".join(self.text(p, function) for p in parts)
            case ast.FormattedValue(value):
                return next(iter(self.names(value, function)), "x")
        return ""


def _looped(name: str, function: _Function) -> Iterator[ast.expr]:
    """What a name of a comprehension or a loop goes through."""
    for node in ast.walk(function.tree):
        match node:
            case ast.comprehension(ast.Name(target), values) | ast.For(ast.Name(target), values) if (
                target == name
            ):
                yield values
            case ast.comprehension(ast.Tuple([ast.Name(target), *_]), values) if target == name:
                yield values


def _values(node: ast.expr, function: _Function) -> list[ast.expr]:
    """What an argument that is a name of its caller's loop goes through."""
    return list(_looped(node.id, function)) if isinstance(node, ast.Name) else []


def _parsed(text: str) -> list[exp.Expr]:
    """The columns of a select list in Spark's SQL; none where a text is none."""
    if " " not in text and "(" not in text:
        return []
    try:
        return sqlglot.parse_one(f"SELECT {text}", read="spark").expressions
    except SqlglotError:
        return []


def _sums(text: str) -> bool:
    return bool(SUM.search(text)) and "/" not in text
