"""`./lake test`: every gate that needs no AWS account; its last line is one summary in pytest's form."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cli.test_totals import Call, closing_line, failures
from local.chromium import install_chromium
from local.console import fail, say
from local.processes import run
from local.settings import ROOT
from shared.project import project_folder

SIDE_BY_SIDE = 2  # gates; more would wait for each other on a laptop
EXAMPLE = "./lake test --slow -k idempotent"
PASSES_ARGUMENTS_ON = True
BIN = Path(sys.executable).parent
PACKAGES = ("shared", "lambdas", "glue_scripts", "stacks", "local", "domains", "cli")
QUICK = ("tests/unit", "tests/stack", "tests/pipeline")
ENGINE = "tests/engine"
CONSOLE = "tests/console"
FIELD = "tests/field"  # a project of its own, too
DOMAINS = "tests/domains"  # they see the project, the others one of their own
# For tests that lie in a project's own folders.
FIXTURES = ("-p", "tests.support.spark", "-c", "pyproject.toml", "--rootdir", ".")


def stages(own: Path, *, slow: bool) -> dict[str, list[str]]:
    """Name → command of each gate before the tests: of the product, or of a project apart."""
    ruff, mypy = str(BIN / "ruff"), [str(BIN / "mypy"), "--strict"]
    second = ["--datacontract"] if slow else []
    contracts = {
        "contracts": [sys.executable, "-m", "cli", "contract", "lint", *second],
        "gold on DuckDB": [sys.executable, "-m", "cli", "contract", "test"],
    }
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
    parser.add_argument(
        "--write-golden",
        action="store_true",
        help="instead of all that: write the files that tests compare with, and say what changed in them",
    )


def execute(arguments: argparse.Namespace) -> int:
    """What failed is named at the end, before one closing line for all tests."""
    began = time.monotonic()
    skipped = arguments.only_pytest or arguments.write_golden
    gates = {} if skipped else stages(project_folder(), slow=arguments.slow)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        passed = list(pool.map(_passes, gates, gates.values()))
    failed = [name for name, fine in zip(gates, passed, strict=True) if not fine]
    install_chromium()  # the tests of the console are skipped without
    calls = _calls(arguments)
    for line in (*(f"FAILED gate: {name}; what it said is above" for name in failed), *failures(calls)):
        print(line)
    print(closing_line(calls, len(failed), time.monotonic() - began))
    return max([1 if failed else 0, *(0 if call.passed else call.code for call in calls)])


def _calls(arguments: argparse.Namespace) -> list[Call]:
    """All calls of pytest, ended.

    The first is seen as it goes. The others run beside it, one after the other, and are shown when it has
    ended.
    """
    places = _places(arguments.rest, project_folder())
    if arguments.write_golden and project_folder() != ROOT:
        places = [[DOMAINS]]  # a company's own tests have none
    first, *others = places
    with ThreadPoolExecutor(1) as beside:
        behind = [beside.submit(_call, arguments, place) for place in others]
        calls = [_call(arguments, first, shown=True)]
        for waiting in behind:
            calls.append(waiting.result())
            print(calls[-1].output, end="", flush=True)
    return calls


def _call(arguments: argparse.Namespace, places: Sequence[str], *, shown: bool = False) -> Call:
    """A call of pytest; `shown` as it goes."""
    command, said = _pytest(arguments, places), bytearray()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        while part := os.read(process.stdout.fileno(), 1 << 16):
            said += part
            if shown:
                sys.stdout.buffer.write(part)
                sys.stdout.buffer.flush()
    return Call(" ".join(places) or "tests", process.returncode, said.decode(errors="replace"))


def _places(given: Sequence[str], own: Path) -> list[list[str]]:
    """What each call of pytest looks at, beside its options."""
    if any(Path(arg.partition("::")[0]).exists() for arg in given):
        return [[] if own == ROOT else [*FIXTURES]]
    if own == ROOT:
        return [[*QUICK], [ENGINE, CONSOLE], [FIELD], [DOMAINS]]  # those behind start a Spark each, in turn
    tests = [*own.glob("domains/*/tests"), *own.glob("tests")]
    return [[DOMAINS], *([[*FIXTURES, *map(str, tests)]] if tests else [])]


def _pytest(arguments: argparse.Namespace, places: Sequence[str]) -> list[str]:
    """A call; one that finds nothing of what was chosen is no failure, for another may have."""
    return [sys.executable, "-m", "pytest", *_chosen(arguments), *arguments.rest, *places]


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
