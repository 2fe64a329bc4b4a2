"""A silver table that is filled as a whole: at first, and by a full refresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.quarantine.record_counts import RecordCounts, UnbalancedError, balanced
from glue_scripts.engine.run.lock import Guard
from glue_scripts.engine.silver.batch import Batch, Loaded
from glue_scripts.engine.silver.tombstones import bury_all
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.commits import Branch, publish, records_of, write_unaudited
from glue_scripts.engine.tables.iceberg import Stored
from glue_scripts.engine.tables.state import State
from shared.ledger.model import RowCounts


@dataclass(frozen=True)
class _Written:
    """Rows of which each is the newest of its key, of how many records they are, and how many say that it was
    deleted and do not stand.
    """

    rows: int
    sent: int
    deleted: int

    @classmethod
    def of(cls, numbers: Mapping[str, Any]) -> _Written:
        return cls(numbers["rows"], numbers["sent"] or 0, numbers.get("deleted", 0))


def fill_table(batch: Batch, target: Stored, check: Guard, since: State) -> Loaded:
    """Makes the files the table's whole content. They are read once, and once more for deletes, on the way to
    a branch that readers do not see; it is published when all records are accounted for and the bad ones are
    in quarantine. `since`: the state in which the table was to be filled as a whole.

    Raises RecordsLostError, UnbalancedError or MovedOnError, with the table as it was; `check` goes before
    each commit.
    """
    judged, written = Observation(), Observation()
    rows = batch.judged()
    silver = batch.silver_rows(rows.observe(judged, *batch.aggregates))
    numbers = [F.count(F.lit(1)).alias("rows"), F.sum("_sent").alias("sent")]
    if batch.table.buries:
        numbers.append(F.count_if("_deleted").alias("deleted"))
    observed = silver.observe(written, *numbers)
    rows_that_stand = observed.where("NOT _deleted") if batch.table.buries else observed
    branch = write_unaudited(rows_that_stand, target, since)
    seen = batch.seen(rows, judged.get)
    made = _written(batch, silver, numbers, _Written.of(written.get), seen, branch)
    check()
    bad, reasons = batch.quarantine(seen)
    outdone = made.sent - made.rows
    counts = RowCounts(seen.read, made.rows, bad, outdone, expired=seen.expired, erased=seen.erased)
    balanced(batch.dataset, counts)
    changes.record_everything(batch.spark, batch.job, batch.table)
    # After a crash here the branch is left, and the next run drops it.
    check()
    if batch.table.buries:
        again = batch.silver_rows(rows.observe(Observation(), F.count(F.lit(1))))
        nothing = batch.spark.table(target.identifier).where("false")
        bury_all(batch, again.where("_deleted") if made.deleted else nothing)
    publish(batch.spark, branch)
    return Loaded(counts, reasons, seen.nulls, seen.extra, 0, seen.unknown, seen.ambiguous)


def _written(
    batch: Batch,
    silver: DataFrame,
    numbers: Sequence[Column],
    observed: _Written,
    seen: RecordCounts,
    branch: Branch,
) -> _Written:
    """What was observed; counted anew, for the reason above, where it is not what the branch holds or not the
    good records. Raises UnbalancedError where the branch holds something else then.
    """
    stand = records_of(batch.spark, branch)
    good = seen.read - seen.bad - seen.expired - seen.erased
    if observed.rows - observed.deleted == stand and observed.sent == good:
        return observed
    [again] = silver.agg(*numbers).collect()
    counted = _Written.of(again.asDict())
    if counted.rows - counted.deleted != stand:
        raise UnbalancedError(
            f"{batch.dataset.domain}/{batch.dataset.name}: {counted.rows - counted.deleted} rows were to be"
            f" written, {stand} were. The silver table was not changed, and the files stay pending. Run"
            " again; when it stays, it is a bug in the engine: report it with the files."
        )
    return counted
