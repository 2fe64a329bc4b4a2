"""Another engine at work on a lake's tables: pyiceberg reads them; they are written through a catalog of its own
in Spark, which knows nothing of what the engine's catalog remembers.
"""

from __future__ import annotations

import os
from typing import Any

import boto3

from local.athena import catalog_of
from local.session import Session
from tests.support.rig import Rig

OWN, FOREIGN = "spark.sql.catalog.glue_catalog", "spark.sql.catalog.foreign"


class ForeignEngine:
    """Tables are named as in the rig: `silver.events`."""

    def __init__(self, lake: Rig) -> None:
        self.lake = lake
        self.session = Session(lake.names, boto3.Session(), os.environ["AWS_ENDPOINT_URL"])
        self._named = dict[int, set[str]]()
        self._manifests = dict[str, set[str]]()
        conf = lake.spark.sparkContext.getConf().getAll()
        for name, value in [(n, v) for n, v in conf if n == OWN or n.startswith(OWN + ".")]:
            lake.spark.conf.set(name.replace(OWN, FOREIGN), value)
        lake.spark.conf.set(f"{FOREIGN}.cache-enabled", "false")

    def name(self, table: str) -> str:
        zone, _, name = table.partition(".")
        return f"{self.lake.names.database(self.lake.domain, zone)}.{name}"

    def append(self, table: str, **values: str) -> None:
        """Adds a row; `values` are SQL, the other columns are null."""
        columns, row = ", ".join(values), ", ".join(values.values())
        self.lake.spark.sql(f"INSERT INTO foreign.{self.name(table)} ({columns}) SELECT {row}")

    def delete(self, table: str, where: str) -> None:
        self.lake.spark.sql(f"DELETE FROM foreign.{self.name(table)} WHERE {where}")

    def compact(self, table: str) -> None:
        options = "options => map('rewrite-all', 'true')"
        self.lake.spark.sql(
            f"CALL foreign.system.rewrite_data_files(table => '{self.name(table)}', {options})"
        )

    def stored(self, table: str) -> Any:
        """pyiceberg's table, read anew."""
        return catalog_of(self.session).load_table(self.name(table))

    def rows(self, table: str, *columns: str, where: str) -> list[tuple[Any, ...]]:
        """What a reader sees, in order. `where`: in pyiceberg's SQL."""
        found = self.stored(table).scan(where, selected_fields=columns).to_arrow().to_pylist()
        return sorted(tuple(r[c] for c in columns) for r in found)

    def branches(self, table: str) -> list[str]:
        return sorted(self.stored(table).metadata.refs)

    def operations(self, table: str) -> list[str]:
        """What each commit that readers saw was, in order."""
        stored = self.stored(table)
        snapshots = {s.snapshot_id: s for s in stored.snapshots()}
        return [snapshots[e.snapshot_id].summary.operation.value for e in stored.history()]

    def missing_files(self, table: str) -> set[str]:
        """The files that some manifest of some snapshot names, and that are not there."""
        zone = table.partition(".")[0]
        bucket = self.lake.names.bucket(zone)
        return self.named_files(table) - {f"s3://{bucket}/{key}" for key in self.lake.objects(zone)}

    def named_files(self, table: str) -> set[str]:
        """The files that some manifest of some snapshot names, with the manifests and their lists."""
        stored, named = self.stored(table), set[str]()
        for snapshot in stored.snapshots():
            if snapshot.snapshot_id not in self._named:  # what a snapshot names never changes
                self._named[snapshot.snapshot_id] = self._files_of(snapshot, stored.io)
            named |= self._named[snapshot.snapshot_id]
        assert named
        return named

    def _files_of(self, snapshot: Any, io: Any) -> set[str]:
        named = {snapshot.manifest_list}
        for manifest in snapshot.manifests(io):
            path = manifest.manifest_path
            if path not in self._manifests:
                entries = manifest.fetch_manifest_entry(io, discard_deleted=True)
                self._manifests[path] = {path, *(e.data_file.file_path for e in entries)}
            named |= self._manifests[path]
        return named
