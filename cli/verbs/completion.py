"""`./lake completion`: what makes a shell complete verbs, options and the project's names."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = 'eval "$(./lake completion bash)"     # zsh alike; fish: ./lake completion fish | source'
SHELLS = ("bash", "zsh", "fish")
FOLDER = Path(__file__).parents[1] / "completion"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "shell", choices=SHELLS, help="prints its script; put the example in its start-up file"
    )


def execute(arguments: argparse.Namespace) -> int:
    print((FOLDER / f"lake.{arguments.shell}").read_text("utf-8"), end="")
    return 0
