"""The laptop's Glue runtime: Spark settings that a script finds without knowing of them, and the JVM's.

A job's own `--conf` counts as in Glue; on top come the emulation's address and what one machine needs.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from local.settings import ACCOUNT, HOME, REGION

CATALOG = "spark.sql.catalog.glue_catalog"
DRIVER_MEMORY = "3g"
# Spark's generated methods exceed the JIT's size limit and run interpreted without the second option. The
# third: with the first compiler alone the JVM reserves 48 MB for code, which a run of several tables fills;
# the JVM then stops compiling at all.
JAVA_OPTIONS = (
    "-XX:+UseParallelGC -XX:-DontCompileHugeMethods -XX:ReservedCodeCacheSize=256m -Xlog:disable"
    " -Xlog:all=error:stderr"
)
# A laptop's runs are short: the optimising compiler takes more CPU than the jobs (measured: 44 of 80 CPU s
# for 20,000 rows).
FAST_START = "-XX:TieredStopAtLevel=1"
# Over millions of rows it is worth it, for the loops over rows: ten times the usual numbers of calls keep it
# off what runs a hundred times, such as planning (measured: 35 of 250 CPU s for 24 small tables, no
# difference for 17 million rows).
LATE_OPTIMISATION = (
    "-XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000 -XX:Tier4CompileThreshold=150000"
    " -XX:Tier4BackEdgeThreshold=400000"
)
_PRESET = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.shuffle.partitions": "4",
}
# For a session outside a job, as benchmarks make one; a job that names a catalog configures all of it.
_CATALOG = {
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    CATALOG: "org.apache.iceberg.spark.SparkCatalog",
    f"{CATALOG}.type": "glue",
    f"{CATALOG}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
    f"{CATALOG}.warehouse": "s3://every-table-names-its-location/",
}
# Java that is generated and compiled for a plan pays with many rows only (measured on part of test_mistakes,
# CPU s: 72; 67 without whole stages, 56 without any; 64 with one shuffle partition). Two partitions, not one,
# so that rows of one key may still be apart. Runtime settings, of a session that is there.
# `catalog.listTables` fails so: Spark decodes its rows by compiled code only.
FOR_FEW_ROWS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "2",
}
# Else a plan is made anew after each of its stages, and with few rows planning is all the work there is
# (measured, silver of three small datasets on a warm JVM: 5.0 → 4.1 CPU s, 3.9 by the second). Not in tests:
# their plans are to be those of production.
PLANNED_ONCE = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.lightweightPlanChangeValidation": "false",
}
LOGGING = Path(__file__).with_name("log4j2.properties")


class SettingError(ValueError):
    """A job's --conf cannot be read."""


def jars() -> list[Path]:
    """The jars that Glue brings and pyspark does not; `local.toolchain` fetches them."""
    return sorted((HOME / "jars").glob("*.jar"))


def job_conf(text: str) -> dict[str, str]:
    """A Glue job's `--conf`: `a=b --conf c=d`, the way to pass several. Raises SettingError without a `=`."""
    pairs = [p.strip() for p in re.split(r"\s+--conf\s+", text.strip()) if p.strip()]
    if wrong := [p for p in pairs if "=" not in p]:
        raise SettingError(f"--conf: expected name=value, found {wrong[0]!r}")
    return {name.strip(): value.strip() for name, _, value in (p.partition("=") for p in pairs)}


def settings(endpoint: str, job: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """All settings of a session: presets, what the job asks for, what the laptop replaces. The later wins."""
    catalog = {} if CATALOG in job else _CATALOG
    return {**_PRESET, **catalog, **job, **_address(endpoint), **_machine(scratch)}


def jvm_settings(*, long: bool = False, more: str = "") -> dict[str, str]:
    """What holds as long as a JVM lives.

    `long`: for millions of rows, which are worth the optimising compiler. `more`: options of its own.
    """
    start = f"{LATE_OPTIMISATION if long else FAST_START} {more}".strip()
    return {
        "spark.driver.memory": DRIVER_MEMORY,
        "spark.driver.extraClassPath": os.pathsep.join(map(str, jars())),
        "spark.driver.extraJavaOptions": (
            f'{JAVA_OPTIONS} {start} -Duser.timezone=UTC "-Dlog4j2.configurationFile={LOGGING.as_uri()}"'
        ),
    }


def environment() -> dict[str, str]:
    """Variables of the JVM and of the Python processes at it.

    Without an address Spark looks up the machine's name.
    """
    return {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONUNBUFFERED": "1"}


def _address(endpoint: str) -> dict[str, str]:
    """Where the emulation is, for Iceberg's own S3 and Glue clients and for Hadoop's S3A."""
    return {
        f"{CATALOG}.glue.endpoint": endpoint,
        f"{CATALOG}.s3.endpoint": endpoint,
        f"{CATALOG}.s3.path-style-access": "true",
        f"{CATALOG}.client.region": REGION,
        f"{CATALOG}.http-client.type": "apache",
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": endpoint,
        "spark.hadoop.fs.s3a.endpoint.region": REGION,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        "spark.hadoop.fs.s3a.aws.credentials.provider": (
            "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider"
        ),
        "spark.hadoop.fs.s3a.access.key": ACCOUNT,
        "spark.hadoop.fs.s3a.secret.key": "local",
    }


def _machine(scratch: Path) -> dict[str, str]:
    """One machine instead of a cluster."""
    return {
        "spark.master": f"local[{max(2, os.cpu_count() or 2)}]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # Sixty small files are two tasks then, not fifteen (measured: 128 → 119 CPU s for gold of TPC-DS on a
        # new JVM).
        "spark.sql.iceberg.read.adaptive-split-size.enabled": "false",
        # Less to compile: one class for all stages of the same code, and no second hash table in each
        # aggregation, which holds the first 65,536 groups only (measured, gold of TPC-DS at scale 1 after
        # silver: 78 → 71 → 69 CPU s; silver 336 → 323 by the first).
        "spark.sql.codegen.useIdInClassName": "false",
        "spark.sql.codegen.aggregate.map.twolevel.enabled": "false",
    }
