"""`./lake infer`: a domain's folder, drafted from its files."""

from __future__ import annotations

import argparse
from pathlib import Path

from local.console import say
from shared.project import shown

EXAMPLE = "./lake infer exports/ --domain orders     # writes domains/orders/; then answer each DECIDE in it"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="FILE", help="files or folders; all of them are read"
    )
    parser.add_argument("--domain", required=True, help="its name: lower case letters, digits and _")
    parser.add_argument(
        "--dataset", help="all files are of this one; without it names and headers tell them apart"
    )
    parser.add_argument("--sheet", help="the sheet to read, of workbooks that have several")


def execute(arguments: argparse.Namespace) -> int:
    from cli.infer.build import drafted
    from cli.infer.folder import questions, write_folder
    from cli.scaffold import checked_folder

    checked_folder(arguments.domain)
    draft, _ = drafted(arguments.paths, arguments.domain, arguments.dataset, arguments.sheet)
    folder = write_folder(draft)
    for each in draft.datasets:
        say(f"{each.name}: {each.files} files, {each.rows} records, {len(each.columns)} columns, {each.kind}")
    asked = questions(folder)
    for line in asked:
        say(f"{shown(folder)}/contract.odcs.yaml:{line}")
    say(
        f"written: {shown(folder)}; "
        + (f"{len(asked)} questions to answer" if asked else "nothing is left to ask")
    )
    return 0
