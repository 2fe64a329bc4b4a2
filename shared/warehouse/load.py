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
from shared.warehouse.changes import Change, Snapshot
from shared.warehouse.ddl import column_type, comments, create_table, definition, identifier, literal
from shared.zones import warehouse_key

MAX_STATEMENTS = 40  # Redshift Data API, BatchExecuteStatement
LARGEST_DOCUMENT = 250_000  # bytes; 256 KiB with all that S3 says beside (AWS Step Functions quotas)
LOG = "load_log"
Batch = dict[str, Sequence[str]]


@dataclass(frozen=True)
class Batches:
    """What the state machine runs: the one of `changes` whose `from` is in the warehouse's log; `reload` when
    only the definition is; else `rebuild`.
    """

    reload: tuple[Batch, ...]
    rebuild: tuple[Batch, ...]
    changes: tuple[Batch, ...] = ()

    def document(self) -> str:
        """As a JSON text, which is a text in the state machine's JSON: its quotes count twice and more. Of a
        table of hundreds of columns changes that do not fit are left out, the oldest first; without one the
        table is loaded as a whole.
        """
        every = {"reload": self.reload, "rebuild": self.rebuild}
        sizes = range(len(self.changes), 0, -1)
        texts = (json.dumps({**every, "changes": self.changes[:size]}) for size in sizes)
        fitting = (text for text in texts if len(json.dumps(text)) <= LARGEST_DOCUMENT)
        return next(fitting, json.dumps({**every, "changes": ()}))


def manifest(files: Mapping[str, int]) -> str:
    """COPY of Parquet needs every file's size (Redshift developer guide, "Using a manifest to specify data
    files").
    """
    entries = [{"url": u, "mandatory": True, "meta": {"content_length": n}} for u, n in sorted(files.items())]
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


def plan(contract: Contract, tables: Sequence[tuple[Table, int, Mapping[str, Any]]]) -> dict[str, Any]:
    """What the state machine starts from: of each table its snapshot, and what the next plan is made from.

    `shape` and `loaded` are what the opening's answer says of a table that is up to date.
    """
    entries = []
    for table, snapshot_id, kept in tables:
        key = warehouse_key(contract.domain, f"{table.name}.json")
        loaded = {"shape": _shape(contract, table), "loaded": _held(contract, table, snapshot_id)}
        entries.append({"table": table.name, "key": key, **loaded, "snapshot": snapshot_id, **kept})
    return {"opening": opening(contract), "tables": entries}


def _shape(contract: Contract, table: Table) -> str:
    return f"{table.name} {definition(contract, table)}"


def _held(contract: Contract, table: Table, snapshot_id: int) -> str:
    return f"{_shape(contract, table)} {snapshot_id}"


def batches(
    contract: Contract,
    table: Table,
    snapshot: Snapshot,
    manifest_url: str,
    run_id: str,
    changes: Sequence[tuple[Change, str, str]] = (),
) -> Batches:
    """The load of a snapshot; `changes` that lead to it come with the manifests of what is removed and added.

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
    return Batches(
        ({"sqls": [*reload, *log]},),
        ({"sqls": first}, *({"sqls": chunk} for chunk in more)),
        tuple(
            {
                "from": _held(contract, table, c.base),
                "sqls": [*_changed(contract, table, snapshot, c, removed, added), *log],
            }
            for c, removed, added in changes
        ),
    )


def _changed(
    contract: Contract, table: Table, snapshot: Snapshot, change: Change, removed_url: str, added_url: str
) -> list[str]:
    """What only the older snapshot has goes by its key, what only the newer one has comes.

    Fails, and so leaves the table as it is, where it does not hold the older one, or the newer one's number
    of rows afterwards: Redshift compares texts without their blanks at the end.
    """
    name, old, new = (
        identifier(*n)
        for n in ((contract.domain, table.name), (f"old_{table.name}",), (f"new_{table.name}",))
    )
    columns = ", ".join(map(identifier, snapshot.columns))
    key = " AND ".join(f"{identifier(table.name, k)} = {old}.{identifier(k)}" for k in table.primary_key)
    log = identifier(contract.domain, LOG)
    sqls = [_only_if(f"SELECT 1 FROM {log} WHERE {_is_in_log(contract, table, change.base)}")]
    if change.removed:
        sqls += [f"CREATE TEMP TABLE {old} (LIKE {name})", _copy(table, old, columns, removed_url)]
        sqls.append(f"DELETE FROM {name} USING {old} WHERE {key}")
    if change.added:
        sqls += [f"CREATE TEMP TABLE {new} (LIKE {name})", _copy(table, new, columns, added_url)]
        sqls.append(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {new}")
    rows = f'SELECT COUNT(*) AS "rows" FROM {name}'
    return [*sqls, _only_if(f'SELECT 1 FROM ({rows}) AS "counted" WHERE "rows" = {snapshot.records}')]


def _only_if(query: str) -> str:
    """Ends the transaction with a division by zero unless the query has one row."""
    return f'SELECT 1 / COUNT(*) FROM ({query}) AS "found"'


def _is_in_log(contract: Contract, table: Table, snapshot_id: int) -> str:
    known = (
        ("table_name", table.name),
        ("definition", definition(contract, table)),
        ("snapshot_id", str(snapshot_id)),
    )
    return " AND ".join(f"{identifier(column)} = {literal(value)}" for column, value in known)


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
