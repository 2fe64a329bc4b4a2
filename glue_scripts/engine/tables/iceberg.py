"""Iceberg tables through the Glue catalog: created and evolved from the contract, changed in single atomic
commits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.read.sql import quoted
from glue_scripts.engine.tables.state import State, loaded, state
from shared.contracts.evolution import ANEW, BEHIND, ColumnChanges, column_changes
from shared.contracts.protection import PROTECTED, as_property
from shared.contracts.protection import changed as protection_changes

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


@dataclass(frozen=True)
class Stored:
    """A table as the catalog has it: its Spark SQL name, place, columns (name → Spark type) and
    partition fields as SQL.

    `date_column`: the date by which its changes are found; the columns' bounds that Iceberg keeps spare the
    files of other dates. `properties`: more that it is made with; later ones are set by whoever they are of.
    `computed`: from other tables, so that a new column has values for rows that stand. `protected`: how, of
    columns of which its rows hold no values as they came.
    """

    identifier: str
    location: str
    columns: Mapping[str, str]
    partitioned_by: tuple[str, ...] = ()
    date_column: str | None = None
    write_modes: Mapping[str, str] = field(default_factory=lambda: MERGE_ON_READ)
    properties: Mapping[str, str] = field(default_factory=dict)
    computed: bool = False
    protected: Mapping[str, str] = field(default_factory=dict)


class MigrationNeededError(RuntimeError):
    """The contract asks for a change that cannot be applied to a live table."""


def prepare(spark: SparkSession, table: Stored) -> bool:
    """Creates the table, or adds nullable columns and widens types. Returns whether it holds no rows.

    Raises MigrationNeededError.
    """
    create_or_evolve(spark, table)
    return is_empty(spark, table, state(spark, table.identifier))


def is_empty(spark: SparkSession, table: Stored, now: State) -> bool:
    """Whether a table in this state holds no rows."""
    # isEmpty reads files one by one until it finds a row; limit(1).count() would open them all.
    return now.snapshot is None or spark.table(table.identifier).isEmpty()


def create_or_evolve(spark: SparkSession, table: Stored) -> None:
    """Makes the table what the contract says, like `prepare`, but looks at no rows.

    Raises MigrationNeededError.
    """
    if spark.catalog.tableExists(table.identifier):
        _evolve(spark, table)
    else:
        spark.sql(_ddl(table))


def _ddl(table: Stored) -> str:
    columns = ", ".join(f"{quoted(n)} {t}" for n, t in table.columns.items())
    partitions = f"PARTITIONED BY ({', '.join(table.partitioned_by)})" if table.partitioned_by else ""
    properties = ", ".join(
        f"'{k}'='{v}'"
        for k, v in {
            **PROPERTIES,
            **table.write_modes,
            **table.properties,
            **({PROTECTED: as_property(table.protected)} if table.protected else {}),
            "write.data.path": table.location,
        }.items()
    )
    return (
        f"CREATE TABLE IF NOT EXISTS {table.identifier} ({columns}) USING iceberg {partitions}"
        f" LOCATION '{table.location}' TBLPROPERTIES ({properties})"
    )


def _evolve(spark: SparkSession, table: Stored) -> None:
    properties = loaded(spark, table.identifier).properties()
    if ANEW in properties:
        raise MigrationNeededError(
            f"{table.identifier} is to be made anew, as `./lake migrate` was told; only a full refresh does"
            " that. Nothing was changed: ./lake migrate DOMAIN --env NAME --yes starts it."
        )
    live = {f.name: f.dataType.simpleString() for f in spark.table(table.identifier).schema}
    changes = column_changes(live, table.columns)
    _check_columns(table, changes)
    protection, held = as_property(table.protected), properties.get(PROTECTED) or ""
    _check_protection(table, held, live)
    if changes.added and held != protection:
        set_properties(spark, table.identifier, {PROTECTED: protection})  # first, likewise
    if table.computed and (changes.added or changes.widened):
        set_properties(spark, table.identifier, {BEHIND: "true"})  # first: a crash in between loses nothing
    for name, kind in changes.added.items():
        spark.sql(f"ALTER TABLE {table.identifier} ADD COLUMN {quoted(name)} {kind}")
    for name, kind in changes.widened.items():
        # Of a list the elements become wider: Iceberg has no other change of its type.
        array = kind.startswith("array<")
        column, wider = (f"{quoted(name)}.element", kind[6:-1]) if array else (quoted(name), kind)
        spark.sql(f"ALTER TABLE {table.identifier} ALTER COLUMN {column} TYPE {wider}")


def _check_columns(table: Stored, changes: ColumnChanges) -> None:
    if changes.retyped or changes.removed:
        conflicts = [
            f"{name} is {old}, the contract says {table.columns[name]}"
            for name, old in changes.retyped.items()
        ]
        conflicts += [f"{name} is not in the contract" for name in changes.removed]
        raise MigrationNeededError(
            f"{table.identifier}: {'; '.join(conflicts)}. Only new columns and wider types are applied by"
            " themselves. Nothing was changed: put the columns back in the contract, or migrate the table:"
            " ./lake migrate DOMAIN --env NAME (docs/howto/evolve-a-table.md)."
        )


def _check_protection(table: Stored, stored: str, live: Iterable[str]) -> None:
    """`live`: the columns that the table has. Rows that stand cannot become what the contract says of them:
    a hash has no value, and a table half of each is worse than either.
    """
    if other := protection_changes(stored, [*live], table.protected):
        found = [f"{name} is protected: {old}, the contract says {new}" for name, (old, new) in other.items()]
        raise MigrationNeededError(
            f"{table.identifier}: {'; '.join(found)}. Nothing was changed: take the change back, or make the"
            " table anew from the files: ./lake migrate DOMAIN --env NAME (docs/howto/evolve-a-table.md)."
        )


def properties_of(spark: SparkSession, identifier: str) -> dict[str, str]:
    """A table's properties."""
    return {r["key"]: r["value"] for r in spark.sql(f"SHOW TBLPROPERTIES {identifier}").collect()}


def set_properties(spark: SparkSession, identifier: str, values: Mapping[str, str]) -> None:
    """Sets some of a table's properties, in one commit; their values hold no quotes."""
    pairs = ", ".join(f"'{k}'='{v}'" for k, v in values.items())
    spark.sql(f"ALTER TABLE {identifier} SET TBLPROPERTIES ({pairs})")


def is_behind(spark: SparkSession, table: Stored) -> bool:
    """Whether a computed table got columns or wider types since it was computed as a whole."""
    return bool(loaded(spark, table.identifier).properties().get(BEHIND) == "true")


def caught_up(spark: SparkSession, table: Stored) -> None:
    """The table was computed as a whole with the columns that it has."""
    set_properties(spark, table.identifier, {BEHIND: "false"})


def among(column: str, dates: Iterable[str | dt.date]) -> Column:
    """SQL's IN for dates; an empty list holds none."""
    # As text: Spark writes Python's dates before the year 1000 with too few digits, and then refuses them.
    listed = [F.lit(str(d)).cast("date") for d in sorted(dates, key=str)]
    return F.col(column).isin(listed) if listed else F.lit(False)


def append(rows: DataFrame, table: Stored) -> None:
    """Adds rows in one commit, whatever the table holds: they do not rest on it."""
    rows.select(*table.columns).writeTo(table.identifier).append()
