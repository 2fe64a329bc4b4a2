"""`./lake try`: files through ingestion, silver and gold of a contract as it stands on disk, in seconds."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.options import add_domain, add_json, path
from cli.trial import placing
from cli.wording import counted
from local import laptop
from local.console import fail, say, write_json
from local.errors import LakeError, expected, told, with_step
from shared.contracts import Contract, contract
from shared.contracts.load import examined_domain
from shared.contracts.questions import open_questions

if TYPE_CHECKING:
    from cli.trial.lake import Engine

EXAMPLE = "./lake try ecommerce ~/Downloads/orders.csv --dataset transactions --watch"
RESULT = {
    "domain": "with ok, seconds, files, datasets, failures and the rest: docs/howto/try.md",
}
FEW_BYTES = 64 * 2**20  # of files whose plans are better interpreted than compiled


class ContractProblemsError(LakeError):
    """The contract as it stands on disk cannot be used."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_domain(parser)
    parser.add_argument("files", nargs="+", type=path, metavar="FILE", help="files or folders")
    parser.add_argument(
        "--dataset",
        help=(
            "what the files are; without it the dataset that their folder is called after, the domain's only"
            " one, or the one that knows most of their columns"
        ),
    )
    parser.add_argument("--no-gold", action="store_true", help="ingestion and silver alone")
    parser.add_argument(
        "--watch", action="store_true", help="stay, and try again when contract, transforms or files change"
    )
    parser.add_argument("--out", type=path, metavar="DIR", help="also write every table there, as Parquet")
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Exit code 1 where a step failed or a finding is red, such as a dataset of which no record is left."""
    laptop.require_java()
    began = time.monotonic()
    files, _ = _placed(arguments)  # what is wrong with the arguments is said before anything starts
    # Not above: `./lake try --help` needs no Spark.
    from cli.trial.lake import engine

    say(f"trying {counted(len(files), 'file')} with the contract of {arguments.domain} …")
    # Whoever ends it otherwise than by Ctrl-C leaves nothing running either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    size = sum(f.source.stat().st_size for f in files)
    with engine(few_rows=size <= FEW_BYTES) as running:
        return _watch(running, arguments) if arguments.watch else _round(running, arguments, began)


def _watch(running: Engine, arguments: argparse.Namespace) -> int:
    """Tries again and again until Ctrl-C; the exit code is the last trial's."""
    from cli.trial.watching import forget, stamps, wait_for_change, watched

    places = watched(arguments.domain, arguments.files)
    code = 0
    while True:
        began, before = time.monotonic(), stamps(places)
        try:
            code = _round(running, arguments, began)
        except expected() as error:
            text, do = told(error)
            code = fail(with_step(text, do))
            # nobody shall take the answer before for this one
            write_json(
                arguments.json,
                {"domain": arguments.domain, "ok": False, "failures": {"try": with_step(text, do)}},
            )
        say("waiting for a change of contract, transforms or files; Ctrl-C ends")
        try:
            changed = wait_for_change(places, before)
        except KeyboardInterrupt:
            return code
        say(f"changed: {', '.join(p.name for p in changed[:5])}")
        forget(arguments.domain)
        running.forget_workers()


def _round(running: Engine, arguments: argparse.Namespace, began: float) -> int:
    from cli.trial.findings import findings, write_tables
    from cli.trial.shown import show
    from cli.trial.steps import tried

    files, left = _placed(arguments)
    _warn_of_questions(arguments.domain)
    trial = tried(running, contract(arguments.domain), files, gold=not arguments.no_gold)
    report = findings(trial, left)
    seconds = time.monotonic() - began
    show(report)
    write_json(
        arguments.json,
        {**report.document(), "seconds": round(seconds, 1)},
    )
    if arguments.out:
        say(f"{len(write_tables(trial, arguments.out))} tables written to {arguments.out}")
    running.forget_objects(trial.lake)
    say(f"tried in {seconds:.1f} s; nothing was kept")
    return 1 if report.failed else 0


def _placed(
    arguments: argparse.Namespace,
) -> tuple[Sequence[placing.Placed], Sequence[placing.Unplaced]]:
    return placing.placed(arguments.files, _agreed(arguments.domain), arguments.dataset)


def _agreed(domain: str) -> Contract:
    """The contract. Raises ContractProblemsError with all that is wrong with it at once."""
    if examined_domain(domain).errors:
        from cli.lint.domain import contract_findings  # slow to import, and seldom needed

        raise ContractProblemsError(
            "\n".join(map(str, contract_findings(domain))),
            "mend the contract, then give the same command again",
        )
    return contract(domain)


def _warn_of_questions(domain: str) -> None:
    """A draft may be tried as it is; drop, run and deploy refuse it."""
    for question in open_questions(domain):
        say(f"warning: {question}")
