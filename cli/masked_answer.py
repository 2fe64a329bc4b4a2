"""Answers of SQL without the values of confidential columns, for whoever did not ask for them.

A courtesy to whoever looks at the screen, no right: who may read what is decided by IAM and Lake Formation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cli.catalogue.words import ROW_COLUMNS
from cli.masking import HIDDEN, confidential_columns
from cli.provenance import UNKNOWN, Relation, hidden_places
from local.athena import Answer, database
from local.athena_metadata import INFORMATION_SCHEMA, metadata_statement
from shared.contracts import Contract, Table, contract
from shared.names import Names
from shared.quarantine import COLUMNS, date_parts, rows_table

OPEN = Relation(rest=False)
UNREAD = "_extra"  # columns that no contract names
RECORD = "raw_record"
METRICS = "metrics"  # figures of runs


def masked(
    answer: Answer, statement: str, names: Names, domains: Sequence[str], domain: str | None = None
) -> Answer:
    """The answer of a statement that was answered, as `./lake query` asks it. Hidden is what may come from a
    confidential column; NULL stays NULL.
    """
    places = hidden_columns(answer.columns, statement, names, domains, domain)
    if not places:
        return answer
    rows = [
        tuple(HIDDEN if i in places and cell is not None else cell for i, cell in enumerate(row))
        for row in answer.rows
    ]
    return Answer(answer.columns, rows)


def hidden_columns(
    columns: Sequence[str],
    statement: str,
    names: Names,
    domains: Sequence[str],
    domain: str | None = None,
) -> frozenset[int]:
    """The places, from 0, of an answer's columns that are masked; all of them where the statement cannot be
    read here.
    """

    if not reads_confidential(statement, names, domains, domain):
        return frozenset()
    if (tree := _parsed(statement)) is None:
        return frozenset(range(len(columns)))
    return hidden_places(tree, columns, _relations(names, domains, _resolve(names, domains, domain)))


def reads_confidential(
    statement: str, names: Names, domains: Sequence[str], domain: str | None = None
) -> bool:
    """Whether a statement reads a table with confidential columns, or one of which nothing is known; then
    what an engine says of a failure may hold their values, too.
    """
    resolve = _resolve(names, domains, domain)
    if metadata_statement(statement, resolve):
        return False
    tree, relation_of = _parsed(statement), _relations(names, domains, resolve)
    if not isinstance(tree, exp.Query):
        return True
    return any(relation_of(t.db, t.name).hides for t in tree.find_all(exp.Table) if t.db)


def _parsed(statement: str) -> exp.Expr | None:
    try:
        return sqlglot.parse_one(statement.strip().rstrip(";"), read="athena")
    except SqlglotError:
        return None


def _resolve(names: Names, domains: Sequence[str], domain: str | None) -> Callable[[str], str]:
    return lambda written: database(names, written, domains, domain)


def _relations(
    names: Names, domains: Sequence[str], resolve: Callable[[str], str]
) -> Callable[[str, str], Relation]:
    known = _known(names, domains)

    def relation(written: str, name: str) -> Relation:
        place = resolve(written.lower())
        if place in (INFORMATION_SCHEMA, *(names.database(d, METRICS) for d in domains)):
            return OPEN
        table, _, metadata = name.lower().partition("$")
        found = known.get((place, table), UNKNOWN)
        return UNKNOWN if metadata and found.hides else found  # bounds of columns are values, too

    return relation


def _known(names: Names, domains: Sequence[str]) -> dict[tuple[str, str], Relation]:
    """By database and name."""
    found: dict[tuple[str, str], Relation] = {}
    for agreed in map(contract, domains):
        for table in agreed.tables:
            found[names.database(agreed.domain, table.zone), table.name] = _of_table(table)
        for dataset in agreed.datasets:
            hides = bool(confidential_columns(dataset.target))
            bronze = names.database(agreed.domain, "bronze"), dataset.name
            found[bronze] = UNKNOWN if hides else OPEN
        for name, hides in _rejects(agreed).items():
            place = names.database(agreed.domain, "quarantine"), name
            found[place] = _of_rejects(agreed) if hides else OPEN
    return found


def _of_table(table: Table) -> Relation:
    lineage = [name for name, _ in ROW_COLUMNS if name != UNREAD]
    return _relation([*table.column_names, *lineage], confidential_columns(table))


def _of_rejects(agreed: Contract) -> Relation:
    return _relation([*COLUMNS, *date_parts(agreed.layout)], {RECORD})


def _relation(columns: Iterable[str], hidden: Iterable[str]) -> Relation:
    """What else is there is hidden, too, where anything is."""
    confidential = {name.lower() for name in hidden}
    return Relation(tuple((c.lower(), c.lower() in confidential) for c in columns), rest=bool(confidential))


def _rejects(agreed: Contract) -> dict[str, bool]:
    """The tables of quarantined rows; some hold those of several datasets."""
    found: dict[str, bool] = {}
    for dataset in agreed.datasets:
        name = rows_table(agreed.domain, dataset.name, agreed.layout)
        found[name] = found.get(name, False) or bool(confidential_columns(dataset.target))
    return found
