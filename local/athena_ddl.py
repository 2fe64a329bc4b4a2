"""CREATE TABLE AS on the laptop: the rows of a SELECT as a file of Parquet, and a table over it.

That is how the AWS SDK for pandas reads large answers, and dbt builds its models. Views and Iceberg tables
are not made: what is ours is made by the jobs.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local.athena import executed
from local.athena_files import hive_type
from local.athena_results import overflow
from local.dialect import QueryError, athena_names
from local.session import Session

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import TableInputTypeDef

HADOOP = "org.apache.hadoop.hive.ql.io.parquet"
MEND = "cast it, or ask a deployed environment"


@dataclass(frozen=True)
class NewTable:
    """A statement that makes a table; `place`: the folder of its files, if it names one."""

    database: str
    name: str
    select: str
    place: str | None


def new_table(statement: str, usual: str) -> NewTable | None:
    """The statement's parts; None for any other. Raises QueryError for what is not made here."""
    try:
        tree = sqlglot.parse_one(statement.strip().rstrip(";"), read="athena")
    except SqlglotError:
        return None  # is refused where it is read as a SELECT
    if not isinstance(tree, exp.Create) or tree.expression is None:
        return None
    given = _properties(tree)
    kind = given.pop("table_type", "hive").lower()
    form = given.pop("format", "parquet").lower()
    if (tree.kind, kind, form) != ("TABLE", "hive", "parquet") or "partitioned_by" in given:
        raise QueryError(
            f"CREATE {tree.kind} AS of {kind} as {form} is not made on the laptop, nor partitions of one",
            "make a table of type hive as Parquet, or ask a deployed environment",
        )
    place = given.get("external_location")
    select = tree.expression.sql(dialect="athena")
    return NewTable(tree.this.db or usual, tree.this.name.lower(), select, place)


def _properties(tree: exp.Create) -> dict[str, str]:
    """By their names; what stands for itself has a value that is none."""
    found = {}
    for given in tree.args["properties"].expressions if tree.args.get("properties") else ():
        if isinstance(given, exp.FileFormatProperty):
            found["format"] = given.name
        elif isinstance(given, exp.PartitionedByProperty):
            found["partitioned_by"] = given.this.sql()
        else:
            found[given.name.lower()] = str(given.args["value"].name)
    return found


def make(session: Session, table: NewTable, folder: str, resolve: Callable[[str], str]) -> str:
    """Writes the rows, then the table; the place of the file. `folder`: where files go unless the statement
    says. Raises QueryError, also for a table that is there.
    """
    glue, s3 = session.client("glue"), session.client("s3")
    try:
        glue.get_table(DatabaseName=table.database, Name=table.name)
    except glue.exceptions.EntityNotFoundException:
        pass
    else:
        raise QueryError(f"table {table.database}.{table.name} is there already", "drop it, or choose a name")
    with executed(session, table.select, resolve) as result:
        fetched: Any = result  # DuckDB's stubs lack what it has
        types = [str(column[1]) for column in fetched.description]
        rows: pa.Table = with_bigints(fetched.to_arrow_table(), types)
    rows = rows.rename_columns(list(athena_names(rows.column_names)))
    columns = _columns(rows.schema)
    place = f"{(table.place or folder).rstrip('/')}/"
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    content = io.BytesIO()
    pq.write_table(rows, content, coerce_timestamps="ms", allow_truncated_timestamps=True)
    key = f"{prefix}rows.parquet"
    s3.put_object(Bucket=bucket, Key=key, Body=content.getvalue())
    glue.create_table(DatabaseName=table.database, TableInput=_input(table.name, place, columns))
    return f"s3://{bucket}/{key}"


def with_bigints(rows: pa.Table, types: Sequence[str]) -> pa.Table:
    """The rows with Athena's type of a sum of integers, for which DuckDB has 128 bits and Arrow a decimal.
    `types`: DuckDB's. Raises QueryError for a value that does not fit.
    """
    for place, name in enumerate(rows.column_names):
        if types[place] == "HUGEINT":
            try:
                column = rows.column(place).cast(pa.int64())
            except pa.ArrowInvalid as error:
                raise overflow(name) from error
            rows = rows.set_column(place, name, column)
    return rows


def _columns(schema: pa.Schema) -> dict[str, str]:
    """Hive's types. Raises QueryError for one that a Hive table cannot have, as Athena does."""
    for field in schema:
        if pa.types.is_timestamp(field.type) and field.type.tz:
            raise QueryError(
                f"Unsupported Hive type: {field.name} is a timestamp with time zone", f"{MEND}: to timestamp"
            )
    return {field.name: hive_type(field.type) for field in schema}


def _input(name: str, place: str, columns: Mapping[str, str]) -> TableInputTypeDef:
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Location": place,
            "Columns": [{"Name": n, "Type": t} for n, t in columns.items()],
            "InputFormat": f"{HADOOP}.MapredParquetInputFormat",
            "OutputFormat": f"{HADOOP}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{HADOOP}.serde.ParquetHiveSerDe"},
        },
    }
