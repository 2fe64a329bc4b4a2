"""Commits that rest on what was read: they are made only while the table is what they were computed from.

Iceberg compares a statement with what others committed since it began, not since the table was read to find
out what to write; of an append, and of a fast-forward over a rollback, it compares nothing. So the rows go to
a branch of their own, where nobody looks, and readers see them if the table still stands where the branch
began (docs/decisions/0028-commits-rest-on-what-was-read.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import uuid4

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.read.sql import quoted
from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.tables.iceberg import Stored
from glue_scripts.engine.tables.state import MovedOnError, State, has_its_rows, loaded, state_of

UNAUDITED = "unaudited"  # begins the names of branches
TRIES = 4
# Maintenance drops the branch of a run that was killed: longer than any run.
KEPT_MS = 7 * 24 * 60 * 60 * 1000
LOST_RACE = "org.apache.iceberg.exceptions.CommitFailedException"

P = ParamSpec("P")
R = TypeVar("R")


def computed_again(
    unit: Callable[Concatenate[SparkSession, Job, P], R],
) -> Callable[Concatenate[SparkSession, Job, P], R]:
    """Does a unit of work anew, from the new state of its table, when another writer was faster.

    Raises MovedOnError after a few tries.
    """

    @wraps(unit)
    def tried(spark: SparkSession, job: Job, /, *args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(TRIES - 1):
            try:
                return unit(spark, job, *args, **kwargs)
            except MovedOnError as error:
                log.warning(job, f"computed again: {error}")
        return unit(spark, job, *args, **kwargs)

    return tried


@dataclass(frozen=True)
class Branch:
    """Where rows wait; `identifier`: its Spark SQL name. `since`: the state of the table that it began at."""

    table: str
    name: str
    since: State

    @property
    def alias(self) -> str:
        return f"branch_{self.name}"

    @property
    def identifier(self) -> str:
        return f"{self.table}.{self.alias}"


def fork(spark: SparkSession, identifier: str, since: State) -> Branch:
    """A branch of the table as it was read; it has a name of its own, so that no other run writes to it.

    Branches that were left by runs that failed are dropped: one of a run that is still at work has lost its
    domain, and can publish no more. Raises MovedOnError.
    """
    table = loaded(spark, identifier)
    # Reads the table anew; its commit fails when somebody commits after that, also where main did not move.
    change = table.manageSnapshots()
    if not has_its_rows(table, since):
        raise _moved_on(identifier)
    branch = Branch(identifier, f"{UNAUDITED}_{uuid4().hex[:12]}", state_of(table))
    at = () if branch.since.snapshot is None else (branch.since.snapshot,)
    change = change.createBranch(branch.name, *at).setMaxRefAgeMs(branch.name, KEPT_MS)
    for left in [name for name in table.refs().keySet() if name.startswith(UNAUDITED)]:
        change = change.removeBranch(left)
    commit(change.commit, identifier)
    return branch


def publish(spark: SparkSession, branch: Branch) -> None:
    """Makes the branch what readers see, in one commit. Raises MovedOnError, with the table as it is."""
    table = loaded(spark, branch.table)
    change = table.manageSnapshots()
    try:
        # Iceberg asks only for an ancestor of the branch, which the table is at after a rollback too.
        if state_of(table) != branch.since or table.refs().get(branch.name) is None:
            raise _moved_on(branch.table)
        commit(change.fastForwardBranch("main", branch.name).removeBranch(branch.name).commit, branch.table)
    except MovedOnError:
        _drop(table, branch)
        raise


def commit(change: Callable[[], Any], identifier: str) -> None:
    """Makes one of Iceberg's commits. Raises MovedOnError where another writer was faster."""
    try:
        change()
    except Py4JJavaError as error:
        if error.java_exception.getClass().getName() != LOST_RACE:
            raise
        raise _moved_on(identifier) from error


def _drop(table: Any, branch: Branch) -> None:
    table.refresh()
    if table.refs().get(branch.name) is not None:
        commit(table.manageSnapshots().removeBranch(branch.name).commit, branch.table)


def _moved_on(identifier: str) -> MovedOnError:
    return MovedOnError(
        f"{identifier}: another writer committed to it after this run had read it. Nothing was lost or"
        " overwritten; what this run computed is computed again, by this run or by the next. If it happens in"
        " every run, stop the other writer (the table's snapshots name its engine) while the domain runs."
    )


def append_to(rows: DataFrame, table: Stored, since: State) -> None:
    """Adds rows that were chosen by what the table held. Raises MovedOnError."""
    branch = fork(rows.sparkSession, table.identifier, since)
    rows.select(*table.columns).writeTo(branch.identifier).append()
    publish(rows.sparkSession, branch)


def replace_all(rows: DataFrame, table: Stored, since: State) -> None:
    """Makes the rows the table's whole content in one commit; readers see the old or the new, never a
    mixture. Raises MovedOnError.
    """
    publish(rows.sparkSession, write_unaudited(rows, table, since))


def write_unaudited(rows: DataFrame, table: Stored, since: State) -> Branch:
    """Makes the rows the whole content of a branch, which readers do not see until it is published.

    What is found wrong with them in between is never seen (write, audit, publish:
    https://iceberg.apache.org/docs/latest/branching/). Raises MovedOnError.
    """
    branch = fork(rows.sparkSession, table.identifier, since)
    rows.select(*table.columns).writeTo(branch.identifier).overwrite(F.lit(True))
    return branch


def rows_of(spark: SparkSession, branch: Branch) -> DataFrame:
    """What the branch holds, to be looked at before readers see it."""
    loaded(spark, branch.table)
    return spark.table(branch.identifier)


def records_of(spark: SparkSession, branch: Branch) -> int:
    """How many rows were written to the branch, by the table's own metadata: what tasks count is counted
    twice when they are run again.
    """
    table = loaded(spark, branch.table)
    written = table.snapshot(table.refs().get(branch.name).snapshotId())
    return int(written.summary().get("added-records") or 0)


def apply(
    changes: DataFrame, table: Stored, key: Sequence[str], dates: Iterable[str] | None, since: State
) -> None:
    """Applies changes in one commit. Raises MovedOnError.

    Each has `_action` (insert, update, delete) and its old date in `_old_date`.

    `dates` are the old rows' dates as text; only these are searched. None: the table has no date column.
    Not as SQL over a temporary view: Spark 4.1 cannot plan that when the view reads Iceberg (SPARK-57539).
    """
    branch = fork(changes.sparkSession, table.identifier, since)
    stored = quoted(branch.alias)
    match = " AND ".join(f"{stored}.{quoted(k)} <=> _changes.{quoted(k)}" for k in key)
    if dates is not None and table.date_column is not None:
        column = f"{stored}.{quoted(table.date_column)}"
        searched = ", ".join(f"DATE'{d}'" for d in sorted(dates))
        match += f" AND {column} = _changes._old_date AND {column} IN ({searched})"
    values = {c: F.col(f"_changes.{quoted(c)}") for c in table.columns}
    merge = changes.alias("_changes").mergeInto(
        branch.identifier, F.expr(f"{match} AND _changes._action <> 'insert'")
    )
    merge = merge.whenMatched(F.expr("_changes._action = 'delete'")).delete().whenMatched().update(values)
    merge.whenNotMatched(F.expr("_changes._action <> 'delete'")).insert(values).merge()
    publish(changes.sparkSession, branch)
