"""Arguments that several verbs share."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

from shared.contracts import domains
from stacks.config import ENVIRONMENTS


def add_env(parser: argparse.ArgumentParser) -> None:
    what = "a deployed environment instead of this laptop; uses the AWS profile's credentials"
    parser.add_argument("--env", choices=tuple(ENVIRONMENTS), help=what)


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result as JSON")


def add_domain(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    if optional:
        parser.add_argument("domain", nargs="?", choices=(None, *domains()), default=None)
    else:
        parser.add_argument("domain", choices=domains())


def date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected YYYY-MM-DD, found {text!r}") from error


def positive(text: str) -> int:
    if not text.replace("_", "").isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number of 1 or more, found {text!r}")
    return int(text)
