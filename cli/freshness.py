"""How old the newest data of a domain is, beside what its contract promises."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lambdas.watch.figures import ages_in_hours
from lambdas.watch.pipelines import Pipelines
from local.session import Session
from shared.contracts import contract
from shared.metrics import promised_hours


@dataclass(frozen=True)
class Freshness:
    """Of a silver table, or of all gold tables together. `promised`: hours, None where nothing is."""

    table: str
    hours: float
    promised: int | None

    @property
    def late(self) -> bool:
        return self.promised is not None and self.hours > self.promised


def freshness_of(session: Session, domain: str, now: dt.datetime) -> list[Freshness]:
    """As watch measures and alarms judge it; nothing of a table that never had a file."""
    agreed, ledger = contract(domain), session.ledger
    processed = {d.name: ledger.newest_processed(domain, d.name) for d in agreed.datasets}
    newest = {d: dt.datetime.fromisoformat(f.ingested_at) if f else None for d, f in processed.items()}
    last = Pipelines(session.names, session.client("stepfunctions")).last_runs(domain)
    ages, promised = ages_in_hours(newest, last.succeeded_at if last else None, now), promised_hours(agreed)
    return [Freshness(table, hours, promised.get(table)) for table, hours in ages.items()]
