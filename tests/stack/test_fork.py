"""A company's copy: three shipped domains removed, one scaffolded. Every gate of the core still holds in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PACKAGES = ("shared", "lambdas", "glue_scripts", "stacks", "local", "domains", "cli")


@pytest.fixture(scope="module")
def fork(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy: Path = tmp_path_factory.mktemp("fork") / "company"
    # The cache of mypy, which judges files by time and size, spares it the work of the stage before.
    left_out = shutil.ignore_patterns(".git", ".venv", ".lake", "__pycache__", "cdk.out")
    shutil.copytree(ROOT, copy, ignore=left_out)
    shipped = sorted(p.parent for p in (copy / "domains").glob("*/contract.odcs.yaml"))
    if not shipped or (copy / "domains" / "bookings").exists():
        pytest.skip("this is such a copy already")
    for folder in shipped[1:]:
        shutil.rmtree(folder)
    passes(copy, sys.executable, "-m", "cli", "new", "bookings")
    kept = sorted(p.parent.name for p in (copy / "domains").glob("*/contract.odcs.yaml"))
    assert kept == sorted({*(p.name for p in shipped[:1]), "bookings"})
    return copy


def passes(fork: Path, *command: str | Path) -> str:
    """What a command said in the copy, where it must end well."""
    outer = {k: v for k, v in os.environ.items() if k not in ("LAKE_PROJECT", "PYTHONPATH", "PYTEST_ADDOPTS")}
    done = subprocess.run(command, cwd=fork, env=outer, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout + done.stderr


def test_its_code_is_clean_and_typed_and_its_arrows_hold(fork: Path) -> None:
    passes(fork, BIN / "ruff", "check", ".")
    passes(fork, BIN / "ruff", "format", "--check", ".")
    passes(fork, BIN / "mypy", "--strict", *PACKAGES)
    passes(fork, BIN / "lint-imports")


def test_its_contracts_are_right_and_its_environments_synthesize(fork: Path, tmp_path: Path) -> None:
    assert "bookings: 1 datasets, 2 tables" in passes(fork, sys.executable, "-m", "cli", "contract", "lint")
    passes(fork, sys.executable, "-m", "cli", "synth", "--out", tmp_path)
    environments = tomllib.loads((ROOT / "environments.toml").read_text("utf-8"))
    assert {p.name for p in tmp_path.glob("assembly-*")} == {f"assembly-{env}" for env in environments}
    templates = "".join(p.read_text() for p in tmp_path.rglob("*.template.json"))
    kept = {p.name for p in (fork / "domains").iterdir() if (p / "contract.odcs.yaml").exists()}
    gone = {p.parent.name for p in (ROOT / "domains").glob("*/contract.odcs.yaml")} - kept
    assert "-bookings-silver-to-gold" in templates
    assert [domain for domain in gone if f"-{domain}-silver-to-gold" in templates] == []


def test_its_tests_are_all_found(fork: Path) -> None:
    """That none fails to import; the slow test runs them."""
    found = passes(fork, sys.executable, "-m", "pytest", "--collect-only", "-q")
    assert "tests/unit/test_zones.py::" in found
    of_domains = passes(fork, sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/domains")
    assert "tests/domains/test_domains.py::" in of_domains
    for folder in (ROOT / "tests" / "domains").glob("*/test_*.py"):
        domain = folder.parent.name
        assert (f"tests/domains/{domain}/" in of_domains) == (fork / "domains" / domain).exists()


@pytest.mark.slow
def test_its_unit_and_stack_tests_pass(fork: Path) -> None:
    places = ("tests/unit", "tests/stack")
    passes(
        fork,
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "not slow",
        "--deselect",
        "tests/stack/test_fork.py",
        *places,
    )
    passes(
        fork,
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "tests/domains/test_domains.py",
        "tests/domains/test_reports.py",
    )
