"""Starts, finds and stops the emulation's process.

One state folder holds one emulation: its data, its log and its address.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from local.aws.environment import server_environment, url
from local.errors import LakeError
from local.processes import run
from local.settings import ROOT

OTHER_PORTS = 3  # tries, where a port was taken between its choice and its use
BOOT_SECONDS = 60.0
STOP_SECONDS = 20.0  # to end without saving
SAVE_SECONDS = 600.0
EXEC_POLLS, POLL_SECONDS = 20, 0.05
BUSY_SECONDS = 60.0  # in which a busy one answers; one that is gone refuses at once
SERVER = "local.aws.server"
LOG = "server.log"
ADDRESS = "process.json"
UNSAVED = "unsaved"  # there while an emulation runs; it saves its state when it ends, and only then
FORGOTTEN = ".forgotten-"  # what a reset renames a state folder to
_children: dict[
    int, subprocess.Popen[bytes]
] = {}  # by process number; an emulation may outlive the command that started it


class EmulationError(LakeError):
    """The emulation did not start, or is not there."""


@dataclass(frozen=True)
class Emulation:
    """A running emulation."""

    state: Path
    port: int
    pid: int

    @property
    def endpoint(self) -> str:
        return url(self.port)

    @property
    def log(self) -> Path:
        return self.state / LOG


def running(state: Path) -> Emulation | None:
    """The emulation of a state folder if it answers; a leftover of a crashed one is not one."""
    emulation = _last(state)
    if emulation is None or not _alive(emulation.pid):
        return None
    return emulation if _healthy(emulation, BUSY_SECONDS) else None


def _last(state: Path) -> Emulation | None:
    """The emulation that was started last, whatever became of it."""
    address = state / ADDRESS
    if not address.exists():
        return None
    known = json.loads(address.read_text())
    return Emulation(state, known["port"], known["pid"])


def note(emulation: Emulation) -> None:
    """Leaves the address where other commands look for it."""
    known = {"port": emulation.port, "pid": emulation.pid}
    (emulation.state / ADDRESS).write_text(json.dumps(known))


def start(state: Path) -> Emulation:
    """The emulation of a state folder, started unless it runs.

    Raises EmulationError with the end of its log.
    """
    if (emulation := running(state)) is not None:
        return emulation
    # Another command began to start it, and was interrupted perhaps: it is neither dead nor to be doubled.
    if (booting := _last(state)) is not None and _serves(booting.pid, state):
        _wait_until_healthy(booting, _children.get(booting.pid))
        return booting
    if (state / UNSAVED).exists():
        raise EmulationError(
            f"the emulated AWS of {state} was killed before it could save", "start afresh: ./lake up --reset"
        )
    state.mkdir(parents=True, exist_ok=True)
    for _ in range(OTHER_PORTS):
        port = _port(state)
        try:
            return _started(state, port)
        except EmulationError:
            if _is_free(port):  # else another program took it in between
                raise
    return _started(state, _port(state))


def _started(state: Path, port: int) -> Emulation:
    with (state / LOG).open("ab") as log:
        command = [sys.executable, "-m", SERVER, "--state", str(state), "--port", str(port)]
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=server_environment(port, state, os.environ),
            start_new_session=True,
        )
    _children[process.pid] = process
    started = Emulation(state, port, process.pid)
    note(started)
    _wait_until_healthy(started, process)
    return started


def stop(state: Path) -> bool:
    """Stops the emulation, which saves its state. Returns whether one ran.

    Raises EmulationError while it saves for longer than ten minutes; it is not killed, which would lose all.
    """
    emulation = _last(state)
    if emulation is None or not _serves(emulation.pid, state):
        return False
    os.kill(emulation.pid, signal.SIGTERM)
    if not _gone(emulation.pid, SAVE_SECONDS):
        raise EmulationError(
            f"the emulated AWS of {state} (process {emulation.pid}) is still saving",
            "give the same command again later, or forget what is in it: ./lake up --reset",
        )
    return True


def _kill(state: Path) -> None:
    """Ends the emulation whether it has saved or not."""
    emulation = _last(state)
    if emulation is None or not _serves(emulation.pid, state):
        return
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(emulation.pid, sign)
        if _gone(emulation.pid, STOP_SECONDS):
            return


def reset(state: Path) -> None:
    """Stops the emulation and forgets everything in it, or nothing where it is interrupted: the folder is
    renamed, then deleted. What an interruption leaves of it, the next call deletes.
    """
    _kill(state)
    if state.exists():
        state.rename(state.with_name(f"{state.name}{FORGOTTEN}{secrets.token_hex(4)}"))
    for left in state.parent.glob(f"{state.name}{FORGOTTEN}*"):
        shutil.rmtree(left)


def _port(state: Path) -> int:
    """The port of last time if it is free (queue URLs that were saved contain it), else any free one."""
    address = state / ADDRESS
    last = json.loads(address.read_text())["port"] if address.exists() else 0
    if last and _is_free(last):
        return int(last)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _wait_until_healthy(emulation: Emulation, process: subprocess.Popen[bytes] | None) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < deadline:
        if _healthy(emulation):
            return
        if process is not None and process.poll() is not None:
            raise EmulationError(
                f"the emulated AWS ended with code {process.returncode}. {_end_of_log(emulation)}",
                "./lake up again; if that ends so too, forget its data: ./lake up --reset",
            )
        time.sleep(0.05)
    raise EmulationError(
        f"the emulated AWS did not answer within {BOOT_SECONDS:.0f} s. {_end_of_log(emulation)}",
        "./lake up again; if that ends so too, forget its data: ./lake up --reset",
    )


def _healthy(emulation: Emulation, patience: float = 2) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{emulation.endpoint}/_ministack/ready", timeout=patience) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _alive(pid: int) -> bool:
    if (child := _children.get(pid)) is not None:
        return child.poll() is None
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _serves(pid: int, state: Path) -> bool:
    """Whether the process is the emulation of a state folder and lives. Another one may have got its number:
    any program, or another project's emulation.
    """
    return _alive(pid) and f"{SERVER} --state {state} --port" in _command(pid)


def _command(pid: int) -> str:
    """A process's command; slim images have no `ps`, and macOS has no /proc. While a process becomes another
    program it has none for a moment.
    """
    file = Path(f"/proc/{pid}/cmdline")
    for _ in range(EXEC_POLLS):
        try:
            if words := file.read_text(errors="replace"):
                return words.replace("\0", " ")
        except OSError:
            return run(["ps", "-ww", "-o", "command=", "-p", str(pid)]).output
        time.sleep(POLL_SECONDS)
    return ""


def _gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not _alive(pid):
            return True
        time.sleep(0.05)
    return False


def _end_of_log(emulation: Emulation, lines: int = 15) -> str:
    end = "\n".join(emulation.log.read_text(errors="replace").splitlines()[-lines:])
    return f"Its log, {emulation.log}, ends:\n{end}"
