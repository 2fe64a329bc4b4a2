"""`./lake forget`: a person leaves a domain, for good."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli import runs
from cli.deployed_contract import is_deployed
from cli.erasure.erase import Erasure
from cli.erasure.files import Holder
from cli.erasure.finding import Finding
from cli.erasure.keys import file, given, people_of
from cli.erasure.objects import ErasureError
from cli.erasure.receipt import Receipt, not_reached
from cli.erasure.search import Place
from cli.erasure.sought import Sought
from cli.erasure.warehouse import Unasked, Warehouse, kept_namespace
from cli.exits import Exit
from cli.options import add_domain, add_env, add_json
from cli.targets import check_domain, current_target
from local import athena
from local.console import fail, print_table, say, spinner, write_json
from local.deploy import described
from local.errors import LakeError
from local.session import Session
from shared.contracts import Contract, contract
from shared.contracts.people import identities, marked, unnamed_children
from shared.contracts.protection import key_mark
from shared.keyed_hash import keyed_hash
from shared.names import DATA_ZONES, RESULTS, WAREHOUSE

EXAMPLE = "./lake forget shop --keys - --plan     # reads user_id=u42 from the terminal, and changes nothing"
RESULT = {
    "id": "of the erasure, with domain, names, people, marks (keyed hashes), ended and proven",
    "files": "by store and what was done: rewrite, delete (old versions), whole, or waiting and unclear:"
    " nothing was done with these; details: each file",
    "records": "taken out, by store",
    "run_id": "of the full refresh that made the tables from the files",
    "snapshots": "forgotten; versions of files and answers of Athena that were deleted",
    "left": "by store, where a value still stands as a word of its own; places: where",
    "unsearched": "for whom, or where, was not searched: then it is not proven",
    "warehouse": "whether its tables were searched, or that there is none",
    "not_reached": "what no command of this lake reaches",
}


def configure(parser: argparse.ArgumentParser) -> None:
    add_domain(parser)
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument(
        "--key",
        action="append",
        metavar="NAME=VALUE",
        help="a person, by a column that the contract says identifies one; your shell remembers it",
    )
    who.add_argument("--keys", type=file, metavar="FILE", help="people, NAME=VALUE a line; - is stdin")
    who.add_argument(
        "--again", action="store_true", help="all who were erased before, of whom files have come since"
    )
    parser.add_argument("--plan", action="store_true", help="only what would be done; changes nothing")
    parser.add_argument(
        "--whole-files",
        action="store_true",
        help="delete files as a whole of which no single records can be taken",
    )
    parser.add_argument(
        "--unreadable",
        action="store_true",
        help="take records out, too, that cannot be read and mention them, though they may be of others",
    )
    add_env(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    check_domain(arguments.domain, arguments.env, demo=arguments.demo)
    agreed = contract(arguments.domain)
    people = people_of(agreed, given(arguments.key, arguments.keys))
    target = current_target(arguments.env, demo=arguments.demo)
    if arguments.env and not is_deployed(target, arguments.domain):
        raise LakeError(
            f"the deployed jobs of {arguments.domain} have another contract than is on disk, and would tell"
            " erased people by that. Nothing was changed",
            f"./lake deploy --env {arguments.env}, or take the checkout that was deployed",
        )
    unreadable = arguments.unreadable
    erasure = erasure_of(target, arguments.domain, people, again=arguments.again, unreadable=unreadable)
    if arguments.plan:
        with spinner("every file and table is searched"):
            found, places, unsearched = erasure.plan()
        return _show_plan(found, places, unsearched, arguments)
    _check_children(agreed)
    receipt = erasure.carry_out(whole=arguments.whole_files)
    return _end(receipt, target.names.bucket("metrics"), arguments.json)


def erasure_of(
    session: Session,
    domain: str,
    people: dict[str, frozenset[str]],
    *,
    again: bool = False,
    unreadable: bool = False,
) -> Erasure:
    """Of people by what identifies them, or `again` of all who were erased before. `unreadable`: records that
    cannot be read are theirs where they mention them.
    """
    key = session.client("secretsmanager").get_secret_value(SecretId=session.names.hash_key)["SecretString"]

    if session.ledger.erased_keys(domain) - {key_mark(key.strip())}:
        raise ErasureError(
            f"{domain}: people were erased with another key than the secret {session.names.hash_key} holds"
            " now, and nobody knows them again. Nothing was changed",
            "give the secret its former text back (its version AWSPREVIOUS, where it is there still)",
        )

    def mark(name: str, value: str) -> str:
        return keyed_hash(key.strip(), marked(name, value))

    known = session.ledger.erased(domain) if again else frozenset()
    if again and not known:
        raise ErasureError(f"nobody was erased from {domain} yet", f"./lake forget {domain} --key NAME=VALUE")
    marks = frozenset((name, mark(name, v)) for name, values in people.items() for v in values)

    def pseudonym(value: str) -> str:
        return keyed_hash(key.strip(), value)

    pseudonyms = frozenset(pseudonym(v) for values in people.values() for v in values)
    agreed = contract(domain)
    encodings = tuple(sorted({"cp1252"}.union(*(d.encodings for d in agreed.datasets))))
    columns = frozenset(i.column for t in agreed.tables for i in identities(agreed, t))
    sought = Sought(people, known, mark, pseudonyms, pseudonym, encodings, unreadable, columns)
    holder = Holder(session.names, session.client("s3"), session.ledger, agreed, sought)
    return Erasure(
        holder,
        athena.catalog_of(session),
        marks | known,
        key_mark(key.strip()),
        run=lambda asked: _run(session, domain, asked),
        alive=lambda run_id: run_id in runs.running(session, domain),
        report=say,
        warehouse=_warehouse(session),
    )


def _warehouse(session: Session) -> Warehouse | Unasked | None:
    """The environment's, if there is one, even if its settings ask for none any more."""
    stack = session.names.name(WAREHOUSE)
    if described(session.client("cloudformation"), stack) is None:
        return kept_namespace(session.client("redshift-serverless"), session.names)
    return Warehouse(session.client("redshift-data"), session.names)


def _run(session: Session, domain: str, asked: dict[str, Any]) -> str:
    """Raises ErasureError for a run that did not succeed."""
    run_id = runs.start(session, domain, asked)
    say(f"run {run_id} of {domain}: {', '.join(asked)}")
    with spinner(f"run {run_id}") as show:
        outcome = runs.follow(session, domain, run_id, show, runs.tell)
    if not outcome.succeeded:
        raise ErasureError(
            f"{outcome}\nThe files are without the people; tables may still have them",
            "mend the cause, then give the same command again: it does what is left",
        )
    return run_id


def _show_plan(
    found: list[Finding], places: list[Place], unsearched: Sequence[str], arguments: argparse.Namespace
) -> int:
    rows = [(f.zone, str(f.version), f.fate, f.records or "", f.why) for f in found]
    print_table(f"{arguments.domain}: files", ("store", "file", "what", "records", "why"), rows)
    stores = sorted({p.zone for p in places})
    say(f"a value stands as a word of its own in {len(places)} places of {', '.join(stores) or 'no store'}")
    for what in unsearched:
        say(f"not searched: {what}")
    if whole := sum(f.fate == "whole" for f in found):
        say(f"{whole} files can only go as a whole: --whole-files says so")
    if unnamed := unnamed_children(contract(arguments.domain)):
        say(f"refused until {', '.join(unnamed)} says whose its rows are: docs/howto/erase-a-person.md")
    beyond = not_reached(contract(arguments.domain))
    say(f"not reached: {'; '.join(beyond)}")
    say("nothing was changed")
    plan = {"details": [{"file": str(f.version), "what": f.fate, "records": f.records} for f in found]}
    there = {"places": [p.where for p in places], "unsearched": unsearched}
    write_json(arguments.json, {**plan, **there, "not_reached": beyond})
    return Exit.DONE


def _end(receipt: Receipt, bucket: str, place: Path | None) -> int:
    """Shows what was done, also where it is not proven. `place`: where `--json` wants it."""
    _show(receipt, bucket)
    if receipt.proven:
        write_json(place, receipt.document())
        return Exit.DONE
    error = _unproven(receipt)
    write_json(place, {**receipt.document(), "error": error.text, "do": error.do})
    return fail(str(error))


def _show(receipt: Receipt, bucket: str) -> None:
    print_table(f"{receipt.domain}: files", ("what", "files"), list(receipt.files.items()))
    gone = f"{receipt.versions} old files and {receipt.answers} answers deleted"
    say(f"{receipt.snapshots} snapshots forgotten, {gone}")
    say(f"receipt: s3://{bucket}/{receipt.key}")
    say(f"not reached: {'; '.join(receipt.not_reached)}")
    if receipt.proven:
        say(f"nothing of them was found in {', '.join((*DATA_ZONES, RESULTS))} and the ledger")
    say(f"the warehouse: {receipt.warehouse}")
    for where in receipt.places:
        say(f"left: {where}")
    for what in receipt.unsearched:
        say(f"not searched: {what}")


def _unproven(receipt: Receipt) -> ErasureError:
    if not receipt.places:
        return ErasureError(
            "nothing of them was found, and that proves nothing of what was not searched",
            "give the keys of whom only hashes are known; look yourself into what cannot be opened, and"
            " remove or replace it; then the same command again",
        )
    return ErasureError(
        f"a value still stands in {len(receipt.places)} places, as a word of its own",
        "look at each: another column, a text, a name of a file and a table of the warehouse are yours to"
        " change",
    )


def _check_children(agreed: Contract) -> None:
    """Raises LakeError where late rows of a person would stay, for nothing says whose they are."""
    if unnamed := unnamed_children(agreed):
        raise LakeError(
            f"{', '.join(unnamed)}: rows of the same files as a person's do not say whose they are, and a"
            " late file would bring theirs. Nothing was changed",
            "give each a column with the path of the person above its list, such as ^.user_id, and"
            " `identifies: person` (docs/howto/erase-a-person.md)",
        )
