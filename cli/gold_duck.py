"""Gold's SQL on DuckDB, for tests that take milliseconds: sqlglot translates it. DuckDB is not Spark: what it
cannot answer fails by name, and Spark has the last word (`./lake test`).
"""

from __future__ import annotations

import re

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError

from cli.gold_cases import Case, CaseError, Row
from local.errors import LakeError
from shared.contracts import Contract
from shared.gold_statements import statement_files
from shared.project import shown

PARAMETER = "parameter"
KINDS = {"string": "VARCHAR", "int": "INTEGER"}


class DuckError(LakeError):
    """DuckDB cannot answer the statement."""


def answer(contract: Contract, case: Case) -> list[Row]:
    """The rows of a test's table in the columns that it compares. Raises DuckError, and CaseError where the
    test gives rows that the statement does not read.
    """
    path = statement_files(contract.domain)[case.table.name]
    columns = ", ".join(f'CAST("{c}" AS {duck_type(case.table.column(c).type)})' for c in case.columns)
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("SET timezone = 'UTC'")
        try:
            tree = _tree(path.read_text("utf-8"), contract)
            _create(con, contract, case, {f"{t.db}.{t.name}" for t in tree.find_all(exp.Table) if t.db})
            sql = tree.sql("duckdb", unsupported_level=ErrorLevel.RAISE, comments=False)
            return [tuple(row) for row in con.execute(f"SELECT {columns} FROM ({sql})").fetchall()]
        except (duckdb.Error, SqlglotError) as error:
            first = str(error).strip().splitlines()[0]
            raise DuckError(
                f"{shown(path)}: DuckDB cannot answer it: {first}",
                "./lake contract lint says whether it is wrong; if it is right, only Spark runs its tests:"
                " ./lake test -k gold",
            ) from error


def _tree(text: str, contract: Contract) -> exp.Expr:
    """The statement with the contract's parameters in it."""
    found = [t for t in sqlglot.parse(text, read="spark") if isinstance(t, exp.Query)]
    if len(found) != 1:
        raise ParseError("expected one SELECT")

    def known(part: exp.Expr) -> exp.Expr:
        if not isinstance(part, exp.Anonymous) or str(part.name).lower() != PARAMETER:
            return part
        name = part.expressions[0].name if part.expressions else ""
        if name not in contract.parameters:
            raise ParseError(f"the contract has no parameter {name!r}")
        texts = [exp.Literal.string(t) for t in contract.parameters[name]]
        return exp.cast(exp.Array(expressions=texts), "array<string>", dialect="spark")

    return found[0].transform(known)


def duck_type(kind: str) -> str:
    """A contract's type as DuckDB calls it."""
    if kind.startswith("array<"):
        return f"{duck_type(kind[6:-1])}[]"
    if kind.startswith("map<"):
        return f"MAP({', '.join(map(duck_type, re.findall('[a-z]+', kind[4:])))})"
    return KINDS.get(kind, kind.upper())


def _create(con: duckdb.DuckDBPyConnection, contract: Contract, case: Case, names: set[str]) -> None:
    if unread := sorted(case.given.keys() - names):
        said = f"gives rows of {', '.join(unread)}, which the statement does not read"
        raise CaseError(f"{case.table.name}: {case.name}: {said}", "leave them out")
    for zone in ("silver", "gold"):
        con.execute(f"CREATE SCHEMA {zone}")
    for table in contract.tables:
        if (name := f"{table.zone}.{table.name}") not in names:
            continue
        columns = ", ".join(f'"{c.name}" {duck_type(c.type)}' for c in table.columns)
        con.execute(f"CREATE TABLE {name} ({columns})")
        if rows := case.given.get(name):
            places = ", ".join("?" * len(table.columns))
            con.executemany(f"INSERT INTO {name} VALUES ({places})", [*rows])
