"""How a lake stands: what `./lake status` prints and the console shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli import attention, kept, runs
from cli.counted_files import CountedFiles, counted_files
from cli.item import Item
from cli.overview import Attention, worst_first
from cli.wording import counted
from local.session import Session
from shared.contracts import Dataset, contract, domains
from shared.ledger.counters import PENDING
from shared.ledger.model import LedgerFile
from shared.ledger.observed import Learnt
from shared.metrics import SILENCE
from shared.unknown_columns import shown

LAST_RUNS = 5
SHOWN_OUTSIDE = 20


@dataclass(frozen=True)
class Standing:
    """`attention`: the worst first; `domains`: as `status_of` has them, each with what it needs attention
    for; `files` by domain; `outside`: the first files of domains that the project does not have.
    """

    attention: list[Attention]
    domains: dict[str, dict[str, Any]]
    files: dict[str, CountedFiles]
    outside: list[LedgerFile]


def standing_of(target: Session, chosen: Sequence[str], lake: str) -> Standing:
    """Of some domains of the project. `lake`: the option that names the lake in a command."""
    places = target.ledger.places()
    files_of = {domain: counted_files(target, domain, places) for domain in chosen}
    report = {domain: status_of(target, domain, files) for domain, files in files_of.items()}
    items_of = {domain: _items(target, domain, files_of[domain], report[domain], lake) for domain in chosen}
    outside = files_outside(target, [place for place in places if place[0] not in domains()])
    for domain in chosen:
        own = [each.document() for each in worst_first({domain: items_of[domain]})]
        report[domain]["attention"] = own
    return Standing(worst_first(items_of, _of_lake(target, outside, lake)), report, files_of, outside)


def _items(
    target: Session, domain: str, files: CountedFiles, known: Mapping[str, Any], lake: str
) -> list[Item]:
    states = [(run["run_id"], run["status"]) for run in known["runs"]]
    items = attention.items_of(target, domain, files, states, lake)
    late = kept.late(domain, known["retention"], lake)
    return [*items, *attention.of_datasets(known["datasets"]), *late]


def _of_lake(target: Session, outside: Sequence[LedgerFile], lake: str) -> Iterator[Item]:
    """What is no domain's."""
    if outside:
        more = " or more" if len(outside) == SHOWN_OUTSIDE else ""
        what = f"{counted(len(outside), 'file')}{more} outside any domain of the project: {outside[0].key}"
        yield Item(what, f"./lake status{lake} --reasons lists them", rank=attention.OBSERVED)
    if uncounted := target.ledger.uncounted_places():
        listed = ", ".join(sorted(uncounted))
        what = f"counted one by one, for the ledger is older than its counters: {listed}"
        yield Item(what, f"./lake status{lake} --recount", rank=attention.OBSERVED)


def files_outside(target: Session, places: Sequence[tuple[str, str]]) -> list[LedgerFile]:
    """The first files of domains that the project does not have."""
    found: list[LedgerFile] = []
    for domain, dataset in places:
        if left := SHOWN_OUTSIDE - len(found):
            found += target.ledger.some_files(domain, dataset, left)
    return found


def status_of(target: Session, domain: str, files: CountedFiles) -> dict[str, Any]:
    """Files by dataset and status, the newest runs, and who holds the lock."""
    by_dataset = {dataset: {PENDING: 0, **counts} for dataset, counts in sorted(files.by_dataset.items())}
    return {
        "datasets": _datasets(target, domain),
        "files": by_dataset,
        "runs": _runs(target, domain),
        "lock": target.ledger.lock_owner(domain),
        "gate_closed_by": target.ledger.halted_by(domain),
        "retention": kept.kept_of(target, domain, dt.datetime.now(dt.UTC)),
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
    return [
        {"run_id": e.run_id, "status": e.status, "started": e.started.isoformat(timespec="seconds")}
        for e in runs.newest(target, domain, LAST_RUNS)
    ]
