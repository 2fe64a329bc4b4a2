"""What is said of a table that was made: of its sources by the plan, of what was written by its snapshot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from glue_scripts.engine.lineage.catalyst import OTHER_SPARK
from glue_scripts.engine.lineage.plan import lineage_of
from glue_scripts.engine.lineage.recorder import Made, TableRun
from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.tables.state import COMPACTED, loaded
from shared.contracts import Table
from shared.contracts.evolution import BESIDE
from shared.lineage import JSON, facet, stored, symlink

# Names of the facet, and those of a snapshot's summary
FIGURES = {"rowCount": "added-records", "size": "added-files-size", "fileCount": "added-data-files"}


def made_of(job: Job, table: Table, rows: DataFrame) -> Made:
    """What the rows of a table are made of; the log says what of that is not known, and why."""
    lineage = lineage_of(rows)
    missing = [c for c in table.column_names if c not in lineage.fields]
    if missing or lineage.gaps:
        said = "columns without lineage" if missing else "lineage lacks a part of what decides the rows"
        log.warning(job, said, table=table.name, columns=missing, through=sorted(lineage.gaps))
    own = replace(lineage, fields={c: lineage.fields[c] for c in table.column_names if c in lineage.fields})
    content = own.content(lambda name: stored(job.names, *place_of(job, name)))
    inputs = tuple(_table(job, name) for name in lineage.tables)
    return Made(inputs, facet("columnLineage", **content) if content else {})


def _table(job: Job, name: str) -> JSON:
    """A table as input, with its place where the contract knows it."""
    database, table = place_of(job, name)
    known = {(job.names.database(job.domain, t.zone), t.name): t for t in job.contract.tables}
    found = known.get((database, table))
    facets = facet("symlinks", identifiers=[symlink(job.location(found))]) if found else {}
    return {**stored(job.names, database, table), "facets": facets}


def place_of(job: Job, name: str) -> tuple[str, str]:
    """Database and table; one that is made anew has the name under which it is found when it is."""
    database, _, table = name.partition(".")
    own = table.removesuffix(BESIDE)
    return database, own if own in job.anew else table


def tell_written(run: TableRun, spark: SparkSession, job: Job, identifier: str, made: Made) -> None:
    """Has a run say the version of the table that it wrote to, and what the one commit wrote that it made.
    Rows that stand in files which were written anew are among them.
    """
    try:
        run.tell(_written(made, _last_of_rows(loaded(spark, identifier)), run.began_ms))
    except OTHER_SPARK as error:
        log.warning(job, f"lineage lacks what was written: {type(error).__name__}", table=identifier)
        run.tell(made)


def _last_of_rows(table: Any) -> Any:
    """The last snapshot that changed rows: maintenance, which others do, may have compacted them since."""
    found = table.currentSnapshot()
    while found is not None and found.operation() == COMPACTED:
        parent = found.parentId()
        found = None if parent is None else table.snapshot(parent)
    return found


def _written(made: Made, now: Any, began_ms: int) -> Made:
    """`now`: the table's last snapshot that changed rows."""
    if now is None or now.timestampMillis() < began_ms:
        return replace(made, statistics=facet("outputStatistics", **dict.fromkeys(FIGURES, 0)))
    summary = now.summary()
    figures = {name: int(summary.get(key) or 0) for name, key in FIGURES.items()}
    version = facet("version", datasetVersion=str(now.snapshotId()))
    return replace(made, output={**made.output, **version}, statistics=facet("outputStatistics", **figures))
