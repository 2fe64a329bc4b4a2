"""`./lake status`: the lake on one screen; with a domain all that the ledger knows of it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from cli import attention
from cli.item import Item
from cli.kept import COLUMNS, shown
from cli.options import add_domain, add_env, add_json, lake_option
from cli.overview import overview
from cli.shown_summary import quarantine_query
from cli.standing import standing_of
from cli.targets import target as target_of
from cli.wording import counted
from local.console import print_table, say, show, write_json
from local.session import Session
from shared.contracts import contract, domains
from shared.ledger.counts import Recount
from shared.ledger.model import LedgerFile

EXAMPLE = "./lake status     # one screen; ./lake status ecommerce has all of a domain"
RESULT = {
    "attention": "the worst first: domain (empty: of the whole lake), what, do (the next step), red",
    "domains": "by name: files (by dataset and status), runs (the newest), lock, gate_closed_by, datasets"
    " (unknown columns, volume, silence), retention (by table: days, since, due, file_days), attention;"
    " with --reasons also reasons",
    "outside": "files that belong to no domain of the project: key, status, reason; the first 20",
}


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
    chosen: tuple[str, ...] = (arguments.domain,) if arguments.domain else tuple(domains())
    if arguments.recount:
        print_recount(target.ledger.recount())
    lake = lake_option(arguments)
    found = standing_of(target, chosen, lake)
    report, listed = found.domains, found.attention
    if arguments.domain:
        print_attention(arguments.domain, [each.item for each in listed])
        print_status(arguments.domain, report[arguments.domain])
    else:
        for line, red in overview(_title(target, demo=arguments.demo), lake, listed, report):
            show(line, loudly=red)
    if arguments.reasons:
        for domain in chosen:
            datasets = found.files[domain].datasets
            files = [f for d in datasets for f in target.ledger.quarantined(domain, d)]
            report[domain]["reasons"] = _print_reasons(target, domain, files, lake)
        _print_outside(found.outside)
    lost = [{"key": f.key, "status": f.status.value, "reason": f.reason} for f in found.outside]
    attention_of_all = [each.document() for each in listed]
    write_json(arguments.json, {"attention": attention_of_all, "domains": report, "outside": lost})
    return 0


def _title(target: Session, *, demo: bool) -> str:
    place = "the demo's lake" if demo else "this laptop" if target.endpoint else "AWS"
    return f"{target.names.env} on {place}"


def _print_outside(files: Sequence[LedgerFile]) -> None:
    if files:
        rows = [(f.key, f.status.value, f.reason or "") for f in files]
        print_table("files outside any domain", ("key", "status", "reason"), rows)


def print_recount(recount: Recount) -> None:
    say(f"{counted(recount.placed, 'entry', 'entries')} had no place in the ledger's index")
    for place, wrong in sorted(recount.mended.items()):
        changes = ", ".join(f"{name} {change:+,}" for name, change in sorted(wrong.items()))
        say(f"{place}: the counters are mended: {changes}")
    if not recount.mended:
        say("every other counter was right" if recount.busy else "every counter was right")
    for place in recount.busy:
        say(f"{place}: not counted, for its files changed meanwhile: count again when fewer come")


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
    if kept := report.get("retention"):
        print_table(f"{domain}: retention", COLUMNS, shown(kept))
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
