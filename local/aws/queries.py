"""Athena's API on the laptop: what clients such as PyAthena and the AWS SDK for pandas start as queries is
answered by local/athena.py, as `./lake query` is, and the results lie where Athena would write them.

ministack has the API, and a DuckDB behind it that knows neither Iceberg nor Athena's dialect.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

from ministack.services import athena

from local.aws.process import Emulation

if TYPE_CHECKING:
    from local.athena_results import Result
    from local.session import Session

SELECTS = "DML"


def install(emulation: Emulation) -> None:
    """`emulation`: this one, whose catalog and buckets are asked."""
    stock, stock_results = athena._execute_query, athena._get_query_results

    async def execute(query_id: str, query: str, database: str, ddl: Any, catalog: str | None = None) -> None:
        if isinstance(ddl, athena._CreateTable):  # an entry over files, which ministack makes
            await stock(query_id, query, database, ddl, catalog)
        else:
            await _execute(athena._executions[query_id], query, database, emulation)

    def results(data: dict[str, Any]) -> Any:
        status, headers, body = stock_results(data)
        return status, headers, _with_sizes_of_decimals(body) if status == 200 else body

    athena._execute_query = execute
    athena._get_query_results = results


async def _execute(execution: dict[str, Any], query: str, database: str, emulation: Emulation) -> None:
    status, began = execution["Status"], time.time()
    status["State"] = "RUNNING"
    place = _place(execution)
    execution["ResultConfiguration"]["OutputLocation"] = place
    selects = execution["StatementType"] == SELECTS
    try:
        found, manifest = await asyncio.to_thread(_answer, emulation, query, database, place, selects)
        execution["Statistics"]["DataManifestLocation"] = manifest
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this query's, and whoever asks is told
        found, status["StateChangeReason"] = None, str(error)[:2000]
    status["CompletionDateTime"] = time.time()
    taken = int(1000 * (status["CompletionDateTime"] - began))
    execution["Statistics"].update(EngineExecutionTimeInMillis=taken, TotalExecutionTimeInMillis=taken)
    if status["State"] == "CANCELLED":
        return
    if found is not None:
        execution["_results"] = {"columns": list(found.columns), "rows": found.rows}
        execution["_column_types"] = list(found.types)
    status["State"] = "FAILED" if found is None else "SUCCEEDED"


def _place(execution: dict[str, Any]) -> str:
    """Where the answer goes: ministack forgets the slash after a folder that is given without."""
    query, place = execution["QueryExecutionId"], execution["ResultConfiguration"]["OutputLocation"]
    folder = place.removesuffix(f"{query}.csv").rstrip("/")
    return f"{folder}/{query}.{'csv' if execution['StatementType'] == SELECTS else 'txt'}"


def _answer(emulation: Emulation, query: str, database: str, place: str, selects: bool) -> tuple[Result, str]:
    """The answer, which is written before it counts as one, and where the files of a new table are listed."""
    # Not with the emulation, which would start slower and be larger for all who never ask.
    from local import athena as engine
    from local.athena_catalog import change_catalog
    from local.athena_ddl import make, new_table
    from local.athena_results import Result, written
    from local.session import laptop_session
    from shared.contracts import domains

    session, folder = laptop_session(emulation), place.rpartition(".")[0]

    def resolve(name: str) -> str:
        return engine.database(session.names, name or database, domains(), None)

    if table := new_table(query, database):
        made = make(session, table, f"{folder}-table", resolve)
        manifest, content = f"{folder}-manifest.csv", f"{made}\n".encode()
        _put(session, manifest, content)
        return Result((), (), []), manifest
    if change_catalog(session, query, database):
        return Result((), (), []), ""
    result = Result.of(engine.run(session, query, domains(), usual=database))
    _put(session, place, written(result, header=selects))
    return result, ""


def _put(session: Session, place: str, content: bytes) -> None:
    bucket, _, key = place.removeprefix("s3://").partition("/")
    session.client("s3").put_object(Bucket=bucket, Key=key, Body=content)


def _with_sizes_of_decimals(body: bytes) -> bytes:
    """Athena has them apart from the type."""
    from local.athena_results import decimal_size

    answer = json.loads(body)
    for column in answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]:
        if size := decimal_size(column["Type"]):
            column["Type"], (column["Precision"], column["Scale"]) = "decimal", size
    return json.dumps(answer).encode()
