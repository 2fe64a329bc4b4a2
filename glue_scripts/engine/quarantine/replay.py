"""Quarantined files and rows once more, after a fix of contract or code.

What passes leaves quarantine, what fails stays as it was.
"""

from __future__ import annotations

from pyspark.sql import SparkSession

from glue_scripts.engine.bronze.intake import ingestion
from glue_scripts.engine.quarantine import rows as quarantine
from glue_scripts.engine.read.sql import literal
from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import Aws
from shared.contracts import Dataset
from shared.ledger.model import FileId, FileStatus, LedgerFile
from shared.reasons import FileReason
from shared.zones import GATHERED


def replay_files(job: Job, clients: Aws, dataset: Dataset) -> None:
    """Judges the dataset's quarantined files again, if that was asked for; those that pass are pending then,
    as if they had just come.
    """
    if job.replay is None:
        return
    ingest = ingestion(job.names, clients.ledger, clients.s3, wait=lambda _: None)
    for file in clients.ledger.quarantined(job.domain, dataset.name):
        if not file.target_key or not job.replays(dataset.name, file.reason or "", file.ingested_at):
            continue
        if ingest.replay(file, dataset, job.run_id).reason == FileReason.OBJECT_GONE:
            missing = f"not replayed: nothing stands at {file.target_key}; drop the file again"
            log.warning(job, missing, dataset=dataset.name)


def files_of_rows(spark: SparkSession, job: Job, clients: Aws, dataset: Dataset) -> list[LedgerFile]:
    """The accepted files with quarantined rows that are to be judged again."""
    replay = job.replay
    table = quarantine.quarantine_table(job, dataset)
    if (
        replay is None
        or replay.dataset not in (None, dataset.name)
        or not spark.catalog.tableExists(table.identifier)
    ):
        return []
    rows = spark.table(table.identifier)
    if dataset.layout == GATHERED:  # other datasets' rows stand there too
        rows = rows.where(f"startswith(source_file, {literal(f'{job.domain}/{dataset.name}/')})")
    if replay.reason:
        rows = rows.where(f"array_contains(reasons, {literal(replay.reason)})")
    if replay.since:
        rows = rows.where(f"ingested_at >= DATE'{replay.since}'")
    versions = rows.select("source_file", "source_version").distinct().collect()
    buckets = [job.names.bucket("raw"), *([job.source.bucket] if job.source else [])]
    files = (
        clients.ledger.outcome(FileId(b, r["source_file"], r["source_version"]))
        for r in versions
        for b in buckets
    )
    return [f for f in files if f is not None and f.status is FileStatus.ACCEPTED]
