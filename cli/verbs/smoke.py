"""`./lake smoke`: whether a lake works, proven by a few files from end to end."""

from __future__ import annotations

import argparse

from cli.options import add_env, add_json, lake_option
from cli.smoke.definition import definition
from cli.smoke.run import smoke
from cli.targets import current_target, domains_of
from local.console import fail, say, write_json
from local.errors import with_step

EXAMPLE = (
    "./lake smoke --env dev     # after every deployment; once before: ./lake new smoke --smoke, and deploy"
)
RESULT = {"domain": "made for it", "differences": "from what must come out; none: the lake works"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--anyway", action="store_true", help="also where another smoke seems to go on: it was killed"
    )
    add_env(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    made = definition(domains_of(arguments.env, demo=arguments.demo))
    target = current_target(arguments.env, demo=arguments.demo)
    wrong = smoke(target, made, anyway=arguments.anyway)
    write_json(arguments.json, {"domain": made.domain, "differences": wrong})
    if wrong:
        text = "\n".join([f"{target.names.env} does not work:", *wrong])
        status = f"./lake status {made.domain}{lake_option(arguments)}"
        return fail(with_step(text, f"docs/howto/runbook.md, and {status}"))
    say(f"{target.names.env} works: files became the tables that they must become")
    return 0
