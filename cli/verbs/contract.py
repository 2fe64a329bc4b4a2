"""`./lake contract`: our own checks, then those of the standard."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cli import data_model
from cli.venvs import program
from local.console import fail, say
from local.processes import run
from shared.contracts import contract, contracts, domains
from shared.contracts.load import CONTRACT
from shared.contracts.released import forget, record, released, released_domains, shapes
from shared.project import domains_folder, shown

EXAMPLE = "./lake contract lint"
ACTIONS = (
    "lint: check; docs: write docs/reference/data-model/, one page for each domain; "
    "release: record the tables as released, once their migration has run"
)
LINTER = "datacontract-cli==1.2.8"  # in a venv of its own: its dependencies contradict ours


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("lint", "docs", "release"), help=ACTIONS)
    parser.add_argument(
        "domain",
        nargs="?",
        choices=sorted({*domains(), *released_domains()}),
        help="release: one domain; all without it",
    )


def execute(arguments: argparse.Namespace) -> int:
    if arguments.action == "docs":
        written = data_model.write()
        say(f"written: {len(written)} pages in {written[0].parent}")
        return 0
    if arguments.action == "release":
        return _release([arguments.domain] if arguments.domain else sorted({*domains(), *released_domains()}))
    for each in contracts():
        say(f"{each.domain}: {len(each.datasets)} datasets, {len(each.tables)} tables: right")
    linter, wrong = program(LINTER, "datacontract"), []
    for path in sorted(domains_folder().glob(f"*/{CONTRACT}")):
        done = run([linter, "lint", path])
        say(f"{shown(path)}: datacontract lint {'failed' if done.code else 'passed'}")
        wrong += [done.output + done.errors] if done.code else []
    return fail("\n".join(wrong)) if wrong else 0


def _release(chosen: Sequence[str]) -> int:
    """Records what the contracts say as released, and says what that changes."""
    for domain in chosen:
        old = released(domain)
        new = shapes(contract(domain)) if domain in domains() else {}
        changed = sorted(t for t in old.keys() | new.keys() if old.get(t) != new.get(t))
        told = ", ".join(
            f"{t} ({'new' if t not in old else 'removed' if t not in new else 'changed'})" for t in changed
        )
        path = record(contract(domain)) if new else forget(domain)
        say(f"{domain}: {told or 'as released before'}; record: {shown(path)}{'' if new else ' (deleted)'}")
    return 0
