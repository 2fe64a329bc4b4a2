"""Step Functions integrations that ministack lacks: Glue's startJobRun (also `.sync`), S3 objects, and errors
named as AWS names them.
"""

from __future__ import annotations

import contextvars
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError
from ministack.services import glue
from ministack.services import stepfunctions as sfn

from local.aws.glue_runs import Runs
from local.aws.job_process import RunState

START = "arn:aws:states:::glue:startJobRun"
POLL_SECONDS = 0.1


@dataclass
class Task:
    """The task state that is being executed; `over` once its state machine no longer waits for it."""

    execution: dict[str, Any]
    over: bool = False

    @property
    def abandoned(self) -> bool:
        return self.over or self.execution.get("status", "RUNNING") != "RUNNING"


_current: contextvars.ContextVar[Task] = contextvars.ContextVar("task")


def install(runs: Runs) -> None:
    stock = sfn._execute_task

    def execute_task(
        state: dict[str, Any], given: Any, execution: dict[str, Any], context: dict[str, Any]
    ) -> Any:
        token = _current.set(Task(execution))
        try:
            return stock(state, given, execution, context)
        finally:
            _current.get().over = True
            _current.reset(token)

    sfn._execute_task = execute_task
    sfn._run_parallel_branches = parallel(sfn._run_parallel_branches)
    sfn._SERVICE_DISPATCH[START] = start_job_run(runs)
    sfn._SERVICE_DISPATCH["arn:aws:states:::aws-sdk:s3:putObject"] = put_object
    sfn._SERVICE_DISPATCH["arn:aws:states:::aws-sdk:s3:getObject"] = get_object
    # The names of the Java SDK, which Step Functions reports.
    missing = {
        name: f"{name}Exception"
        for name in ("ExecutionDoesNotExist", "StateMachineDoesNotExist", "ExecutionAlreadyExists")
    }
    sfn._AWS_SDK_ERROR_CODE_OVERRIDES["sfn"] = missing


def current_machine() -> str:
    """Name of the state machine whose task is being carried out."""
    return str(_current.get().execution["stateMachineArn"]).rpartition(":")[2]


def parallel(stock: Callable[..., Any]) -> Callable[..., Any]:
    """ministack ignores Arguments, Output and Assign of a JSONata Parallel state in silence."""

    def run(state: dict[str, Any], given: Any, execution: dict[str, Any], context: dict[str, Any]) -> Any:
        if sfn._state_query_language(state, context) != "JSONata":
            return stock(state, given, execution, context)
        arguments = sfn._apply_jsonata_arguments(state, given, context) if "Arguments" in state else given
        result, following = stock(state, arguments, execution, context)
        output = sfn._apply_jsonata_output(state, given, context, result=result, default=result)
        sfn._apply_state_assign(state, given, context, result=result)
        return output, following

    return run


def start_job_run(runs: Runs) -> Callable[[str, dict[str, Any]], Any]:
    """The integration: starts a run and, with `.sync`, waits for it; a task that times out or is stopped
    stops its run, as on AWS.
    """

    def integration(resource: str, arguments: dict[str, Any]) -> Any:
        status, _, body = runs.start(arguments)
        answer = json.loads(body)
        if status >= 400:
            raise sfn._ExecutionError(
                f"Glue.{answer['__type'].rsplit('#', 1)[-1]}", answer.get("message", "")
            )
        started = {"JobName": arguments["JobName"], "JobRunId": answer["JobRunId"]}
        return _ended(runs, started) if resource.endswith(".sync") else started

    return integration


def _ended(runs: Runs, started: dict[str, str]) -> dict[str, Any]:
    task = _current.get()
    while True:
        run = next(r for r in glue._job_runs[started["JobName"]] if r["Id"] == started["JobRunId"])
        state = RunState(run["JobRunState"])
        if not state.active:
            break
        if task.abandoned:
            runs.stop({"JobName": started["JobName"], "JobRunIds": [started["JobRunId"]]})
        time.sleep(POLL_SECONDS)
    result = {**run, "JobRunId": run["Id"]}
    if state is RunState.SUCCEEDED:
        return result
    raise sfn._ExecutionError("States.TaskFailed", json.dumps(result, default=str))


def put_object(_: str, arguments: dict[str, Any]) -> Any:
    """aws-sdk:s3:putObject; a Body that is not text is written as JSON."""
    body = arguments.get("Body", "")
    written = body if isinstance(body, str) else json.dumps(body)
    answer = _s3("put_object", {**arguments, "Body": written.encode()})
    return {k: v for k, v in answer.items() if k != "ResponseMetadata"}


def get_object(_: str, arguments: dict[str, Any]) -> Any:
    """aws-sdk:s3:getObject; Body is the object's text."""
    answer = _s3("get_object", arguments)
    return {
        "Body": answer["Body"].read().decode(),
        "ContentLength": answer["ContentLength"],
        "ETag": answer["ETag"],
    }


def _s3(operation: str, arguments: dict[str, Any]) -> Any:
    client = boto3.client("s3")
    try:
        return getattr(client, operation)(**arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        name = (
            "NoSuchKeyException"
            if code == "NoSuchKey"
            else "NoSuchBucketException"
            if code == "NoSuchBucket"
            else "S3Exception"
        )
        raise sfn._ExecutionError(f"S3.{name}", error.response["Error"].get("Message", code)) from error
