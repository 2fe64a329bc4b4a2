"""Tables over files as they were received, from the contract: what bronze holds, and the figures of runs.

Nothing looks into the files: a crawler is paid for ten minutes at least whenever it starts. So a table has
columns only where the contract knows how the files are read, and else one of lines.
docs/decisions/0034-bronze-tables-from-the-contract.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from aws_cdk import aws_glue as glue
from constructs import Construct

from shared.contracts import Contract, Dataset
from shared.records.verdict import RAW, UNCAST, kept_as_text
from stacks.base import LakeStack

LINES, RUNS = "line", "runs"
TEXT = (
    "org.apache.hadoop.mapred.TextInputFormat",
    "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
)
PARQUET = tuple(f"org.apache.hadoop.hive.ql.io.parquet.MapredParquet{way}putFormat" for way in ("In", "Out"))
PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
CSV_SERDE = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
LINE_SERDE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
NO_DELIMITER = "\x01"  # Hive's own, which text of people does not have
# Files without a date are in the folder of 1970-01-01 (shared/zones.py); some are of tomorrow.
DAYS, YEARS = "1970-01-01,NOW+1YEARS", "1970,NOW+1YEARS"
FIRST_RUN = "2026-01-01"  # no lake is older


@dataclass(frozen=True)
class Reader:
    """How Athena reads a file (Athena user guide, "Use SerDes"): `columns` with their types of Hive, and what
    the SerDe and the table are told beside.
    """

    kind: str
    serde: str
    columns: Mapping[str, str]
    formats: tuple[str, ...] = TEXT
    told: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


class ReceivedTables(Construct):
    """The tables of one domain's bronze and metrics."""

    def __init__(self, stack: LakeStack, contract: Contract) -> None:
        super().__init__(stack, f"{contract.domain}-received")
        self._names, self._domain = stack.names, contract.domain
        for dataset in contract.datasets:
            read = reader(dataset)
            if read and dataset.files_of is None:  # else its files are another one's
                folder = f"{contract.domain}/{dataset.name}/"
                self._table("bronze", dataset.name, folder, read, partitions(dataset.layout))
        figures = Reader(
            "csv",
            CSV_SERDE,
            {"metric": "string", "value": "double"},
            told={"separatorChar": ",", "quoteChar": '"'},
            parameters={"skip.header.line.count": "1"},
        )
        datasets = ",".join(d.name for d in contract.datasets)
        by_run = {
            "dataset": {"type": "enum", "values": datasets},
            "run_date": _days(f"{FIRST_RUN},NOW+1DAYS"),
        }
        self._table(
            "metrics", RUNS, f"{contract.domain}/", figures, by_run, "${dataset}/run_date=${run_date}/"
        )

    def _table(
        self,
        zone: str,
        name: str,
        folder: str,
        read: Reader,
        by: Mapping[str, Mapping[str, str]],
        template: str | None = None,
    ) -> None:
        location = f"s3://{self._names.bucket(zone)}/{folder}"
        below = template or "".join(f"{key}=${{{key}}}/" for key in by)
        projection = {
            "projection.enabled": "true",
            "storage.location.template": location + below,
            **{f"projection.{key}.{name}": value for key, how in by.items() for name, value in how.items()},
        }
        glue.CfnTable(
            self,
            f"{zone}-{name}",
            catalog_id=self._names.account,
            database_name=self._names.database(self._domain, zone),
            table_input=glue.CfnTable.TableInputProperty(
                name=name,
                description=f"{self._domain}, {zone}: files as they are",
                table_type="EXTERNAL_TABLE",
                parameters={
                    "EXTERNAL": "TRUE",
                    "classification": read.kind,
                    **read.parameters,
                    **(projection if by else {}),
                },
                partition_keys=[glue.CfnTable.ColumnProperty(name=key, type="string") for key in by],
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    location=location,
                    input_format=read.formats[0],
                    output_format=read.formats[1],
                    columns=[
                        glue.CfnTable.ColumnProperty(name=column, type=kind)
                        for column, kind in read.columns.items()
                    ],
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library=read.serde, parameters=dict(read.told)
                    ),
                ),
            ),
        )


def partitions(layout: str) -> dict[str, dict[str, str]]:
    """The folders of a layout as Athena projects them (Athena user guide, "Partition projection")."""
    if layout == "event_date":
        return {"event_date": _days(DAYS)}
    if layout == "year_month_day":
        year = {"type": "date", "format": "yyyy", "range": YEARS, "interval": "1", "interval.unit": "YEARS"}
        two_digits = {"type": "integer", "digits": "2"}
        return {
            "year": year,
            "month": {**two_digits, "range": "1,12"},
            "day": {**two_digits, "range": "1,31"},
        }
    return {}


def _days(between: str) -> dict[str, str]:
    return {
        "type": "date",
        "format": "yyyy-MM-dd",
        "range": between,
        "interval": "1",
        "interval.unit": "DAYS",
    }


def reader(dataset: Dataset) -> Reader | None:
    """How its table reads the files; none of the columns is called like a folder (`partitions`).

    Athena refuses a table that has a name twice. What stands in the files is then called `<name>_` where
    cells are read by their place, and is not shown where they are read by name.
    """
    if (found := _reader(dataset)) is None:
        return None
    folders, by_place = partitions(dataset.layout), found.serde == CSV_SERDE
    columns = {
        f"{name}_" if name in folders else name: kind
        for name, kind in found.columns.items()
        if by_place or name not in folders
    }
    return replace(found, columns=columns)


def _reader(dataset: Dataset) -> Reader | None:
    """By what the contract knows: names and types of Parquet, and what it says of the files itself
    (`properties` of the bronze entry). None for nested Parquet of which it says nothing: its columns are
    unknown, and lines it has none.
    """
    kinds = _kinds(dataset)
    if dataset.stored_as == "parquet":
        return Reader("parquet", PARQUET_SERDE, _written(dataset), PARQUET)
    if kinds == {"parquet"}:
        return None if _is_inside(dataset) else Reader("parquet", PARQUET_SERDE, _named(dataset), PARQUET)
    if kinds == {"csv"} and dataset.delivered:  # text without header is always stored as Parquet
        return Reader(
            "csv",
            CSV_SERDE,
            dict.fromkeys(_named(dataset), "string"),
            told={"separatorChar": dataset.delimiter, "quoteChar": '"'},
            parameters={"skip.header.line.count": "1" if dataset.header == "auto" else str(dataset.header)},
        )
    return Reader("text", LINE_SERDE, {LINES: "string"}, told={"field.delim": NO_DELIMITER})


def _kinds(dataset: Dataset) -> set[str]:
    """What stands in bronze: the files of a zip stand for it, and a sheet's text for a workbook."""
    return {"csv" if f in ("xlsx", "ods") else f for f in dataset.formats if f != "zip"}


def _is_inside(dataset: Dataset) -> bool:
    """Whether values stand deeper in the records than their columns say."""
    return dataset.nested and not dataset.delivered


def _written(dataset: Dataset) -> dict[str, str]:
    """What the bronze job writes (shared/records/table.py)."""
    types = {
        name: "string" if kept_as_text(dataset.plan(name)) else dataset.target.column(name).type
        for name in dataset.sent
    }
    return {**types, UNCAST: "map<string,string>", RAW: "string"}


def _named(dataset: Dataset) -> dict[str, str]:
    """Names in lower case, as Hive has them, with the types that values have in Parquet; without the
    contract's word on the files every spelling that it knows, of which each file has one.
    """
    if dataset.delivered:
        return {name.lower(): kind for name, kind in dataset.delivered.items()}
    columns = [
        dataset.target.column(name) for name in dataset.sent if dataset.target.column(name).path is None
    ]
    return {s.lower(): c.type for c in columns for s in (*reversed(c.aliases), c.name) if _is_plain(s)}


def _is_plain(name: str) -> bool:
    return name.isascii() and name.replace("_", "").isalnum()
