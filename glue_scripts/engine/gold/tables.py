"""Tables that transforms compute, brought up to date: gold, and the computed ones of silver."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from glue_scripts.engine.gold.lake import Lake, Shared, Transform
from glue_scripts.engine.gold.promises import (
    check_keys,
    failed_row,
    in_columns,
    is_of_a_row,
    transformed_rows,
    unfit_value,
)
from glue_scripts.engine.gold.references import all_once, check_references, checks_references, unseen
from glue_scripts.engine.gold.scope import Scope, scope_of
from glue_scripts.engine.lineage.made import made_of, tell_written
from glue_scripts.engine.lineage.recorder import Recorder, TableRun
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.lock import Guard
from glue_scripts.engine.tables.anew import made_beside, swap
from glue_scripts.engine.tables.changes import Changes
from glue_scripts.engine.tables.commits import (
    append_to,
    computed_again,
    publish,
    replace_all,
    rows_of,
    write_unaudited,
)
from glue_scripts.engine.tables.iceberg import (
    COPY_ON_WRITE,
    Stored,
    caught_up,
    create_or_evolve,
    is_behind,
    is_empty,
)
from glue_scripts.engine.tables.memory import persisted
from glue_scripts.engine.tables.reconcile import difference_of, differing_rows, write
from glue_scripts.engine.tables.state import State, state
from shared.contracts import Table


def stored_table(job: Job, table: Table) -> Stored:
    columns = {c.name: c.type for c in table.columns}
    return Stored(
        job.identifier(table),
        job.location(table),
        columns,
        table.partition_fields,
        table.day_column,
        COPY_ON_WRITE,
        computed=True,
    )


@computed_again
def refresh(
    spark: SparkSession,
    job: Job,
    table: Table,
    transform: Transform,
    pending: Changes,
    check: Guard,
    shared: Shared,
    lineage: Recorder,
) -> None:
    """Brings one gold table up to date in one commit. Incremental and full give equal tables; one that got
    columns or wider types is computed as a whole, so that its files are of one schema, as COPY needs them.

    `check` goes before the commit. Raises TransformError, UnfitValueError, BrokenKeyError,
    ReferentialIntegrityError, KeyCollisionError, MigrationNeededError and MovedOnError, with the table as it
    was.
    """
    with lineage.of(table) as run:  # an error before there is work is told, too
        beside = made_beside(spark, job, table)
        target = stored_table(beside, table)
        create_or_evolve(spark, target)
        since = state(spark, target.identifier)
        empty, behind = is_empty(spark, target, since), is_behind(spark, target)
        touched = Scope(everything=True) if empty or behind else scope_of(job, table, pending)
        if touched is None:
            return
        run.begin()
        lake = Lake(spark, job, touched, shared)
        _refresh(lake, table, transform, target, check, since, run, anew=empty or behind)
        if behind:
            caught_up(spark, target)
        check()
        swap(spark, job, beside, table)


def _refresh(
    lake: Lake,
    table: Table,
    transform: Transform,
    target: Stored,
    check: Guard,
    since: State,
    run: TableRun,
    *,
    anew: bool,
) -> None:
    transformed = transformed_rows(transform, lake, table)
    made = made_of(lake.job, table, transformed)
    run.tell(made)
    computed = in_columns(transformed, table)
    whole = not table.appended_by and (anew or (lake.job.full_refresh and bool(table.depends_on)))
    # Rows that are held against others before they are written are computed once. For the key alone that
    # would cost more than it saves: Spark computes nothing but the key for it (300,000 rows of a fact, CPU s:
    # 3.4 written, 3.5 with the check, 6.0 kept for both).
    compared = bool(table.appended_by) or checks_references(table)
    try:
        if whole:
            _fill(lake, table, transform, computed, target, check, since)
        else:
            with persisted(computed) if compared else nullcontext(computed) as rows:
                check_keys(transform, lake, table, rows)
                _commit(lake, table, rows, target, check, since, anew=anew)
    except PySparkException as error:
        if unfit := unfit_value(transform, lake, table, error):
            raise unfit from error
        if not is_of_a_row(error):
            raise
        raise failed_row(transform, lake, table, error) from error
    tell_written(run, lake.spark, lake.job, target.identifier, made)


def _fill(
    lake: Lake,
    table: Table,
    transform: Transform,
    rows: DataFrame,
    target: Stored,
    check: Guard,
    since: State,
) -> None:
    """Makes the rows the table's whole content. They are computed once: what is held against the promises is
    what was written, on a branch that readers do not see; where it breaks one, the next run drops that.
    """
    check()
    branch = write_unaudited(rows, target, since)
    written = rows_of(lake.spark, branch)
    check_keys(transform, lake, table, written)
    check_references(lake.spark, lake.job, table, written)
    check()
    publish(lake.spark, branch)


def _commit(
    lake: Lake, table: Table, rows: DataFrame, target: Stored, check: Guard, since: State, *, anew: bool
) -> None:
    spark, job = lake.spark, lake.job
    check_references(spark, job, table, rows)
    if table.appended_by and not job.full_refresh:
        stored = spark.table(target.identifier)
        fresh = unseen(rows, stored, table)
        check()
        if anew:  # what stands stays, in files of one schema
            replace_all(stored.select(*fresh.columns).unionByName(fresh), target, since)
        else:
            append_to(fresh, target, since)
        return
    if table.appended_by:
        rows = all_once(rows, table)
    if anew or (job.full_refresh and table.depends_on):
        check()
        replace_all(rows, target, since)
    else:
        _reconcile(lake, table, rows, target, check, since)


def _reconcile(lake: Lake, table: Table, rows: DataFrame, target: Stored, check: Guard, since: State) -> None:
    """Writes the rows of the scope that differ from the stored ones."""
    dates = lake.touched_dates() if target.date_column else None
    stored = lake.scope.rows(lake.spark.table(target.identifier), target.date_column or "event_date", dates)
    with persisted(differing_rows(rows, stored, target, table.primary_key, table.column_names)) as differing:
        difference = difference_of(differing, target)
        check()
        write(difference, target, table.primary_key, since)


def check_complete(tables: tuple[Table, ...], transforms: Mapping[str, Transform]) -> None:
    """Raises LookupError unless every table of the contract has a transform, and the other way round."""
    names = {t.name for t in tables}
    missing, unknown = names - transforms.keys(), transforms.keys() - names
    if missing or unknown:
        raise LookupError(
            f"tables of the contract without a transform: {sorted(missing)}; transforms without a table:"
            f" {sorted(unknown)}. Add gold/<table>.sql, or a function in the domain's transforms.py, or the"
            " table to its contract."
        )
