"""Arguments that several verbs share."""

from __future__ import annotations

import argparse
import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING

from local.console import STDOUT
from shared.contracts import domains
from stacks.config import environments

if TYPE_CHECKING:
    from domains.samples import Size


def add_env(parser: argparse.ArgumentParser) -> None:
    """Which lake is meant: a deployed environment's, the demo's, or this laptop's own."""
    what = "a deployed environment instead of this laptop; uses the AWS profile's credentials"
    lake = parser.add_mutually_exclusive_group()
    lake.add_argument("--env", choices=tuple(environments()), help=what)
    lake.add_argument("--demo", action="store_true", help="the lake that the last `./lake demo` left")


def add_own_lake(parser: argparse.ArgumentParser) -> None:
    """Which of the laptop's lakes is meant, for what must not be done to a deployed environment."""
    parser.add_argument("--demo", action="store_true", help="the lake that the last `./lake demo` left")
    parser.set_defaults(env=None)


def lake_option(arguments: argparse.Namespace) -> str:
    """The option that names the same lake in a command that people may paste; nothing for the usual one."""
    return f" --env {arguments.env}" if arguments.env else " --demo" if arguments.demo else ""


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json",
        type=json_file,
        metavar="FILE",
        help="also write the result as JSON; - is stdout, and all else goes to stderr",
    )


def add_domain(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    if optional:
        parser.add_argument(
            "domain", nargs="?", choices=domains(), default=None, help="one of the project; without it all"
        )
    else:
        parser.add_argument("domain", choices=domains(), help="one of the project")


def json_file(text: str) -> Path:
    """A file to write, or STDOUT for `-`. Raises ArgumentTypeError for what cannot be one, before any work is
    done.
    """
    if text == str(STDOUT):
        return STDOUT
    file = path(text)
    if file.is_dir() or any(p.exists() and not p.is_dir() for p in file.parents):
        raise argparse.ArgumentTypeError(f"expected a file, found {text!r}, which is or lies in none")
    return file


def date(text: str) -> dt.date:
    """A date in ISO 8601; raises ArgumentTypeError for any other text."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected YYYY-MM-DD, found {text!r}") from error


def path(text: str) -> Path:
    """A path as its caller means it: `./lake` itself runs in the product's folder."""
    return called_from() / text


def called_from() -> Path:
    """The folder in which somebody called `./lake`."""
    return Path(os.environ.get("LAKE_CALLED_FROM", "."))


def positive(text: str) -> int:
    """A whole number of 1 or more; raises ArgumentTypeError for any other text."""
    if not text.replace("_", "").isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number of 1 or more, found {text!r}")
    return int(text)


def factor(text: str) -> float:
    """A scale factor; raises ArgumentTypeError for what is no number from 0.001 to 100."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.001 <= value <= 100:
        raise argparse.ArgumentTypeError(f"expected a factor of 0.001 to 100, found {text!r}")
    return value


def add_size(parser: argparse.ArgumentParser) -> None:
    """How large a sample is; each domain's grows in one of the two ways."""
    parser.add_argument("--rows", type=positive, help="records in all (default: the sample's own)")
    parser.add_argument("--days", type=positive, help="days that they are spread over (default 7)")
    parser.add_argument(
        "--scale", type=factor, help="scale factor, of samples that have one, instead of rows and days"
    )


def size(arguments: argparse.Namespace) -> Size:
    from domains.samples import Size

    return Size(arguments.rows, arguments.days, arguments.scale)
