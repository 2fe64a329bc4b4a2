"""The lake of a trial: the emulated services in a scratch folder and Spark in this process, nothing deployed.

Measured: the emulation starts while the JVM does and takes 0.6 CPU s of a trial (of 20), so that a second
implementation of ledger, store and catalog for trials alone would gain nothing.
"""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from pyspark.sql import SparkSession

from glue_scripts.engine.run.log import LOGGER
from glue_scripts.engine.run.session import spark_session
from local import class_archive, toolchain
from local.aws import process
from local.aws.environment import FOREIGN, client_environment
from local.aws.jvm import Jvm
from local.hash_key import create_hash_key
from local.ledger_table import create_ledger_table
from local.session import Session
from local.settings import ACCOUNT, REGION, ROOT
from local.spark import FOR_FEW_ROWS, PLANNED_ONCE, environment, settings
from shared.names import DATA_ZONES, Names
from shared.project import project_folder

TRIALS = project_folder() / ".lake" / "try"
ROUND = "LAKE_TRY_ROUND"
DATABASES = ("silver", "gold", "quarantine")


@dataclass(frozen=True)
class Engine:
    """What trials run on, one after the other."""

    spark: SparkSession
    emulation: process.Emulation

    def lake(self, name: str, domain: str) -> Session:
        """An empty lake of its own: buckets, ledger and databases."""
        secret = "local"  # nosec B105: the emulation's
        boto = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key=secret, region_name=REGION)
        session = Session(Names(name, ACCOUNT, REGION), boto, self.emulation.endpoint, self.emulation.state)
        s3, glue, names = session.client("s3"), session.client("glue"), session.names
        for zone in DATA_ZONES:
            s3.create_bucket(Bucket=names.bucket(zone))
        for zone in DATABASES:
            glue.create_database(DatabaseInput={"Name": names.database(domain, zone)})
        dynamodb = boto.resource("dynamodb", endpoint_url=session.endpoint)
        create_ledger_table(dynamodb, names.ledger_table)
        create_hash_key(session.client("secretsmanager"), names)
        return session

    def forget_objects(self, lake: Session) -> None:
        """Empties a lake: the emulation keeps objects in memory, and a watch makes many lakes."""
        s3 = lake.boto.resource("s3", endpoint_url=lake.endpoint)
        for zone in DATA_ZONES:
            s3.Bucket(lake.names.bucket(zone)).objects.delete()

    def forget_workers(self) -> None:
        """Python processes at the JVM that come from now on import a domain's code anew: Spark uses one again
        only where its variables are the same.
        """
        variables = self.spark.sparkContext.environment
        variables[ROUND] = str(int(variables.get(ROUND, "0")) + 1)


@contextmanager
def engine(*, few_rows: bool = True) -> Iterator[Engine]:
    """A running engine; afterwards nothing of it is left, on disk or in memory.

    Raises ToolchainError, JvmError and EmulationError.
    """
    _sweep()
    folder = TRIALS / str(os.getpid())
    folder.mkdir(parents=True, exist_ok=True)
    state, began = folder / "aws", list[Jvm]()
    _use_nobody_elses_aws()
    try:
        with ThreadPoolExecutor(2) as pool:
            emulation = pool.submit(process.start, state)
            # What reads the tables takes a second to import, which is free while the JVM starts.
            reader = pool.submit(importlib.import_module, "pyiceberg.catalog.glue")
            toolchain.jars()
            more = class_archive.options() if few_rows else ""
            began.append(Jvm(folder / "spark.log", long=not few_rows, more=more))
            running, _ = emulation.result(), reader.result()
        spark = session_on(began[0], running, folder, few_rows=few_rows)
        yield Engine(spark, running)
        spark.stop()
        began.pop().leave()  # where it recorded classes it writes them now, which nobody waits for
    finally:
        for jvm in began:
            jvm.end()
        _discard(folder)


def _discard(folder: Path) -> None:
    """Ends an emulation without letting it save what nobody wants, and removes the folder."""
    if (emulation := process.running(folder / "aws")) is not None:
        os.kill(emulation.pid, signal.SIGKILL)
    process.reset(folder / "aws")
    shutil.rmtree(folder, ignore_errors=True)


def _use_nobody_elses_aws() -> None:
    """The jobs' clients take what they need from the environment, as on AWS."""
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ.update(client_environment("http://127.0.0.1") | environment())


def session_on(jvm: Jvm, emulation: process.Emulation, folder: Path, *, few_rows: bool) -> SparkSession:
    """A session of this process for jobs in the emulation. `folder`: where Spark may spill."""
    os.environ.update(client_environment(emulation.endpoint))
    # The JVM began before the address was known; the Python processes at it read bronze themselves.
    workers = {**client_environment(emulation.endpoint), "PYTHONPATH": str(ROOT)}
    conf = settings(emulation.endpoint, {}, folder / "scratch")
    conf |= {f"spark.executorEnv.{name}": value for name, value in workers.items()}
    os.environ.update(jvm.driver("try", conf))
    LOGGER.setLevel(logging.CRITICAL)  # what the jobs log is told by the report
    spark = spark_session("try")
    for name, value in (FOR_FEW_ROWS | PLANNED_ONCE if few_rows else {}).items():
        spark.conf.set(name, value)
    return spark


def _sweep() -> None:
    """Removes what a trial left that was killed."""
    for left in TRIALS.glob("*"):
        if left.name.isdigit() and not _alive(int(left.name)):
            _discard(left)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
