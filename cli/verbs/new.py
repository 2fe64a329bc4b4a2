"""`./lake new`: a new domain's folder, in working form."""

from __future__ import annotations

import argparse

from cli.options import add_json
from cli.scaffold import SMOKE, TEMPLATES, write_domain
from local.console import say, write_json
from shared.project import shown

EXAMPLE = "./lake new orders     # writes domains/orders/; change it to your data"

RESULT = {"folder": "the domain's"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("domain", help="its name: lower case letters, digits and _")
    parser.add_argument(
        "--smoke", action="store_true", help="the domain with which `./lake smoke` proves an environment"
    )
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    folder = write_domain(arguments.domain, SMOKE if arguments.smoke else TEMPLATES)
    say(f"written: {shown(folder)}; it can be run as it is, its README.md says how")
    write_json(arguments.json, {"folder": folder})
    return 0
