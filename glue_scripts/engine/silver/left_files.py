"""Files that have left bronze by their contract's retention: no run reads them again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from glue_scripts.engine.run.job import Job
from glue_scripts.engine.silver.work import Work
from shared.contracts import Dataset
from shared.ledger.model import LedgerFile
from shared.retention import file_days, first_day, has_left


class StillKeptError(RuntimeError):
    """A table was to be filled anew, and files that have left bronze brought rows that it still keeps.

    The table was not changed.
    """


def without_left(job: Job, dataset: Dataset, work: Work) -> Work:
    """The work without the files that have left: what they brought has left silver, too. Raises
    StillKeptError where it has not, and the table would be filled with what the others bring.
    """
    days = file_days(job.contract, dataset)
    if days is None:
        return work
    left = [f for f in work.files if has_left(f, days, job.now)]
    if left and (job.full_refresh or work.refill):
        _check_nothing_kept(job, dataset, left)
    return replace(work, files=tuple(f for f in work.files if f not in left)) if left else work


def _check_nothing_kept(job: Job, dataset: Dataset, left: Sequence[LedgerFile]) -> None:
    table, first = dataset.target, first_day(dataset.target, job.now)
    still = [f for f in left if first and max(f.event_dates, default="") >= first.isoformat()]
    if not still:
        return
    newest = max(max(f.event_dates) for f in still)
    gone = dt.date.fromisoformat(newest) + dt.timedelta(days=(table.retention_days or 0) + 1)
    raise StillKeptError(
        f"{job.domain}/{dataset.name}: {len(still)} files have left bronze, as the contract keeps them for"
        f" {table.retention_days} days after they came, but brought rows of dates up to {newest}, which"
        f" {table.name} still keeps: filled anew, it would lose them. Nothing was changed. Run it on {gone}"
        f" or later, or drop the files again. First file: {still[0].key}"
    )
