"""`./lake synth`: templates without an account, a network or credentials."""

from __future__ import annotations

import argparse

from cli.options import path
from cli.targets import check_decided, domains_of
from local.assembly import stacks
from local.console import say
from local.synth import synthesize
from shared.project import project_folder
from stacks.config import environments

EXAMPLE = "./lake synth --env prod --out /tmp/templates"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", choices=tuple(environments()), help="one environment; all without it")
    parser.add_argument(
        "--out", type=path, default=project_folder() / "cdk.out", help="folder to write to (default cdk.out)"
    )


def execute(arguments: argparse.Namespace) -> int:
    chosen = [arguments.env] if arguments.env else environments()
    check_decided(d for env in chosen for d in domains_of(env))
    out = synthesize([arguments.env] if arguments.env else None, arguments.out)
    for stack in stacks(out):
        say(f"  {stack.name}: {len(stack.resources)} resources, {stack.template}")
    return 0
