"""`./lake new`: a new domain's folder, in working form."""

from __future__ import annotations

import argparse

from cli.scaffold import write_domain
from local.console import say
from shared.project import shown

EXAMPLE = "./lake new orders     # writes domains/orders/; change it to your data"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("domain", help="its name: lower case letters, digits and _")


def execute(arguments: argparse.Namespace) -> int:
    folder = write_domain(arguments.domain)
    say(f"written: {shown(folder)}; it can be run as it is, its README.md says how")
    return 0
