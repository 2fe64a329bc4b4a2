"""What CloudWatch is told: how fresh each table is, what waits, and what each job run took."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from shared.contracts import Dataset
from shared.ledger.observed import Learnt
from shared.metrics import FRESHNESS, GOLD, OF_JOBS, PENDING, SILENCE, UNKNOWN_DAYS, UNUSUAL, datum
from shared.unknown_columns import UnknownColumns

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef
    from mypy_boto3_glue.type_defs import JobRunTypeDef


def freshness(
    domain: str, newest: dict[str, dt.datetime | None], gold_followed: dt.datetime | None, now: dt.datetime
) -> list[MetricDatumTypeDef]:
    """As CloudWatch takes it."""
    ages = ages_in_hours(newest, gold_followed, now)
    return [datum(FRESHNESS, age, Domain=domain, Dataset=dataset) for dataset, age in ages.items()]


def ages_in_hours(
    newest: dict[str, dt.datetime | None], gold_followed: dt.datetime | None, now: dt.datetime
) -> dict[str, float]:
    """Hours since the newest file that each silver table and gold hold arrived; none for a table that never
    had any.

    `newest` is by dataset. Gold is as old as its oldest source, or as the last run that reached it, whichever
    is worse.
    """
    ages = {
        dataset: (now - arrived) / dt.timedelta(hours=1)
        for dataset, arrived in newest.items()
        if arrived is not None
    }
    if ages and gold_followed is not None:
        ages[GOLD] = max(*ages.values(), (now - gold_followed) / dt.timedelta(hours=1))
    return ages


def waiting(domain: str, dataset: str, files: int) -> MetricDatumTypeDef:
    return datum(PENDING, files, "Count", Domain=domain, Dataset=dataset)


def silence(
    dataset: Dataset, learnt: Learnt | None, newest: dt.datetime | None, now: dt.datetime
) -> list[MetricDatumTypeDef]:
    """That a dataset has been silent for longer than its history allows; none while nothing is learnt, or
    where its contract switches this off.
    """
    limit = dataset.target.limit(SILENCE)
    if limit is None or learnt is None or learnt.gap_hours is None or newest is None:
        return []
    share = (now - newest) / dt.timedelta(hours=learnt.gap_hours)
    return [datum(UNUSUAL, 1, "Count", Domain=dataset.domain, Dataset=dataset.name)] if share > limit else []


def unknown_columns(dataset: Dataset, report: UnknownColumns, now: dt.datetime) -> list[MetricDatumTypeDef]:
    """Since how many days columns come that the contract does not name; none where there are none."""
    days = [c.days(now) for c in report.still_unknown(dataset).columns]
    return [datum(UNKNOWN_DAYS, max(days), Domain=dataset.domain, Dataset=dataset.name)] if days else []


def job_run(domain: str, stage: str, run: JobRunTypeDef) -> list[MetricDatumTypeDef]:
    """Duration and DPU hours of a finished Glue run; without auto-scaling Glue tells the capacity instead of
    the DPU seconds.
    """
    seconds = float(run.get("ExecutionTime", 0))
    dpu_seconds = float(run.get("DPUSeconds") or seconds * float(run.get("MaxCapacity", 0)))
    where, (lasted, took) = {"Domain": domain, "Stage": stage}, OF_JOBS
    return [datum(lasted, seconds, "Seconds", **where), datum(took, dpu_seconds / 3600, **where)]
