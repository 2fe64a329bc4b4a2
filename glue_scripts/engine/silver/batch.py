"""The files of a dataset that a run loads, from records to the rows of silver, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession

from glue_scripts.engine.quarantine import rows as quarantine
from glue_scripts.engine.quarantine.record_counts import (
    RecordCounts,
    check_nothing_lost,
    expected_records,
    observed_counts,
    record_aggregates,
)
from glue_scripts.engine.quarantine.row_rules import judged
from glue_scripts.engine.read.bronze_files import BronzeFile
from glue_scripts.engine.read.conform import conformed
from glue_scripts.engine.read.marks import of_marks
from glue_scripts.engine.read.operations import is_delete
from glue_scripts.engine.read.readers import records
from glue_scripts.engine.read.sql import before, literal, quoted
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.silver.erased import told_apart
from glue_scripts.engine.silver.protection import protected_rows
from glue_scripts.engine.silver.replace import identified
from glue_scripts.engine.silver.versions import content, newest_per_key, numbered, numbered_order
from shared.contracts import Dataset, Table
from shared.contracts.followers import followers
from shared.ledger.model import LedgerFile, RowCounts
from shared.retention import first_day
from shared.unknown_columns import names_to_observe


@dataclass(frozen=True)
class Loaded:
    """What became of a dataset's records. `removed`: rows that left silver, being of older versions of the
    files or deleted.

    `unknown`: by name of a column that no contract knows, rows and a mask of their kinds.
    `ambiguous_times`: local times that their zone has twice, read as the earlier.
    """

    rows: RowCounts
    reasons: dict[str, int]
    nulls: dict[str, int]
    extra_rows: int
    removed: int
    unknown: dict[str, tuple[int, int]] = field(default_factory=dict)
    ambiguous_times: int = 0


def unknown_names(dataset: Dataset, files: Sequence[BronzeFile]) -> tuple[tuple[str, ...], int]:
    """The columns of the files that no contract knows: those to be observed, and how many more."""
    return names_to_observe({f.profile.columns for f in files}, dataset)


@dataclass(frozen=True)
class Batch:
    """The files of a dataset that a run loads. `stale`: files of which quarantine may hold rows already."""

    spark: SparkSession
    job: Job
    dataset: Dataset
    files: Sequence[BronzeFile]
    numbers: DataFrame
    stale: Sequence[LedgerFile]

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        """Columns that no contract knows, of which rows and kinds are counted."""
        return unknown_names(self.dataset, self.files)[0]

    @property
    def table(self) -> Table:
        return self.dataset.target

    def judged(self) -> DataFrame:
        """All rows of the files."""
        return self._judged(records(self.spark, self.files, self.numbers, self.dataset), received=False)

    def quarantine(self, seen: RecordCounts) -> tuple[int, dict[str, int]]:
        """Brings the bad rows to quarantine, in the place of stale files' rows; returns how many they are,
        and how many of each reason. `seen`: what was counted of all rows; only records that may be bad by it
        are judged again, beside the cells that quarantine keeps.
        """
        files = [f for f in self.files if f.number in seen.bad_files]
        if not files:
            quarantine.clear(self.spark, self.job, self.dataset, self.stale)
            return 0, {}
        found = of_marks(self.spark, records(self.spark, files, self.numbers, self.dataset), seen.marks)
        rows = self._judged(found, received=True).where("NOT _erased")
        return quarantine.quarantine_rows(
            self.spark, self.job, self.dataset, rows, self.numbers, self.stale, seen.bad
        )

    def _judged(self, found: DataFrame, *, received: bool) -> DataFrame:
        rows = judged(conformed(found, self.job.contract, self.dataset, received=received), self.dataset)
        return told_apart(self.spark, rows, self.job, self.dataset)

    def seen(self, rows: DataFrame, observed: Mapping[str, Any]) -> RecordCounts:
        """What was observed of all judged rows; counted anew where it is not what ingestion counted: an
        observation counts a task twice that was run again. Raises RecordsLostError.
        """
        found = observed_counts(observed, self.dataset, self.unknown)
        if found.read != expected_records(self.files):
            [again] = rows.agg(*self.aggregates).collect()
            found = observed_counts(again.asDict(), self.dataset, self.unknown)
        check_nothing_lost(found.read, self.files)
        return found

    @property
    def aggregates(self) -> list[Column]:
        """What is observed of judged rows."""
        return record_aggregates(self.dataset, self.unknown, self.expired)

    @property
    def expired(self) -> str:
        """SQL that is true for rows past their retention: a late file brings none of them back."""
        day = first_day(self.table, self.job.now)
        return "false" if day is None else before("event_date", day)

    def silver_rows(self, judged_rows: DataFrame) -> DataFrame:
        """What silver is to hold of judged rows, and of a keyed table the deletes (`_deleted`). The judgement
        must stand behind a barrier, such as an observation: the planner would push it below the casts that it
        rests on.
        """
        table = self.table
        followed = table.kind == "log" and bool(followers(table, self.job.contract.silver))
        computed = {k for k in table.primary_key if table.column(k).derived}
        plain = judged_rows.where("NOT _bad").selectExpr(
            *(quoted(c) for c in table.column_names if c not in computed), "_extra", "_file", "_place"
        )
        good = protected_rows(self.spark, self.job, plain, table)
        known = self.numbers.select("_file", "_source_file", "_sha256", "_ingested_at", "_order").hint(
            "broadcast"
        )
        own = [
            *map(quoted, table.column_names),
            "_source_file",
            "_ingested_at",
            f"{literal(self.job.run_id)} AS _run_id",
            f"{numbered_order('_order') if followed else '_order'} AS _file_order",
            "_extra",
        ]
        kept = f"NOT {self.expired}"
        if table.kind == "files":
            return identified(good.where(kept).join(known, "_file", "inner"), table).selectExpr(*own)
        # Numbered first: a row has the same number when those before it have left.
        versions = (numbered(good, table) if followed else good).where(kept)
        newest = newest_per_key(versions.selectExpr("*", f"{content(table)} AS _content"), table)
        deleted = f"{is_delete(table.operation) if table.buries else 'false'} AS _deleted"
        return newest.join(known, "_file", "inner").selectExpr(*own, "_content", "_sent", deleted)
