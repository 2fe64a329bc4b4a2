"""`./lake contract`: checks of contracts, their documentation, and the record of what was released."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cli import data_model
from cli.options import add_json
from cli.venvs import program
from local.console import fail, say, write_json
from local.errors import LakeError, with_step
from local.processes import run
from shared.contracts import contract, domains
from shared.contracts.load import CONTRACT
from shared.contracts.released import forget, record, released, released_domains, shapes
from shared.project import PRODUCT, domains_folder, project_folder, shown

EXAMPLE = "./lake contract lint"
ACTIONS = (
    "lint: check, against the standard's schema and ours; docs: write docs/reference/data-model/, one page"
    " for each domain; release: record the tables as released, before they are deployed and migrated; test:"
    " the tests beside gold's SQL, gold/*.test.yaml, on DuckDB"
)
LINTER = "datacontract"  # in a venv of its own: its dependencies contradict ours

RESULT = {
    "wrong": "lint: what is wrong, with file and line",
    "hints": "lint: what may be better",
    "written": "docs: the pages",
    "released": "release: by domain the tables that changed since the release before",
    "passed": "test: how many tests passed",
    "failed": "test: those that did not, with what differs",
    "untested": "test: gold tables with SQL and no test",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("lint", "docs", "release", "test"), help=ACTIONS)
    parser.add_argument(
        "domain",
        nargs="?",
        choices=sorted({*domains(), *released_domains()}),
        help="release, test: one domain; all without it",
    )
    parser.add_argument(
        "--datacontract",
        action="store_true",
        help="lint: also by the Data Contract CLI, which is installed once",
    )
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    if arguments.action == "docs":
        written = data_model.write(_pages())
        say(f"written: {len(written)} pages in {written[0].parent}")
        write_json(arguments.json, {"written": written})
        return 0
    if arguments.action == "release":
        chosen = [arguments.domain] if arguments.domain else sorted({*domains(), *released_domains()})
        write_json(arguments.json, {"released": _release(chosen)})
        return 0
    if arguments.action == "test":
        return _test([arguments.domain] if arguments.domain else domains(), arguments.json)
    wrong, hints = _lint(arguments.datacontract)
    write_json(arguments.json, {"wrong": wrong, "hints": hints})
    if not wrong:
        return 0
    return fail(with_step("\n".join(wrong), "mend these, then ./lake contract lint"))


def _test(chosen: Sequence[str], target: Path | None) -> int:
    from cli.gold_tests import outcome  # slow to import, and not needed by the other actions

    began = time.monotonic()
    found = outcome([contract(d) for d in chosen if d in domains()])
    write_json(target, asdict(found))
    spent = f"{1000 * (time.monotonic() - began):.0f} ms"
    if found.untested:
        say(f"no test beside {', '.join(found.untested)}")
    if not found.failed:
        say(f"{found.passed} tests of gold passed in {spent}")
        return 0
    said = "\n".join(
        (*found.failed, f"{len(found.failed)} of {found.passed + len(found.failed)} tests failed")
    )
    return fail(with_step(said, "mend the SQL or the test, then ./lake contract test"))


def _pages() -> Path:
    """Where the data model is written: a company's is with its own files."""
    own = project_folder()
    return data_model.FOLDER if own == PRODUCT else own / "docs" / "data-model"


def _lint(with_datacontract: bool) -> tuple[list[str], list[str]]:
    """What is wrong with every domain's files, not only with the first; and hints, which fail nothing."""
    from cli.lint.domain import findings  # slow to import, and not needed by the other actions

    if not domains():
        raise LakeError(
            f"{domains_folder()} holds no domain, a folder with a contract.odcs.yaml",
            "./lake new NAME writes one",
        )
    wrong: list[str] = []
    hints: list[str] = []
    for domain in domains():
        found = findings(domain)
        hints += [str(f) for f in found if f.hint]
        refused = [str(f) for f in found if not f.hint]
        wrong += refused
        if not refused:
            each = contract(domain)
            for hint in found:
                say(str(hint))
            say(f"{domain}: {len(each.datasets)} datasets, {len(each.tables)} tables: right")
    if with_datacontract and not wrong:
        wrong = _refused_by_datacontract()
    return wrong, hints


def _refused_by_datacontract() -> list[str]:
    linter, wrong = program(LINTER, "datacontract"), []
    for path in sorted(domains_folder().glob(f"*/{CONTRACT}")):
        done = run([linter, "lint", path])
        say(f"{shown(path)}: datacontract lint {'failed' if done.code else 'passed'}")
        wrong += [done.output + done.errors] if done.code else []
    return wrong


def _release(chosen: Sequence[str]) -> dict[str, list[str]]:
    """Records what the contracts say as released, and says what that changes: the tables, by domain."""
    changes_of: dict[str, list[str]] = {}
    for domain in chosen:
        old = released(domain)
        new = shapes(contract(domain)) if domain in domains() else {}
        changed = sorted(t for t in old.keys() | new.keys() if old.get(t) != new.get(t))
        changes_of[domain] = changed
        changes = ", ".join(
            f"{t} ({'new' if t not in old else 'removed' if t not in new else 'changed'})" for t in changed
        )
        path = record(contract(domain)) if new else forget(domain)
        say(
            f"{domain}: {changes or 'as released before'}; record: {shown(path)}{'' if new else ' (deleted)'}"
        )
    return changes_of
