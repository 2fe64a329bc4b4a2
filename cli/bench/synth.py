"""What writing all templates costs, offline: `./lake bench synth`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from cli.bench._cpu import measured

ATTEMPTS = 3  # the first packs what the next ones find packed
MOST_CPU_SECONDS = 10.0
COMMAND = [sys.executable, "-m", "cli", "synth", "--out"]


def main(argv: list[str]) -> int:
    argparse.ArgumentParser(prog="./lake bench synth", description=__doc__).parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        costs = [measured([*COMMAND, str(Path(folder) / str(number))]) for number in range(ATTEMPTS)]
    print("| attempt | CPU s | wall s | peak MB |\n|---:|---:|---:|---:|")
    for number, cost in enumerate(costs, start=1):
        print(f"| {number} | {cost.cpu:.1f} | {cost.wall:.1f} | {cost.peak} |")
    least = min(cost.cpu for cost in costs)
    print(f"\nleast CPU seconds: {least:.1f} (at most {MOST_CPU_SECONDS:g})")
    return 0 if least <= MOST_CPU_SECONDS else 1
