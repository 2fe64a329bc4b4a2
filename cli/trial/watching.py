"""Whether something changed that a trial rests on: the domain's folder, or the files that are tried."""

from __future__ import annotations

import importlib
import stat
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from shared.contracts.load import reread
from shared.project import domain_folder
from shared.values import compiled

POLL_SECONDS = 0.2
SETTLED_SECONDS = 0.3  # editors write a file in several steps
Stamps = Mapping[Path, tuple[int, int]]


def stamps(paths: Iterable[Path]) -> Stamps:
    """Time and size of every file below the paths; what is gone meanwhile has none."""
    found = dict[Path, tuple[int, int]]()
    for path in paths:
        for file in [path, *sorted(path.rglob("*"))] if path.is_dir() else [path]:
            try:  # an editor's temporary file may be gone since it was listed
                state = file.stat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(state.st_mode) and "__pycache__" not in file.parts:
                found[file] = (state.st_mtime_ns, state.st_size)
    return found


def wait_for_change(paths: Iterable[Path], before: Stamps) -> list[Path]:
    """Blocks until files below the paths differ from before and stay as they are; gives these."""
    watched = list(paths)
    while (now := stamps(watched)) == before:
        time.sleep(POLL_SECONDS)
    while True:
        time.sleep(SETTLED_SECONDS)
        if (later := stamps(watched)) == now:
            break
        now = later
    return sorted(p for p in now.keys() | before.keys() if now.get(p) != before.get(p))


def forget(domain: str) -> None:
    """The next look at the domain's contract and code is at the files as they are then."""
    reread()
    compiled.cache_clear()  # a plan has the spellings that the domain registered when it was made
    importlib.invalidate_caches()
    prefix = f"domains.{domain}"
    for name in [n for n in sys.modules if n == prefix or n.startswith(f"{prefix}.")]:
        del sys.modules[name]


def watched(domain: str, files: Iterable[Path]) -> list[Path]:
    return [domain_folder(domain), *files]
