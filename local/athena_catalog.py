"""Statements that change the laptop's catalog and nothing else: a new database, a table that is forgotten,
and the properties of a table over files.

What is Iceberg is the lake's own: the jobs and `./lake drop-table` alone change it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local.dialect import QueryError
from local.session import Session

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableInputTypeDef

OF_INPUT = ("Name", "Description", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor")
NAME = r"[`\"]?(\w+)[`\"]?"
SET_PROPERTIES = re.compile(
    rf"alter\s+table\s+(?:{NAME}\.)?{NAME}\s+set\s+tblproperties\s*\((.*)\)", re.I | re.S
)
TEXT = r"'((?:[^']|'')*)'"
PROPERTY = rf"\s*{TEXT}\s*=\s*{TEXT}\s*"


def change_catalog(session: Session, statement: str, usual: str) -> bool:
    """Does what the statement says of the catalog; False: it is none of these. `usual`: the database of a
    table that names none. Raises QueryError for what is not done here, an Iceberg table above all.
    """
    statement = statement.strip().rstrip(";").strip()
    if found := SET_PROPERTIES.fullmatch(statement):
        _set_properties(session, found[1] or usual, found[2].lower(), properties_in(found[3]))
        return True
    try:
        tree = sqlglot.parse_one(statement, read="athena")
    except SqlglotError:
        return False  # is refused where it is read as a SELECT
    match tree:
        case exp.Create() if tree.kind in ("SCHEMA", "DATABASE"):
            _create_database(session, tree)
        case exp.Drop(kind="TABLE"):
            _drop_table(session, tree, usual)
        case _:
            return False
    return True


def properties_in(listed: str) -> dict[str, str]:
    """What stands between the brackets of TBLPROPERTIES. Raises QueryError where that is not all read."""
    if not re.fullmatch(rf"{PROPERTY}(?:,{PROPERTY})*", listed):
        raise QueryError(f"expected 'name' = 'value' and commas, found {listed!r}", "mend TBLPROPERTIES")
    pairs = (found.groups() for found in re.finditer(PROPERTY, listed))
    return {name.replace("''", "'"): value.replace("''", "'") for name, value in pairs}


def _create_database(session: Session, tree: exp.Create) -> None:
    glue, name = session.client("glue"), (tree.this.db or tree.this.name).lower()
    if tree.args.get("properties"):
        raise QueryError(
            f"{tree.kind} {name} is made on the laptop without comment, place and properties",
            "leave them out",
        )
    try:
        glue.create_database(DatabaseInput={"Name": name})
    except glue.exceptions.AlreadyExistsException as error:
        if not tree.args["exists"]:
            raise QueryError(f"database {name} is there already", "say IF NOT EXISTS") from error


def _drop_table(session: Session, tree: exp.Drop, usual: str) -> None:
    """Forgets a table over files, and keeps these, as Athena does."""
    [named] = tree.args["tables"]
    glue, database, name = session.client("glue"), (named.db or usual).lower(), named.name.lower()
    try:
        table: dict[str, Any] = {**glue.get_table(DatabaseName=database, Name=name)["Table"]}
    except glue.exceptions.EntityNotFoundException as error:
        if tree.args["exists"]:
            return
        raise QueryError(f"there is no table {database}.{name}", "say IF EXISTS, or name another") from error
    _refuse_iceberg(table, "what drops a table of the lake is ./lake drop-table DOMAIN TABLE")
    glue.delete_table(DatabaseName=database, Name=name)


def _set_properties(session: Session, database: str, name: str, properties: dict[str, str]) -> None:
    glue = session.client("glue")
    table: dict[str, Any] = {**glue.get_table(DatabaseName=database, Name=name)["Table"]}
    _refuse_iceberg(table, "what changes it is ./lake run")
    changed = {k: v for k, v in table.items() if k in OF_INPUT}
    changed["Parameters"] = {**table["Parameters"], **properties}
    glue.update_table(DatabaseName=database, TableInput=cast("TableInputTypeDef", changed))


def _refuse_iceberg(table: dict[str, Any], do: str) -> None:
    if table.get("Parameters", {}).get("table_type", "").upper() == "ICEBERG":
        raise QueryError(f"{table['DatabaseName']}.{table['Name']} is an Iceberg table", do)
