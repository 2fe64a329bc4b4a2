"""The statements that bring one gold table to one Iceberg snapshot, in batches that each are one transaction
of the Data API.

COPY cannot read an Iceberg table: a manifest names exactly the data files of the snapshot. A log in the same
transaction tells which snapshot a table holds, so that the state machine skips what is loaded already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.contracts import Contract, Table
from shared.warehouse.ddl import column_type, comments, create_table, definition, identifier, literal
from shared.zones import warehouse_key

MAX_STATEMENTS = 40  # Redshift Data API, BatchExecuteStatement
LOG = "load_log"
Batch = dict[str, Sequence[str]]


@dataclass(frozen=True)
class Snapshot:
    """A committed state of a gold table: its data files (URL → bytes) and its columns in the order in which
    the files hold them.
    """

    id: int
    files: Mapping[str, int]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Batches:
    """What the state machine runs: `reload` when the live table has the contract's definition, else
    `rebuild`.
    """

    reload: tuple[Batch, ...]
    rebuild: tuple[Batch, ...]

    def document(self) -> str:
        return json.dumps({"reload": self.reload, "rebuild": self.rebuild})


def manifest(snapshot: Snapshot) -> str:
    """COPY of Parquet needs every file's size (Redshift developer guide, "Using a manifest to specify data
    files").
    """
    entries = [
        {"url": u, "mandatory": True, "meta": {"content_length": n}}
        for u, n in sorted(snapshot.files.items())
    ]
    return json.dumps({"entries": entries})


def opening(contract: Contract) -> tuple[str, ...]:
    """Makes schema and log, and ends with what is loaded: a table's definition, and its definition with its
    snapshot.
    """
    log = identifier(contract.domain, LOG)
    shape = f"{identifier('table_name')} || ' ' || {identifier('definition')}"
    return (
        f"CREATE SCHEMA IF NOT EXISTS {identifier(contract.domain)}",
        (
            f'CREATE TABLE IF NOT EXISTS {log} ("table_name" VARCHAR(127) NOT NULL, "definition" VARCHAR(16)'
            ' NOT NULL, "snapshot_id" VARCHAR(20) NOT NULL, "run_id" VARCHAR(80) NOT NULL, "loaded_at"'
            " TIMESTAMP NOT NULL)"
        ),
        f"SELECT {shape} AS shape, {shape} || ' ' || {identifier('snapshot_id')} AS loaded FROM {log}",
    )


def plan(contract: Contract, snapshots: Sequence[tuple[Table, int]]) -> dict[str, Any]:
    """What the state machine starts from.

    `shape` and `loaded` are what the opening's answer says of a table that is up to date.
    """
    tables = []
    for table, snapshot_id in snapshots:
        shape = f"{table.name} {definition(contract, table)}"
        key = warehouse_key(contract.domain, f"{table.name}.json")
        tables.append({"table": table.name, "key": key, "shape": shape, "loaded": f"{shape} {snapshot_id}"})
    return {"opening": opening(contract), "tables": tables}


def batches(contract: Contract, table: Table, snapshot: Snapshot, manifest_url: str, run_id: str) -> Batches:
    """The load of a snapshot.

    Repeating it gives the same table; readers see the old rows or the new ones, never neither.
    """
    name, fresh = identifier(contract.domain, table.name), identifier(f"new_{table.name}")
    columns = ", ".join(map(identifier, snapshot.columns))
    reload = [f"DELETE FROM {name}"]
    if snapshot.files:  # COPY refuses a manifest without files
        staged = (f"CREATE TEMP TABLE {fresh} (LIKE {name})", _copy(table, fresh, columns, manifest_url))
        reload = [*staged, *reload, f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {fresh}"]
    rebuild = [f"DROP TABLE IF EXISTS {name} CASCADE", create_table(contract, table)]
    if snapshot.files:
        rebuild.append(_copy(table, name, columns, manifest_url))
    log = _logged(contract, table, snapshot, run_id)
    first, *more = _chunks([*rebuild, *log, *comments(contract, table)])
    return Batches(({"sqls": [*reload, *log]},), ({"sqls": first}, *({"sqls": chunk} for chunk in more)))


def _copy(table: Table, target: str, columns: str, manifest_url: str) -> str:
    """Redshift loads a nested Parquet column only as JSON, into SUPER (Redshift developer guide, "COPY data
    into SUPER columns").
    """
    nested = " SERIALIZETOJSON" if any(column_type(c) == "SUPER" for c in table.columns) else ""
    return (
        f"COPY {target} ({columns}) FROM {literal(manifest_url)} IAM_ROLE default FORMAT AS PARQUET{nested}"
        " MANIFEST"
    )


def _logged(contract: Contract, table: Table, snapshot: Snapshot, run_id: str) -> tuple[str, str]:
    log = identifier(contract.domain, LOG)
    values = ", ".join(
        literal(v) for v in (table.name, definition(contract, table), str(snapshot.id), run_id)
    )
    return (
        f'DELETE FROM {log} WHERE "table_name" = {literal(table.name)}',
        (
            f'INSERT INTO {log} ("table_name", "definition", "snapshot_id", "run_id", "loaded_at") VALUES'
            f" ({values}, GETDATE())"
        ),
    )


def _chunks(statements: Sequence[str]) -> list[Sequence[str]]:
    return [statements[start : start + MAX_STATEMENTS] for start in range(0, len(statements), MAX_STATEMENTS)]
