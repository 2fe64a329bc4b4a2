"""A job in a process of its own, of which SIGKILL ends something in the middle of an effect:
`python -m tests.support.killed_job ENVIRONMENT STAGE RUN_ID VICTIM EFFECT SECONDS OPTIONS`.

VICTIM is `job`, the process with its JVM, or `executor`, one of two. EFFECT is the start of a name in
tests/support/job_faults.py; SECONDS after it has begun for the first time the end comes. The names of all effects
go to the output, and of who was killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from glue_scripts import bronze_to_silver, silver_to_gold
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import SETTINGS, aws
from local.spark import FOR_FEW_ROWS, jvm_settings, settings
from shared.contracts import contract
from shared.names import Names
from tests.support.job_faults import Effects
from tests.support.rig import ACCOUNT, REGION

EXECUTOR = "org.apache.spark.executor.CoarseGrainedExecutorBackend"


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def kill_job() -> None:
    """This process, and the JVM beside it, which is in its group."""
    os.killpg(os.getpgid(0), signal.SIGKILL)


def kill_executor() -> None:
    """One of those that the JVM started: they are in the group too."""
    found = subprocess.run(
        ["pgrep", "-g", str(os.getpgid(0)), "-f", EXECUTOR], stdout=subprocess.PIPE, check=True
    )
    os.kill(int(found.stdout.split()[0]), signal.SIGKILL)
    tell("killed an executor")


class Killed(Effects):
    """The end comes some time after the effect has begun."""

    def __init__(self, kill: Callable[[], None], effect: str, seconds: float) -> None:
        super().__init__()
        self.kill, self.effect, self.seconds = kill, effect, seconds

    def begin(self, name: str) -> None:
        tell(name)
        if name.startswith(self.effect) and name not in self.names:
            threading.Timer(self.seconds, self.kill).start()
        self.names.append(name)


def cluster(conf: dict[str, str]) -> dict[str, str]:
    """Two executors of one core, each a process, with the driver's jars."""
    return conf | {
        "spark.master": "local-cluster[2,1,1024]",
        "spark.executor.memory": "1g",
        "spark.executor.extraClassPath": conf["spark.driver.extraClassPath"],
        "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
    }


def main(
    environment: str, stage: str, run_id: str, victim: str, effect: str, seconds: str, options: str
) -> None:
    conf = jvm_settings() | settings(os.environ["AWS_ENDPOINT_URL"], {}, Path(os.environ["SCRATCH"]))
    conf = cluster(conf) if victim == "executor" else conf
    spark = SparkSession.builder.appName("killed").config(map=conf).getOrCreate()
    for key, value in (SETTINGS | FOR_FEW_ROWS).items():
        spark.conf.set(key, value)
    job = Job(Names(environment, ACCOUNT, REGION), contract("shop"), run_id, **json.loads(options))
    with pytest.MonkeyPatch.context() as patch:
        kill = {"job": kill_job, "executor": kill_executor}[victim]
        effects = Killed(kill, effect, float(seconds))
        effects.install(patch)
        clients = effects.watch(aws(job))
        if stage == "silver":
            bronze_to_silver.main(spark, job, clients)
        else:
            silver_to_gold.main(spark, job, silver_to_gold.transforms_of("shop"), clients)


if __name__ == "__main__":
    main(*sys.argv[1:])
