"""SQL of a contract, row rules and derived columns: parsed, and every column and function looked up.

Spark itself compares names in their exact case here (`spark.sql.caseSensitive`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from shared.contracts import Contract, ContractError, Table
from shared.contracts.check import Place
from shared.contracts.node import Node

# Written by Spark 4.1's SHOW FUNCTIONS; a test of the engine holds it against the Spark that runs.
FUNCTIONS = Path(__file__).parent / "spark_functions.txt"
# What may stand before a bracket and is no function: words of Spark's grammar, and calls that are part of it.
TESTS = {"is", "like", "ilike", "rlike", "regexp", "in", "between", "any", "all", "some", "escape", "exists"}
CASES = {"case", "when", "then", "else", "and", "or", "not", "div", "as", "interval"}
BETWEEN_ARGUMENTS = {"distinct", "from", "for", "placing", "both", "leading", "trailing"}
CALLS = {"try_cast", "timestampdiff", "timestampadd"}
WORDS = TESTS | CASES | BETWEEN_ARGUMENTS | CALLS
SIZED = ("varchar", "char", "character")  # types with a length
BEFORE_TYPES = ("as", "::", "<", ":")
RECORD_ID = "_record_id"
STATEMENT = "a rule or a derived column is one expression over a row; there are no tables to query"


def contract_sql(contract: Contract, places: Mapping[str, Place]) -> Iterator[ContractError]:
    """Wrong SQL of tables that datasets are loaded into; only these have rules and derived columns."""
    for table in dict.fromkeys(d.target for d in contract.datasets):
        place = places[table.name]
        keys = {k for k in table.primary_key if table.column(k).derived}
        rows = {c.name: c.type for c in table.columns if c.name not in keys}
        for rule, node in zip(table.rejects, place.rules, strict=True):
            query = node.child("query")
            yield from map(query.error, _wrong(rule.when, rows))
            yield from map(query.error, _no_test(rule.when, rows))
        yield from _derived(table, place.node, keys)


def _derived(table: Table, node: Node, keys: Collection[str]) -> Iterator[ContractError]:
    """A derived column sees what was sent, and the derived ones above it; a key comes last and sees all."""
    before = {c.name: c.type for c in table.columns if c.derived is None}
    for each in node.child("properties").items():
        name = each.child("name").value
        column = next((c for c in table.columns if c.name == name and c.derived is not None), None)
        if column is None or column.derived is None:
            continue
        place = Node(node.file, f"{each.path}.customProperties.derived", None)
        key = {RECORD_ID: "string"} if column.name in keys else {}
        every = {c.name: c.type for c in table.columns if c.name not in keys} if key else before
        yield from map(place.error, _wrong(column.derived, every | key))
        before[column.name] = column.type


def _wrong(sql: str, columns: Mapping[str, str]) -> Iterator[str]:
    try:
        trees = sqlglot.parse(sql, read="spark")
    except (ParseError, TokenError) as error:
        yield f"Spark cannot read {sql!r}: {_words(error)}"
        return
    tree = trees[0] if len(trees) == 1 else None
    if tree is None or tree.find(exp.Query, exp.Command):
        yield f"{sql!r}: {STATEMENT}"
        return
    if found := next(iter(tree.find_all(exp.AggFunc, exp.Window)), None):
        yield f"{found.sql('spark')} is of many rows; {STATEMENT}"
    yield from _unknown_columns(tree, columns)
    yield from _unknown_functions(sql)


def _unknown_columns(tree: exp.Expr, columns: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys(c.parts[0].name for c in tree.find_all(exp.Column)):
        if name in columns:
            continue
        near = [c for c in columns if c.lower() == name.lower()]
        yield (
            f"{name!r} is not a column that the row has here; "
            + (f"its name is {near[0]!r}, and case counts" if near else f"it has {', '.join(columns)}")
        )


def _unknown_functions(sql: str) -> Iterator[str]:
    before = ""
    for token, following in pairwise(sqlglot.tokenize(sql, read="spark")):
        called = following.text == "(" and token.text.isidentifier()
        name = token.text.lower()
        called = called and not (name in SIZED and before in BEFORE_TYPES)
        before = name
        if called and token.token_type.name != "IDENTIFIER" and name not in functions() | WORDS:
            yield f"Spark 4.1 has no function {token.text!r}"


def _no_test(sql: str, columns: Mapping[str, str]) -> Iterator[str]:
    """A rule must be true or false; looked at where its kind is plain to see."""
    try:
        tree = sqlglot.parse_one(sql, read="spark")
    except (ParseError, TokenError):
        return
    value = tree.unnest()
    column = isinstance(value, exp.Column) and columns.get(value.name, "boolean") != "boolean"
    if column or isinstance(value, exp.Literal | exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Mod):
        yield f"{sql!r} is a value, expected a test of the row: true for what is quarantined"


def _words(error: ParseError | TokenError) -> str:
    details = getattr(error, "errors", None)
    if not details:
        return str(error)
    first = details[0]
    described = str(first["description"]).partition(" for <class")[0]
    return f"{described}, near {(str(first['start_context'])[-20:] + str(first['highlight'])).strip()!r}"


@cache
def functions() -> frozenset[str]:
    """Those of Spark 4.1."""
    return frozenset(FUNCTIONS.read_text("utf-8").split())
