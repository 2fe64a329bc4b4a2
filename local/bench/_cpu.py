"""CPU seconds and memory of a command with everything that it starts, workers that outlive their parent included. Linux."""

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
from dataclasses import dataclass
from pathlib import Path

from local.errors import LakeError
from local.processes import run
from local.settings import ROOT

PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Cost:
    """`cpu` and `wall` seconds, `peak` resident megabytes of all processes together, and what the command printed."""

    cpu: float
    wall: float
    peak: int
    output: str


def measured(argv: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Runs a command and waits for all its descendants. Raises LakeError with the end of its errors when it fails."""
    with tempfile.NamedTemporaryFile("r") as report:
        runner = [sys.executable, "-m", __name__, report.name, *argv]
        done = run(runner, cwd=ROOT, env={**os.environ, **(environment or {})})
        if done.code:
            raise LakeError(f"{' '.join(argv[:4])} ended with code {done.code}:\n{done.words(3000)}")
        found = json.loads(report.read())
    return Cost(found["cpu"], found["wall"], found["peak"], done.output)


def _run(report: str, argv: list[str]) -> int:
    """Adopts what the command leaves behind, so that its CPU time is counted here when it ends."""
    if sys.platform != "linux":
        raise LakeError("this benchmark needs Linux: elsewhere the CPU time of orphaned processes cannot be had")
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    began, seen, ended = time.monotonic(), _Seen(), threading.Event()
    watcher = threading.Thread(target=seen.watch, args=(ended,))
    watcher.start()
    code = subprocess.run(argv, check=False).returncode
    _reap()
    wall = time.monotonic() - began
    ended.set()
    watcher.join()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = max(used.ru_utime + used.ru_stime, sum(seen.seconds.values()))
    Path(report).write_text(json.dumps({"cpu": cpu, "wall": wall, "peak": seen.megabytes}))
    return code


def _reap() -> None:
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


class _Seen:
    """What was seen of the descendants: the largest sum of their resident memory, and the CPU seconds of each when last looked at.

    The kernel forgets the CPU time of a child whose parent ignores its end, as PySpark's daemon does with its workers.
    """

    def __init__(self) -> None:
        self.megabytes, self.seconds = 0, dict[int, float]()

    def watch(self, ended: threading.Event) -> None:
        while not ended.wait(POLL_SECONDS):
            living = _descendants(os.getpid())
            self.megabytes = max(self.megabytes, sum(map(_resident, living)) // 2**20)
            self.seconds |= {p: used for p in living if (used := _used(p))}


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


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
