"""Python tools whose requirements contradict ours: each in a venv of its own below `.lake/tools`, installed
once, from a lock with hashes in cli/tools.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from local.console import say
from local.errors import LakeError
from local.processes import run
from local.settings import HOME, ROOT

UV = (sys.executable, "-m", "uv")
LOCKS = ROOT / "cli" / "tools"


def program(tool: str, name: str) -> Path:
    """A program of the packages that cli/tools/<tool>.lock names.

    Raises LakeError with uv's words where it cannot be had.
    """
    lock = LOCKS / f"{tool}.lock"
    folder = HOME / "tools" / f"{tool}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    complete = folder / ".installed"  # a venv has its python before it has its packages
    if not complete.exists():
        say(f"installing {tool} (once) …")
        done = run([*UV, "venv", "--quiet", "--clear", "--python", sys.executable, folder])
        if not done.code:
            python = folder / "bin" / "python"
            done = run([*UV, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", lock])
        if done.code:
            needed = f"could not install {tool}, which is needed once, with a network"
            raise LakeError(
                f"{needed}; uv said:\n{done.words()}",
                "connect to the network, or set PIP_INDEX_URL to an index that is reached, then try again",
            )
        complete.touch()
    return folder / "bin" / name
