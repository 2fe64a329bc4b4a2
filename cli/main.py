"""`./lake VERB …`: finds the verb's module and runs it."""

from __future__ import annotations

import argparse
import difflib
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, Protocol, cast

from cli.exits import Exit
from local.console import fail, only_json_on_stdout, write_json
from local.errors import expected, told, with_step

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
    "forget": ("forget", "a person erased from a domain: files, tables, old versions; with a receipt"),
    "drop-table": ("drop_table", "tables of the laptop's lake made anew from the files"),
    "migrate": (
        "migrate",
        "a domain's tables made what its contract says: a plan, with --yes the deed; on the laptop all anew",
    ),
    "status": ("status", "files, runs and lock of a domain, from the ledger"),
    "console": ("console", "the lake in a browser on this machine: files, runs and what needs attention"),
    "tables": ("tables", "the tables of silver and gold, their keys and rows"),
    "query": ("query", "SQL on silver and gold, in Athena's dialect"),
    "cost": ("cost", "what a month of an environment costs, line by line"),
    "synth": ("synth", "write the CloudFormation templates of all environments, offline"),
    "deploy": ("deploy", "an environment on AWS: deploy, compare, destroy, with the pinned CDK CLI"),
    "doctor": (
        "doctor",
        "what an account says of an environment, before and after it is deployed; changes nothing",
    ),
    "smoke": (
        "smoke",
        "whether a lake works: a few files of a domain made for it, from end to end; removes them again",
    ),
    "audit": ("audit", "checkov on all templates; with --packages what the product is made of"),
    "new": ("new", "a new domain's folder, in working form"),
    "infer": ("infer", "a new domain's folder, drafted from files; or what new files add to one"),
    "contract": ("contract", "check the data contracts; write their documentation"),
    "docs": ("docs", "the catalogue of the project's tables as one HTML file: columns, lineage, diagrams"),
    "bench": ("bench", "run a benchmark"),
    "completion": ("completion", "print the completion of bash, zsh or fish"),
}


class Verb(Protocol):
    """A module of this package that is a verb."""

    EXAMPLE: str

    def configure(self, parser: argparse.ArgumentParser) -> None: ...

    def execute(self, arguments: argparse.Namespace) -> int: ...


class Parser(argparse.ArgumentParser):
    """As argparse has it; what is wrong with a command line ends with the next step, too."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(Exit.USAGE, with_step(f"{self.prog}: error: {message}", f"{self.prog} --help") + "\n")


def main(argv: Sequence[str]) -> int:
    """Runs one verb; without one it prints the help."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(help_text())
        return 0
    verb, *rest = argv
    if verb not in VERBS:
        near = difflib.get_close_matches(verb, VERBS, n=1)
        step = f"./lake {near[0]} --help" if near else "./lake --help lists the verbs"
        fail(with_step(f"there is no verb {verb!r}", step))
        return Exit.USAGE
    return run(lambda: _executed(verb, rest))


def module_of(verb: str) -> Verb:
    return cast(Verb, importlib.import_module(f"cli.verbs.{VERBS[verb][0]}"))


def parser_of(verb: str) -> argparse.ArgumentParser:
    """What a verb takes; its choices are those of the project."""
    module = module_of(verb)
    parser = Parser(
        prog=f"./lake {verb}",
        description=VERBS[verb][1],
        epilog=f"example:\n  {module.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.configure(parser)
    return parser


def _executed(verb: str, words: Sequence[str]) -> int:
    """What a verb takes may depend on the project, so reading its arguments can go wrong like its work."""
    module, parser = module_of(verb), parser_of(verb)
    arguments, unknown = parser.parse_known_args(words)
    arguments.rest = unknown
    if unknown and not getattr(module, "PASSES_ARGUMENTS_ON", False):
        parser.error(f"unknown arguments: {' '.join(unknown)}")
    place: Path | None = getattr(arguments, "json", None)
    with only_json_on_stdout(place):
        return run(lambda: module.execute(arguments), place)


def run(work: Callable[[], int], place: Path | None = None) -> int:
    """What is expected to go wrong is one message that ends with the next step, also for machines; anything
    else is a bug with its traceback. `place`: where `--json` wants the result.
    """
    try:
        return work()
    except expected() as error:
        text, do = told(error)
        fail(with_step(text, do))
        if not (isinstance(error, OSError) and place):  # it may be the place itself
            write_json(place, {"error": text, "do": do})
        return Exit.FAILED
    except KeyboardInterrupt:
        fail("interrupted")
        return Exit.INTERRUPTED


def help_text() -> str:
    verbs = "\n".join(f"  {verb:<12}{text}" for verb, (_, text) in VERBS.items())
    return (
        f"usage: ./lake VERB [options]\n\n{verbs}\n\n`./lake VERB --help` says more. Start with `./lake"
        " demo`."
    )
