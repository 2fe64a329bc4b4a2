"""Spark's JVM, kept from one job run to the next: the next one finds Spark's classes loaded and its planner
compiled.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError

from local import class_archive, spark
from local.aws.environment import APP_ID
from local.errors import LakeError
from local.processes import LONGEST_MESSAGE

IDLE_MINUTES = 10.0
_APP_ID = "sdk.ua.appId"  # the Java SDK's name of what APP_ID says


class JvmError(LakeError):
    """Spark's JVM did not start."""


class Jvm:
    """A JVM behind PySpark's gateway, where Python drivers work one after the other; it ends with this
    process. `log`: its output. `more`: options of its own.
    """

    def __init__(self, log: Path, *, long: bool, more: str = "") -> None:
        # Half a second, which an emulation need not wait for before its first job.
        from pyspark import SparkConf
        from pyspark.errors import PySparkException
        from pyspark.java_gateway import launch_gateway

        log.parent.mkdir(parents=True, exist_ok=True)
        conf = SparkConf(loadDefaults=False).setAll(list(spark.jvm_settings(long=long, more=more).items()))
        with log.open("ab") as out:
            try:
                popen = {"stdout": out, "stderr": out, "cwd": log.parent, "start_new_session": True}
                self._gateway: Any = launch_gateway(conf, popen)  # type: ignore[no-untyped-call]
            except PySparkException as error:
                raise JvmError(
                    f"{error} {log} ends:\n{log.read_text(errors='replace')[-LONGEST_MESSAGE:]}",
                    f"look into {log}, then give the same command again",
                ) from None
        self._log, self._read_to, self._set = log, log.stat().st_size, set[str]()
        self._records = class_archive.RECORD in more

    @property
    def alive(self) -> bool:
        return self._gateway.proc.poll() is None

    def driver(self, app: str, settings: Mapping[str, str]) -> dict[str, str]:
        """Prepares for a session with these settings.

        Returns the variables by which a Python process finds this JVM.
        """
        system = self._gateway.jvm.java.lang.System
        properties = {**settings, _APP_ID: app}
        for name in self._set - properties.keys():
            system.clearProperty(name)
        for name, value in properties.items():
            system.setProperty(name, value)
        self._set = set(properties)
        parameters = self._gateway.gateway_parameters
        return {
            "PYSPARK_GATEWAY_PORT": str(parameters.port),
            "PYSPARK_GATEWAY_SECRET": parameters.auth_token,
            APP_ID: app,
        }

    def clear(self) -> None:
        """Ends the session that a driver left, and forgets the file systems, whose clients say whose they
        are.
        """
        jvm = self._gateway.jvm
        left = jvm.org.apache.spark.sql.classic.SparkSession.getDefaultSession()
        if left.isDefined():
            left.get().stop()
        jvm.org.apache.hadoop.fs.FileSystem.closeAll()

    def said(self) -> bytes:
        """Its output since the last call."""
        with self._log.open("rb") as log:
            log.seek(self._read_to)
            said = log.read()
        self._read_to += len(said)
        return said

    def leave(self) -> None:
        """Lets it end by itself, after what it has to do at its end."""
        self._gateway.shutdown()  # first: it talks to the JVM
        self._gateway.proc.stdin.close()

    def dismiss(self) -> None:
        """Ends it where nothing is wrong with it: what it recorded of classes is written; nobody waits."""
        if self._records and self.alive:
            self.leave()
            threading.Thread(target=self._gateway.proc.wait, daemon=True).start()
        else:
            self.end()

    def end(self) -> None:
        if self.alive:
            os.killpg(self._gateway.proc.pid, signal.SIGKILL)
        self._gateway.proc.stdin.close()
        self._gateway.proc.wait()
        self._gateway.shutdown()


class Jvms:
    """Lends JVMs to job runs.

    One waits for the next run, ten minutes long; what a failed run leaves is not used again. `archived`: with
    Spark's classes from an archive.
    """

    def __init__(self, folder: Path, *, long: bool = False, archived: bool = True) -> None:
        self._folder, self._long, self._archived = folder, long, archived
        self._waiting: Jvm | None = None
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._count = 0

    def take(self) -> Jvm:
        """The one that waits, or a new one, which takes some three seconds."""
        waiting = self._release()
        if waiting is not None:
            if waiting.alive:
                return waiting
            waiting.end()
        with self._lock:
            self._count += 1
            log = self._folder / f"jvm-{os.getpid()}-{self._count}.log"
        more = class_archive.options() if self._archived else ""
        return Jvm(log, long=self._long, more=more)

    def give_back(self, jvm: Jvm) -> None:
        """After a run that ended well."""
        try:
            jvm.clear()
        except Py4JError:  # it died meanwhile
            jvm.end()
            return
        with self._lock:
            if self._waiting is None:
                self._waiting = jvm
                self._timer = threading.Timer(IDLE_MINUTES * 60, self.close)
                self._timer.daemon = True
                self._timer.start()
                return
        jvm.end()

    def close(self) -> None:
        """Ends the one that waits."""
        if (left := self._release()) is not None:
            left.dismiss()

    def _release(self) -> Jvm | None:
        with self._lock:
            waiting, self._waiting = self._waiting, None
            if self._timer is not None:
                self._timer.cancel()
        return waiting
