"""`./lake generate`: sample files, with what must come of them."""

from __future__ import annotations

import argparse

from cli.options import add_domain, add_json, add_size, path, size
from local.console import say, write_json
from local.errors import LakeError

EXAMPLE = "./lake generate ecommerce --rows 200000 --days 7 --seed 7 --out /tmp/samples"
OWN = ("raw", "truth", "expected.json")  # an earlier sample may be replaced
NEW_FOLDER = "name a new or empty folder with --out"
RESULT = {"raw": "the folder to drop", "files": "their number", "expected": "file of what must come of them"}


def configure(parser: argparse.ArgumentParser) -> None:
    add_domain(parser)
    add_size(parser)
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same files (default 7)")
    parser.add_argument(
        "--out", type=path, required=True, help="folder to write to, new, empty or with an earlier sample"
    )
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    from domains.samples import sample_of

    if arguments.out.is_file():
        raise LakeError(f"{arguments.out} is a file", NEW_FOLDER)
    if foreign := sorted(p.name for p in arguments.out.glob("*") if p.name not in OWN):
        raise LakeError(
            f"{arguments.out} holds other things ({', '.join(foreign[:3])}) and would be emptied", NEW_FOLDER
        )
    sample_of(arguments.domain).write(size(arguments), arguments.seed, arguments.out, progress=True)
    raw = arguments.out / "raw"
    files = sum(1 for p in raw.rglob("*") if p.is_file())
    say(
        f"{files} files in {raw}; drop them with `./lake drop {raw}`; {arguments.out / 'expected.json'} says"
        " what must come of them"
    )
    write_json(arguments.json, {"raw": raw, "files": files, "expected": arguments.out / "expected.json"})
    return 0
