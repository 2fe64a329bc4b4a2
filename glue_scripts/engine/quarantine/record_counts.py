"""What is counted of a run's judged records, and held against what ingestion counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.quarantine.value_rules import ambiguous
from glue_scripts.engine.read.bronze_files import BronzeFile
from glue_scripts.engine.read.literals import once
from glue_scripts.engine.read.sql import literal, quoted
from shared.contracts import Dataset
from shared.ledger.model import RowCounts
from shared.unknown_columns import KINDS


class RecordsLostError(RuntimeError):
    """Silver did not see the records that ingestion counted. Its table was not changed."""


class UnbalancedError(RuntimeError):
    """Some records of a run are in no table and in no quarantine, or in two.

    The silver table was not changed.
    """


@dataclass(frozen=True)
class RecordCounts:
    """Judged records by number.

    `extra`: good ones with a column that no contract knows; `nulls`: good ones without a value, by column;
    `bad_files`: the numbers of the files with bad ones; `marks`: those of the bad ones (read/marks.py);
    `unknown`: by column that no contract knows, the good rows that have it and a mask of their kinds
    (shared/unknown_columns.py). `ambiguous`: good ones' local times that occur twice;
    `expired`: good ones past their retention; `erased`: of people who were erased, good or bad otherwise.
    """

    read: int = 0
    bad: int = 0
    extra: int = 0
    nulls: dict[str, int] = field(default_factory=dict)
    bad_files: frozenset[int] = frozenset()
    marks: frozenset[int] = frozenset()
    unknown: dict[str, tuple[int, int]] = field(default_factory=dict)
    ambiguous: int = 0
    expired: int = 0
    erased: int = 0


def record_aggregates(dataset: Dataset, unknown: Sequence[str] = (), expired: str = "false") -> list[Column]:
    """The aggregates of judged rows that make their RecordCounts. `expired`: SQL that is true for rows past
    their retention.
    """
    return [
        F.count(F.lit(1)).alias("read"),
        F.count_if(F.expr("_bad AND NOT _erased")).alias("bad"),
        F.count_if("_erased").alias("erased"),
        F.count_if(F.expr("NOT _bad AND _extra IS NOT NULL")).alias("extra"),
        F.count_if(F.expr(f"NOT _bad AND {expired}")).alias("expired"),
        F.sum(F.expr(f"CASE WHEN _bad THEN 0 ELSE {ambiguous(dataset)} END")).alias("ambiguous"),
        F.collect_set(F.expr("CASE WHEN _bad AND NOT _erased THEN _file END")).alias("bad_files"),
        F.collect_set(F.expr("CASE WHEN _bad AND NOT _erased THEN _mark END")).alias("marks"),
        *(
            F.count_if(F.expr(f"NOT _bad AND {quoted(n)} IS NULL")).alias(f"null_{n}")
            for n in dataset.received
        ),
        *(column for i, name in enumerate(unknown) for column in _of_unknown(i, name)),
    ]


def _of_unknown(number: int, name: str) -> tuple[Column, Column]:
    """Numbered: a name of a producer can be anything."""
    value = f"_extra[{literal(name)}]"
    present = f"NOT _bad AND _extra IS NOT NULL AND {value} IS NOT NULL"
    # As a function of a list, which is not compiled: each task compiles these aggregates anew, and to compile
    # so many tests took longer than they do.
    kind = once(value, "v", _kind("v"))
    mask = f"bit_or(CASE WHEN {present} THEN {kind} ELSE 0 END)"
    return F.count_if(F.expr(present)).alias(f"unknown_{number}"), F.expr(mask).alias(f"kinds_{number}")


def _kind(value: str) -> str:
    """SQL for the bit of shared.unknown_columns.KINDS of a text; the first sign tells most of it."""
    integer, decimal, date, boolean, document, text = (1 << bit for bit in range(len(KINDS)))
    first = f"left(ltrim({value}), 1)"
    number = "'^ *[+-]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([eE][+-]?[0-9]+)? *$'"
    whole = "'^ *[+-]?[0-9]+ *$'"
    day = "'^ *([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9])'"
    return (
        f"CASE WHEN {first} = '' THEN 0 WHEN {first} IN ('{{', '[') THEN {document}"
        f" WHEN contains('0123456789+-.,', {first}) THEN"
        f" CASE WHEN {value} RLIKE {whole} THEN {integer} WHEN {value} RLIKE {number} THEN {decimal}"
        f" WHEN {value} RLIKE {day} THEN {date} ELSE {text} END"
        f" WHEN lower(trim({value})) IN ('true', 'false', 'yes', 'no') THEN {boolean} ELSE {text} END"
    )


def observed_counts(
    aggregates: Mapping[str, Any], dataset: Dataset, unknown: Sequence[str] = ()
) -> RecordCounts:
    """From the values of `record_aggregates`."""
    seen = {n: (aggregates[f"unknown_{i}"], aggregates[f"kinds_{i}"] or 0) for i, n in enumerate(unknown)}
    nulls = {c: aggregates[f"null_{c}"] for c in dataset.target.column_names if c in dataset.received}
    return RecordCounts(
        aggregates["read"],
        aggregates["bad"],
        aggregates["extra"],
        nulls,
        frozenset(aggregates["bad_files"]),
        frozenset(aggregates["marks"]),
        seen,
        aggregates["ambiguous"] or 0,
        aggregates["expired"],
        aggregates["erased"],
    )


def expected_records(files: Iterable[BronzeFile]) -> int:
    """What ingestion counted."""
    return sum(f.entry.records for f in files)


def check_nothing_lost(read: int, files: Sequence[BronzeFile]) -> None:
    """Raises RecordsLostError unless silver read what ingestion counted."""
    expected = expected_records(files)
    if read != expected:
        raise RecordsLostError(
            f"ingestion counted {expected} records in {len(files)} files, silver read {read}. The silver"
            " table was not changed; bad rows may stand in quarantine already, and the next run of these"
            f" files quarantines them anew instead of twice. First file: {files[0].entry.key}. Run again;"
            " when it stays, it is a bug in a reader: report it with the file."
        )


def balanced(dataset: Dataset, counts: RowCounts) -> RowCounts:
    """The counts. Raises UnbalancedError unless each record is in one place."""
    if not counts.balanced:
        raise UnbalancedError(
            f"{dataset.domain}/{dataset.name}: {counts}: the records read are not those written, quarantined,"
            " deduplicated, replaced, expired and erased. The silver table was not changed, and the files"
            " stay pending. Run again; when it stays, it is a bug in the engine: report it with the files."
        )
    return counts
