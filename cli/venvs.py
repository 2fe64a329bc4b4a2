"""Python tools whose requirements contradict ours: each in a venv of its own below `.lake/tools`, installed
once.
"""

from __future__ import annotations

import venv
from pathlib import Path

from local.console import say
from local.errors import LakeError
from local.processes import run
from local.settings import HOME


def program(requirement: str, name: str) -> Path:
    """A program of a pinned requirement (`checkov==3.3.30`).

    Raises LakeError with pip's words when it cannot be installed.
    """
    folder = HOME / "tools" / requirement
    binary = folder / "bin" / name
    if not binary.exists():
        say(f"installing {requirement} (once) …")
        venv.create(folder, with_pip=True, clear=True)
        done = run([folder / "bin" / "pip", "install", "--quiet", requirement])
        if done.code:
            raise LakeError(
                f"could not install {requirement}, which is needed once, with a network; pip"
                f" said:\n{done.words()}"
            )
    return binary
