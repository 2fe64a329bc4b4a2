"""`./lake contract`: our own checks, then those of the standard."""

from __future__ import annotations

import argparse
import subprocess
import venv
from pathlib import Path

from local import data_model
from local.console import fail, say
from local.errors import LakeError
from local.settings import HOME, ROOT
from shared.contracts import contracts

EXAMPLE = "./lake contract lint"
LINTER = "datacontract-cli==1.2.8"  # in a venv of its own: its dependencies contradict ours


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("lint", "docs"), help="lint: check; docs: write docs/data-model.md")


def execute(arguments: argparse.Namespace) -> int:
    if arguments.action == "docs":
        say(f"written: {data_model.write()}")
        return 0
    for contract in contracts():
        say(f"{contract.domain}: {len(contract.datasets)} datasets, {len(contract.tables)} tables: right")
    linter, wrong = _linter(), []
    for path in sorted((ROOT / "shared" / "contracts").glob("*.odcs.yaml")):
        done = subprocess.run([str(linter), "lint", str(path)], capture_output=True, text=True, check=False)
        say(f"{path.name}: datacontract lint {'passed' if done.returncode == 0 else 'failed'}")
        wrong += [done.stdout + done.stderr] if done.returncode else []
    return fail("\n".join(wrong)) if wrong else 0


def _linter() -> Path:
    """The linter of the standard, installed once."""
    home = HOME / "tools" / LINTER
    program = home / "bin" / "datacontract"
    if not program.exists():
        say(f"installing {LINTER} (once) …")
        venv.create(home, with_pip=True, clear=True)
        install = [str(home / "bin" / "pip"), "install", "--quiet", LINTER]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LakeError(f"could not install {LINTER}, which is needed once, with a network; pip said:\n{done.stderr[-1500:]}")
    return program
