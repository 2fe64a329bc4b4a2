"""Files that the ingest function deferred, each ingested by a task of its own on a worker."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import boto3
from boto3.s3.transfer import TransferConfig
from pyspark.sql import SparkSession

from shared.ingestion import COPY, BusyError, Ingest, Store
from shared.ledger import Ledger
from shared.ledger.model import FileStatus, LedgerFile
from shared.names import Names
from shared.records import Limits

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PARALLEL_FILES = 32
LARGEST_BYTES = 2**40  # what a job of some hours reads
DISK_SHARE = 4  # files that a machine of Glue reads at once, and that share its disk


@dataclass(frozen=True)
class Intake:
    """What came of the files: outcomes; those that wait for another file, as they were; and the first
    failure, whose file has neither.
    """

    settled: list[LedgerFile]
    waiting: list[LedgerFile]
    failure: BaseException | None


def limits() -> Limits:
    """What any job reads, wherever a file comes from: it has hours, and the files read at once on a machine
    share its disk.
    """
    spooled = shutil.disk_usage(tempfile.gettempdir()).free // DISK_SHARE
    return Limits(max_bytes=LARGEST_BYTES, max_decompressed=LARGEST_BYTES, max_spooled=spooled)


def ingest_files(spark: SparkSession, names: Names, files: Sequence[LedgerFile]) -> Intake:
    """Gives every file its outcome; one that fails stops no other."""
    with ThreadPoolExecutor(PARALLEL_FILES) as pool:
        tasks = [pool.submit(_on_a_worker, spark, names, file) for file in files]
    failures = [error for task in tasks if (error := task.exception())]
    files_done = [file for task in tasks if not task.exception() for file in task.result()]
    settled = [f for f in files_done if f.status is not FileStatus.DEFERRED]
    waiting = [f for f in files_done if f.status is FileStatus.DEFERRED]
    return Intake(settled, waiting, next(iter(failures), None))


def _on_a_worker(spark: SparkSession, names: Names, file: LedgerFile) -> list[LedgerFile]:
    return spark.sparkContext.parallelize([file], 1).flatMap(partial(ingest_file, names)).collect()


def ingest_file(names: Names, file: LedgerFile) -> list[LedgerFile]:
    """The outcome of one file, behind those of the files in a zip; the file itself while another one has its
    content; nothing when it had its outcome before.
    """
    dynamodb, s3 = _clients(names.region)
    try:
        return ingestion(names, Ledger(dynamodb.Table(names.ledger_table)), s3).finished(file)
    except BusyError:
        return [file]


def ingestion(
    names: Names, ledger: Ledger, s3: S3Client, wait: Callable[[float], None] = time.sleep
) -> Ingest:
    """Ingestion with a job's limits."""
    store = Store(s3, TransferConfig(**COPY))
    return Ingest(names, ledger, store, limits(), lambda: dt.datetime.now(dt.UTC), wait)


@cache
def _clients(region: str) -> tuple[Any, Any]:
    """DynamoDB and S3 of this worker: it has many files, and a client takes longer to make than a small file
    to read.
    """
    return boto3.resource("dynamodb", region_name=region), boto3.client("s3", region_name=region)
