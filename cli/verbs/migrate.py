"""`./lake migrate`: a domain's tables made what its contract says, where no run can do it by itself."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from cli.migration import Unfilled, carry_out, fill, unfilled
from cli.migration_plan import in_no_contract, plan
from cli.options import add_domain, add_env, add_json, lake_option
from cli.table_drops import drop_tables, stored_tables
from cli.targets import check_domain, current_target, deployed
from cli.verbs import run
from local.console import print_table, say, write_json
from local.errors import LakeError
from local.session import Session

EXAMPLE = (
    "./lake migrate ecommerce --env dev     # shows the plan; with --yes it is carried out:"
    " docs/howto/evolve-a-table.md"
)
RESULT = {
    "steps": "of the plan: table, why, readers, and what is done",
    "run_id": "and all that ./lake run writes, where the plan was carried out",
}


def configure(parser: argparse.ArgumentParser) -> None:
    add_domain(parser)
    parser.add_argument("--yes", action="store_true", help="with --env: carry the plan out")
    parser.add_argument(
        "--rebuild",
        nargs="+",
        default=[],
        metavar="TABLE",
        help="with --env: also tables whose key or kind changed, which no live table shows: silver.users",
    )
    parser.add_argument(
        "--drop",
        nargs="+",
        default=[],
        metavar="TABLE",
        help="with --env: tables in no contract, for good; those that are not named stay",
    )
    add_env(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    check_domain(arguments.domain, arguments.env, demo=arguments.demo)
    if arguments.env:
        return _planned(arguments)
    if arguments.yes or arguments.rebuild or arguments.drop:
        raise LakeError(
            "--yes, --rebuild and --drop are for --env NAME. Nothing was changed",
            f"./lake migrate {arguments.domain}{lake_option(arguments)} makes all tables of the laptop anew",
        )
    return _all_anew(arguments)


def _planned(arguments: argparse.Namespace) -> int:
    """Shows what differs; changes it, and follows the run that fills the tables, only if told to."""
    target = deployed(arguments.env)
    left = unfilled(target, arguments.domain)
    if left and left.status == "RUNNING":
        return _filling(target, arguments, left)
    steps = plan(target, arguments.domain, arguments.rebuild, arguments.drop)
    foreign = in_no_contract(arguments.domain, stored_tables(target, arguments.domain))
    if others := [t for t in foreign if t not in arguments.drop]:
        say(f"in no contract, left alone: {', '.join(others)}; --drop TABLE drops one for good")
    if not steps:
        return _nothing_differs(target, arguments, left)
    rows = [(step.table, step.why, step.readers) for step in steps]
    print_table(f"{arguments.domain}: migration", ("table", "what and why", "meanwhile"), rows)
    shown = [asdict(step) for step in steps]
    if not arguments.yes:
        say("nothing was changed; --yes carries it out, and a full refresh fills the tables")
        write_json(arguments.json, {"steps": shown})
        return 0
    run_id = carry_out(target, arguments.domain, steps)
    return run.follow_to_end(target, arguments, run_id, {"steps": shown})


def _filling(target: Session, arguments: argparse.Namespace, left: Unfilled) -> int:
    """The run of an earlier migration goes on: it is followed, or only named."""
    if arguments.rebuild or arguments.drop:
        raise LakeError(
            f"run {left.run_id} still fills the tables of the last migration. Nothing was changed",
            "give the same command again when it has ended",
        )
    say(f"run {left.run_id} fills the tables; queries have the old ones until it has")
    if arguments.yes:
        return run.follow_to_end(target, arguments, left.run_id, {"steps": left.steps})
    say("nothing was changed; --yes follows it")
    write_json(arguments.json, {"steps": left.steps})
    return 0


def _nothing_differs(target: Session, arguments: argparse.Namespace, left: Unfilled | None) -> int:
    """Also after a migration that changed the tables and broke off before they were filled."""
    if left is None:
        say(f"every table of {arguments.domain} is what its contract says: nothing to migrate")
        write_json(arguments.json, {"steps": []})
        return 0
    ended = f"is {left.status}" if left.status else "never started"
    say(f"the tables are what the contract says, but run {left.run_id}, which fills them, {ended}")
    if not arguments.yes:
        say("nothing was changed; --yes starts the full refresh that fills them")
        write_json(arguments.json, {"steps": left.steps})
        return 0
    run_id = fill(target, arguments.domain, left)
    return run.follow_to_end(target, arguments, run_id, {"steps": left.steps})


def _all_anew(arguments: argparse.Namespace) -> int:
    """On the laptop: drops every table of silver and gold, then reads every accepted file again."""
    target = current_target(None, demo=arguments.demo)
    tables = stored_tables(target, arguments.domain)
    drop_tables(target, arguments.domain, tables, lake_option(arguments))
    say(f"dropped {len(tables)} tables; a full refresh makes anew what the contract names")
    return run.start_and_follow(arguments, {"full_refresh": True})
