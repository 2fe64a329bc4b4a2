"""A workbench for state machines: define, run, wait."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from local.session import Session

ROLE = "arn:aws:iam::123456789012:role/states"


def task(resource: str, arguments: dict[str, Any], **rest: Any) -> dict[str, Any]:
    end = {} if "Next" in rest else {"End": True}
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, **end, **rest}


def passing(output: Any, **rest: Any) -> dict[str, Any]:
    return {"Type": "Pass", "Output": output, **({} if "Next" in rest else {"End": True}), **rest}


def catching(*errors: str) -> list[dict[str, Any]]:
    return [{"ErrorEquals": list(errors), "Output": "{% $states.errorOutput %}", "Next": "Caught"}]


CAUGHT = {"Caught": {"Type": "Pass", "End": True}}


def execution(
    aws: Session, states: dict[str, Any], given: Any = None, *, seconds: float = 60
) -> dict[str, Any]:
    """Runs a JSONata machine whose first state is the first given; its description once it ended."""
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    arn = started(aws, definition, given or {})
    client, deadline = aws.client("stepfunctions"), time.monotonic() + seconds
    while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < deadline, f"still running after {seconds} s"
        time.sleep(0.05)
    return found


def started(aws: Session, definition: dict[str, Any], given: Any) -> str:
    client = aws.client("stepfunctions")
    machine = client.create_state_machine(
        name=f"m-{secrets.token_hex(6)}", definition=json.dumps(definition), roleArn=ROLE
    )
    return str(
        client.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(given))[
            "executionArn"
        ]
    )


def output(aws: Session, states: dict[str, Any], given: Any = None) -> Any:
    """The output of a machine that must succeed."""
    found = execution(aws, states, given)
    assert found["status"] == "SUCCEEDED", (found.get("error"), found.get("cause"))
    return json.loads(found["output"])
