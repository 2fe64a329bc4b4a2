"""Glue job: what changed in silver → gold.

Recomputes the touched dates and keys only, or everything with --full_refresh.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import SparkSession

from glue_scripts.engine.gold.lake import Shared, Transform
from glue_scripts.engine.gold.references import waves
from glue_scripts.engine.gold.sql_file import SqlTransform
from glue_scripts.engine.gold.tables import check_complete, refresh
from glue_scripts.engine.gold.transforms import transforms_of
from glue_scripts.engine.gold.warehouse import write_load_plan
from glue_scripts.engine.lineage.recorder import recorder
from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job, parsed_job
from glue_scripts.engine.run.lock import guard
from glue_scripts.engine.run.session import Aws, aws, spark_session
from glue_scripts.engine.tables import changes

PARALLEL_TABLES = 4


def main(spark: SparkSession, job: Job, transforms: dict[str, Transform], clients: Aws) -> None:
    """Refreshes every gold table, several at a time; changes are settled only when all have followed, then
    the warehouse may load them. A table that fails stops none but those that refer to it or
    read it.

    Raises LookupError where tables and transforms do not match, TakenOverError, and the first failure of
    `refresh` when the others have followed.
    """
    check_complete(job.contract.gold, transforms)
    check = guard(job, clients.ledger)
    check()
    pending = changes.pending(spark, job)
    failed: dict[str, BaseException] = {}
    made_of = {n: t.gold_sources for n, t in transforms.items() if isinstance(t, SqlTransform)}
    with (
        recorder(spark, job, clients) as lineage,
        Shared() as shared,
        ThreadPoolExecutor(PARALLEL_TABLES) as pool,
    ):
        for tables in waves(job.contract.gold, made_of):
            futures = {
                table.name: pool.submit(
                    refresh, spark, job, table, transforms[table.name], pending, check, shared, lineage
                )
                for table in tables
                if failed.keys().isdisjoint(
                    {r.table for r in table.references} | made_of.get(table.name, frozenset())
                )
            }
            failed |= {name: error for name, future in futures.items() if (error := future.exception())}
    for name, error in failed.items():
        log.warning(job, f"gold table {name} failed: {type(error).__name__}", table=name)
    if failed:
        raise next(iter(failed.values()))
    check()
    changes.settle(spark, job, pending)
    if job.warehouse:
        write_load_plan(spark, job, clients.s3)
    log.info(job, "gold follows silver", tables=len(job.contract.gold), changes_of_runs=pending.run_ids)


if __name__ == "__main__":
    job = parsed_job(sys.argv[1:])
    main(spark_session(f"{job.domain} silver to gold"), job, transforms_of(job.domain), aws(job))
