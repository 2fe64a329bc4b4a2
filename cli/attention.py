"""What of a domain needs somebody's attention, why, and what to do: the beginning of `./lake status`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from cli import migration, stuck
from cli.counted_files import CountedFiles
from cli.held import held_until
from cli.item import Item
from cli.shown_summary import quarantine_query
from local import laptop
from local.session import Session
from shared.contracts import Contract, contract
from shared.ledger.counters import PENDING
from shared.ledger.model import FileId, FileStatus, LedgerFile, RunResult
from shared.quarantine import ALARMING_SHARE, rows_table
from shared.reasons import FILE_HELP, ROW_HELP, FileReason, RowReason

if TYPE_CHECKING:
    from cli.summary import Quarantined

OBSERVED = 5  # rank of what the ledger observed of datasets: beside a closed gate


def items_of(
    session: Session, domain: str, files: CountedFiles, states: Iterable[tuple[str, str]], lake: str
) -> list[Item]:
    """The worst first. `states`: the newest runs with their status, newest first; `lake`: the option that
    names the lake.
    """
    ended = [run for run, status in states if status != "RUNNING"]
    results = [session.ledger.runs(domain, run) for run in ended]
    return ranked(
        stuck.items_of(session, domain, files.dead_claims.items(), lake),
        (item for found in results for item in stuck.of_balance(domain, found, lake)),
        _of_rows(domain, results, lake),
        _of_migration(session, domain, lake),
        _of_erasures(session, domain, lake),
        _of_gate(session, domain, lake),
        _of_files(session, domain, files, lake),
        _of_age(session, lake),
    )


def ranked(*kinds: Iterable[Item]) -> list[Item]:
    """Items of all kinds, the worst kind first, each with its kind's rank."""
    return [replace(item, rank=rank) for rank, items in enumerate(kinds) for item in items]


def _of_rows(domain: str, results: Iterable[Sequence[RunResult]], lake: str) -> list[Item]:
    """Of the newest run that read something: maintenance and a failure at the start say nothing of rows."""
    newest = next(filter(None, results), ())
    items = [_of_result(domain, result, lake) for result in newest if result.rows.quarantined]
    return sorted(items, key=lambda item: not item.red)


def _of_result(domain: str, result: RunResult, lake: str) -> Item:
    rows = result.rows
    most = max(result.reasons, key=lambda r: (result.reasons[r], r), default="")
    what = (
        f"{result.dataset}: {rows.quarantined:,} of {rows.read:,} records of the last run are in quarantine"
        f" ({rows.quarantined / rows.read:.1%}), most for {most}"
    )
    alarming = rows.quarantined / rows.read > ALARMING_SHARE
    return Item(what, quarantine_query(domain, result.dataset, most, lake), red=alarming)


def _of_migration(session: Session, domain: str, lake: str) -> Iterator[Item]:
    """One whose run is not known to have filled its tables."""
    if (left := migration.unfilled(session, domain)) and left.status != "RUNNING":
        changed = ", ".join(sorted({str(step["table"]) for step in left.steps}))
        began = f"its run {left.run_id} {left.status.lower()}" if left.status else "its run never began"
        yield Item(
            f"a migration changed {changed}, and {began}: they may lack rows",
            f"./lake migrate {domain}{lake}",
            red=True,
        )


def _of_erasures(session: Session, domain: str, lake: str) -> Iterator[Item]:
    """One that has not ended, and files that came since with people who were erased."""
    erasures = session.ledger.erasures(domain)
    if open_ones := [e for e in erasures if "ended" not in e]:
        who = "--again" if open_ones[-1].get("again") else "with the same keys"
        yield Item(
            f"erasure {open_ones[-1]['id']} of {open_ones[-1]['people']} people has not ended: they are still"
            " in some store",
            f"./lake forget {domain}{lake} {who}",
            red=True,
        )
    elif erasures and (came := _came_again(session, domain, erasures[-1]["ended"])):
        yield Item(
            f"{came} came since the erasure of {erasures[-1]['ended']}: raw and bronze hold them, and no"
            " table does",
            f"./lake forget {domain}{lake} --again",
        )


def _came_again(session: Session, domain: str, since: str) -> str:
    """What came since an erasure of people who were erased; nothing where nothing did."""
    records = sum(r.rows.erased for r in session.ledger.runs(domain) if r.finished_at > since)
    copies = sum(_is_rewritten(session, copy) for copy in _copies_since(session, domain, since))
    found = [f"{records:,} records of erased people"] if records else []
    return " and ".join(found + ([f"{copies:,} files as they were before"] if copies else []))


def _copies_since(session: Session, domain: str, since: str) -> Iterator[LedgerFile]:
    """Files whose content was there already, which nobody reads."""
    for dataset in contract(domain).datasets:
        for state in ("duplicate", "copy", "read_copy"):
            newest = session.ledger.newest_first(domain, dataset.name, state)
            yield from takewhile(lambda file: file.ingested_at > since, newest)


def _is_rewritten(session: Session, copy: LedgerFile) -> bool:
    """Whether records were taken out of the file whose content a file has."""
    key, _, version = (copy.duplicate_of or "").rpartition("@")
    owner = session.ledger.outcome(FileId(copy.bucket, key, version))
    return owner is not None and bool(owner.rewritten)


def _of_gate(session: Session, domain: str, lake: str) -> Iterator[Item]:
    if run_id := session.ledger.halted_by(domain):
        found = "; ".join(f for r in session.ledger.runs(domain, run_id) for f in r.gate_findings)
        yield Item(
            f"the quality gate is closed by run {run_id}, gold stays as it is: {found}",
            f"mend it and run again, or accept it: ./lake run {domain}{lake} --accept-gate",
        )


def _of_files(session: Session, domain: str, files: CountedFiles, lake: str) -> Iterator[Item]:
    if reasons := files.reasons:
        listed = ", ".join(f"{n} {reason}" for reason, n in reasons.most_common())
        yield Item(
            f"files in quarantine as a whole: {reasons.total():,} ({listed})",
            f"./lake status {domain}{lake} --reasons",
        )
    waiting, deferred = files.total(PENDING), files.total(FileStatus.DEFERRED)
    if waiting:
        yield Item(f"accepted files that wait for a run: {waiting:,}", f"./lake run {domain}{lake}")
    if deferred:
        yield Item(
            f"files, too large for the function, that wait for the bronze job of a run: {deferred:,}",
            f"./lake run {domain}{lake}",
        )
    if (waiting or deferred) and (until := held_until(session, domain, dt.datetime.now(dt.UTC))):
        yield Item(
            f"the day has had the runs that are paid for (runs_a_day): the next begins at {until:%H:%M} UTC"
            " at the earliest, with all files that wait then",
            f"./lake run {domain}{lake} where it must be sooner",
        )


def _of_age(session: Session, lake: str) -> Iterator[Item]:
    if session.state is not None and not laptop.is_current(session.state):
        yield Item(
            "contracts, settings or code on disk are newer than this lake",
            f"the next drop, run or replay deploys them, or ./lake up{lake}",
        )


def of_datasets(datasets: Mapping[str, Any]) -> Iterator[Item]:
    """Of what the ledger observed of datasets: silence, and columns that their contract does not name."""
    for dataset, known in datasets.items():
        if (silence := known["silence"]) and silence["silent"]:
            hours, usual = silence["hours"], silence["usual_at_most"]
            what = f"{dataset}: no file for {hours:.0f} hours, usual are {usual:.0f} at most"
            yield Item(what, "ask its producer", rank=OBSERVED)
        if unknown := known["unknown_columns"]:
            listed = "; ".join(
                f"{c['name']} ({c['share']:.0%} of the rows, {', '.join(c['kinds'])}, since {c['since']})"
                for c in unknown
            )
            more = f" and {left} more" if (left := known["unknown_columns_left_out"]) else ""
            yield Item(
                f"{dataset}: columns that its contract does not name: {listed}{more}",
                "name them in the contract, as a column or an alias; what came so far is in _extra",
                rank=OBSERVED,
            )


def file_reasons(files: Iterable[LedgerFile]) -> list[tuple[str, str, int, str, str]]:
    """Dataset, reason, number of files, what the newest one's detail says, what to do; most files first."""
    groups: dict[tuple[str, str], list[LedgerFile]] = {}
    for file in files:
        if file.status is FileStatus.QUARANTINED:
            groups.setdefault((file.dataset, file.reason or ""), []).append(file)
    rows = []
    for (dataset, reason), members in groups.items():
        newest = max(members, key=lambda f: f.ingested_at)
        rows.append((dataset, reason, len(members), newest.detail or "", FILE_HELP[FileReason(reason)]))
    return sorted(rows, key=lambda row: (-row[2], row))


def row_help(agreed: Contract, reasons: Iterable[str]) -> str:
    """What to do about rows that are in quarantine for these reasons."""
    return " ".join(agreed.reasons.get(r) or ROW_HELP[RowReason(r)] for r in reasons)


def row_reasons(session: Session, domain: str) -> list[Quarantined]:
    """All rows in a domain's quarantine now, by dataset, reasons and columns."""
    # Not above: `./lake status` without reasons needs no tables.
    from cli.summary import grouped
    from local import athena

    catalog, agreed, found = athena.catalog_of(session), contract(domain), []
    for dataset in agreed.datasets:
        name = (session.names.database(domain, "quarantine"), rows_table(domain, dataset.name, agreed.layout))
        if not catalog.table_exists(name):
            continue
        scan = catalog.load_table(name).scan(selected_fields=("reasons", "columns", "source_file"))
        rows: list[dict[str, Any]] = scan.to_arrow().to_pylist()
        found += grouped(rows, agreed, dataset.name)
    return found
