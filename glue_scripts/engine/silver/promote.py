"""A column that the contract names since the last run: what rows that stand have under that name in `_extra`
becomes its value, as if their files had been read with today's contract.

In place where that is the same; otherwise the files are read again (docs/howto/evolve-a-table.md), as they
are for a column with a path or a part of the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.lineage.recorder import Recorder
from glue_scripts.engine.quarantine.row_rules import judged
from glue_scripts.engine.read.conform import TEXT, TRIED, derived_columns, text_of
from glue_scripts.engine.read.sql import literal, quoted, typed
from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.lock import Guard
from glue_scripts.engine.run.session import Aws
from glue_scripts.engine.silver.derive import follow
from glue_scripts.engine.silver.places import (
    mark,
    may_be_there,
    newly_placed,
    places_known,
    places_property,
)
from glue_scripts.engine.silver.target import known_properties, names_property, silver_table, spellings_known
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.commits import computed_again, fork, publish
from glue_scripts.engine.tables.iceberg import (
    Stored,
    create_or_evolve,
    properties_of,
    set_properties,
)
from glue_scripts.engine.tables.state import State, state
from shared.contracts import Contract, Dataset, folded
from shared.contracts.followers import followers
from shared.contracts.protection import protected
from shared.ledger.model import LedgerFile

FILLING = "lakehouse.filling"  # the runs that filled rows whose followers may not have followed
NOBODY = "none"


@dataclass(frozen=True)
class Promotion:
    """What the run has to do for it: read all files of the dataset again, or some, and then `remember`."""

    refill: bool = False
    files: tuple[LedgerFile, ...] = ()
    pending: bool = False


@computed_again
def promote(
    spark: SparkSession, job: Job, clients: Aws, dataset: Dataset, check: Guard, lineage: Recorder
) -> Promotion:
    """Fills new columns of the dataset's silver table from `_extra`, or tells which files must be read for
    that.

    A crash anywhere is repaired by the next run: the spellings are remembered last. A run of a range of dates
    leaves it to the next one.

    Raises MigrationNeededError and MovedOnError.
    """
    table, target = dataset.target, silver_table(job, dataset.target)
    if not spark.catalog.tableExists(target.identifier):
        return Promotion()
    properties = _remembered(spark, dataset, target)
    known = properties[names_property(dataset)].split(",")
    fresh = {s: c for s, c in dataset.aliases.items() if mark(s) not in known}
    placed = newly_placed(dataset, properties[places_property(dataset)])
    if job.by_date or job.full_refresh or not (fresh or placed):
        return Promotion(pending=job.full_refresh and bool(fresh or placed))
    create_or_evolve(spark, target)
    since = state(spark, target.identifier)
    rows = _of_dataset(spark.table(target.identifier), dataset).where("_extra IS NOT NULL")
    held = [r[0] for r in rows.select(F.explode(F.map_keys("_extra"))).distinct().collect()]
    if found := [c.name for c in placed if may_be_there(c, held, clients, dataset)]:
        log.info(job, "new places of columns", dataset=dataset.name, filled=sorted(found))
        return Promotion(refill=True, pending=True)
    names = {name: fresh[folded(name)] for name in sorted(held) if folded(name) in fresh}
    log.info(job, "new spellings of columns", dataset=dataset.name, filled=sorted({*names.values()}))
    if names and table.kind == "files":
        return Promotion(files=_files_with(clients, dataset, fresh), pending=True)
    if names and not _in_place(rows, job.contract, dataset, names, clients):
        return Promotion(refill=True, pending=True)
    _fill(spark, job, dataset, names, properties.get(FILLING, NOBODY), check, since, lineage)
    remember(spark, job, dataset)
    return Promotion()


def _remembered(spark: SparkSession, dataset: Dataset, target: Stored) -> dict[str, str]:
    """The table's properties; of one that was made before there were these, its columns are what is known."""
    properties = properties_of(spark, target.identifier)
    if {*known_properties(dataset)} <= {*properties}:
        return properties
    columns = spark.table(target.identifier).columns
    known = {
        names_property(dataset): spellings_known(dataset, columns),
        places_property(dataset): places_known(dataset, columns),
    }
    missing = {name: value for name, value in known.items() if name not in properties}
    set_properties(spark, target.identifier, missing)
    return properties | missing


def remember(spark: SparkSession, job: Job, dataset: Dataset) -> None:
    """The rows of the dataset are now what today's contract makes of them."""
    set_properties(spark, job.identifier(dataset.target), known_properties(dataset) | {FILLING: NOBODY})


def _of_dataset(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Several datasets share a table only where rows stand and fall with their file, in the raw bucket."""
    if dataset.target.kind != "files":
        return rows
    return rows.where(f"startswith(_source_file, {literal(f'{dataset.domain}/{dataset.name}/')})")


def _files_with(clients: Aws, dataset: Dataset, fresh: Mapping[str, str]) -> tuple[LedgerFile, ...]:
    """The accepted files that have one of the spellings: their rows stand and fall with them."""
    files = clients.ledger.accepted(dataset.domain, dataset.name)
    return tuple(f for f in files if f.profile and any(folded(c) in fresh for c in f.profile.columns))


def _in_place(
    rows: DataFrame, contract: Contract, dataset: Dataset, names: Mapping[str, str], clients: Aws
) -> bool:
    """Whether filling the rows that stand is what reading their files again would give.

    It is not where the table protects values: its rows are judged on plain ones, which it has not. Nor where
    the column has a say in which rows stand: as a key, in the order of versions, as the operation, in what is
    derived from it, where it is required, and in a log that ever took two records for one. Nor where a row
    has two spellings of one column, or would not be good with its new value, or where `_extra` does not tell
    whether a text was one in its file.
    """
    table, columns = dataset.target, {*names.values()}
    if protected(table):
        return False
    decisive = {*table.primary_key, *table.order, *table.partitioned_by}
    operation = table.operation.column if table.operation else None
    decisive |= {c for c in (table.change_key, table.event_date_column, operation) if c}
    decisive |= {c.name for c in table.columns if c.required}  # rows that lack it would stay
    derived = " ".join(c.derived for c in table.columns if c.derived)
    if columns & decisive or any(re.search(rf"\b{re.escape(c)}\b", derived) for c in columns):
        return False
    if any(dataset.plan(c).respelled or table.column(c).element for c in columns):
        return False
    if table.kind == "log" and _ever_deduplicated(clients, dataset):
        return False
    filled = rows.where(_has(names)).selectExpr(*_as_if_read(contract, dataset, names))
    texts = [c for c in sorted(columns) if table.column(c).type == "string"]
    unsure = " OR ".join(["false", *(_of_unknown_kind(quoted(TEXT + c)) for c in texts)])
    doubtful = judged(filled, dataset).where(f"_bad OR {_two_values(names)} OR {unsure}")
    return doubtful.isEmpty()


def _ever_deduplicated(clients: Aws, dataset: Dataset) -> bool:
    runs = clients.ledger.runs(dataset.domain)
    return any(r.rows.deduplicated for r in runs if r.dataset == dataset.name)


def _has(names: Mapping[str, str]) -> str:
    """SQL that is true for rows with one of the names in `_extra`."""
    listed = ", ".join(map(literal, names))
    return f"_extra IS NOT NULL AND arrays_overlap(map_keys(_extra), array({listed}))"


def _of_unknown_kind(text: str) -> str:
    """SQL that is true for a text in `_extra` that may have been a number with a point or an exponent, an
    object or a list: a column of text takes none of these as it is spelled there.
    """
    number = f"{text} RLIKE '^[-+]?([0-9]*[.][0-9]*([eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+|NaN|Infinity)$'"
    return f"coalesce({number} OR startswith({text}, '{{') OR startswith({text}, '['), false)"


def _texts(names: Mapping[str, str], column: str) -> list[str]:
    return [f"_extra[{literal(name)}]" for name, c in names.items() if c == column]


def _value(contract: Contract, dataset: Dataset, names: Mapping[str, str], column: str) -> tuple[str, str]:
    """SQL for a column's cleaned text in `_extra`, and for its value: the same cast as that of records."""
    table, plan = dataset.target, dataset.plan(column)
    text = text_of(table, column, plan, contract, f"coalesce({', '.join(_texts(names, column))}, NULL)")
    return text, typed(text, plan, table.column(column).case)


def _as_if_read(contract: Contract, dataset: Dataset, names: Mapping[str, str]) -> list[str]:
    """Rows that stand as `conformed` would have them, with their new values."""
    table = dataset.target
    columns = [
        "size(_extra) AS _file",  # any number that the planner does not know
        "_ingested_at",
        "_extra",
        *("CAST(NULL AS string) AS _raw", "CAST(NULL AS string) AS _day"),
        "CAST(NULL AS map<string,string>) AS _faults",
        *(f"CAST('' AS binary) AS {quoted(TRIED + c.name)}" for c in derived_columns(table)),
    ]
    for column in table.column_names:
        text, value = f"CAST({quoted(column)} AS string)", quoted(column)
        if column in names.values():
            text, value = _value(contract, dataset, names, column)
        columns += [f"{value} AS {quoted(column)}", f"{text} AS {quoted(TEXT + column)}"]
    taken = [f"{quoted(c)} AS {quoted('_stood_' + c)}" for c in sorted({*names.values()})]
    return [*columns, *taken]


def _two_values(names: Mapping[str, str]) -> str:
    """SQL that is true for rows with a column twice: under two names, or where it has a value already."""
    tests = ["false"]
    for column in sorted({*names.values()}):
        present = " + ".join(f"CAST({t} IS NOT NULL AS int)" for t in _texts(names, column))
        stood = f"CAST({quoted('_stood_' + column)} IS NOT NULL AS int)"
        tests.append(f"{present} + {stood} > 1")
    return f"({' OR '.join(tests)})"


def _fill(
    spark: SparkSession,
    job: Job,
    dataset: Dataset,
    names: Mapping[str, str],
    filling: str,
    check: Guard,
    since: State,
    lineage: Recorder,
) -> None:
    """Fills the rows in one commit, then the tables that follow theirs."""
    table, target = dataset.target, silver_table(job, dataset.target)
    runs = [] if filling == NOBODY else filling.split(",")
    if names:
        check()
        runs = list(dict.fromkeys([*runs, job.run_id]))
        touched = spark.table(target.identifier).where(_has(names))
        # Announced before the commit, and noted for the followers: a crash in between loses none.
        set_properties(spark, target.identifier, {FILLING: ",".join(runs)})
        changes.record(
            job,
            table,
            touched.selectExpr(
                f"{changes.date_of(target)} AS event_date",
                f"{changes.changed_key(table)} AS key",
                "CAST(NULL AS date) AS _old_date",
                "CAST(NULL AS string) AS _old_key",
            ),
        )
        check()
        branch = fork(spark, target.identifier, since)
        spark.sql(_update(branch.identifier, job, dataset, names))
        publish(spark, branch)
    if runs:
        listed = ", ".join(map(literal, runs))
        filled = spark.table(target.identifier).where(f"_run_id IN ({listed})")
        for follower in followers(table, job.contract.silver):
            follow(spark, job, table, follower, filled.select(*table.primary_key[:1]).distinct(), lineage)


def _update(identifier: str, job: Job, dataset: Dataset, names: Mapping[str, str]) -> str:
    values = {c: _value(job.contract, dataset, names, c)[1] for c in sorted({*names.values()})}
    listed = ", ".join(map(literal, names))
    rest = f"map_filter(_extra, (k, v) -> NOT array_contains(array({listed}), k))"
    sets = [f"{quoted(c)} = coalesce({quoted(c)}, {v})" for c, v in values.items()]
    sets += [f"_extra = CASE WHEN size({rest}) > 0 THEN {rest} END", f"_run_id = {literal(job.run_id)}"]
    return f"UPDATE {identifier} SET {', '.join(sets)} WHERE {_has(names)}"
