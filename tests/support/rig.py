"""A small lakehouse for tests: the emulation's services, the real ingestion code and the real jobs in one
Spark session.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from pyspark.sql import DataFrame, SparkSession

from glue_scripts import bronze_ingest, bronze_to_silver, silver_to_gold
from glue_scripts.engine.gold import Transform
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import Aws, aws
from local.hash_key import create_hash_key
from local.ledger_table import create_ledger_table
from shared.contracts import contract
from shared.ingestion import COPY, Ingest, Store
from shared.ledger import Ledger
from shared.ledger.model import FileId, LedgerFile, RunResult
from shared.names import DATA_ZONES, Names
from shared.records import Limits

ACCOUNT, REGION = "123456789012", "us-east-1"


class Rig:
    """One environment of its own: buckets, ledger and databases that no other test sees."""

    def __init__(self, spark: SparkSession, env: str, domain: str) -> None:
        self.domain = domain
        self.spark, self.names = spark, Names(env, ACCOUNT, REGION)
        self.s3 = boto3.client("s3")
        self._provision()
        self.ledger = Ledger(create_ledger_table(boto3.resource("dynamodb"), self.names.ledger_table))
        self.hash_key = create_hash_key(boto3.client("secretsmanager"), self.names)
        self._clock, self._versions = itertools.count(), itertools.count()
        self.ingest = Ingest(
            self.names, self.ledger, Store(self.s3, TransferConfig(**COPY)), Limits(), self._now
        )

    def _now(self) -> dt.datetime:
        return dt.datetime(2026, 6, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=next(self._clock))

    def _provision(self) -> None:
        for zone in DATA_ZONES:
            self.s3.create_bucket(Bucket=self.names.bucket(zone))
        for zone in ("silver", "gold", "quarantine"):
            boto3.client("glue").create_database(
                DatabaseInput={"Name": self.names.database(self.domain, zone)}
            )

    def drop(self, key: str, content: bytes) -> LedgerFile | None:
        """Puts a raw object and ingests it, for every dataset that reads it; the outcome for its own."""
        return self.take(self.put(key, content))

    def put(self, key: str, content: bytes) -> FileId:
        """Puts a raw object, which is later than all before it, whenever its event comes."""
        number = next(self._versions)
        kept = self.s3.put_object(Bucket=self.names.bucket("raw"), Key=key, Body=content)
        return replace(self.file(key, number), **({"version": v} if (v := kept.get("VersionId")) else {}))

    def take(self, file: FileId) -> LedgerFile | None:
        """Ingests a raw object."""
        outcomes = {o.key: o for o in self.ingest.outcomes(file, "test")}
        return outcomes.get(file.key)

    def keep_versions(self) -> None:
        """Raw objects keep their versions, as in AWS."""
        self.s3.put_bucket_versioning(
            Bucket=self.names.bucket("raw"), VersioningConfiguration={"Status": "Enabled"}
        )

    def drop_deferred(self, key: str, content: bytes) -> LedgerFile | None:
        """Puts a raw object that is not for the ingest function, such as one too large for it."""
        number = next(self._versions)
        self.s3.put_object(Bucket=self.names.bucket("raw"), Key=key, Body=content)
        return replace(self.ingest, limits=Limits(max_bytes=1), defers=True)(self.file(key, number), "test")

    def file(self, key: str, number: int) -> FileId:
        """The bucket is not versioned here: the sequencer stands for the version."""
        return FileId(self.names.bucket("raw"), key, f"{number:016X}", f"{number:016X}")

    def drop_all(self, root: Path, files: list[Path]) -> Counter[str]:
        outcomes = (self.drop(str(f.relative_to(root)), f.read_bytes()) for f in files)
        return Counter(o.status for o in outcomes if o)

    def job(self, run_id: str, **options: Any) -> Job:
        agreed = options.pop("contract", None) or contract(self.domain)
        return Job(self.names, agreed, run_id, **options)

    def run(self, run_id: str, **options: Any) -> dict[str, RunResult]:
        """Silver and gold, as the state machine would run them."""
        self.gold(self.silver(run_id, **options))
        return self.results(run_id)

    def results(self, run_id: str) -> dict[str, RunResult]:
        """What the ledger tells of a run, by dataset."""
        return {r.dataset: r for r in self.ledger.runs(self.domain, run_id)}

    def silver(self, run_id: str, **options: Any) -> Job:
        """Silver alone; the run that it was."""
        job = self.job(run_id, **options)
        bronze_to_silver.main(self.spark, job, self.clients(job))
        return job

    def bronze(self, run_id: str, **options: Any) -> None:
        """What was deferred, or delivered at a source location, gets its outcome."""
        job = self.job(run_id, **options)
        bronze_ingest.main(self.spark, job, self.clients(job))

    def gold(self, job: Job, **replaced: Transform) -> None:
        """Gold alone, with some of its rules replaced."""
        transforms = {**silver_to_gold.transforms_of(self.domain), **replaced}
        silver_to_gold.main(self.spark, job, transforms, self.clients(job))

    def clients(self, job: Job) -> Aws:
        return aws(job)

    def objects(self, zone: str, prefix: str = "") -> dict[str, str]:
        """Keys below a prefix of a zone's bucket, in order, and each content's mark."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.names.bucket(zone), Prefix=prefix
        )
        return {o["Key"]: o["ETag"] for page in pages for o in page.get("Contents", ())}

    def table(self, name: str) -> DataFrame:
        """`silver.events`, `gold.user_ltv`, `quarantine.events_rows`."""
        zone, _, table = name.partition(".")
        return self.spark.table(f"glue_catalog.{self.names.database(self.domain, zone)}.{table}")

    def rows(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        frame = self.table(name)
        chosen = columns or [c for c in frame.columns if not c.startswith("_")]
        return sorted((tuple(r) for r in frame.select(*chosen).collect()), key=repr)

    def commits(self, name: str) -> int:
        return int(self.table(f"{name}.snapshots").count())


def truth(folder: Path, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows of an oracle's query on the clean truth."""
    # Not above: conftest files import this module before the project is chosen, which the package reads.
    from domains import oracle as duck

    with duck.connected(folder) as con:
        found = con.execute(sql)
        columns = [d[0] for d in found.description or ()]
        return columns, sorted(found.fetchall(), key=repr)
