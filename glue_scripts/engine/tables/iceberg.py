"""Iceberg tables through the Glue catalog: created and evolved from the contract, changed in single atomic
commits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.read.sql import quoted
from shared.contracts.evolution import column_changes

LINEAGE_COLUMNS = {
    "_source_file": "string",
    "_ingested_at": "timestamp",
    "_run_id": "string",
    "_file_order": "string",
    "_extra": "map<string,string>",
}
# Athena reads format version 2, not 3. Without fanout a task sorts its rows by partition and writes one file
# after the other: the dictionaries of sixty open files do not fit a processor's cache (measured: 341 → 314
# CPU s for silver of TPC-DS at scale 1).
PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    "write.spark.fanout.enabled": "false",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
}
# A late row does not rewrite its whole partition; maintenance compacts.
MERGE_ON_READ = {f"write.{change}.mode": "merge-on-read" for change in ("update", "delete", "merge")}
# Data files that are the table, without deletes beside them: the warehouse copies the files as they are.
COPY_ON_WRITE = {f"write.{change}.mode": "copy-on-write" for change in ("update", "delete", "merge")}
UNAUDITED = "unaudited"  # the branch of rows that are not shown yet


@dataclass(frozen=True)
class Stored:
    """A table as the catalog has it: its Spark SQL name, place, columns (name → Spark type) and
    partition fields as SQL.

    `date_column`: the date by which its changes are found; the columns' bounds that Iceberg keeps spare the
    files of other dates. `properties`: more that it is made with; later ones are set by whoever they are of.
    """

    identifier: str
    location: str
    columns: Mapping[str, str]
    partitioned_by: tuple[str, ...] = ()
    date_column: str | None = None
    write_modes: Mapping[str, str] = field(default_factory=lambda: MERGE_ON_READ)
    properties: Mapping[str, str] = field(default_factory=dict)


class MigrationNeededError(RuntimeError):
    """The contract asks for a change that cannot be applied to a live table."""


def prepare(spark: SparkSession, table: Stored) -> bool:
    """Creates the table, or adds nullable columns and widens types. Returns whether it holds no rows.

    Raises MigrationNeededError.
    """
    if create_or_evolve(spark, table):
        return True
    # isEmpty reads files one by one until it finds a row; limit(1).count() would open them all.
    return spark.table(f"{table.identifier}.snapshots").isEmpty() or spark.table(table.identifier).isEmpty()


def create_or_evolve(spark: SparkSession, table: Stored) -> bool:
    """Makes the table what the contract says, like `prepare`, but looks at no rows.

    Returns whether it was not there. Raises MigrationNeededError.
    """
    if not spark.catalog.tableExists(table.identifier):
        spark.sql(_ddl(table))
        return True
    _evolve(spark, table)
    return False


def _ddl(table: Stored) -> str:
    columns = ", ".join(f"{quoted(n)} {t}" for n, t in table.columns.items())
    partitions = f"PARTITIONED BY ({', '.join(table.partitioned_by)})" if table.partitioned_by else ""
    properties = ", ".join(
        f"'{k}'='{v}'"
        for k, v in {
            **PROPERTIES,
            **table.write_modes,
            **table.properties,
            "write.data.path": table.location,
        }.items()
    )
    return (
        f"CREATE TABLE {table.identifier} ({columns}) USING iceberg {partitions} LOCATION '{table.location}'"
        f" TBLPROPERTIES ({properties})"
    )


def _evolve(spark: SparkSession, table: Stored) -> None:
    live = {f.name: f.dataType.simpleString() for f in spark.table(table.identifier).schema}
    changes = column_changes(live, table.columns)
    if changes.retyped or changes.removed:
        conflicts = [
            f"{name} is {old}, the contract says {table.columns[name]}"
            for name, old in changes.retyped.items()
        ]
        conflicts += [f"{name} is not in the contract" for name in changes.removed]
        raise MigrationNeededError(
            f"{table.identifier}: {'; '.join(conflicts)}. Only new columns and wider types are applied by"
            " themselves. Nothing was changed: put the columns back in the contract, or migrate the table"
            " (docs/reference/contracts.md, section Evolution)."
        )
    for name, kind in changes.added.items():
        spark.sql(f"ALTER TABLE {table.identifier} ADD COLUMN {quoted(name)} {kind}")
    for name, kind in changes.widened.items():
        # Of a list the elements become wider: Iceberg has no other change of its type.
        array = kind.startswith("array<")
        column, wider = (f"{quoted(name)}.element", kind[6:-1]) if array else (quoted(name), kind)
        spark.sql(f"ALTER TABLE {table.identifier} ALTER COLUMN {column} TYPE {wider}")


def properties_of(spark: SparkSession, identifier: str) -> dict[str, str]:
    """A table's properties."""
    return {r["key"]: r["value"] for r in spark.sql(f"SHOW TBLPROPERTIES {identifier}").collect()}


def set_properties(spark: SparkSession, identifier: str, values: Mapping[str, str]) -> None:
    """Sets some of a table's properties, in one commit; their values hold no quotes."""
    pairs = ", ".join(f"'{k}'='{v}'" for k, v in values.items())
    spark.sql(f"ALTER TABLE {identifier} SET TBLPROPERTIES ({pairs})")


def current_snapshot(spark: SparkSession, identifier: str) -> int | None:
    """The snapshot that readers see now, also after a rollback, which commits nothing; None for a table that
    never had a commit.
    """
    heads = spark.sql(f"SELECT snapshot_id FROM {identifier}.refs WHERE name = 'main'").collect()
    return heads[0]["snapshot_id"] if heads else None


def among(column: str, dates: Iterable[str | dt.date]) -> Column:
    """SQL's IN for dates; an empty list holds none."""
    # As text: Spark writes Python's dates before the year 1000 with too few digits, and then refuses them.
    listed = [F.lit(str(d)).cast("date") for d in sorted(dates, key=str)]
    return F.col(column).isin(listed) if listed else F.lit(False)


def append(rows: DataFrame, table: Stored) -> None:
    """Adds rows in one commit."""
    rows.select(*table.columns).writeTo(table.identifier).append()


def replace_all(rows: DataFrame, table: Stored) -> None:
    """Makes the rows the table's whole content in one commit; readers see the old or the new, never a
    mixture.
    """
    rows.select(*table.columns).writeTo(table.identifier).overwrite(F.lit(True))


def write_unaudited(spark: SparkSession, rows: DataFrame, table: Stored) -> None:
    """Makes the rows the whole content of a branch that readers do not see, until `publish_audited`.

    What is found wrong with them in between is never seen (write, audit, publish:
    https://iceberg.apache.org/docs/latest/branching/).
    """
    alter = f"ALTER TABLE {table.identifier}"
    # A run that found something wrong, or was killed, left its branch.
    spark.sql(f"{alter} DROP BRANCH IF EXISTS {UNAUDITED}")
    spark.sql(f"{alter} CREATE BRANCH {UNAUDITED}")
    rows.select(*table.columns).writeTo(f"{table.identifier}.branch_{UNAUDITED}").overwrite(F.lit(True))


def records_unaudited(spark: SparkSession, table: Stored) -> int:
    """How many rows were written to the branch, by the table's own metadata: what tasks count is counted
    twice when they are run again.
    """
    added = "coalesce(CAST(s.summary['added-records'] AS bigint), 0)"
    [found] = spark.sql(
        f"SELECT {added} AS records FROM {table.identifier}.refs r JOIN {table.identifier}.snapshots s"
        f" ON r.snapshot_id = s.snapshot_id WHERE r.name = '{UNAUDITED}'"
    ).collect()
    return int(found["records"])


def publish_audited(spark: SparkSession, table: Stored) -> None:
    """Makes the branch the table's content, in one commit. Fails when somebody else committed to the table
    meanwhile.
    """
    catalog, _, name = table.identifier.partition(".")
    spark.sql(f"CALL {catalog}.system.fast_forward('{name}', 'main', '{UNAUDITED}')")
    spark.sql(f"ALTER TABLE {table.identifier} DROP BRANCH {UNAUDITED}")


def apply(changes: DataFrame, table: Stored, key: Sequence[str], dates: Iterable[str] | None) -> None:
    """Applies changes in one commit.

    Each has `_action` (insert, update, delete) and its old date in `_old_date`.

    `dates` are the old rows' dates as text; only these are searched. None: the table has no date column.
    Not as SQL over a temporary view: Spark 4.1 cannot plan that when the view reads Iceberg (SPARK-57539).
    """
    stored = quoted(table.identifier.rpartition(".")[2])
    match = " AND ".join(f"{stored}.{quoted(k)} <=> _changes.{quoted(k)}" for k in key)
    if dates is not None and table.date_column is not None:
        column = f"{stored}.{quoted(table.date_column)}"
        searched = ", ".join(f"DATE'{d}'" for d in sorted(dates))
        match += f" AND {column} = _changes._old_date AND {column} IN ({searched})"
    values = {c: F.col(f"_changes.{quoted(c)}") for c in table.columns}
    merge = changes.alias("_changes").mergeInto(
        table.identifier, F.expr(f"{match} AND _changes._action <> 'insert'")
    )
    merge = merge.whenMatched(F.expr("_changes._action = 'delete'")).delete().whenMatched().update(values)
    merge.whenNotMatched(F.expr("_changes._action <> 'delete'")).insert(values).merge()
