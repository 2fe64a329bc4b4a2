"""`./lake deploy`: an environment on AWS, by the pinned CDK CLI."""

from __future__ import annotations

import argparse

from cli import cdk_cli, emptying
from cli.targets import check_decided, deployed, domains_of
from local.console import fail, say
from stacks.config import environments, settings

EXAMPLE = (
    "./lake deploy --env dev --diff     # what would change; all other arguments go to the CDK:"
    " --require-approval never"
)
PASSES_ARGUMENTS_ON = True


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", choices=tuple(environments()), required=True)
    action = parser.add_mutually_exclusive_group()
    for name, what in {
        "diff": "only show what would change",
        "list": "only name the stacks",
        "bootstrap": "prepare the account and region, once",
        "destroy": "empty the buckets and remove everything; not where the environment retains its data",
    }.items():
        action.add_argument(f"--{name}", dest="action", action="store_const", const=name, help=what)
    parser.add_argument(
        "--confirm",
        metavar="ENV",
        help="with --destroy: the environment's name once more, instead of the question",
    )


def execute(arguments: argparse.Namespace) -> int:
    if arguments.action is None:
        check_decided(domains_of(arguments.env))
    if arguments.action != "destroy":
        return cdk_cli.run(arguments.action or "deploy", arguments.env, arguments.rest)
    if settings(arguments.env).retain_data:
        return fail(
            f"environment {arguments.env} retains its data (retain_data): docs/howto/deployment.md says how"
            " to give it up on purpose"
        )
    if (
        arguments.confirm or input(f"All data of {arguments.env} will be deleted. Type its name to go on: ")
    ) != arguments.env:
        return fail("nothing was done")
    target = deployed(arguments.env)
    for bucket, versions in emptying.empty(target):
        say(f"  {bucket}: {versions:,} object versions deleted")
    return cdk_cli.run("destroy", arguments.env, ["--force", *arguments.rest])
