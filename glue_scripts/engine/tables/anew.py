"""Tables that are made anew: filled beside what stands, and swapped in one commit when they are full.

`./lake migrate` marks a table that no run can change into what the contract says; readers go on with the old
one until the full refresh has filled the new (docs/decisions/0032-a-migration-is-planned-shown-and-held.md).
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from pyspark.sql import SparkSession

from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.tables.commits import commit
from glue_scripts.engine.tables.iceberg import set_properties
from glue_scripts.engine.tables.state import loaded
from shared.contracts import Table
from shared.contracts.evolution import ANEW, SWAPPED


def made_beside(spark: SparkSession, job: Job, *tables: Table) -> Job:
    """The job as it fills those of the tables that are marked: under names that no reader knows. What earlier
    runs left there is forgotten. Only a full refresh makes tables anew.
    """
    if not job.full_refresh:
        return job
    for table in tables:
        for name, _ in _moves(job, replace(job, anew=frozenset({table.name})), table):
            _forget_entry(spark, name)
    return replace(job, anew=frozenset(t.name for t in tables if _is_marked(spark, job.identifier(t))))


def swap(spark: SparkSession, job: Job, beside: Job, *tables: Table) -> None:
    """Makes what was filled beside the tables what readers see; each in one commit, the rows that remember
    deletes first. The files of the old stay for queries that read them, and go by maintenance days later.

    Raises MovedOnError where another writer commits at this moment, with the table as it was.
    """
    for table in tables:
        for new, name in _moves(job, beside, table):
            if not spark.catalog.tableExists(new):
                continue
            set_properties(spark, new, {SWAPPED: str(time.time_ns() // 1_000_000)})
            if spark.catalog.tableExists(name):
                _point_to(spark, name, new)
                _forget_entry(spark, new)
            else:
                _catalog(spark, name).renameTable(_iceberg_name(spark, new), _iceberg_name(spark, name))
            log.info(job, f"{name} was made anew", table=table.name)


def _moves(job: Job, beside: Job, table: Table) -> list[tuple[str, str]]:
    """From which name to which, of a table that is made anew and of what remembers its deletes."""
    if table.name not in beside.anew:
        return []
    moved = [(beside.identifier(table), job.identifier(table))]
    if table.buries:
        moved.insert(0, (beside.tombstones_identifier(table), job.tombstones_identifier(table)))
    return moved


def _point_to(spark: SparkSession, name: str, new: str) -> None:
    """Iceberg's own commit: refused where the table is no longer what it was a moment ago. The new one keeps
    its identity, so that a writer that still has the old in hand fails rather than mixing both.
    """
    old: Any = loaded(spark, name).operations()
    commit(lambda: old.commit(old.current(), loaded(spark, new).operations().current()), name)
    # What is remembered of the old table cannot become the new: Iceberg compares identities.
    _catalog(spark, name).invalidateTable(_iceberg_name(spark, name))


def _forget_entry(spark: SparkSession, name: str) -> None:
    """Of the catalog only: the files may be another table's, and its metadata may be gone, without which
    Spark's DROP TABLE fails.
    """
    _catalog(spark, name).dropTable(_iceberg_name(spark, name), False)


def _catalog(spark: SparkSession, name: str) -> Any:
    """Iceberg's catalog of a table."""
    session: Any = spark._jsparkSession
    return session.sessionState().catalogManager().catalog(name.partition(".")[0]).icebergCatalog()


def _iceberg_name(spark: SparkSession, name: str) -> Any:
    jvm: Any = spark._jvm
    return jvm.org.apache.iceberg.catalog.TableIdentifier.parse(name.partition(".")[2])


def _is_marked(spark: SparkSession, identifier: str) -> bool:
    return spark.catalog.tableExists(identifier) and ANEW in loaded(spark, identifier).properties()
