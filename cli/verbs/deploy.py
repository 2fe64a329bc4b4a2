"""`./lake deploy`: an environment on AWS, by the pinned CDK CLI."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from cli import cdk_cli, emptying
from cli.domain_stacks import advice, stacks_left_behind
from cli.first_deployment import never_complete
from cli.targets import check_decided, deployed, domains_of
from local.console import say
from local.errors import LakeError
from stacks.config import NOBODY_HEARS, environments, settings

EXAMPLE = (
    "./lake deploy --env dev --diff     # what would change; all other arguments go to the CDK:"
    " --require-approval never"
)
PASSES_ARGUMENTS_ON = True
FIRST = "remove these first, as said above"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", choices=tuple(environments()), required=True, help="of environments.toml")
    action = parser.add_mutually_exclusive_group()
    for name, what in {
        "diff": "only show what would change",
        "list": "only name the stacks",
        "bootstrap": "prepare the account and region, once",
        "destroy": "empty the buckets and remove everything; not where the environment retains its data",
    }.items():
        action.add_argument(f"--{name}", dest="action", action="store_const", const=name, help=what)
    parser.add_argument("--profile", help="the AWS profile whose credentials are used")
    parser.add_argument(
        "--confirm",
        metavar="ENV",
        help="with --destroy: the environment's name once more, instead of the question",
    )


def execute(arguments: argparse.Namespace) -> int:
    if arguments.profile:  # for the CDK and for ourselves
        os.environ["AWS_PROFILE"] = arguments.profile
    if arguments.action is None:
        return _deploy(arguments.env, arguments.rest)
    if arguments.action == "diff":
        return _diff(arguments.env, arguments.rest)
    if arguments.action != "destroy":
        return cdk_cli.run(arguments.action, arguments.env, arguments.rest)
    if settings(arguments.env).retain_data:
        raise LakeError(
            f"environment {arguments.env} retains its data (retain_data)",
            "docs/howto/deployment.md says how to give it up on purpose",
        )
    if (
        arguments.confirm or input(f"All data of {arguments.env} will be deleted. Type its name to go on: ")
    ) != arguments.env:
        raise LakeError("nothing was done: that is not its name", f"--confirm {arguments.env} says it")
    return _destroy(arguments.env, ["--force", *arguments.rest])


def _diff(env: str, extra: Sequence[str]) -> int:
    target = deployed(env)
    left = stacks_left_behind(target, domains_of(env))
    code = cdk_cli.run("diff", env, extra, pinned=target.names)
    return _tell(left, code)


def _tell(left: Sequence[str], code: int) -> int:
    if left:
        say(advice(left))
    return code


def _deploy(env: str, extra: Sequence[str]) -> int:
    """Where data is retained, stacks are protected once they are complete: by a second deployment, which
    changes nothing else.
    """
    check_decided(domains_of(env))
    if settings(env).unheard:
        raise LakeError(f"environment {env}: {NOBODY_HEARS}", "set it in environments.toml, then deploy")
    target = deployed(env)
    left = stacks_left_behind(target, domains_of(env))  # now, lest a missing right stops us half-way
    if left and settings(env).lake_formation:
        # A value of an LF-tag cannot go while a resource has it (UpdateLFTag, "Update not allowed").
        raise LakeError(f"{advice(left)}\nNothing was done: with lake_formation they go first", FIRST)
    if not settings(env).retain_data:
        emptying.reopen(target)
    new = never_complete(target) if settings(env).retain_data else ()
    code = cdk_cli.run("deploy", env, extra, pinned=target.names, new=new)
    if code or not new or never_complete(target):  # a change set that was only prepared makes no stack
        return _tell(left, code)
    say(f"complete for the first time, and now protected: {', '.join(new)}")
    return _tell(left, cdk_cli.run("deploy", env, extra, pinned=target.names))


def _destroy(env: str, extra: Sequence[str]) -> int:
    """Schedules and state machines first, so that nothing begins any more; the buckets when nobody writes.

    The stacks of the domains need that of the watch, and the CDK removes with a stack all that need it.
    """
    target = deployed(env)
    if left := stacks_left_behind(target, domains_of(env)):
        raise LakeError(f"{advice(left)}\nNothing was done", FIRST)
    if code := cdk_cli.run("destroy", env, extra, stack="orchestration"):
        return code
    for bucket, versions in emptying.empty(target):
        say(f"  {bucket}: {versions:,} object versions deleted")
    return cdk_cli.run("destroy", env, extra)
