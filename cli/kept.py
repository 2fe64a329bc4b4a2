"""How long the tables of a domain keep their rows, and whether what should have left has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cli.item import Item
from local.session import Session
from shared.contracts import Contract, contract
from shared.retention import KEPT_SINCE, UNDATED, first_day, stored_days

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

RANK = 4  # beside a closed gate
LATE_DAYS = 8  # maintenance is weekly, and its run takes rows out where no other did
COLUMNS = ("table", "keeps days", "no row before", "first day kept", "files leave after days")
_SAID = {None: "not known yet", UNDATED: "some have no date"}


def kept_of(session: Session, domain: str, now: dt.datetime) -> dict[str, dict[str, Any]]:
    """Of the stored tables that have a retention, by name: `days`; `since`, before which they hold no row,
    `undated` where rows stand from a time before its event date, None where no run has seen to it yet; `due`,
    the first day that is kept today; `file_days`, after which files leave storage, counted from their
    arrival, None where another table keeps all that they brought.
    """
    agreed = contract(domain)
    if not any(t.retention_days for t in agreed.silver):
        return {}  # most domains: no table is looked at
    from local import athena  # not above: `./lake status` of most lakes needs no tables

    database = session.names.database(domain, "silver")
    return dict(_kept(athena.catalog_of(session), database, agreed, now))


def _kept(
    catalog: Catalog, database: str, agreed: Contract, now: dt.datetime
) -> Iterator[tuple[str, dict[str, Any]]]:
    for dataset in agreed.datasets:
        table, due = dataset.target, first_day(dataset.target, now)
        if due is None or not catalog.table_exists((database, table.name)):
            continue
        yield (
            table.name,
            {
                "days": table.retention_days,
                "since": catalog.load_table((database, table.name)).properties.get(KEPT_SINCE) or None,
                "due": due.isoformat(),
                "file_days": stored_days(agreed, dataset),
            },
        )


def shown(kept: Mapping[str, Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """As a table of COLUMNS."""
    return [
        (name, k["days"], _SAID.get(k["since"], k["since"]), k["due"], k["file_days"] or "never")
        for name, k in kept.items()
    ]


def late(domain: str, kept: Mapping[str, Mapping[str, Any]], lake: str) -> Iterator[Item]:
    """Tables in which rows wait to leave for longer than any schedule explains."""
    for name, k in kept.items():
        run, promise = f"./lake run {domain}{lake}", f"(kept for {k['days']} days)"
        if k["since"] == UNDATED:
            what = f"{name}: rows from a time before its event date never leave {promise}"
            yield Item(what, f"{run} --full-refresh", rank=RANK, red=True)
        elif k["since"] is None:
            what = f"{name}: no run has taken out rows before {k['due']} yet {promise}"
            yield Item(what, run, rank=RANK, red=True)
        elif (dt.date.fromisoformat(k["due"]) - dt.date.fromisoformat(k["since"])).days > LATE_DAYS:
            what = f"{name}: rows of {k['since']} to {k['due']} should have left {promise}"
            yield Item(what, run, rank=RANK, red=True)
