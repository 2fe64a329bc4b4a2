"""Silver tables that a domain's own transforms compute from what was loaded, such as matched keywords."""

from __future__ import annotations

from pyspark.sql import SparkSession

from glue_scripts.engine.gold.lake import Shared
from glue_scripts.engine.gold.tables import check_complete, refresh, stored_table
from glue_scripts.engine.gold.transforms import transforms_of
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.lock import Guard
from glue_scripts.engine.silver.target import silver_table
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.iceberg import Stored
from shared.contracts import Table


def compute(spark: SparkSession, job: Job, check: Guard) -> None:
    """Brings the domain's computed tables up to date, in the contract's order, for what gold has not followed
    yet.
    """
    tables = tuple(t for t in job.contract.silver if t.kind == "computed")
    if not tables:
        return
    transforms = transforms_of(job.domain, "SILVER")
    check_complete(tables, transforms)
    pending = changes.pending(spark, job)
    with Shared() as shared:
        for table in tables:
            refresh(spark, job, table, transforms[table.name], pending, check, shared)


def silver_target(job: Job, table: Table) -> Stored:
    """A silver table as it is stored: those that are computed have no lineage of single files."""
    return stored_table(job, table) if table.kind == "computed" else silver_table(job, table)
