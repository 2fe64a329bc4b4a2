"""The files of a run, as values and as a small table to join records with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from glue_scripts.engine.read.values import driver_rows
from shared.contracts import Dataset, folded
from shared.ledger.model import LedgerFile, Profile
from shared.zones import dated

NATIVE_PARQUET = (
    "string",
    "large_string",
    "int8",
    "int16",
    "int32",
    "int64",
    "double",
    "float",
    "bool",
    "date32[day]",
)
MAX_NATIVE_COLUMNS = 400
DAY_IN_KEY = "/(20[0-9]{2}-?[01][0-9]-?[0-3][0-9])/"  # a folder named like a day
DAY = (
    f"nullif(regexp_replace(regexp_extract(_source_file, '{DAY_IN_KEY}', 1), '^(....)-?(..)-?',"
    " '$1-$2-'), '')"
)
RESERVED = {"_file", "_raw", "_record", "_extra", "_path", "_place", "_faults", "_metadata"}


@dataclass(frozen=True)
class BronzeFile:
    """An accepted file with its number in the run: the greater, the later file. `order` as text tells the
    same of files of different runs; `operation`: whether the file says what its records do to their rows.
    """

    number: int
    entry: LedgerFile
    profile: Profile
    native: bool
    order: str
    operation: bool

    @property
    def path(self) -> str:
        return f"s3://{self.entry.target_bucket}/{self.entry.target_key}"


def primary_date(file: LedgerFile) -> str:
    """Event date of the bronze folder that a file was accepted into."""
    return file.primary_date or dated(file.target_key or "").isoformat()


def files_in_order(
    entries: Collection[LedgerFile], dataset: Dataset, copies: Mapping[str, str] | None = None
) -> list[BronzeFile]:
    """The run's files, the latest last. One stored object that two entries share is read once, as the later.

    `copies`: contents that came again, and the order of the last file that had them.
    """
    orders = {e.file_id: max(e.order, (copies or {}).get(e.sha256 or "", "")) for e in entries}
    ordered = sorted(entries, key=lambda e: orders[e.file_id])
    by_place = {e.target_key: e for e in ordered}
    chosen = [e for e in ordered if by_place[e.target_key] is e]
    aliases = dataset.aliases  # made anew each time it is asked for
    return [
        BronzeFile(
            number=i,
            entry=e,
            profile=profile,
            native=_native(profile, dataset, aliases) and _named_well(e, profile),
            order=orders[e.file_id],
            operation=dataset.says_operation(profile.columns),
        )
        for i, e in enumerate(chosen)
        if (profile := e.profile)
    ]


def _native(profile: Profile, dataset: Dataset, aliases: Mapping[str, str]) -> bool:
    """Whether Spark's own reader gives what our definition of a record gives; two columns for one name need
    ours.
    """
    if dataset.nested and profile.format != "csv":
        return False
    known = [name for c in profile.columns if (name := aliases.get(folded(c)))]
    if not profile.native or len(set(known)) < len(known) or len(profile.columns) > MAX_NATIVE_COLUMNS:
        return False
    if RESERVED.intersection(profile.columns):
        return False
    return profile.format != "parquet" or (
        all(map(_native_parquet, profile.types)) and not _doubles_as_text(profile, dataset, aliases)
    )


def _doubles_as_text(profile: Profile, dataset: Dataset, aliases: Mapping[str, str]) -> bool:
    """Whether a double stands where the contract has text: only our own reader tells whole numbers, which are
    identifiers, from others.
    """
    doubles = [c for c, t in zip(profile.columns, profile.types, strict=False) if t in ("double", "float")]
    columns = (aliases.get(folded(c)) for c in doubles)
    return any(c is not None and dataset.target.column(c).type == "string" for c in columns)


def _named_well(entry: LedgerFile, profile: Profile) -> bool:
    """Spark decompresses by the name, and an archived file's name ends with its run."""
    return profile.compression == "none" or (entry.target_key or "").lower().endswith(".gz")


def _native_parquet(kind: str) -> bool:
    return (
        kind in NATIVE_PARQUET
        or kind.startswith("decimal128")
        or (kind.startswith("timestamp[") and not kind.startswith("timestamp[ns"))
    )


def files_table(spark: SparkSession, files: Sequence[BronzeFile], dataset: Dataset) -> DataFrame:
    """What is known of each file; its day as text is its folder's, or else the primary date. `_names`: what
    it calls columns that it calls otherwise than the contract.
    """
    aliases = dataset.aliases
    rows = (
        (
            f.number,
            f.path,
            f.entry.key,
            f.entry.version,
            f.entry.sha256,
            f.entry.ingested_at,
            primary_date(f.entry),
            f.order,
            f.operation,
            _names(f.profile, dataset, aliases),
        )
        for f in files
    )
    texts = ("_path", "_source_file", "_source_version", "_sha256", "ingested", "_primary_date", "_order")
    columns = {"_file": pa.int32(), **dict.fromkeys(texts, pa.string()), "_says_operation": pa.bool_()}
    columns["_names"] = pa.map_(pa.string(), pa.string())
    return driver_rows(spark, columns, rows).selectExpr(
        "_file",
        "_path",
        "_source_file",
        "_source_version",
        "_sha256",
        "CAST(ingested AS timestamp) _ingested_at",
        "CAST(_primary_date AS date) _primary_date",
        f"coalesce({DAY}, _primary_date) _day",
        "_order",
        "_says_operation",
        "_names",
    )


def _names(profile: Profile, dataset: Dataset, aliases: Mapping[str, str]) -> dict[str, str]:
    """By column the name that a file has for it: a spelling, or the place in a record."""
    columns = map(dataset.target.column, dataset.sent)
    names = {c.name: str(c.path) for c in columns if c.path is not None}
    names |= {column: n for n in profile.columns if (column := aliases.get(folded(n)))}
    return {column: name for column, name in names.items() if name != column}


def located(rows: DataFrame) -> DataFrame:
    """Each row with the path it was read from, as it was asked for: bronze names need no URL encoding. Taken
    as it is: any function of it is computed for each row anew, and costs more than reading the row.

    And with its place in the file, the later the greater. To be called on what was just read: within a split
    of the file the number grows with the rows, and after a shuffle it would tell nothing.
    """
    return rows.selectExpr("*", "_metadata.file_path AS _path", _place("_metadata.file_block_start"))


def in_order(rows: DataFrame) -> DataFrame:
    """Rows that a task reads from the beginning of each file to its end, with their place."""
    return rows.selectExpr("*", _place("CAST(0 AS bigint)"))


def _place(split: str) -> str:
    return f"struct({split} AS split, monotonically_increasing_id() AS row) AS _place"
