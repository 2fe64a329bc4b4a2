"""Keys between tables: no row is committed that refers to a row that is not there, and no two things share a
surrogate key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.read.sql import quoted
from glue_scripts.engine.run.job import Job
from shared.contracts import Reference, Table
from shared.metrics import ORPHAN_ROWS


class ReferentialIntegrityError(RuntimeError):
    """A row refers to a row that does not exist. Nothing of its table was committed."""


class KeyCollisionError(RuntimeError):
    """Two natural keys have one surrogate key. Nothing of the table was committed."""


def check_references(spark: SparkSession, job: Job, table: Table, rows: DataFrame) -> None:
    """Raises ReferentialIntegrityError where more rows than the gate's `orphan_rows` refer to nothing; null
    counts where required.
    """
    if (allowed := _allowed_orphans(table)) is None:
        return
    references = table.references
    for reference in references:
        keys = [
            F.col(key).alias(column) for column, key in zip(reference.columns, reference.keys, strict=True)
        ]
        known = spark.table(job.identifier(job.contract.table(reference.table))).select(*keys).distinct()
        rows = rows.join(
            known.withColumn(f"_has_{reference.name}", F.lit(True)), list(reference.columns), "left"
        )
    orphans = rows.agg(
        *(F.count_if(F.expr(_refers_to_nothing(table, r))).alias(r.name) for r in references)
    ).first()
    for reference in references:
        if orphans is not None and orphans[reference.name] > allowed:
            columns = " and ".join(reference.columns)
            keys_there = ", ".join(f"{reference.table}.{key}" for key in reference.keys)
            raise ReferentialIntegrityError(
                f"{job.domain}: {orphans[reference.name]} rows of {table.name} have a {columns} that"
                f" {keys_there} does not have; nothing of {table.name} was committed. Look at how the"
                f" domain's transforms compute {reference.table}, then run again."
            )


def checks_references(table: Table) -> bool:
    """Whether rows of the table are held against those that they refer to."""
    return _allowed_orphans(table) is not None


def _refers_to_nothing(table: Table, reference: Reference) -> str:
    """SQL; a null where the contract requires a value refers to nothing, elsewhere it does not refer."""
    optional = [f"{quoted(c)} IS NOT NULL" for c in reference.columns if not table.column(c).required]
    return " AND ".join([f"_has_{reference.name} IS NULL", *optional])


def _allowed_orphans(table: Table) -> float | None:
    return next((t.maximum for t in table.gate if t.metric == ORPHAN_ROWS and t.action == "halt"), None)


def unseen(rows: DataFrame, stored: DataFrame, table: Table) -> DataFrame:
    """The rows whose natural key the table lacks, each once.

    Raises KeyCollisionError when a key stands for two natural keys.
    """
    names = [quoted(c) for c in _names(table)]
    fresh = _once(rows, rows.select(*names).unionByName(stored.select(*names)), table)
    return fresh.join(stored.select(*table.primary_key), list(table.primary_key), "left_anti")


def all_once(rows: DataFrame, table: Table) -> DataFrame:
    """What `unseen` gives for an empty table: a full refresh forgets what is stored. Raises the same."""
    return _once(rows, rows.select(*(quoted(c) for c in _names(table))), table)


def _names(table: Table) -> tuple[str, ...]:
    """The key and the natural key of a table that rows are appended to."""
    return tuple(dict.fromkeys((*table.primary_key, *table.appended_by)))


def _once(rows: DataFrame, names: DataFrame, table: Table) -> DataFrame:
    shared = names.distinct().groupBy(*table.primary_key).count().where("count > 1")
    if doubled := shared.count():
        raise KeyCollisionError(
            f"{table.name}: {doubled} keys stand for two natural keys each; nothing was committed. Change the"
            " key's hash."
        )
    # Rows of one key are equal, so it does not matter which stays.
    return rows.dropDuplicates(list(table.primary_key))


def waves(tables: Sequence[Table], made_of: Mapping[str, frozenset[str]]) -> list[list[Table]]:
    """The tables in groups: what is held against others, or made of them (`made_of`), comes after them.

    Those that wait for each other come last, together.
    """
    left = list(tables)
    done = set[str]()
    groups = list[list[Table]]()
    while left:
        ready = [t for t in left if _awaited(t, made_of) <= done | {t.name}] or left
        groups.append(ready)
        done |= {t.name for t in ready}
        left = [t for t in left if t not in ready]
    return groups


def _awaited(table: Table, made_of: Mapping[str, frozenset[str]]) -> set[str]:
    referred = {r.table for r in table.references} if checks_references(table) else set()
    return {*referred, *made_of.get(table.name, ())}
