"""What silver holds instead of values that the contract protects (shared/contracts/protection.py)."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from glue_scripts.engine.read.keyed_hashes import keyed_hash_of, with_pads
from glue_scripts.engine.read.sql import quoted
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import hash_key
from glue_scripts.engine.tables.iceberg import set_properties
from glue_scripts.engine.tables.state import loaded
from shared.contracts import Table
from shared.contracts.protection import HASH, HASH_KEY, key_mark, protected


class HashKeyError(RuntimeError):
    """The key of the environment's hashes is not the one that the table's hashes were made with."""


def check_hash_key(spark: SparkSession, job: Job, table: Table) -> None:
    """Holds the key against the mark of it that the table keeps; a table without one gets it. Two keys in one
    table would be two hashes of one value. Raises HashKeyError, with the table as it was.
    """
    if HASH not in protected(table).values():
        return
    identifier, mark = job.identifier(table), key_mark(hash_key(job))
    held = loaded(spark, identifier).properties().get(HASH_KEY)
    if held is None:
        set_properties(spark, identifier, {HASH_KEY: mark})
    elif held != mark:
        raise HashKeyError(
            f"{identifier}: its hashes were made with another key than the secret {job.names.hash_key} holds"
            " now. Nothing was changed: give the secret its former text back (its version AWSPREVIOUS, where"
            f" it is there still), or make the table anew: ./lake migrate {job.domain} --env {job.names.env}"
            f" --rebuild {table.zone}.{table.name} --yes (docs/howto/protect-personal-data.md)."
        )


def protected_rows(spark: SparkSession, job: Job, rows: DataFrame, table: Table) -> DataFrame:
    """Rows to be loaded, with what silver may hold of them; their other columns as they are."""
    ways, columns = protected(table), rows.columns
    if not ways:
        return rows
    known = with_pads(spark, rows, hash_key(job)) if HASH in ways.values() else rows
    kept = {c: _kept(table, c, way) for c, way in ways.items()}
    return known.selectExpr(*(f"{kept.get(c, quoted(c))} AS {quoted(c)}" for c in columns))


def _kept(table: Table, column: str, way: str) -> str:
    """SQL for what is kept of a column's value."""
    return keyed_hash_of(quoted(column)) if way == HASH else f"CAST(NULL AS {table.column(column).type})"
