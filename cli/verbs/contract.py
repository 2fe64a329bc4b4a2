"""`./lake contract`: checks of contracts, their documentation, and the record of what was released."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from cli import data_model
from cli.venvs import program
from local.console import fail, say
from local.processes import run
from shared.contracts import contract, domains
from shared.contracts.load import CONTRACT
from shared.contracts.released import forget, record, released, released_domains, shapes
from shared.project import PRODUCT, domains_folder, project_folder, shown

EXAMPLE = "./lake contract lint"
ACTIONS = (
    "lint: check, against the standard's schema and ours; docs: write docs/reference/data-model/, one page"
    " for each domain; release: record the tables as released, once their migration has run"
)
LINTER = "datacontract"  # in a venv of its own: its dependencies contradict ours


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("lint", "docs", "release"), help=ACTIONS)
    parser.add_argument(
        "domain",
        nargs="?",
        choices=sorted({*domains(), *released_domains()}),
        help="release: one domain; all without it",
    )
    parser.add_argument(
        "--datacontract",
        action="store_true",
        help="lint: also by the Data Contract CLI, which is installed once",
    )


def execute(arguments: argparse.Namespace) -> int:
    if arguments.action == "docs":
        written = data_model.write(_pages())
        say(f"written: {len(written)} pages in {written[0].parent}")
        return 0
    if arguments.action == "release":
        return _release([arguments.domain] if arguments.domain else sorted({*domains(), *released_domains()}))
    return _lint(arguments.datacontract)


def _pages() -> Path:
    """Where the data model is written: a company's is with its own files."""
    own = project_folder()
    return data_model.FOLDER if own == PRODUCT else own / "docs" / "data-model"


def _lint(with_datacontract: bool) -> int:
    """Says what is wrong with every domain's files, not only with the first; hints fail nothing."""
    from cli.lint.domain import findings  # slow to import, and not needed by the other actions

    if not domains():
        return fail(
            f"{domains_folder()} holds no domain, a folder with a contract.odcs.yaml; `./lake new NAME`"
            " writes one"
        )
    wrong: list[str] = []
    for domain in domains():
        found = findings(domain)
        refused = [str(f) for f in found if not f.hint]
        wrong += refused
        if not refused:
            each = contract(domain)
            for hint in found:
                say(str(hint))
            say(f"{domain}: {len(each.datasets)} datasets, {len(each.tables)} tables: right")
    if with_datacontract and not wrong:
        wrong = _refused_by_datacontract()
    return fail("\n".join(wrong)) if wrong else 0


def _refused_by_datacontract() -> list[str]:
    linter, wrong = program(LINTER, "datacontract"), []
    for path in sorted(domains_folder().glob(f"*/{CONTRACT}")):
        done = run([linter, "lint", path])
        say(f"{shown(path)}: datacontract lint {'failed' if done.code else 'passed'}")
        wrong += [done.output + done.errors] if done.code else []
    return wrong


def _release(chosen: Sequence[str]) -> int:
    """Records what the contracts say as released, and says what that changes."""
    for domain in chosen:
        old = released(domain)
        new = shapes(contract(domain)) if domain in domains() else {}
        changed = sorted(t for t in old.keys() | new.keys() if old.get(t) != new.get(t))
        changes = ", ".join(
            f"{t} ({'new' if t not in old else 'removed' if t not in new else 'changed'})" for t in changed
        )
        path = record(contract(domain)) if new else forget(domain)
        say(
            f"{domain}: {changes or 'as released before'}; record: {shown(path)}{'' if new else ' (deleted)'}"
        )
    return 0
