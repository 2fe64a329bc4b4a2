"""Notes which role asked AWS for what, so that a test can hold the synthesized policies against it.

Jobs and functions name themselves in the user agent (`app/<name>`, the SDKs' AWS_SDK_UA_APP_ID);
whoever does not is a person. A state machine's own calls never become requests here, so they are noted where
its tasks are carried out.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import iam_actions, router
from ministack.core.responses import get_account_id
from ministack.services import stepfunctions as sfn

from local.aws.environment import APP_ID
from local.settings import ACCOUNT, REGION

SWITCH = (  # environment variable of the emulation: the file to write; without it nothing is noted
    "LAKE_AWS_CALLS"
)
_CALLER = re.compile(r"(?:^| )app/(\S+)")
_ENVIRONMENT = "os.environ.update(env)\n"
Call = dict[str, Any]


class Notes:
    """A line per different call: caller, action, resource and the condition keys that
    policies of ours use.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._seen, self._lock = file, set[str](), threading.Lock()

    def add(self, caller: str, action: str, resource: str, context: Call) -> None:
        line = json.dumps(
            {"caller": caller, "action": action, "resource": resource, "context": context}, sort_keys=True
        )
        with self._lock:
            if line not in self._seen:
                self._seen.add(line)
                with self._file.open("a") as file:
                    file.write(line + "\n")


def install() -> None:
    """Functions say who they are always; calls are noted if the switch is set.

    Raises RuntimeError when ministack's worker is not the one that this was written for.
    """
    from ministack.core import lambda_runtime

    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(_ENVIRONMENT) != 1:
        raise RuntimeError(
            "this ministack's Lambda worker differs from the one that was tried: adapt local/aws/calls.py"
        )
    named = f'{_ENVIRONMENT}    os.environ["{APP_ID}"] = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")\n'
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(_ENVIRONMENT, named)
    if file := os.environ.get(SWITCH):
        notes = Notes(Path(file))
        _note_requests(notes)
        _note_tasks(notes)


def _note_requests(notes: Notes) -> None:
    stock = app._dispatch_service_request

    async def dispatch(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any], request_id: str
    ) -> Any:
        if (caller := _CALLER.search(headers.get("user-agent", ""))) is not None:
            for action, resource, context in request_calls(method, path, headers, body, query):
                notes.add(caller[1], action, resource, context)
        return await stock(method, path, headers, body, query, request_id)

    app._dispatch_service_request = dispatch


def request_calls(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> Iterator[tuple[str, str, Call]]:
    """What AWS would authorize of a request: one of S3's copies, and transactions, need several rights."""
    params = app._routing_params(method, path, headers, body, query)
    service = router.detect_service(method, path, headers, params)
    action = iam_actions.extract_iam_action(service, method, path, headers, body, params)
    if action is None:
        yield f"{service}:unknown", f"{method} {path}", {}
        return
    items = (
        iam_actions.dynamodb_transaction_checks(action, body, REGION, get_account_id())
        if service == "dynamodb"
        else []
    )
    if items:
        yield from ((item, arn, {}) for item, arn in items)
        return
    if service == "glue":
        yield from (
            (action, _arn("glue", part), {})
            for part in catalog_parts(action.partition(":")[2], json.loads(body or b"{}"))
        )
        return
    resource = iam_actions.extract_resource_arn(
        service, method, path, headers, body, params, REGION, get_account_id()
    )
    if service == "dynamodb" and (index := json.loads(body or b"{}").get("IndexName")):
        resource = f"{resource.partition('/index/')[0]}/index/{index}"
    if service == "monitoring":
        yield (
            action,
            "*",
            {"cloudwatch:namespace": params.get("Namespace") or json.loads(body or b"{}").get("Namespace")},
        )
        return
    yield (
        action,
        resource,
        iam_actions.s3_service_context(action, query, path, headers) if action == "s3:ListBucket" else {},
    )
    if service == "s3":
        for further, arn in iam_actions.s3_additional_checks(method, path, headers, body, query):
            yield further, arn, {}


def catalog_parts(operation: str, given: Call) -> Iterator[str]:
    """All that the Data Catalog authorizes of an operation: the catalog, the database and the table (Glue's
    "Resource ownership").
    """
    yield "catalog"
    database = given.get("DatabaseName") or given.get("Name") or given.get("DatabaseInput", {}).get("Name")
    if database and operation != "GetDatabases":
        yield f"database/{database}"
    table = given.get("TableName") or given.get("TableInput", {}).get("Name") or given.get("Name")
    if "DatabaseName" in given:
        yield f"table/{database}/{table or '*'}"


def _note_tasks(notes: Notes) -> None:
    stock = sfn._invoke_resource

    def invoke(resource: str, given: Call) -> Any:
        from local.aws.states import current_machine

        action, arn, context = task_call(resource, given)
        notes.add(current_machine(), action, arn, context)
        return stock(resource, given)

    sfn._invoke_resource = invoke


def task_call(resource: str, given: Call) -> tuple[str, str, Call]:
    """The right that a task of a state machine needs: action, resource and condition keys."""
    service, _, operation = resource.removeprefix("arn:aws:states:::").removeprefix("aws-sdk:").partition(":")
    operation = operation.partition(".")[0]
    action = f"{'states' if service == 'sfn' else service}:{operation[0].upper()}{operation[1:]}"
    match service:
        case "dynamodb":
            index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
            return (
                action,
                _arn("dynamodb", f"table/{given['TableName']}{index}"),
                {"dynamodb:LeadingKeys": [_partition(given)]},
            )
        case "glue":
            return action, _arn("glue", f"job/{given['JobName']}"), {}
        case "lambda":
            return "lambda:InvokeFunction", str(given["FunctionName"]), {}
        case _:
            resource_arn = next((v for k, v in given.items() if k.lower().endswith("arn")), "*")
            return action, str(resource_arn), {}


def _partition(given: Call) -> str:
    """The partition that an item's call or a query goes to; DynamoDB wants an equality for it, ours comes
    first in the condition.
    """
    if (item := given.get("Key") or given.get("Item")) is not None:
        return str(item["pk"]["S"])
    name = given["KeyConditionExpression"].partition(" AND ")[0].partition("=")[2].strip()
    return str(given["ExpressionAttributeValues"][name]["S"])


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
