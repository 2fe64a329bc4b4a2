"""`./lake synth`: templates without an account, a network or credentials."""

from __future__ import annotations

import argparse

from cli.options import add_json, path
from cli.targets import check_decided, domains_of
from local.assembly import stacks
from local.console import say, write_json
from local.synth import synthesize
from shared.project import project_folder
from stacks.config import environments

EXAMPLE = "./lake synth --env prod --out /tmp/templates"

RESULT = {"folder": "what was written to", "stacks": "of each: name, number of resources, template"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", choices=tuple(environments()), help="one environment; all without it")
    parser.add_argument(
        "--out", type=path, default=project_folder() / "cdk.out", help="folder to write to (default cdk.out)"
    )
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    chosen = [arguments.env] if arguments.env else environments()
    check_decided(d for env in chosen for d in domains_of(env))
    out = synthesize([arguments.env] if arguments.env else None, arguments.out)
    written = stacks(out)
    for stack in written:
        say(f"  {stack.name}: {len(stack.resources)} resources, {stack.template}")
    listed = [{"name": s.name, "resources": len(s.resources), "template": s.template} for s in written]
    write_json(arguments.json, {"folder": out, "stacks": listed})
    return 0
