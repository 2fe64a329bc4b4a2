"""Silver tables that a domain's own transforms compute from what was loaded, such as matched keywords."""

from __future__ import annotations

from pyspark.sql import SparkSession

from glue_scripts.engine.gold.lake import Shared, Transform
from glue_scripts.engine.gold.tables import check_complete, refresh, stored_table
from glue_scripts.engine.gold.transforms import transforms_of
from glue_scripts.engine.lineage.recorder import Recorder
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.lock import Guard
from glue_scripts.engine.silver.target import silver_table
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.iceberg import Stored
from shared.contracts import Table


def compute(spark: SparkSession, job: Job, check: Guard, lineage: Recorder) -> None:
    """Brings the domain's computed tables up to date, in the contract's order, for what gold has not followed
    yet.
    """
    transforms = rules(job)
    if not transforms:
        return
    pending = changes.pending(spark, job)
    with Shared() as shared:
        for table in computed_tables(job):
            refresh(spark, job, table, transforms[table.name], pending, check, shared, lineage)


def computed_tables(job: Job) -> tuple[Table, ...]:
    return tuple(t for t in job.contract.silver if t.kind == "computed")


def rules(job: Job) -> dict[str, Transform]:
    """The rules of the computed tables; none where there are no such tables.

    Raises what `transforms_of` and `check_complete` raise.
    """
    tables = computed_tables(job)
    transforms = transforms_of(job.domain, "SILVER") if tables else {}
    check_complete(tables, transforms)
    return transforms


def silver_target(job: Job, table: Table) -> Stored:
    """A silver table as it is stored: those that are computed have no lineage of single files."""
    return stored_table(job, table) if table.kind == "computed" else silver_table(job, table)
