"""Redshift tables from the contract: types, keys, sort order, comments. One schema a domain."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from shared.contracts import Column, Contract, Table
from shared.values.texts import varchar

TYPES = {
    "int": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE PRECISION",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "map<string,bigint>": "SUPER",
}


def identifier(*parts: str) -> str:
    """A quoted name, whatever it has: `date` and `year` are columns here."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def column_type(column: Column) -> str:
    """The Redshift type of a contract's column: decimals keep their precision; times are UTC
    without a zone; arrays are SUPER, as maps are. A text has room for its `maxLength` in UTF-8.
    """
    if column.element:
        return "SUPER"
    if column.type == "string":
        return f"VARCHAR({varchar(column.max_length)})"
    return column.type.upper() if column.type.startswith("decimal(") else TYPES[column.type]


def create_table(contract: Contract, table: Table) -> str:
    """The table with its keys, which Redshift does not enforce but plans with, sorted by its partition
    column; else Redshift chooses.
    """
    lines = [
        f"{identifier(c.name)} {column_type(c)}{' NOT NULL' if c.required else ''}" for c in table.columns
    ]
    lines.append(f"PRIMARY KEY ({', '.join(map(identifier, table.primary_key))})")
    for columns, target in references(contract, table):
        lines.append(
            f"FOREIGN KEY ({', '.join(map(identifier, columns))}) REFERENCES"
            f" {identifier(contract.domain, target.name)} ({', '.join(map(identifier, target.primary_key))})"
        )
    body = ",\n  ".join(lines)
    order = (
        f" COMPOUND SORTKEY ({', '.join(map(identifier, table.partitioned_by))})"
        if table.partitioned_by
        else ""
    )
    return f"CREATE TABLE {identifier(contract.domain, table.name)} (\n  {body}\n) DISTSTYLE AUTO{order}"


def comments(contract: Contract, table: Table) -> tuple[str, ...]:
    """The contract's descriptions, where SQL clients show them."""
    name = identifier(contract.domain, table.name)
    of_columns = (
        f"COMMENT ON COLUMN {name}.{identifier(c.name)} IS {literal(c.description)}" for c in table.columns
    )
    return (f"COMMENT ON TABLE {name} IS {literal(table.description)}", *of_columns)


def references(contract: Contract, table: Table) -> Iterator[tuple[tuple[str, ...], Table]]:
    """Columns that name a row of another gold table by its whole key: Redshift accepts no others as foreign
    keys.
    """
    for reference in table.references:
        target = next((t for t in contract.gold if t.name == reference.table), None)
        if target is not None and target is not table and target.primary_key == reference.keys:
            yield reference.columns, target


def definition(contract: Contract, table: Table) -> str:
    """A hash of all that makes the table, and of the tables that it refers to: while it stays, the live table
    may stay.
    """
    parents = sorted(
        {target.name: definition(contract, target) for _, target in references(contract, table)}.items()
    )
    parts = (create_table(contract, table), *comments(contract, table), repr(parents))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def in_order_of_reference(contract: Contract) -> tuple[Table, ...]:
    """The gold tables, each after those that it refers to."""
    done: dict[str, Table] = {}

    def visit(table: Table) -> None:
        if table.name not in done:
            for _, target in references(contract, table):
                visit(target)
            done[table.name] = table

    for table in contract.gold:
        visit(table)
    return tuple(done.values())
