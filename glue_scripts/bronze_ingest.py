"""Glue job: files that are not for the ingest function → bronze or quarantine.

The same code judges and routes them, on a worker.

These are files too large for it, those that bronze keeps as Parquet, and those of the domain's source
location.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable

from pyspark.sql import SparkSession

from glue_scripts.engine.bronze.deliveries import register_deliveries
from glue_scripts.engine.bronze.intake import ingest_files
from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job, parsed_job
from glue_scripts.engine.run.lock import guard
from glue_scripts.engine.run.session import Aws, aws, spark_session
from shared.ingestion.figures import file_figures
from shared.ledger.model import LedgerFile
from shared.metrics import datum, send
from shared.names import Names


def main(spark: SparkSession, job: Job, clients: Aws) -> None:
    """Registers what was delivered, and gives every file that waits its outcome, a task a file: a crash
    leaves the others to the next run.

    A file whose content another worker is bringing in is left to the next run. Raises TakenOverError, and
    the first failure of a file when the others have their outcome.
    """
    check = guard(job, clients.ledger)
    check()
    if job.source:
        fresh = register_deliveries(clients, job, job.source, dt.datetime.now(dt.UTC))
        location = f"s3://{job.source.bucket}/{job.source.prefix}"
        log.info(job, f"{fresh} new files in {location}", files=fresh, location=location)
    waiting = clients.ledger.deferred(job.domain)
    while waiting:
        check()
        intake = ingest_files(spark, job.names, waiting)
        publish(clients, job.names, intake.settled)
        if intake.failure:
            raise intake.failure
        done = len(waiting) - len(intake.waiting)
        log.info(job, f"{done} of {len(waiting)} files that were deferred have their outcome", files=done)
        if not done:
            return
        waiting = intake.waiting


def publish(clients: Aws, names: Names, outcomes: Iterable[LedgerFile]) -> None:
    """Sends the metrics that the ingest function would have sent, one request a file: these files are few."""
    for outcome in outcomes:
        send(
            clients.cloudwatch,
            names,
            [
                datum(f.name, f.value, f.unit, Domain=f.domain, Dataset=f.dataset)
                for f in file_figures(outcome)
            ],
        )


if __name__ == "__main__":
    job = parsed_job(sys.argv[1:])
    main(spark_session(f"{job.domain} bronze ingest"), job, aws(job))
