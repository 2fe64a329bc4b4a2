"""Files that have left bronze by their contract's retention: no run reads them again."""

from __future__ import annotations

from dataclasses import replace

from glue_scripts.engine.run.job import Job
from glue_scripts.engine.silver.work import Work
from shared.contracts import Dataset
from shared.retention import file_days, has_left


def without_left(job: Job, dataset: Dataset, work: Work) -> Work:
    """The work without the files that have left: every row that they brought has left silver before."""
    days = file_days(job.contract, dataset)
    if days is None:
        return work
    return replace(work, files=tuple(f for f in work.files if not has_left(f, days, job.now)))
