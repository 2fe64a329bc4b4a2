"""`./lake status`: what the ledger knows."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from botocore.exceptions import ClientError

from cli import attention
from cli.counted_files import CountedFiles, counted_files
from cli.item import Item
from cli.options import add_domain, add_env, add_json, lake_option
from cli.shown_summary import quarantine_query
from cli.targets import target as target_of
from cli.wording import counted
from local.console import print_table, say, show, write_json
from local.session import Session
from shared.contracts import Dataset, contract, domains
from shared.ledger.counters import PENDING
from shared.ledger.counts import Recount
from shared.ledger.model import LedgerFile
from shared.ledger.observed import Learnt
from shared.metrics import SILENCE
from shared.unknown_columns import shown

EXAMPLE = "./lake status ecommerce"
LAST_RUNS = 5
SHOWN_OUTSIDE = 20


def configure(parser: argparse.ArgumentParser) -> None:
    add_domain(parser, optional=True)
    parser.add_argument(
        "--reasons",
        action="store_true",
        help="also why files and rows are in quarantine, and how to see them",
    )
    parser.add_argument(
        "--recount",
        action="store_true",
        help="first read every entry of the ledger, count its files anew and mend the counters; once after an"
        " upgrade is deployed, and whenever you doubt a number",
    )
    add_env(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    target = target_of(arguments.env, demo=arguments.demo)
    chosen = (arguments.domain,) if arguments.domain else domains()
    if arguments.recount:
        print_recount(target.ledger.recount())
    places = target.ledger.places()
    files_of = {domain: counted_files(target, domain, places) for domain in chosen}
    report = {domain: status_of(target, domain, files) for domain, files in files_of.items()}
    lake = lake_option(arguments)
    for domain, domain_status in report.items():
        files = files_of[domain]
        states = [(run["run_id"], run["status"]) for run in domain_status["runs"]]
        items = attention.items_of(target, domain, files, states, lake)
        items += attention.of_datasets(domain_status["datasets"])
        domain_status["attention"] = [asdict(item) for item in items]
        print_attention(domain, items)
        print_status(domain, domain_status)
        if arguments.reasons:
            quarantined = [f for d in files.datasets for f in target.ledger.quarantined(domain, d)]
            domain_status["reasons"] = _print_reasons(target, domain, quarantined, lake)
    if uncounted := target.ledger.uncounted_places():
        show(
            f"counted one by one, for the ledger is older than its counters: {', '.join(sorted(uncounted))}\n"
            f"    → ./lake status{lake} --recount"
        )
    if lost := files_outside(target, [place for place in places if place[0] not in domains()]):
        print_table(
            "files outside any domain",
            ("key", "status", "reason"),
            [(f.key, f.status.value, f.reason or "") for f in lost],
        )
    write_json(arguments.json, report)
    return 0


def print_recount(recount: Recount) -> None:
    say(f"{counted(recount.placed, 'entry', 'entries')} had no place in the ledger's index")
    for place, wrong in sorted(recount.mended.items()):
        changes = ", ".join(f"{name} {change:+,}" for name, change in sorted(wrong.items()))
        say(f"{place}: the counters are mended: {changes}")
    if not recount.mended:
        say("every other counter was right" if recount.busy else "every counter was right")
    for place in recount.busy:
        say(f"{place}: not counted, for its files changed meanwhile: count again when fewer come")


def files_outside(target: Session, places: Sequence[tuple[str, str]]) -> list[LedgerFile]:
    """The first files of domains that the project does not have."""
    found: list[LedgerFile] = []
    for domain, dataset in places:
        if left := SHOWN_OUTSIDE - len(found):
            found += target.ledger.some_files(domain, dataset, left)
    return found


def print_attention(domain: str, items: Sequence[Item]) -> None:
    if not items:
        show(f"{domain}: nothing needs attention")
        return
    show(f"{domain} needs attention:", loudly=True)
    for item in items:
        show(f"  {item.what}\n    → {item.do}", loudly=item.red)


def _print_reasons(
    target: Session, domain: str, files: Sequence[LedgerFile], lake: str
) -> dict[str, list[dict[str, Any]]]:
    whole, rows = attention.file_reasons(files), attention.row_reasons(target, domain)
    columns = ("dataset", "reason", "files", "detail of the newest", "what to do")
    if whole:
        print_table(f"{domain}: files in quarantine", columns, whole)
    helps = [attention.row_help(contract(domain), q.reasons) for q in rows]
    listed = [
        (q.dataset, ", ".join(q.reasons), ", ".join(q.columns), q.rows, step)
        for q, step in zip(rows, helps, strict=True)
    ]
    row_columns = ("dataset", "reasons", "columns", "rows", columns[-1])
    if listed:
        print_table(f"{domain}: rows in quarantine", row_columns, listed)
    for dataset, reason in dict.fromkeys((q.dataset, q.reasons[0]) for q in rows):
        show(quarantine_query(domain, dataset, reason, lake))
    return {
        "files": [dict(zip(columns, row, strict=True)) for row in whole],
        "rows": [{**asdict(q), columns[-1]: step} for q, step in zip(rows, helps, strict=True)],
    }


def status_of(target: Session, domain: str, files: CountedFiles) -> dict[str, Any]:
    """Files by dataset and status, the newest runs, and who holds the lock."""
    by_dataset = {dataset: {PENDING: 0, **counts} for dataset, counts in sorted(files.by_dataset.items())}
    return {
        "datasets": _datasets(target, domain),
        "files": by_dataset,
        "runs": _runs(target, domain),
        "lock": target.ledger.lock_owner(domain),
        "gate_closed_by": target.ledger.halted_by(domain),
    }


def _datasets(target: Session, domain: str) -> dict[str, Any]:
    """By dataset: columns that its contract does not name, the rows of its last complete day beside what is
    usual, and how long it has been silent.
    """
    now, observed = dt.datetime.now(dt.UTC), target.ledger.observed(domain)
    found: dict[str, Any] = {}
    for dataset in contract(domain).datasets:
        if (known := observed.get(dataset.name)) is None:
            continue
        report, learnt = known.unknown.still_unknown(dataset), known.learnt
        newest = target.ledger.newest_arrival(domain, dataset.name) if learnt and learnt.gap_hours else None
        found[dataset.name] = {
            "unknown_columns": shown(report, now),
            "unknown_columns_left_out": report.more,
            "volume": _volume(learnt) if learnt and learnt.day else None,
            "silence": _silence(dataset, learnt, newest, now) if learnt and newest else None,
        }
    return found


def _volume(learnt: Learnt) -> dict[str, Any]:
    return {"day": learnt.day, "rows": learnt.rows, "usual_from": learnt.low, "usual_to": learnt.high}


def _silence(dataset: Dataset, learnt: Learnt, newest: LedgerFile, now: dt.datetime) -> dict[str, Any]:
    """`silent`: by the dataset's threshold, as watch has it."""
    hours = (now - dt.datetime.fromisoformat(newest.ingested_at)) / dt.timedelta(hours=1)
    allowed, limit = learnt.gap_hours or 0.0, dataset.target.limit(SILENCE)
    silent = limit is not None and hours > limit * allowed
    return {"hours": round(hours, 1), "usual_at_most": round(allowed, 1), "silent": silent}


def _runs(target: Session, domain: str) -> list[dict[str, Any]]:
    machine = target.names.machine_arn(domain)
    try:
        executions = target.client("stepfunctions").list_executions(
            stateMachineArn=machine, maxResults=LAST_RUNS
        )["executions"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "StateMachineDoesNotExist":
            return []
        raise
    return [
        {"run_id": e["name"], "status": e["status"], "started": e["startDate"].isoformat(timespec="seconds")}
        for e in executions
    ]


def print_status(domain: str, report: dict[str, Any]) -> None:
    columns = (
        "accepted",
        "pending",
        "quarantined",
        "duplicate",
        "ignored",
        "unpacked",
        "deferred",
        "claimed",
    )
    rows = [(dataset, *(counts.get(c, 0) for c in columns)) for dataset, counts in report["files"].items()]
    print_table(f"{domain}: files", ("dataset", *columns), rows)
    print_datasets(domain, report["datasets"])
    if report["runs"]:
        print_table(
            f"{domain}: runs", ("run", "status", "started"), [tuple(run.values()) for run in report["runs"]]
        )
    if report["lock"]:
        print_table(f"{domain}: lock", ("held by",), [(report["lock"],)])


def print_datasets(domain: str, datasets: dict[str, Any]) -> None:
    """What needs no attention; silence, unknown columns and a closed gate stand above."""
    days = [
        (dataset, v["day"], v["rows"], _band(v))
        for dataset, known in datasets.items()
        if (v := known["volume"]) is not None
    ]
    if days:
        print_table(f"{domain}: last complete day", ("dataset", "day", "rows", "usual"), days)


def _band(volume: dict[str, Any]) -> str:
    return (
        "not known yet" if volume["usual_from"] is None else f"{volume['usual_from']} to {volume['usual_to']}"
    )
