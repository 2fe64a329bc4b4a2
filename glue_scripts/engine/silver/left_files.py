"""Files that have left bronze by their contract's retention: no run reads them again, nor waits for them."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from glue_scripts.engine.bronze.intake import ingestion
from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import Aws
from glue_scripts.engine.silver.work import PARALLEL_QUERIES, Work
from shared.contracts import Dataset
from shared.ingestion.store import MISSING
from shared.ledger.model import LedgerFile
from shared.reasons import FileReason
from shared.records import Rejected
from shared.retention import file_days, has_left, stored_days


def without_left(job: Job, dataset: Dataset, work: Work) -> Work:
    """The work without the files that have left: every row that they brought has left silver before."""
    days = file_days(job.contract, dataset)
    if days is None:
        return work
    return replace(work, files=tuple(f for f in work.files if not has_left(f, days, job.now)))


def set_aside_gone(job: Job, clients: Aws, dataset: Dataset, work: Work) -> list[LedgerFile]:
    """Of files that no run has read while storage kept them, those that it has deleted: what the ledger holds
    of them now. A dataset that paused for longer than its retention may have any number.
    """
    days = stored_days(job.contract, dataset)
    if days is None:
        return []
    since = (job.now - dt.timedelta(days)).astimezone(dt.UTC)
    waiting = [
        f
        for f in (*work.files, *work.superseded)
        if f.processed_by is None and dt.datetime.fromisoformat(f.ingested_at) < since
    ]
    with ThreadPoolExecutor(PARALLEL_QUERIES) as pool:
        there = list(pool.map(partial(_stands, clients), waiting))
    ingest, aside = ingestion(job.names, clients.ledger, clients.s3), []
    for file in (f for f, stands in zip(waiting, there, strict=True) if not stands):
        detail = f"no run read it in the {days} days for which storage keeps files of {dataset.name}"
        # Kept: what comes to that key in this moment is another file's.
        aside.append(ingest.set_aside(file, dataset, Rejected(FileReason.OBJECT_GONE, detail), keep=True))
        log.warning(job, f"{file.key} was set aside: {detail}", dataset=dataset.name)
    return aside


def _stands(clients: Aws, file: LedgerFile) -> bool:
    """Raises what else keeps S3 from an answer."""
    try:
        clients.s3.head_object(Bucket=file.target_bucket or "", Key=file.target_key or "")
    except clients.s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        return False
    return True
