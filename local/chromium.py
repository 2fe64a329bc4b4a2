"""Debian's chromium, in which the console is tested: no browser of ours is downloaded."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from local.console import say
from local.processes import run

NAMES = ("chromium", "chromium-browser", "google-chrome")
WITHOUT = "no chromium: apt-get install chromium"


def chromium() -> Path | None:
    """The browser of this machine; None where there is none."""
    return next((Path(found) for name in NAMES if (found := shutil.which(name))), None)


def install_chromium() -> None:
    """By apt, where that may be done; elsewhere nothing happens, and what needs it says so."""
    if chromium() or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    say("installing chromium (once) …")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update"],
        ["apt-get", "install", "-y", "--no-install-recommends", "chromium"],
    ):
        done = run(command, env=environment)
        if done.code:
            say(
                f"chromium could not be installed, so what needs it is skipped; apt-get said:\n{done.words()}"
            )
            return
