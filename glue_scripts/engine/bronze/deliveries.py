"""Files at a domain's source location → the ledger, as work for the bronze job."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from glue_scripts.engine.run.job import Delivery, Job
from glue_scripts.engine.run.session import Aws
from shared.ledger.model import FileStatus, LedgerFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def register_deliveries(clients: Aws, job: Job, source: Delivery, now: dt.datetime) -> int:
    """Enters every file that the ledger does not know yet and returns their number.

    A file is known by key and content (ETag).
    """
    return sum(
        clients.ledger.enter(file)
        for table in source.tables
        for file in _files(clients.s3, job, source, table, now)
    )


def _files(s3: S3Client, job: Job, source: Delivery, table: str, now: dt.datetime) -> Iterator[LedgerFile]:
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=source.bucket, Prefix=f"{source.prefix}{table}/"
    )
    for entry in (e for page in pages for e in page.get("Contents", ()) if e["Size"]):
        version = entry["ETag"].strip('"')
        yield LedgerFile(
            source.bucket,
            entry["Key"],
            version,
            job.domain,
            table,
            FileStatus.DEFERRED,
            sequencer=version,  # both alike: there is no version to ask for
            bytes=entry["Size"],
            ingested_at=now.isoformat(timespec="microseconds"),
            written_at=entry["LastModified"].astimezone(dt.UTC).isoformat(timespec="microseconds"),
        )
