"""The shell script `lake`: what it needs, said before anything is installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "lake"


def started(tmp_path: Path, java_says: str) -> subprocess.CompletedProcess[str]:
    """`lake demo` of a copy of the script alone, with a Java that says this of itself and no Python: after the check of Java it ends."""
    (tmp_path / "lake").write_text(SCRIPT.read_text())
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "dirname", "sed", "head"):
        (tools / name).symlink_to(next(p for d in os.get_exec_path() if (p := Path(d) / name).exists()))
    java = tools / "java"
    java.write_text(f"#!/usr/bin/env bash\necho '{java_says}' >&2\n")
    java.chmod(0o755)
    command = ["/usr/bin/env", "bash", str(tmp_path / "lake"), "demo"]
    return subprocess.run(command, env={"PATH": str(tools)}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("version", "found"), [("1.8.0_402", "1"), ("11.0.22", "11"), ("23.0.1", "23"), ("25.0.1", "25")]
)
def test_a_java_that_spark_does_not_run_on_is_refused(tmp_path: Path, version: str, found: str) -> None:
    done = started(tmp_path, f'openjdk version "{version}" 2025-10-21')
    assert done.returncode == 1
    assert f"Java 17 to 22 is missing (found: {found})" in done.stderr


@pytest.mark.parametrize("version", ["17.0.15", "21.0.5", "22"])
def test_other_versions_are_not(tmp_path: Path, version: str) -> None:
    assert started(tmp_path, f'openjdk version "{version}" 2025-04-15').stderr.startswith(
        "Python 3.11, 3.12 or 3.13 with venv is missing"
    )
