"""Leaves what the state machine needs to load gold into the warehouse: manifests of the current snapshots and
of what changed since earlier ones, statements, a plan.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pyspark.sql import SparkSession

from glue_scripts.engine.gold.text_widths import widths_of
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.tables.state import loaded
from shared.contracts import Table
from shared.warehouse import (
    Snapshot,
    bases,
    batches,
    change,
    in_order_of_reference,
    manifest,
    plan,
    sized,
)
from shared.zones import LOAD_PLAN, warehouse_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Plan = Mapping[str, Mapping[str, Any]]  # table → its entry in a plan


class DeleteFilesError(RuntimeError):
    """A gold table holds deletes beside its data files; copying the files would bring deleted rows back."""


def write_load_plan(spark: SparkSession, job: Job, s3: S3Client) -> None:
    """Writes the plan last: whoever reads it finds everything that it names. Raises DeleteFilesError.

    Manifests are named by their snapshots, so that a batch that is run again, later, copies what it copied or
    fails.
    """
    before, left, states = _last_plan(job, s3), Left(job, s3), {}
    for table in job.contract.gold:
        now = current(spark, job, table)
        earlier = [s for b in bases(before.get(table.name, {}), now.id) if (s := at(spark, job, table, b))]
        states[table.name] = now, earlier
    widths = {
        t.name: widths_of(spark, job, t, *states[t.name], before.get(t.name, {})) for t in job.contract.gold
    }
    contract, entries = sized(job.contract, widths), []
    for table in in_order_of_reference(contract):
        now, earlier = states[table.name]
        whole = left.put(f"{table.name}/{now.id}.manifest", manifest(now.files))
        changes = []
        for found in filter(None, (change(e, now) for e in earlier)):
            name = f"{table.name}/{found.base}-{now.id}"
            removed = left.put(f"{name}.removed.manifest", manifest(found.removed))
            changes.append((found, removed, left.put(f"{name}.added.manifest", manifest(found.added))))
        statements = batches(contract, table, now, whole, job.run_id, changes)
        left.put(f"{table.name}.json", statements.document())
        kept = {"bases": [e.id for e in earlier], "widths": widths[table.name]}
        entries.append((table, now.id, kept))
    left.put(LOAD_PLAN, json.dumps(plan(contract, entries)))
    left.remove_others()


def current(spark: SparkSession, job: Job, table: Table) -> Snapshot:
    """The snapshot that readers see now, and its files, whatever is committed meanwhile.

    Raises DeleteFilesError where copying its data files would not give its rows.
    """
    head = loaded(spark, job.identifier(table)).currentSnapshot()
    if head is None:
        return Snapshot(0, {}, tuple(spark.table(job.identifier(table)).columns))
    found, deletes = _snapshot(spark, job, table, head)
    if deletes:
        raise DeleteFilesError(
            f"{job.identifier(table)} holds {deletes} delete files: rewrite it once with full_refresh after"
            " setting copy-on-write"
        )
    return found


def at(spark: SparkSession, job: Job, table: Table, snapshot_id: int) -> Snapshot | None:
    """An earlier snapshot; None where the table does not know it any more, or its files are not its rows."""
    known = loaded(spark, job.identifier(table)).snapshot(snapshot_id)
    if known is None:
        return None
    found, deletes = _snapshot(spark, job, table, known)
    return None if deletes else found


def _snapshot(spark: SparkSession, job: Job, table: Table, snapshot: Any) -> tuple[Snapshot, int]:
    """With the number of its delete files."""
    name = job.identifier(table)
    of_files = f"{name}.files VERSION AS OF {snapshot.snapshotId()}"
    files = spark.sql(
        f"SELECT content, file_path, file_size_in_bytes, record_count FROM {of_files}"
    ).collect()
    found = Snapshot(
        id=snapshot.snapshotId(),
        files={f["file_path"]: f["file_size_in_bytes"] for f in files},
        columns=tuple(spark.table(name).columns),
        records=sum(f["record_count"] for f in files),
        schema=snapshot.schemaId(),
    )
    return found, sum(1 for f in files if f["content"] != 0)


def _last_plan(job: Job, s3: S3Client) -> Plan:
    """Of the last run; nothing where there is none."""
    key = warehouse_key(job.domain, LOAD_PLAN)
    try:
        content = s3.get_object(Bucket=job.names.bucket("gold"), Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return {}
    return {entry["table"]: entry for entry in json.loads(content)["tables"]}


class Left:
    """What a run leaves; what earlier runs left and no plan names any more goes."""

    def __init__(self, job: Job, s3: S3Client) -> None:
        self._job, self._s3, self._bucket = job, s3, job.names.bucket("gold")
        self._keys = set[str]()

    def put(self, name: str, content: str) -> str:
        key = warehouse_key(self._job.domain, name)
        self._s3.put_object(
            Bucket=self._bucket, Key=key, Body=content.encode(), ContentType="application/json"
        )
        self._keys.add(key)
        return f"s3://{self._bucket}/{key}"

    def remove_others(self) -> None:
        listed = self._s3.get_paginator("list_objects_v2")
        for page in listed.paginate(Bucket=self._bucket, Prefix=warehouse_key(self._job.domain, "")):
            for entry in page.get("Contents", ()):
                if entry["Key"] not in self._keys:
                    self._s3.delete_object(Bucket=self._bucket, Key=entry["Key"])
