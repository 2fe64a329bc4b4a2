"""Leaves what the state machine needs to load gold into the warehouse: manifests of the current snapshots,
statements, a plan.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pyspark.sql import SparkSession

from glue_scripts.engine.run.job import Job
from glue_scripts.engine.tables.state import state
from shared.contracts import Table
from shared.warehouse import Snapshot, batches, in_order_of_reference, manifest, plan
from shared.zones import LOAD_PLAN, warehouse_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class DeleteFilesError(RuntimeError):
    """A gold table holds deletes beside its data files; copying the files would bring deleted rows back."""


def write_load_plan(spark: SparkSession, job: Job, s3: S3Client) -> None:
    """Writes the plan last: whoever reads it finds everything that it names. Raises DeleteFilesError."""
    snapshots = []
    for table in in_order_of_reference(job.contract):
        snapshot = current(spark, job, table)
        url = _put(s3, job, f"{table.name}.manifest", manifest(snapshot))
        _put(
            s3, job, f"{table.name}.json", batches(job.contract, table, snapshot, url, job.run_id).document()
        )
        snapshots.append((table, snapshot.id))
    _put(s3, job, LOAD_PLAN, json.dumps(plan(job.contract, snapshots)))


def current(spark: SparkSession, job: Job, table: Table) -> Snapshot:
    """The snapshot that readers see now, and its files, whatever is committed meanwhile.

    Raises DeleteFilesError where copying its data files would not give its rows.
    """
    name = job.identifier(table)
    head = state(spark, name).snapshot
    at = f"{name}.files VERSION AS OF {head}"
    files = spark.sql(f"SELECT content, file_path, file_size_in_bytes FROM {at}").collect() if head else []
    if deletes := sum(1 for f in files if f["content"] != 0):
        raise DeleteFilesError(
            f"{name} holds {deletes} delete files: rewrite it once with full_refresh after setting"
            " copy-on-write"
        )
    return Snapshot(
        id=head or 0,
        files={f["file_path"]: f["file_size_in_bytes"] for f in files},
        columns=tuple(spark.table(name).columns),
    )


def _put(s3: S3Client, job: Job, name: str, content: str) -> str:
    bucket, key = job.names.bucket("gold"), warehouse_key(job.domain, name)
    s3.put_object(Bucket=bucket, Key=key, Body=content.encode(), ContentType="application/json")
    return f"s3://{bucket}/{key}"
