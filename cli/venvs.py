"""Python tools whose requirements contradict ours: each in a venv of its own below `.lake/tools`, installed
once.
"""

from __future__ import annotations

import sys
from pathlib import Path

from local.console import say
from local.errors import LakeError
from local.processes import run
from local.settings import HOME

UV = (sys.executable, "-m", "uv")


def program(requirement: str, name: str) -> Path:
    """A program of a pinned requirement (`checkov==3.3.30`).

    Raises LakeError with uv's words where it cannot be had.
    """
    folder = HOME / "tools" / requirement
    binary = folder / "bin" / name
    if not binary.exists():
        say(f"installing {requirement} (once) …")
        done = run([*UV, "venv", "--quiet", "--clear", "--python", sys.executable, folder])
        if not done.code:
            done = run([*UV, "pip", "install", "--quiet", "--python", folder / "bin" / "python", requirement])
        if done.code:
            needed = f"could not install {requirement}, which is needed once, with a network"
            raise LakeError(f"{needed}; uv said:\n{done.words()}")
    return binary
