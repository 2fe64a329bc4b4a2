"""The one place that makes a Spark session and AWS clients.

All settings come from the job's `--conf` or the laptop's spark-defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from pyspark.sql import SparkSession

from glue_scripts.engine.run.job import Job
from shared.ledger import Ledger

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_s3 import S3Client

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    # Casts nest; propagating what they imply took the planner minutes (measured) and gained nothing.
    "spark.sql.constraintPropagation.enabled": "false",
    # One branch per file format is read; the casts are planned and compiled once behind their union, not once
    # per branch.
    "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.PushProjectionThroughUnion",
    # It cuts what stands below an exchange or a sort that nothing came out of, and with it the counts that
    # were observed there.
    "spark.sql.adaptive.optimizer.excludedRules": (
        "org.apache.spark.sql.execution.adaptive.AQEPropagateEmptyRelation"
    ),
    # Spark lists files that are named one by one with a task for each, ten thousand at most.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "64",
    "spark.sql.autoBroadcastJoinThreshold": str(64 * 1024 * 1024),
}

BRIEFLY: Any = {"connect_timeout": 2, "read_timeout": 5, "retries": {"total_max_attempts": 2}}


@dataclass(frozen=True)
class Aws:
    """Clients of one run."""

    ledger: Ledger
    s3: S3Client
    cloudwatch: CloudWatchClient
    lake_formation: Any = None  # only where it guards the catalog
    by_products: S3Client | None = None  # for what no job waits long for


def spark_session(name: str) -> SparkSession:
    """A session that reads any spelling of a column, keeps UTC, and refuses silent casts."""
    spark: SparkSession = SparkSession.builder.appName(name).getOrCreate()
    for key, value in SETTINGS.items():
        spark.conf.set(key, value)
    return spark


def api_key(job: Job, name: str | None) -> str | None:
    """The text of a secret; a new client, so that who asks may be another thread."""
    return None if name is None else secret_text(job, name, Config(**BRIEFLY))


def hash_key(job: Job) -> str:
    """The key of the environment's keyed hashes; without it a job must not go on."""
    return secret_text(job, job.names.hash_key)


def secret_text(job: Job, name: str, config: Config | None = None) -> str:
    client = boto3.client("secretsmanager", region_name=job.names.region, config=config)
    return client.get_secret_value(SecretId=name)["SecretString"].strip()


def aws(job: Job) -> Aws:
    region = job.names.region
    table = boto3.resource("dynamodb", region_name=region).Table(job.names.ledger_table)
    return Aws(
        Ledger(table),
        boto3.client("s3", region_name=region),
        boto3.client("cloudwatch", region_name=region),
        boto3.client("lakeformation", region_name=region) if job.lake_formation else None,
        boto3.client("s3", region_name=region, config=Config(**BRIEFLY)),
    )
