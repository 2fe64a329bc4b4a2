"""`./lake test`: every gate that needs no AWS account; the summary of pytest is the last line."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from local.console import fail, say
from local.processes import run
from local.settings import ROOT

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

SLOW_STAGES = {  # in the place of those of the same name
    "contracts": [*STAGES["contracts"], "--datacontract"],
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--slow", action="store_true", help="also scale, fault injection and a second linter")
    parser.add_argument("--only-pytest", action="store_true", help="skip what comes before")


def execute(arguments: argparse.Namespace) -> int:
    stages = {} if arguments.only_pytest else STAGES | (SLOW_STAGES if arguments.slow else {})
    failed = [name for name, command in stages.items() if not _passes(name, command)]
    if failed:  # named before pytest, whose own summary stays the last line
        fail(f"failed so far: {', '.join(failed)}")
    command = [
        sys.executable,
        "-m",
        "pytest",
        *([] if arguments.slow else ["-m", "not slow"]),
        *arguments.rest,
    ]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    return code or (1 if failed else 0)


def _passes(name: str, command: list[str]) -> bool:
    began = time.monotonic()
    done = run(command, cwd=ROOT)
    passed = done.code == 0
    say(f"{name:<15}{'passed' if passed else 'FAILED'}  {time.monotonic() - began:5.1f} s")
    if not passed:
        fail(done.output + done.errors)
    return passed
