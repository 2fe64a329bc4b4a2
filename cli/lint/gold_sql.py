"""Gold tables that are a SELECT in a file, read without Spark: names, certainty, grain, what they follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, TokenError

from cli.lint.finding import Finding
from cli.lint.gold_names import columns_of_tables, wrong_names
from cli.lint.select.follow import Statement, incomplete, loose_keys, provable, read, unproven
from cli.lint.select.names import SPARK, qualified
from cli.lint.select.parts import Found, line_of
from shared.contracts import Contract, Table
from shared.contracts.check import Place
from shared.gold_statements import statement_files
from shared.project import shown


@dataclass(frozen=True)
class _File:
    domain: str
    table: str
    path: Path

    def finding(self, found: Found, *, hint: bool = False) -> Finding:
        return Finding(shown(self.path), found[0], f"{self.domain}.{self.table}", found[1], hint)


def gold_sql_findings(contract: Contract, places: Mapping[str, Place]) -> Iterator[Finding]:
    """What is wrong with the statements of a domain; hints among them."""
    tables = {t.name: t for t in contract.gold}
    for name, path in statement_files(contract.domain).items():
        file = _File(contract.domain, name, path)
        if (table := tables.get(name)) is None:
            yield file.finding((0, f"the contract has no gold table {name} ({', '.join(sorted(tables))})"))
            continue
        try:
            tree = _parsed(path.read_text("utf-8"))
        except ValueError as error:  # of the text's encoding, too
            yield file.finding((getattr(error, "line", 0), str(error)))
            continue
        wrong = sorted(set(wrong_names(tree, contract, table)))
        yield from map(file.finding, wrong)
        if not wrong:
            yield from _meaning(file, contract, table, tree, says=_says_dependencies(places[name]))


class _UnreadableError(ValueError):
    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def _parsed(text: str) -> exp.Query:
    try:
        trees = [
            t for t in sqlglot.parse(text, read=SPARK) if t is not None and not isinstance(t, exp.Semicolon)
        ]
    except (ParseError, TokenError) as error:
        details = (getattr(error, "errors", None) or [{}])[0]
        said = str(details.get("description", error)).partition(" for <class")[0]
        raise _UnreadableError(details.get("line") or 0, f"Spark cannot read it: {said}") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise _UnreadableError(1, "expected one SELECT, which is the whole table")
    return trees[0]


def _meaning(
    file: _File, contract: Contract, table: Table, tree: exp.Query, *, says: bool
) -> Iterator[Finding]:
    """Of a statement whose names are there."""
    try:
        statement = Statement(
            contract, table, qualified(tree.copy(), columns_of_tables(contract), SPARK, aliases=True)
        )
    except OptimizeError as error:
        yield file.finding((0, str(error)))
        return
    reading, result = read(statement)
    yield from map(file.finding, (*reading.crossed, *reading.undecided))
    yield from (file.finding(found, hint=True) for found in reading.unsure)
    yield from _grain(file, table, tree, [*map(sorted, result.keys)])
    if table.depends_on:
        yield from _followed(file, statement)
    elif not says:
        yield from _proposed(file, statement)


def _grain(file: _File, table: Table, tree: exp.Query, keys: list[list[str]]) -> Iterator[Finding]:
    """The contract's key against those that the statement is known to have; nothing is said where none is."""
    own = {*table.primary_key}
    if not own or not keys or any({*key} <= own for key in keys):
        return
    shown_keys = " or ".join(", ".join(key) for key in sorted(keys))
    grouped = isinstance(tree, exp.Select) and (tree.args.get("group") or tree.args.get("distinct"))
    finer = bool(grouped) and all({*key} > own for key in keys)
    yield file.finding(
        (
            line_of(tree),
            f"a row is one {shown_keys}, the contract's key is {', '.join(table.primary_key)}: "
            + ("group by the key alone, or " if finer else "")
            + "make it the key",
        ),
        hint=not finer,
    )


def _followed(file: _File, statement: Statement) -> Iterator[Finding]:
    wrong = list(incomplete(statement))
    yield from (file.finding((0, reason)) for reason in wrong)
    if wrong or statement.table.appended_by:  # rows that are there already do no harm
        return
    named = {d.table: d.column for d in statement.table.depends_on}
    if found := unproven(statement, named):
        column, (place, what), strange = found
        said = f"dependsOn says that rows of one {column} are made of rows of the same {column} alone, which"
        if strange:
            reason = f"{said} does not show here: {what} is not understood; prove it by a test"
        else:
            lost = f" ({what})" if what else ""
            reason = (
                f"{said} is not so in the statement{lost}: group, join and partition by it and select it, or"
                " leave dependsOn out"
            )
        yield file.finding((place, reason), hint=strange)
    for key in sorted(loose_keys(statement, named)):
        yield file.finding((0, f"rows without {key} are never computed again: require it in the contract"))


def _proposed(file: _File, statement: Statement) -> Iterator[Finding]:
    if found := provable(statement):
        entries = ", ".join(f"{{table: {table}, column: {column}}}" for table, column in found.items())
        reason = (
            "is computed anew in every run; what changed is enough with this in the contract:"
            f" - {{property: dependsOn, value: [{entries}]}}"
        )
    else:
        reason = (
            "is computed anew in every run: nothing shows that its rows are made of rows of their own date or"
            " key alone. If that is so, name it in dependsOn; if not, say so: dependsOn, value: []"
        )
    yield file.finding((0, reason), hint=True)


def _says_dependencies(place: Place) -> bool:
    entries = place.node.child("customProperties").items()
    return any(e.child("property").value == "dependsOn" for e in entries)
