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

from glue_scripts.engine.bronze.deliveries import delivered
from glue_scripts.engine.bronze.intake import ingested
from glue_scripts.engine.run.job import Job, job
from glue_scripts.engine.run.lock import guard
from glue_scripts.engine.run.session import Aws, aws, session
from shared.ingestion.figures import figures
from shared.ledger.model import LedgerFile
from shared.metrics import datum, send


def main(spark: SparkSession, run: Job, clients: Aws) -> None:
    """Finds what was delivered, and gives every file that waits its outcome, a task a file: a crash leaves
    the others to the next run.

    A file whose content another worker is bringing in is left to the next run. The first failure is raised
    when the others have theirs.
    """
    check = guard(run, clients.ledger)
    check()
    if run.source:
        fresh = delivered(clients, run, run.source, dt.datetime.now(dt.UTC))
        print(f"run {run.run_id}: {fresh} new files in s3://{run.source.bucket}/{run.source.prefix}")  # noqa: T201
    waiting = clients.ledger.deferred(run.domain)
    while waiting:
        check()
        found = ingested(spark, run.names, waiting)
        publish(clients, found.settled)
        if found.failure:
            raise found.failure
        done = len(waiting) - len(found.waiting)
        print(f"run {run.run_id}: {done} of {len(waiting)} files that were deferred have their outcome")  # noqa: T201
        if not done:
            return
        waiting = found.waiting


def publish(clients: Aws, outcomes: Iterable[LedgerFile]) -> None:
    """The figures that the function would have sent, one request a file: these files are few."""
    for outcome in outcomes:
        send(
            clients.cloudwatch,
            [datum(f.name, f.value, f.unit, Domain=f.domain, Dataset=f.dataset) for f in figures(outcome)],
        )


if __name__ == "__main__":
    this = job(sys.argv[1:])
    main(session(f"{this.domain} bronze ingest"), this, aws(this))
