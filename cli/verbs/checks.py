"""`./lake test`: every gate that needs no AWS account; the summary of pytest is the last line."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from local.console import fail, say
from local.processes import run
from local.settings import ROOT

NOTHING_FOUND = 5  # pytest's exit code
EXAMPLE = "./lake test --slow -k idempotent"
PASSES_ARGUMENTS_ON = True
BIN = Path(sys.executable).parent
STAGES = {
    "ruff check": [str(BIN / "ruff"), "check", "."],
    "ruff format": [str(BIN / "ruff"), "format", "--check", "."],
    "mypy --strict": [
        str(BIN / "mypy"),
        "--strict",
        "shared",
        "lambdas",
        "glue_scripts",
        "stacks",
        "local",
        "domains",
        "cli",
    ],
    "import arrows": [str(BIN / "lint-imports")],
    "contracts": [sys.executable, "-m", "cli", "contract", "lint"],
    "checkov": [sys.executable, "-m", "cli", "audit"],
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--slow", action="store_true", help="also scale and fault injection")
    parser.add_argument("--only-pytest", action="store_true", help="skip what comes before")
    parser.add_argument(
        "--write-golden",
        action="store_true",
        help="instead of all that: write the files that tests compare with, and say what changed in them",
    )


def execute(arguments: argparse.Namespace) -> int:
    stages = {} if arguments.only_pytest or arguments.write_golden else STAGES
    failed = [name for name, command in stages.items() if not _passes(name, command)]
    if failed:  # named before pytest, whose own summary stays the last line
        fail(f"failed so far: {', '.join(failed)}")
    codes = [_pytest(arguments, places) for places in _places(arguments.rest)]
    return max(codes) or (1 if failed else 0)


def _places(given: Sequence[str]) -> list[list[str]]:
    """What each call of pytest looks at: tests of the core have a project of their own, those of the domains
    the product's.
    """
    return [[]] if any(Path(arg.partition("::")[0]).exists() for arg in given) else [[], ["tests/domains"]]


def _pytest(arguments: argparse.Namespace, places: Sequence[str]) -> int:
    """Its exit code; to find nothing is no failure, for another call may have found what was chosen."""
    command = [sys.executable, "-m", "pytest", *_chosen(arguments), *arguments.rest, *places]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    return 0 if code == NOTHING_FOUND else code


def _chosen(arguments: argparse.Namespace) -> list[str]:
    if arguments.write_golden:
        return ["-m", "golden", "--write-golden"]
    return [] if arguments.slow else ["-m", "not slow"]


def _passes(name: str, command: list[str]) -> bool:
    began = time.monotonic()
    done = run(command, cwd=ROOT)
    passed = done.code == 0
    say(f"{name:<15}{'passed' if passed else 'FAILED'}  {time.monotonic() - began:5.1f} s")
    if not passed:
        fail(done.output + done.errors)
    return passed
