"""`./lake docs`: the catalogue as one HTML file, on this machine or in an environment's own bucket."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cli.options import add_json, path
from cli.targets import domains_of
from cli.wording import counted
from local.console import say, show, write_json
from local.errors import LakeError
from shared.contracts import contract, domains
from shared.names import Names
from shared.project import domains_folder, project_folder, shown
from stacks.config import environments, settings

if TYPE_CHECKING:
    from cli.catalogue import ColumnFlow

EXAMPLE = "./lake docs --out /tmp/catalogue"
FILE = "index.html"
WHOLE = "--publish replaces the catalogue of the environment, which has all domains"
RESULT = {
    "file": "the catalogue",
    "address": "--publish: where it is; null otherwise",
    "link": "--publish: opens it for some hours, for whoever has it",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "domains", nargs="*", metavar="DOMAIN", help="domains to describe (default: all of them)"
    )
    parser.add_argument(
        "--out",
        type=path,
        metavar="DIR",
        help=f"where {FILE} is written (default: .lake/docs of the project)",
    )
    parser.add_argument(
        "--env",
        choices=tuple(environments()),
        help="the domains of an environment, with the names of its databases; asks nobody",
    )
    parser.add_argument(
        "--publish",
        action="store_true",
        help="--env: also into the environment's bucket `scripts`, and a link that opens it for some hours;"
        " uses the AWS profile's credentials",
    )
    parser.add_argument(
        "--lineage",
        action="store_true",
        help="also of which columns those of gold are made, as the last runs wrote it: of this laptop's lake,"
        " or with --env of the environment, by the AWS profile's credentials",
    )
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    env, chosen = arguments.env, tuple(dict.fromkeys(arguments.domains))
    if arguments.publish and not env:
        raise LakeError(
            "--publish needs --env NAME, whose catalogue it is", "./lake docs --publish --env NAME"
        )
    if arguments.publish and chosen:
        raise LakeError(WHOLE, f"leave the domains out: ./lake docs --publish --env {env}")
    known = domains_of(env) if env else domains()
    if unknown := [d for d in chosen if d not in known]:
        raise LakeError(
            f"there is no domain {unknown[0]}; expected some of {', '.join(known)}", "name one of these"
        )
    if not known:
        raise LakeError(f"{domains_folder()} holds no domain", "./lake new NAME writes one")
    page = _page(chosen or known, env, arguments.lineage)
    file = _written(page, arguments.out or project_folder() / ".lake" / "docs")
    say(f"written: {shown(file)} ({counted(len(chosen or known), 'domain')}); open it in a browser")
    address, link = _publish(env, page, known) if arguments.publish else (None, None)
    write_json(arguments.json, {"file": file, "address": address, "link": link})
    return 0


def _page(chosen: tuple[str, ...], env: str | None, lineage: bool) -> bytes:
    # slow to import: parsers of SQL
    from cli.catalogue import catalogue
    from cli.catalogue_page import document

    names = Names(env, "", "", settings(env).prefix) if env else None  # no account is in what is shown
    recorded = _recorded(chosen, env) if lineage else {}
    return document(catalogue(chosen, names, recorded)).encode()


def _recorded(chosen: tuple[str, ...], env: str | None) -> dict[str, list[ColumnFlow]]:
    from cli.catalogue.run_lineage import recorded_flows
    from cli.recorded_lineage import last_completed
    from cli.targets import target

    session, found = target(env), {}
    for each in map(contract, chosen):
        found[each.domain] = list(recorded_flows(each, session.names, last_completed(session, each)))
    tables = {f.target.table for flows in found.values() for f in flows}
    say(f"columns of {counted(len(tables), 'table')} as the last runs wrote them")
    return found


def _written(page: bytes, folder: Path) -> Path:
    """Raises LakeError where the file belongs to somebody else."""
    file = folder / FILE
    if file.exists() and b"Content-Security-Policy" not in file.read_bytes()[:200]:
        raise LakeError(f"{file} was not written by `./lake docs`", "name another folder: --out DIR")
    folder.mkdir(parents=True, exist_ok=True)
    file.write_bytes(page)
    return file


def _publish(env: str, page: bytes, known: tuple[str, ...]) -> tuple[str, str]:
    from cli.catalogue_publication import HOURS, published
    from cli.targets import deployed

    found = published(deployed(env), page, known)
    say(
        f"published: {found.address}. Whoever has this link reads it for {HOURS} hours, or until the"
        " credentials end that made it:"
    )
    show(found.link)
    return found.address, found.link
