"""Other programs, run to their end with what they say kept."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LONGEST_MESSAGE = 1500


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code, its output and its errors."""

    code: int
    output: str
    errors: str

    def words(self, longest: int = LONGEST_MESSAGE) -> str:
        """The end of its errors, or of its output when it told none: where programs say what went wrong."""
        return (self.errors.strip() or self.output.strip())[-longest:]


def run(
    command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Ended:
    """`env`: the whole environment; None gives it ours. A program that fails raises nothing."""
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)
