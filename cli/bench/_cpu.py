"""CPU seconds and memory of a command with everything that it starts, workers that outlive their parent
included. Linux.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from local.errors import LakeError
from local.processes import run
from local.settings import ROOT

PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Cost:
    """`cpu` and `wall` seconds, `peak` resident megabytes of all processes together, and what the command
    printed.
    """

    cpu: float
    wall: float
    peak: int
    output: str = ""


def measured(argv: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Runs a command and waits for all its descendants.

    Raises LakeError with the end of its errors when it fails.
    """
    with tempfile.NamedTemporaryFile("r") as report:
        runner = [sys.executable, "-m", __name__, report.name, *argv]
        done = run(runner, cwd=ROOT, env={**os.environ, **(environment or {})})
        if done.code:
            raise LakeError(
                f"{' '.join(argv[:4])} ended with code {done.code}:\n{done.words(3000)}",
                "this is a bug of the benchmark or of the engine: report it with this message",
            )
        measurement = json.loads(report.read())
    return replace(Cost(**measurement), output=done.output)


def _run(report: str, argv: list[str]) -> int:
    """Adopts what the command leaves behind, so that its CPU time is counted here when it ends."""
    if sys.platform != "linux":
        raise LakeError(
            "this benchmark needs Linux: elsewhere the CPU time of orphaned processes cannot be had",
            "run it on Linux, or in a container",
        )
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with Watch() as watch:
        code = subprocess.run(argv, check=False).returncode
        _reap()
        seen = watch.lap()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = replace(seen, cpu=max(used.ru_utime + used.ru_stime, seen.cpu))
    Path(report).write_text(json.dumps(asdict(cost)))
    return code


def _reap() -> None:
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


class Watch:
    """What is seen of this process's descendants from one lap to the next; a context manager.

    The kernel forgets the CPU time of a child whose parent ignores its end, as PySpark's daemon does with its
    workers. So each counts as it was when last looked at; what a process does in its last fifth of a second
    is not seen.
    """

    def __init__(self) -> None:
        self._seconds, self._before, self._peak, self._began = dict[int, float](), 0.0, 0, time.monotonic()
        self._lock, self._ended, self._thread = (
            threading.Lock(),
            threading.Event(),
            threading.Thread(target=self._watch),
        )

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def lap(self) -> Cost:
        """Since the last lap: CPU and wall seconds, and the largest sum of resident memory."""
        self._look()
        with self._lock:
            total, now = sum(self._seconds.values()), time.monotonic()
            cost = Cost(total - self._before, now - self._began, self._peak)
            self._before, self._began, self._peak = total, now, 0
        return cost

    def _watch(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            self._look()

    def _look(self) -> None:
        with self._lock:
            living = _descendants(os.getpid())
            self._peak = max(self._peak, sum(map(_resident, living)) // 2**20)
            self._seconds |= {p: used for p in living if (used := _used(p))}


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    descendants, waiting = [], [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        descendants += below
        waiting += below
    return descendants


def _used(pid: int) -> float:
    try:
        user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    except OSError:
        return 0.0
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1], sys.argv[2:]))
