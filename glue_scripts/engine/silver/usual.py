"""A run's figures against the dataset's own history: the volume of days that are over, rates, silence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from glue_scripts.engine.read.bronze_files import BronzeFile
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import Aws
from glue_scripts.engine.silver.batch import Loaded
from shared import metrics
from shared.contracts import Dataset
from shared.ledger.observed import Learnt
from shared.usual import (
    WINDOW_DAYS,
    Day,
    allowed_gap_hours,
    rate_jump,
    volume_deviation,
    volume_usual,
)
from shared.usual.days import Rates, days_of, ingestion_day, is_fresh
from shared.usual.learnt import RATE_ROWS

GRACE = dt.timedelta(minutes=10)  # the index of the ledger may lag behind
JUDGED_DAYS = 7  # of days that were over before the run, no older ones are judged
MOSTLY = 0.9  # of a run's rows, so that a few late files do not hide a jump


@dataclass(frozen=True)
class Compared:
    """Figures that are judged, and a sentence about each; a figure without history is not there."""

    values: Mapping[str, float] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)


def rates_of(loaded: Loaded) -> Rates:
    return Rates(loaded.rows.read, loaded.rows.quarantined, loaded.nulls)


def teaches(job: Job, files: Sequence[BronzeFile], *, again: bool) -> bool:
    """Whether a run's rates are those of new data: not of a refresh, a replay, a range of dates or a
    backfill.
    """
    entries = [f.entry for f in files]
    rows = sum(f.records for f in entries)
    fresh = sum(f.records for f in entries if is_fresh(f) and f.processed_by is None)
    return not (again or job.full_refresh or job.by_date) and fresh >= MOSTLY * rows


def compared_rates(job: Job, clients: Aws, dataset: Dataset, loaded: Loaded) -> Compared:
    """The worst jump of a column's null rate, and that of the quarantine rate."""
    since = job.now.date() - dt.timedelta(days=WINDOW_DAYS)
    history = [d.rates for d in clients.ledger.days(job.domain, dataset.name, since)]
    days = [r for r in history if r.read >= RATE_ROWS]
    now = rates_of(loaded)
    good = now.read - now.quarantined
    by_column = {
        c: (score, rate, past)
        for c in now.nulls
        if (rate := now.null_rate(c)) is not None
        and (past := [p for d in days if (p := d.null_rate(c)) is not None])
        and (score := rate_jump(past, rate, good)) is not None
    }
    values, details = {}, {}
    if by_column:
        column = max(by_column, key=lambda c: by_column[c][0])
        values[metrics.NULL_JUMP], rate, past = by_column[column]
        details[metrics.NULL_JUMP] = (
            f"column {column} has no value in {rate:.0%} of {good} rows, where {median(past):.0%} is usual"
        )
    quarantined = [q for d in days if (q := d.quarantine_rate) is not None]
    rate = now.quarantine_rate or 0.0
    if (score := rate_jump(quarantined, rate, now.read)) is not None:
        values[metrics.QUARANTINE_JUMP] = score
        details[metrics.QUARANTINE_JUMP] = (
            f"{rate:.0%} of {now.read} rows are quarantined, where {median(quarantined):.0%} is usual"
        )
    return Compared(values, details)


def remember_rates(clients: Aws, dataset: Dataset, files: Sequence[BronzeFile], loaded: Loaded) -> None:
    """Adds the run's rates to the day of its newest file."""
    day = max(ingestion_day(f.entry) for f in files)
    clients.ledger.add_rates(dataset.domain, dataset.name, day, rates_of(loaded))


def compared_days(job: Job, clients: Aws, dataset: Dataset, known: Learnt | None) -> Compared:
    """The volume of the days that are over since the last run, and how long the dataset has been silent.

    The ledger keeps what was learnt. The same run again judges the same days again.
    """
    closed = (job.now - GRACE).date() - dt.timedelta(days=1)
    volume = Compared()
    before = None if known is None else known.before if known.run_id == job.run_id else known.through
    if known is None or before is None or before < closed.isoformat():
        known, volume = _learn(job, clients, dataset, before, closed)
        clients.ledger.note_learnt(job.domain, dataset.name, known)
    newest = clients.ledger.newest_arrival(job.domain, dataset.name)
    if newest is None or known.gap_hours is None:
        return volume
    hours = (job.now - dt.datetime.fromisoformat(newest.ingested_at)) / dt.timedelta(hours=1)
    detail = f"no file for {hours:.0f} hours, where {known.gap_hours:.0f} are usual at most"
    return Compared(
        {**volume.values, metrics.SILENCE: hours / known.gap_hours},
        {**volume.details, metrics.SILENCE: detail},
    )


def _learn(
    job: Job, clients: Aws, dataset: Dataset, before: str | None, closed: dt.date
) -> tuple[Learnt, Compared]:
    since = closed - dt.timedelta(days=WINDOW_DAYS)
    first = max(since, dt.date.fromisoformat(before) + dt.timedelta(days=1)) if before else since
    days = days_of(clients.ledger.arrived(job.domain, dataset.name, first, closed))
    for day in days:
        clients.ledger.note_day(job.domain, dataset.name, day)
    history = clients.ledger.days(job.domain, dataset.name, since - dt.timedelta(days=JUDGED_DAYS))
    learnt = Learnt(
        job.run_id,
        closed.isoformat(),
        before,
        gap_hours=allowed_gap_hours(history, closed + dt.timedelta(days=1)),
    )
    if last := max((d for d in history if d.files and d.date <= closed), key=lambda d: d.date, default=None):
        learnt = replace(learnt, day=last.date.isoformat(), rows=last.rows)
        if usual := volume_usual(history, last.date):
            low, high = usual.bounds()
            learnt = replace(learnt, low=low, high=high)
    recent = [d for d in days if (closed - d.date).days < JUDGED_DAYS]
    return learnt, _volume(history, recent)


def _volume(history: Sequence[Day], days: Sequence[Day]) -> Compared:
    scores = [(score, d) for d in days if (score := volume_deviation(history, d)) is not None]
    if not scores:
        return Compared()
    score, day = max(scores, key=lambda pair: pair[0])
    usual = volume_usual(history, day.date)
    low, high = usual.bounds() if usual else (0, 0)
    detail = f"{day.date} brought {day.rows} rows, where {low} to {high} are usual on a {day.date:%A}"
    return Compared({metrics.VOLUME: score}, {metrics.VOLUME: detail})
