"""`./lake VERB …`: finds the verb's module and runs it."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Sequence
from typing import Protocol, cast

from local.console import fail
from local.errors import expected

VERBS = {
    "demo": (
        "demo",
        (
            "everything once: provision, sample data, ingestion, both jobs, results compared with what must"
            " come out"
        ),
    ),
    "test": ("checks", "ruff, mypy, import arrows and all tests"),
    "try": ("trial", "files through a domain's contract as it stands on disk, in seconds; keeps nothing"),
    "up": ("up", "provision the lakehouse on this laptop and keep it running"),
    "generate": ("generate", "write sample files of a domain"),
    "drop": ("drop", "upload files or folders into the raw bucket"),
    "run": ("run", "run a domain's pipeline and follow it"),
    "replay": ("replay", "judge quarantined files and rows of a domain again, after a fix"),
    "redrive": (
        "redrive",
        "after a mended cause: dead letters back to ingestion, and the newest failed run goes on",
    ),
    "rollback": ("rollback", "all tables of a domain as they were at a moment, after a bad run"),
    "drop-table": ("drop_table", "tables of the laptop's lake made anew from the files"),
    "migrate": (
        "migrate",
        "all tables of a domain in the laptop's lake made anew, as its contract says now",
    ),
    "status": ("status", "files, runs and lock of a domain, from the ledger"),
    "tables": ("tables", "the tables of silver and gold, their keys and rows"),
    "query": ("query", "SQL on silver and gold, in Athena's dialect"),
    "cost": ("cost", "what a month of an environment costs, line by line"),
    "synth": ("synth", "write the CloudFormation templates of all environments, offline"),
    "deploy": ("deploy", "an environment on AWS: deploy, compare, destroy, with the pinned CDK CLI"),
    "audit": ("audit", "checkov on all templates; with --packages what the product is made of"),
    "new": ("new", "a new domain's folder, in working form"),
    "infer": ("infer", "a new domain's folder, drafted from files; or what new files add to one"),
    "contract": ("contract", "check the data contracts; write their documentation"),
    "bench": ("bench", "run a benchmark"),
}


class Verb(Protocol):
    """A module of this package that is a verb."""

    EXAMPLE: str

    def configure(self, parser: argparse.ArgumentParser) -> None: ...

    def execute(self, arguments: argparse.Namespace) -> int: ...


def main(argv: Sequence[str]) -> int:
    """Runs one verb; without one it prints the help."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(help_text())
        return 0
    verb, *rest = argv
    if verb not in VERBS:
        fail(f"there is no verb {verb!r}\n\n{help_text()}")
        return 2
    return run(lambda: _executed(verb, rest))


def _executed(verb: str, words: Sequence[str]) -> int:
    """What a verb takes may depend on the project, so reading its arguments can go wrong like its work."""
    module = cast(Verb, importlib.import_module(f"cli.verbs.{VERBS[verb][0]}"))
    parser = argparse.ArgumentParser(
        prog=f"./lake {verb}",
        description=VERBS[verb][1],
        epilog=f"example:\n  {module.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.configure(parser)
    arguments, unknown = parser.parse_known_args(words)
    arguments.rest = unknown
    if unknown and not getattr(module, "PASSES_ARGUMENTS_ON", False):
        parser.error(f"unknown arguments: {' '.join(unknown)}")
    return module.execute(arguments)


def run(work: Callable[[], int]) -> int:
    """What is expected to go wrong is one message and exit code 1, anything else a bug with its traceback."""
    try:
        return work()
    except expected() as error:
        return fail(str(error))
    except KeyboardInterrupt:
        return fail("interrupted")


def help_text() -> str:
    verbs = "\n".join(f"  {verb:<12}{text}" for verb, (_, text) in VERBS.items())
    return (
        f"usage: ./lake VERB [options]\n\n{verbs}\n\n`./lake VERB --help` says more. Start with `./lake"
        " demo`."
    )
