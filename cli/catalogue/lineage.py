"""What is made of what, as a contract says it: the tables that take a dataset's records, those that follow a
log, and what gold depends on.

Columns are followed where the contract itself makes one of another. How a domain's SQL or transforms compute
the columns of gold is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cli.catalogue.model import ColumnFlow, ColumnPlace, Flow, Place
from shared.contracts import Column, Contract, Dataset, Table
from shared.contracts.followers import OWN, followers
from shared.quarantine import rows_table

DAY = "event_date"
ANY = "computed anew after any change"


def dataset_place(dataset: Dataset) -> Place:
    return Place(dataset.domain, "raw", dataset.name)


def table_place(contract: Contract, table: Table) -> Place:
    return Place(contract.domain, "silver" if table.zone == "silver" else "gold", table.name)


def rejects_place(contract: Contract, dataset: Dataset) -> Place:
    return Place(contract.domain, "quarantine", rows_table(contract.domain, dataset.name, contract.layout))


def flows(contract: Contract) -> Iterator[Flow]:
    """Of datasets and tables, in the contract's order."""
    for dataset in contract.datasets:
        here = dataset_place(dataset)
        if dataset.files_of:
            owner = Place(contract.domain, "raw", dataset.files_of)
            yield Flow(owner, here, "its files are read for this one, too")
        yield Flow(here, table_place(contract, dataset.target), "its records are loaded")
        yield Flow(here, rejects_place(contract, dataset), "its records that break a rule")
    for log in contract.silver:
        for table in followers(log, contract.silver):
            yield Flow(table_place(contract, log), table_place(contract, table), "the log that it follows")
    for table in contract.tables:
        for link in table.depends_on:
            source = table_place(contract, contract.table(link.table))
            how = f"computed again for each `{link.column}` that changed" if link.column else ANY
            yield Flow(source, table_place(contract, table), how)


def column_flows(contract: Contract) -> Iterator[ColumnFlow]:
    """Of datasets and of silver."""
    for dataset in contract.datasets:
        yield from _loaded(contract, dataset)
    for table in dict.fromkeys(d.target for d in contract.datasets):
        yield from _computed(contract, table)
    for log in contract.silver:
        for table in followers(log, contract.silver):
            yield from _followed(contract, log, table)


def _loaded(contract: Contract, dataset: Dataset) -> Iterator[ColumnFlow]:
    source, target = dataset_place(dataset), table_place(contract, dataset.target)
    for name in dataset.received:
        how = _found(dataset.target.column(name))
        yield ColumnFlow(ColumnPlace(source, name), ColumnPlace(target, name), how)


def _found(column: Column) -> str:
    if column.path:
        return f"at `{column.path}`"
    return "in the key" if column.from_key else "by its name"


def _computed(contract: Contract, table: Table) -> Iterator[ColumnFlow]:
    """Columns that are computed from others of the same row."""
    place = table_place(contract, table)
    for column in table.columns:
        if column.derived:
            for name in columns_read(column.derived, table.column_names):
                yield ColumnFlow(
                    ColumnPlace(place, name), ColumnPlace(place, column.name), f"`{column.derived}`"
                )
    if DAY in table.column_names and table.event_date_column not in (None, DAY):
        assert table.event_date_column is not None
        day = f"its day in {table.event_timezone}"
        yield ColumnFlow(ColumnPlace(place, table.event_date_column), ColumnPlace(place, DAY), day)


def _followed(contract: Contract, log: Table, table: Table) -> Iterator[ColumnFlow]:
    """A follower has the log's columns, and its own from the first one that orders the log's rows."""
    source, target, time = table_place(contract, log), table_place(contract, table), table.order[0]
    how = {
        "valid_from": "when the interval begins",
        "valid_to": "of the next change",
        "is_current": "whether there is a next change",
        DAY: f"its day in {table.event_timezone}",
    }
    for name in table.column_names:
        if name in OWN[table.kind]:
            yield ColumnFlow(ColumnPlace(source, time), ColumnPlace(target, name), how[name])
        else:
            yield ColumnFlow(ColumnPlace(source, name), ColumnPlace(target, name), "by its name")


def columns_read(sql: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a row that an expression of Spark SQL reads, in the table's order; nothing where it
    cannot be parsed.
    """
    try:
        tree = sqlglot.parse_one(f"SELECT {sql}", read="spark")
    except SqlglotError:
        return ()
    read = {part.name for column in tree.find_all(exp.Column) for part in column.find_all(exp.Identifier)}
    return tuple(name for name in known if name in read)
