"""A file that ingestion accepted and the job cannot read or compute is set aside, so that the others load."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Observation, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.bronze.intake import ingestion
from glue_scripts.engine.quarantine import rows as quarantine
from glue_scripts.engine.quarantine.record_counts import RecordsLostError
from glue_scripts.engine.read.bronze_files import BronzeFile, files_table
from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import Aws
from glue_scripts.engine.silver.batch import Batch
from shared.contracts import Dataset
from shared.ingestion.store import MISSING
from shared.ledger.model import LedgerFile
from shared.reasons import FileReason
from shared.records import Rejected

# What one file may be the cause of; a taken-over lock or a full disk is none of it.
BY_A_FILE = (RecordsLostError, Py4JJavaError, PySparkException)
MANY = 20  # files that cannot all be at fault when no other file of the run is right


def set_aside_unloadable(
    spark: SparkSession, job: Job, clients: Aws, dataset: Dataset, files: Sequence[BronzeFile]
) -> list[LedgerFile]:
    """Quarantines those of the files that cannot be loaded even alone; returns what the ledger holds of them
    now. None where the engine itself does not work, or all of many files fail: then no file is the cause.
    """
    spark.range(1).count()  # raises where the session is gone
    found = _unloadable(Batch(spark, job, dataset, files, files_table(spark, files, dataset), ()), files)
    if len(found) == len(files) > MANY:
        return []
    quarantine.clear(
        spark, job, dataset, [file.entry for file, _ in found]
    )  # they are whole in quarantine now
    ingest = ingestion(job.names, clients.ledger, clients.s3)
    aside = []
    for file, detail in found:
        verdict = _gone(clients, file) or Rejected(FileReason.NOT_LOADABLE, detail)
        shared = any(f.entry.target_key == file.entry.target_key and f is not file for f in files)
        aside.append(ingest.set_aside(file.entry, dataset, verdict, keep=shared))
        log.warning(job, f"{file.entry.key} was set aside: {verdict.detail}", dataset=dataset.name)
    return aside


def _gone(clients: Aws, file: BronzeFile) -> Rejected | None:
    """Whether nothing stands where the file should. Raises what else keeps it from being read."""
    try:
        body = clients.s3.get_object(Bucket=file.entry.target_bucket or "", Key=file.entry.target_key or "")
        for _ in body["Body"].iter_chunks(1 << 20):
            pass
    except clients.s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        return Rejected(FileReason.OBJECT_GONE, f"nothing stands at {file.entry.target_key} of bronze")
    return None


def _unloadable(batch: Batch, files: Sequence[BronzeFile]) -> list[tuple[BronzeFile, str]]:
    """The files that fail, each with what happened: by halves, down to one."""
    try:
        counted = _counted(batch, files)
    except BY_A_FILE as error:
        if len(files) == 1:
            return [(files[0], _told(error))]
        middle = len(files) // 2
        return [*_unloadable(batch, files[:middle]), *_unloadable(batch, files[middle:])]
    return [
        (f, f"ingestion counted {f.entry.records} records, the job reads {n}")
        for f in files
        if (n := counted.get(f.number, 0)) != f.entry.records
    ]


def _counted(batch: Batch, files: Sequence[BronzeFile]) -> dict[int, int]:
    """The records of each file; every value of them is computed, and nothing kept."""
    some = replace(batch, files=files)
    rows = some.judged()
    all_values = F.count(F.to_json(F.struct("*")))
    counted = rows.groupBy("_file").agg(F.count(F.lit(1)).alias("records"), all_values).collect()
    observed = some.silver_rows(some.judged().observe(Observation(), F.count(F.lit(1))))
    observed.write.format("noop").mode("overwrite").save()
    return {r["_file"]: r["records"] for r in counted}


def _told(error: BaseException) -> str:
    """What kind of failure it was: messages of Spark hold values, and a reason holds none."""
    if isinstance(error, PySparkException) and (condition := error.getCondition()):
        return f"the job cannot read it ({condition})"
    if isinstance(error, Py4JJavaError):
        causes: list[str] = []
        cause = error.java_exception
        while cause is not None and len(causes) < 10:
            causes.append(cause.getClass().getSimpleName())
            cause = cause.getCause()
        return f"the job cannot read it ({causes[-1]})"
    return f"the job cannot read it ({type(error).__name__})"


def without(files: Collection[LedgerFile], aside: Collection[LedgerFile]) -> list[LedgerFile]:
    """The files but those that were set aside."""
    gone = {f.file_id for f in aside}
    return [f for f in files if f.file_id not in gone]
