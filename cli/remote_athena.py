"""Athena SQL in a deployed environment: the same short database names, answered by Athena itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local.answer_limits import WHOLE, Limits, StoppedError
from local.athena import Answer, database
from local.athena_metadata import metadata_statement
from local.dialect import QueryError, plain
from local.session import Session
from shared.names import WORKGROUP
from stacks.config import settings

POLL_SECONDS = 0.5


class AthenaError(QueryError):
    """Athena failed, in its own words."""


def run(
    session: Session,
    statement: str,
    domains: Sequence[str],
    domain: str | None = None,
    *,
    anew: bool = False,
    limits: Limits = WHOLE,
) -> Answer:
    """Runs one statement in the environment's workgroup, which enforces its limits. `anew`: whatever Athena
    keeps of an earlier answer.

    Raises QueryError with Athena's words, StoppedError where it was stopped.
    """

    def resolve(name: str) -> str:
        return database(session.names, name, domains, domain)

    asked = metadata_statement(statement, resolve)
    athena = session.client("athena")
    minutes = 0 if anew else settings(session.names.env).query_reuse_minutes
    query = athena.start_query_execution(
        QueryString=asked.sql if asked else qualified(statement, resolve),
        WorkGroup=session.names.name(WORKGROUP),
        # A choice of each query: neither the workgroup nor its CloudFormation type knows reuse.
        ResultReuseConfiguration={
            "ResultReuseByAgeConfiguration": {"Enabled": minutes > 0, "MaxAgeInMinutes": minutes}
        },
    )["QueryExecutionId"]
    while (status := athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"])[
        "State"
    ] in ("QUEUED", "RUNNING"):
        if limits.stopped.wait(POLL_SECONDS):
            athena.stop_query_execution(QueryExecutionId=query)
            raise StoppedError
    if status["State"] != "SUCCEEDED":
        raise AthenaError(
            f"Athena: {status['State']}: {status.get('StateChangeReason', '')}",
            "mend the statement; ./lake tables names the tables, and `describe silver.TABLE` columns",
        )
    rows: list[tuple[str | None, ...]] = []
    for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=query):
        columns = tuple(c["Name"] for c in page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"])
        rows += [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in page["ResultSet"]["Rows"]]
        if limits.rows is not None and len(rows) > limits.rows:
            break
    if asked:
        return Answer(columns, [_cells(row, len(columns)) for row in rows])
    wanted = None if limits.rows is None else limits.rows + 1
    return Answer(columns, list(rows[1:wanted]))  # the first row of a SELECT repeats the names


def _cells(row: tuple[str | None, ...], width: int) -> tuple[str | None, ...]:
    """A row about tables comes without names before it, padded, and some as one text with tabs."""
    cells = (row[0] or "").split("\t") if len(row) == 1 and width > 1 else [cell or "" for cell in row]
    return tuple(cell.strip() for cell in (*cells, *[""] * (width - len(cells)))[:width])


def qualified(statement: str, resolve: Callable[[str], str]) -> str:
    """The statement with full database names. Raises QueryError for what is no statement."""
    try:
        tree = sqlglot.parse_one(statement, read="athena")
    except SqlglotError as error:
        raise QueryError(
            f"not a statement that Athena understands: {plain(error)}",
            "mend the statement: docs/howto/warehouse.md",
        ) from error
    for table in tree.find_all(exp.Table):
        if table.db:
            table.set("db", exp.to_identifier(resolve(table.db)))
    return tree.sql(dialect="athena")
