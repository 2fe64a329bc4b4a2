"""`./lake redrive`: what was given up goes through again, once the cause is gone."""

from __future__ import annotations

import argparse

from cli import dead_letters
from cli.options import add_domain, add_env, add_json, lake_option
from cli.redrive import RedriveError, redrive_newest
from cli.targets import check_domain, current_target
from cli.verbs import run
from cli.wording import counted
from local.console import fail, say, spinner, write_json
from local.session import Session
from shared.names import INGEST_LETTERS

EXAMPLE = "./lake redrive ecommerce     # dead letters, then the newest run that failed"
RESULT = {
    "letters_moved": "dead letters that went back to the ingest queue",
    "instead_of": "the run whose input a new one took; empty where it went on itself",
    "run_id": "and all that ./lake run writes, once the run has ended",
}


def configure(parser: argparse.ArgumentParser) -> None:
    add_domain(parser)
    one = parser.add_mutually_exclusive_group()
    one.add_argument(
        "--letters",
        action="store_true",
        help="only the dead letters of the ingest queue, which all domains share",
    )
    one.add_argument(
        "--execution", action="store_true", help="only the newest run that failed since the last success"
    )
    add_env(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    check_domain(arguments.domain, arguments.env, demo=arguments.demo)
    target = current_target(arguments.env, demo=arguments.demo)
    result = {} if arguments.execution else {"letters_moved": _letters(target, arguments)}
    if arguments.letters:
        write_json(arguments.json, result)
        return 0
    return _execution(target, arguments, result)


def _letters(target: Session, arguments: argparse.Namespace) -> int:
    queue = target.names.queue(INGEST_LETTERS)
    with spinner(f"dead letters of {queue}") as show:
        moved = dead_letters.move_back(target, show)
    if not moved:
        say(f"no dead letter waits in {queue}")
        return 0
    status = f"./lake status {arguments.domain}{lake_option(arguments)}"
    say(
        f"{counted(moved, 'dead letter')} of {queue} went back to the ingest queue: each file gets its"
        f" outcome now, `{status}` counts them; what fails five times more comes back"
    )
    return moved


def _execution(target: Session, arguments: argparse.Namespace, result: dict[str, int]) -> int:
    domain, lake = arguments.domain, lake_option(arguments)
    try:
        redriven = redrive_newest(target, domain, lake)
    except RedriveError as error:
        write_json(arguments.json, {**result, "error": error.text, "do": error.do})
        return fail(str(error))
    if redriven is None:
        say(f"no run of {domain} has failed since the last success: nothing to redrive")
        write_json(arguments.json, result)
        return 0
    if redriven.instead_of:
        say(
            f"run {redriven.instead_of} cannot go on ({redriven.why}): run {redriven.run_id} begins with the"
            " same input"
        )
    else:
        say(f"run {redriven.run_id} goes on at the state that failed")
    return run.follow_to_end(
        target, arguments, redriven.run_id, {**result, "instead_of": redriven.instead_of}
    )
