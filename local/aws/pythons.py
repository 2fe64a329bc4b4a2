"""The Python processes of job runs: forks of one that has imported what jobs need, or started from nothing
where there are no forks.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

# What Spark jobs import anyway. The last: Spark's bridge to Java asks there for NumPy, and so for pandas,
# with the first value that it brings over.
IMPORTED = ("boto3", "pyarrow", "pyspark.sql", "pyspark.sql.functions", "pyspark.testing.utils")
START_SECONDS, STOP_SECONDS = 60.0, 10.0
SERVER = Path(__file__).with_name("fork_server.py")


def _can_fork() -> bool:
    """Forks break system libraries elsewhere than on Linux, of which some have no pidfd_open."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


CAN_FORK = _can_fork()


class Python(Protocol):
    """As much of `subprocess.Popen` as a job run needs. A leader of its own session."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


class Pythons:
    """Starts Python scripts. One server forks them all; it is another when packages were installed since.

    `forks`: else each is started from nothing, as on Glue.
    """

    def __init__(self, *, forks: bool = CAN_FORK) -> None:
        self._forks = forks
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._retired: list[subprocess.Popen[bytes]] = []
        self._packages = 0

    def start(
        self,
        argv: Sequence[str],
        out: IO[bytes],
        err: IO[bytes],
        environment: Mapping[str, str],
        folder: Path,
    ) -> Python:
        """`argv`: the script and its arguments; `environment`: all of it, with the script's PYTHONPATH."""
        forked = self._forked(out, err) if self._forks else None
        if forked is not None:
            forked.run(argv, environment, folder)
            return forked
        return subprocess.Popen(
            [sys.executable, *argv],
            stdout=out,
            stderr=err,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )

    def close(self) -> None:
        """A server ends when its last fork has, which somebody is to have stopped."""
        with self._lock:
            self._retire()
            for server in self._retired:
                try:
                    server.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:  # its group has forks that hang before they are runs
                    os.killpg(server.pid, signal.SIGKILL)
                    server.wait()
            self._retired = []

    def _forked(self, out: IO[bytes], err: IO[bytes]) -> _Fork | None:
        """None: the server ended, and says in this process's own standard error why; or it hangs."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            packages = Path(sysconfig.get_path("purelib")).stat().st_mtime_ns
            if self._server is None or self._server.poll() is not None or packages != self._packages:
                self._retire()
                self._serve()
                self._packages = packages
            assert self._control is not None
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                socket.send_fds(self._control, [b"1"], [theirs.fileno(), out.fileno(), err.fileno()])
        try:
            fork = _Fork(ours)
        except TimeoutError:
            ours.close()  # should it wake, it ends without having run anything
            with self._lock:
                self._retire()
            return None
        return fork if fork.pid else None

    def _serve(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            self._server = subprocess.Popen(
                [sys.executable, "-P", str(SERVER), str(number), *IMPORTED],
                stdin=subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
                pass_fds=[number],
                start_new_session=True,
            )

    def _retire(self) -> None:
        """Lets the server end by itself."""
        if self._control is not None and self._server is not None:
            self._control.close()
            self._retired = [server for server in (*self._retired, self._server) if server.poll() is None]
        self._server = self._control = None


class _Fork:
    """A fork of the server's; `pid` is 0 when none came of it. Raises TimeoutError when nothing is said."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        connection.settimeout(START_SECONDS)
        self._code: int | None = None
        self.pid = int(self._said("pid") or 0)

    def run(self, argv: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        asked = {"argv": list(argv), "environment": dict(environment), "cwd": str(folder)}
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it was killed: `wait` says so
            self._connection.sendall(json.dumps(asked).encode() + b"\n")

    def poll(self) -> int | None:
        """What `wait` knows: a server's fork is waited for by one thread and killed by others."""
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None:
            self._connection.settimeout(timeout)
            try:
                code = self._said("code")
            except TimeoutError:
                raise subprocess.TimeoutExpired("job", timeout or 0.0) from None
            if not code:  # the server was killed, and nobody hears any more how the job ends
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)
            self._code = int(code or -signal.SIGKILL)
            self._connection.close()
        return self._code

    def _said(self, what: str) -> str:
        """The next line's number, or nothing: the other end is closed, or says something else."""
        line = b""
        while not line.endswith(b"\n"):
            try:
                read = self._connection.recv(1)
            except ConnectionResetError:  # killed before it read what it was asked for
                return ""
            if not read:
                return ""
            line += read
        name, _, number = line.decode().partition(" ")
        return number if name == what else ""
