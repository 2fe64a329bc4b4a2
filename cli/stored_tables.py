"""The tables of a domain as they are stored: what `./lake tables` prints and the console shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table as IcebergTable

from shared.contracts import Table


@dataclass(frozen=True)
class StoredTable:
    """`table` is `zone.name`. None: what no run has made has no rows, files, bytes and time."""

    table: str
    kind: str
    key: str
    description: str
    rows: int | None = None
    written: str | None = None
    files: int | None = None
    bytes: int | None = None


def stored_table(catalog: Catalog, database: str, table: Table) -> StoredTable:
    """What the contract says of a table, and the catalog."""
    told = (f"{table.zone}.{table.name}", table.kind, ", ".join(table.primary_key), table.description)
    if not catalog.table_exists((database, table.name)):
        return StoredTable(*told)
    stored = catalog.load_table((database, table.name))
    snapshot = stored.current_snapshot()
    written = _moment(snapshot.timestamp_ms) if snapshot else None
    return StoredTable(*told, stored.scan().count(), written, *size_of(stored))


def size_of(table: IcebergTable) -> tuple[int, int]:
    """Data files of the current snapshot, and their bytes; older snapshots have more."""
    snapshot = table.current_snapshot()
    if snapshot is None or snapshot.summary is None:
        return 0, 0
    files, size = (int(snapshot.summary[name] or 0) for name in ("total-data-files", "total-files-size"))
    return files, size


def _moment(milliseconds: int) -> str:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC).isoformat(timespec="seconds")
