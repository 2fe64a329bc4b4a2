"""One Glue job run as a local process on a lent JVM: script and libraries from the emulated S3, Spark
settings from the job.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from py4j.protocol import Py4JError

from local import spark
from local.aws.environment import APP_ID
from local.aws.job_archive import compiled
from local.aws.jvm import JvmError, Jvms
from local.aws.pythons import Python, Pythons

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ERROR_LINE = re.compile(r"^[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt)\b")
_LONGEST_MESSAGE = 2000
ARCHIVES = "archives"  # beside the runs' folders


class RunState(StrEnum):
    """Job run states of Glue that a local run can have."""

    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"
    STOPPED = "STOPPED"

    @property
    def active(self) -> bool:
        return self in (RunState.STARTING, RunState.RUNNING)


@dataclass(frozen=True)
class JobCommand:
    """What a run executes. `arguments` are the job's merged with the run's; `timeout_minutes` ends it."""

    job: str
    run_id: str
    script: str
    arguments: dict[str, str]
    timeout_minutes: float
    folder: Path
    """Where the run keeps script, `stdout`, `stderr` and what the JVM said: `spark.log`."""

    @property
    def argv(self) -> list[str]:
        """As Glue passes them: everything it was given, its own options too."""
        own = {"--JOB_NAME": self.job, "--JOB_RUN_ID": self.run_id, "--JOB_ID": f"j_{self.run_id[3:]}"}
        return [word for name, value in {**self.arguments, **own}.items() for word in (name, str(value))]


class JobProcess:
    """A run in progress: `execute` blocks until it ends, `stop` ends it from another thread."""

    def __init__(self, command: JobCommand, s3: S3Client, jvms: Jvms, pythons: Pythons) -> None:
        self.command, self._s3, self._jvms, self._pythons = command, s3, jvms, pythons
        self._process: Python | None = None
        self._stopped = threading.Event()

    def execute(self) -> tuple[RunState, str]:
        """The final state and, unless it succeeded, why."""
        self.command.folder.mkdir(parents=True, exist_ok=True)
        try:
            argv, settings, libraries = self._prepare()
            jvm = self._jvms.take()
        except (self._s3.exceptions.ClientError, spark.SettingError, JvmError) as error:
            return RunState.FAILED, f"{type(error).__name__}: {error}"
        try:
            state, reason = self._driven(
                argv, {**jvm.driver(self.command.job, settings), "PYTHONPATH": libraries}
            )
        except Py4JError as error:
            state, reason = RunState.FAILED, f"{type(error).__name__}: {error}"
        (self.command.folder / "spark.log").write_bytes(jvm.said())
        if state is RunState.SUCCEEDED:
            self._jvms.give_back(jvm)
        else:
            jvm.end()
        return state, reason

    def _driven(self, argv: list[str], own: dict[str, str]) -> tuple[RunState, str]:
        environment = {**os.environ, **own}
        with (
            (self.command.folder / "stdout").open("wb") as out,
            (self.command.folder / "stderr").open("wb") as err,
        ):
            if self._stopped.is_set():
                return RunState.STOPPED, ""
            self._process = self._pythons.start(argv, out, err, environment, self.command.folder)
        if self._stopped.is_set():  # while the process was being made, when nobody could kill it
            self._kill(signal.SIGTERM)
        return self._outcome(self._process)

    def stop(self) -> None:
        self._stopped.set()
        self._kill(signal.SIGTERM)

    def _outcome(self, process: Python) -> tuple[RunState, str]:
        try:
            code = process.wait(timeout=self.command.timeout_minutes * 60)
        except subprocess.TimeoutExpired:
            self._kill(signal.SIGTERM)
            self._end(process)
            return (
                RunState.TIMEOUT,
                f"Job run exceeded its timeout of {self.command.timeout_minutes:g} minutes",
            )
        if self._stopped.is_set():
            return RunState.STOPPED, ""
        if code == 0:
            return RunState.SUCCEEDED, ""
        return RunState.FAILED, last_error((self.command.folder / "stderr").read_text(errors="replace"), code)

    def _end(self, process: Python) -> None:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._kill(signal.SIGKILL)
            process.wait()

    def _kill(self, sign: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ended just now
                os.killpg(self._process.pid, sign)

    def _prepare(self) -> tuple[list[str], dict[str, str], str]:
        """The script with its arguments, Spark's settings and the places of the libraries."""
        arguments = self.command.arguments
        script = self._fetched(self.command.script)
        fetched = [
            compiled(self._fetched(uri), self.command.folder.parent / ARCHIVES)
            for uri in arguments.get("--extra-py-files", "").split(",")
            if uri
        ]
        libraries = os.pathsep.join(
            map(str, [self.command.folder, *fetched])
        )  # the folder for modules, each archive for its own
        conf = spark.job_conf(arguments.get("--conf", ""))
        settings = spark.settings(os.environ["AWS_ENDPOINT_URL"], conf, self.command.folder / "scratch")
        workers = {"spark.executorEnv.PYTHONPATH": libraries, f"spark.executorEnv.{APP_ID}": self.command.job}
        return [str(script), *self.command.argv], {**settings, **workers}, libraries

    def _fetched(self, uri: str) -> Path:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        target = self.command.folder / Path(key).name
        self._s3.download_file(bucket, key, str(target))
        return target


def last_error(stderr: str, code: int) -> str:
    """The last exception of the driver, as Glue puts it into ErrorMessage; a Java cause on the next line
    belongs to it.
    """
    lines = [line for line in stderr.strip().splitlines() if line.strip()]
    error_lines = [i for i, line in enumerate(lines) if _ERROR_LINE.match(line)]
    if not error_lines:
        return (lines[-1] if lines else f"the job ended with code {code} and said nothing")[:_LONGEST_MESSAGE]
    cause = (
        lines[error_lines[-1] + 1]
        if error_lines[-1] + 1 < len(lines) and lines[error_lines[-1] + 1].startswith(": ")
        else ""
    )
    return (lines[error_lines[-1]] + cause)[:_LONGEST_MESSAGE]
