"""`./lake bench`: finds the benchmark and gives it the rest of the command line."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from pathlib import Path

from local.errors import LakeError

EXAMPLE = "./lake bench silver --rows 1000000"
PASSES_ARGUMENTS_ON = True
FOLDER = Path(__file__).parents[1] / "bench"


def configure(parser: argparse.ArgumentParser) -> None:
    names = sorted(
        module.name for module in pkgutil.iter_modules([str(FOLDER)]) if not module.name.startswith("_")
    )
    parser.add_argument("name", choices=names, help="which benchmark; what follows is its own")


def execute(arguments: argparse.Namespace) -> int:
    try:
        benchmark = importlib.import_module(f"cli.bench.{arguments.name}")
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("domains."):
            raise
        raise LakeError(
            f"{arguments.name} measures a domain that the project has not: {error.name}",
            "run it in the product's own folder, without --project",
        ) from error
    code: int | None = benchmark.main(arguments.rest)
    return code or 0
