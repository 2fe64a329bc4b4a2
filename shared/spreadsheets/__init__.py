"""A sheet of a workbook (xlsx, ods) as delimited text, made in a process of its own: what the reader cannot
hold ends that process and gives the file its reason, never the function.

Nothing of the product is imported here that imports more: the process must start at once and stay small.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MODULE = "shared.spreadsheets.sheet"
NOT_HELD = "needs more memory than there is for it"


@dataclass(frozen=True)
class Failure:
    """Why there is no text: `encrypted`, `unknown_sheet`, `corrupt_spreadsheet` or `too_large`."""

    reason: str
    detail: str


def readable() -> bool:
    """Whether workbooks can be read here: the ingest function can, Glue cannot (its packages are fixed)."""
    return importlib.util.find_spec("python_calamine") is not None


def write_text(workbook: Path, sheet: str | None, text: Path, memory: int, seconds: float) -> Failure | None:
    """Writes the sheet as comma-separated UTF-8, a line for every row of the sheet; the first sheet where
    none is named and there is no other.

    `memory`: bytes, `seconds`: of this process; beyond them it is too large.
    """
    command = [sys.executable, "-m", MODULE, str(workbook), str(text), sheet or "", str(memory)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return Failure("too_large", "the sheet takes longer to read than there is time")
    if done.returncode:
        memory_ended = done.returncode < 0 or "MemoryError" in done.stderr
        if not memory_ended:
            raise RuntimeError(f"{MODULE} ended with {done.returncode}: {done.stderr[-2000:]}")
        return Failure("too_large", f"the sheet {NOT_HELD}; split it, or save it as CSV")
    told = json.loads(done.stdout)
    return Failure(**told) if told else None
