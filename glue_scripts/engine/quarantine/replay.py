"""Quarantined files and rows once more, after a fix of contract or code.

What passes leaves quarantine, what fails stays as it was.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from glue_scripts.engine.bronze.intake import limits
from glue_scripts.engine.quarantine import rows as quarantine
from glue_scripts.engine.read.sql import literal
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import Aws
from shared.contracts import Dataset
from shared.ingestion import BusyError, bronze_key_of, judged, ownership, read_as
from shared.ledger.model import FileId, FileStatus, LedgerFile, explanation
from shared.records import Accepted
from shared.records.source import Source
from shared.zones import GATHERED, reason_key


def replay_files(job: Job, clients: Aws, dataset: Dataset) -> None:
    """Judges the dataset's quarantined files again, if that was asked for; those that pass are pending then,
    as if they had just come.
    """
    if job.replay is None:
        return
    for file in clients.ledger.quarantined(job.domain, dataset.name):
        if file.target_key and job.replays(dataset.name, file.reason or "", file.ingested_at):
            _judge_again(job, clients, dataset, file)


def files_of_rows(spark: SparkSession, job: Job, clients: Aws, dataset: Dataset) -> list[LedgerFile]:
    """The accepted files with quarantined rows that are to be judged again."""
    asked = job.replay
    table = quarantine.quarantine_table(job, dataset)
    if (
        asked is None
        or asked.dataset not in (None, dataset.name)
        or not spark.catalog.tableExists(table.identifier)
    ):
        return []
    rows = spark.table(table.identifier)
    if dataset.layout == GATHERED:  # other datasets' rows stand there too
        rows = rows.where(f"startswith(source_file, {literal(f'{job.domain}/{dataset.name}/')})")
    if asked.reason:
        rows = rows.where(f"array_contains(reasons, {literal(asked.reason)})")
    if asked.since:
        rows = rows.where(f"ingested_at >= DATE'{asked.since}'")
    found = rows.select("source_file", "source_version").distinct().collect()
    buckets = [job.names.bucket("raw"), *([job.source.bucket] if job.source else [])]
    files = (
        clients.ledger.outcome(FileId(b, r["source_file"], r["source_version"]))
        for r in found
        for b in buckets
    )
    return [f for f in files if f is not None and f.status is FileStatus.ACCEPTED]


def _judge_again(job: Job, clients: Aws, dataset: Dataset, file: LedgerFile) -> None:
    try:
        body = clients.s3.get_object(**_place(file))["Body"]
    except clients.s3.exceptions.NoSuchKey:
        print(f"run {job.run_id}: not replayed, nothing stands at {file.target_key}; drop the file again")  # noqa: T201
        return
    bounds = limits()
    source = Source(body, bounds)
    with tempfile.TemporaryDirectory() as scratch:
        verdict, made = judged(source, dataset, bounds, file.key, Path(scratch))
        if isinstance(verdict, Accepted):
            _accept(job, clients, replace(file, sha256=source.sha256), verdict, made)
        elif verdict.reason != file.reason:
            told = replace(file, reason=verdict.reason, detail=verdict.detail, history=_told(job, file))
            clients.s3.put_object(
                Bucket=file.target_bucket, Key=reason_key(file.target_key or ""), Body=explanation(told)
            )
            clients.ledger.commit(told)


def _accept(job: Job, clients: Aws, file: LedgerFile, verdict: Accepted, made: Path | None) -> None:
    """Copy first, ledger next, quarantine last: a crash in between leaves a copy too many,
    never one too few.
    """
    read = replace(
        read_as(file, verdict), status=FileStatus.ACCEPTED, reason=None, detail=None, history=_told(job, file)
    )
    try:
        found = ownership(clients.ledger, read, wait=lambda _: None)
    except BusyError:
        return  # a file with this content is in work; the next replay sees what became of it
    read = replace(read, duplicate_of=found.other)
    if found.duplicate:
        read = replace(read, status=FileStatus.DUPLICATE, target_bucket=None, target_key=None)
    else:
        key = bronze_key_of(read, made)
        read = replace(read, target_bucket=job.names.bucket("bronze"), target_key=key)
        if made is None:
            clients.s3.copy(_place(file), read.target_bucket, key)
        else:
            clients.s3.upload_file(str(made), read.target_bucket, key)
    clients.ledger.commit(read)
    for key in (file.target_key or "", reason_key(file.target_key or "")):
        clients.s3.delete_object(Bucket=file.target_bucket, Key=key)


def _place(file: LedgerFile) -> dict[str, Any]:
    return {"Bucket": file.target_bucket, "Key": file.target_key}


def _told(job: Job, file: LedgerFile) -> str:
    """The file's history and its reason until now."""
    return json.dumps(
        [
            *json.loads(file.history or "[]"),
            {"reason": file.reason, "detail": file.detail, "until_run": job.run_id},
        ]
    )
