"""The Redshift Data API for clients: single statements with parameters, as `./lake forget` asks them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from ministack import app
from ministack.services import stepfunctions as sfn

from local.aws.redshift import Integration, Warehouse, describe, result

TARGET = "RedshiftData."  # how the names of its calls begin in requests
NAMESPACE = "RedshiftServerless.GetNamespace"
NO_NAMESPACE = {"__type": "ResourceNotFoundException", "message": "the stand-in keeps no namespace"}


def install(warehouse: Warehouse) -> None:
    """Answers requests; ministack has no such service."""
    stock = app._dispatch_service_request

    async def dispatch(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any], request_id: str
    ) -> Any:
        target = headers.get("x-amz-target", "")
        if target == NAMESPACE:
            return 400, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(NO_NAMESPACE).encode()
        if not target.startswith(TARGET):
            return await stock(method, path, headers, body, query, request_id)
        action, given = target.removeprefix(TARGET), json.loads(body)
        status, answer = await asyncio.to_thread(answered, warehouse, action, given)
        return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()

    app._dispatch_service_request = dispatch


def answered(warehouse: Warehouse, action: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer to a call."""
    calls: dict[str, Integration] = {
        "ExecuteStatement": _execute(warehouse),
        "DescribeStatement": describe(warehouse),
        "GetStatementResult": result(warehouse),
    }
    try:
        if action not in calls:
            raise sfn._ExecutionError(f"{TARGET}ValidationException", f"the stand-in has no {action}")
        return 200, _as_sent(calls[action]("", given))
    except sfn._ExecutionError as error:
        return 400, {"__type": error.error.removeprefix(TARGET), "message": error.cause}


def _execute(warehouse: Warehouse) -> Integration:
    def called(_: str, given: dict[str, Any]) -> dict[str, Any]:
        parameters = {p["name"]: p["value"] for p in given.get("Parameters", ())}
        return {"Id": warehouse.run([given["Sql"]], parameters)}

    return called


def _as_sent(answer: dict[str, Any]) -> dict[str, Any]:
    """The names of a field's value are spelled as requests have them, not as states do."""
    if "Records" not in answer:
        return answer
    rows = [[{k[0].lower() + k[1:]: v for k, v in f.items()} for f in row] for row in answer["Records"]]
    return {**answer, "Records": rows, "ColumnMetadata": []}
