"""`./lake infer`: a domain's folder, drafted from its files."""

from __future__ import annotations

import argparse
import sys

from cli.infer.draft import Draft
from cli.infer.errors import InferError
from cli.options import add_json, path
from cli.wording import counted
from local.console import say, write_json
from shared.contracts.load import CONTRACT, place
from shared.project import domain_folder, shown

EXAMPLE = "./lake infer exports/ --domain orders     # writes domains/orders/; then answer each DECIDE in it"

RESULT = {
    "folder": "the domain's",
    "datasets": "of each: name, files, rows, columns, kind",
    "questions": "lines of the contract that only people can answer",
    "left_out": "files that nothing was drafted from, with the reason",
    "additions": "--update: number of places where the contract would grow",
    "applied": "--update: whether they were written",
    "said": "--update: what only people can add",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", type=path, metavar="FILE", help="files or folders; all of them are read"
    )
    parser.add_argument("--domain", required=True, help="its name: lower case letters, digits and _")
    parser.add_argument(
        "--dataset", help="all files are of this one; without it names and headers tell them apart"
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="show what the files would add to the domain's contract, as a diff",
    )
    parser.add_argument("--apply", action="store_true", help="with --update: write these additions")
    parser.add_argument(
        "--header", action="store_true", help="text has a header, also where all of its columns are texts"
    )
    parser.add_argument("--sheet", help="the sheet to read, of workbooks that have several")
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    if arguments.apply and not arguments.update:
        raise InferError(
            "--apply goes with --update: a new domain is written without being asked",
            "./lake infer FILES --domain DOMAIN --update --apply",
        )
    return _update(arguments) if arguments.update else _new(arguments)


def _new(arguments: argparse.Namespace) -> int:
    from cli.infer.build import drafted
    from cli.infer.folder import questions, write_folder
    from cli.scaffold import checked_folder

    checked_folder(arguments.domain)
    draft = drafted(
        arguments.paths, arguments.domain, arguments.dataset, arguments.sheet, header=arguments.header
    )
    folder = write_folder(draft)
    _say_left_out(draft)
    for each in draft.datasets:
        sizes = ((each.files, "file"), (each.rows, "record"), (len(each.columns), "column"))
        say(f"{each.name}: {', '.join(counted(n, what) for n, what in sizes)}, {each.kind}")
        if each.ahead:
            until = f"quarantined until {each.event_date} has come; is it the event?"
            say(f"{each.name}: {counted(each.ahead, 'record')} {until}")
    asked = questions(folder)
    for line in asked:
        say(f"{shown(folder)}/contract.odcs.yaml:{line}")
    left = f"{counted(len(asked), 'question')} to answer" if asked else "nothing to ask"
    say(f"written: {shown(folder)}; {left}")
    say(f"then `./lake try {arguments.domain} FILES` says what becomes of files")
    counts = [
        {"name": d.name, "files": d.files, "rows": d.rows, "columns": len(d.columns), "kind": d.kind}
        for d in draft.datasets
    ]
    write_json(
        arguments.json,
        {"folder": folder, "datasets": counts, "questions": asked, "left_out": draft.left_out},
    )
    return 0


def _say_left_out(draft: Draft) -> None:
    for why in draft.left_out:
        say(f"left out: {why}")


def _update(arguments: argparse.Namespace) -> int:
    from cli.infer.build import drafted
    from cli.infer.insertion import inserted
    from cli.infer.update import additions, diff
    from shared.contracts import contract, domains

    domain = arguments.domain
    if domain not in domains():
        raise InferError(
            f"there is no domain {domain!r} to update",
            f"without --update one is drafted: ./lake infer FILES --domain {domain}",
        )
    file = domain_folder(domain) / CONTRACT
    text = file.read_bytes().decode()  # its ends of lines stay
    agreed = contract(domain)
    draft = drafted(
        arguments.paths, domain, arguments.dataset, arguments.sheet, agreed, header=arguments.header
    )
    _say_left_out(draft)
    found = additions(draft, agreed, text, place(domain), named=arguments.dataset is not None)
    sys.stdout.write(diff(text, found, place(domain)))
    for line in found.said:
        say(line)
    if not found.insertions:
        known = "" if found.said else ", the contract knows all that these files have"
        say(f"{place(domain)}: nothing to add{known}")
    elif arguments.apply:
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_bytes(inserted(text, found.insertions).encode())
        fresh.replace(file)  # at once, or not at all
        say(f"written: {place(domain)}; `./lake contract lint` says what is still to be answered")
    else:
        say("nothing was written; --apply does")
    added = {"additions": len(found.insertions), "applied": bool(found.insertions) and arguments.apply}
    write_json(arguments.json, {**added, "said": found.said, "left_out": draft.left_out})
    return 0
