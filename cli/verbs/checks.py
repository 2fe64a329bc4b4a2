"""`./lake test`: every gate that needs no AWS account; the summary of pytest is the last line."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from local.console import fail, say
from local.processes import run
from local.settings import ROOT
from shared.project import project_folder

NOTHING_FOUND = 5  # pytest's exit code
EXAMPLE = "./lake test --slow -k idempotent"
PASSES_ARGUMENTS_ON = True
BIN = Path(sys.executable).parent
PACKAGES = ("shared", "lambdas", "glue_scripts", "stacks", "local", "domains", "cli")
DOMAINS = "tests/domains"  # they see the project, the others one of their own: two calls of pytest
# For tests that lie in a project's own folders.
FIXTURES = ("-p", "tests.support.spark", "-c", "pyproject.toml", "--rootdir", ".")


def stages(own: Path, *, slow: bool) -> dict[str, list[str]]:
    """Name → command of each gate before the tests: of the product, or of a project apart."""
    ruff, mypy = str(BIN / "ruff"), [str(BIN / "mypy"), "--strict"]
    second = ["--datacontract"] if slow else []
    contracts = {"contracts": [sys.executable, "-m", "cli", "contract", "lint", *second]}
    if own != ROOT:
        code = str(own / "domains")
        return {
            "ruff check": [ruff, "check", "--config", "pyproject.toml", code],
            "mypy --strict": [*mypy, code],
            **contracts,
            "synth": [sys.executable, "-m", "cli", "synth", "--out", str(own / ".lake" / "cdk.out")],
        }
    return {
        "ruff check": [ruff, "check", "."],
        "ruff format": [ruff, "format", "--check", "."],
        "mypy --strict": [*mypy, *PACKAGES],
        "import arrows": [str(BIN / "lint-imports")],
        **contracts,
        "checkov": [sys.executable, "-m", "cli", "audit"],
    }


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--slow", action="store_true", help="also scale, fault injection and a second linter")
    parser.add_argument("--only-pytest", action="store_true", help="skip what comes before")


def execute(arguments: argparse.Namespace) -> int:
    gates = {} if arguments.only_pytest else stages(project_folder(), slow=arguments.slow)
    failed = [name for name, command in gates.items() if not _passes(name, command)]
    if failed:  # named before pytest, whose own summary stays the last line
        fail(f"failed so far: {', '.join(failed)}")
    codes = [_pytest(arguments, places) for places in _places(arguments.rest, project_folder())]
    return max(codes) or (1 if failed else 0)


def _places(given: Sequence[str], own: Path) -> list[list[str]]:
    """What each call of pytest looks at, beside its options."""
    if any(Path(arg.partition("::")[0]).exists() for arg in given):
        return [[]]
    if own == ROOT:
        return [[], [DOMAINS]]
    tests = [*own.glob("domains/*/tests"), *own.glob("tests")]
    return [[DOMAINS], *([[*FIXTURES, *map(str, tests)]] if tests else [])]


def _pytest(arguments: argparse.Namespace, places: Sequence[str]) -> int:
    """Its exit code; to find nothing is no failure, for another call may have found what was chosen."""
    chosen = [] if arguments.slow else ["-m", "not slow"]
    command = [sys.executable, "-m", "pytest", *chosen, *arguments.rest, *places]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # tests of a project find the product
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    return 0 if code == NOTHING_FOUND else code


def _passes(name: str, command: list[str]) -> bool:
    began = time.monotonic()
    done = run(command, cwd=ROOT)
    passed = done.code == 0
    say(f"{name:<15}{'passed' if passed else 'FAILED'}  {time.monotonic() - began:5.1f} s")
    if not passed:
        fail(done.output + done.errors)
    return passed
