"""airflow/dags under a real Airflow, in a venv of its own, against the emulation's state machines."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cli.venvs import program
from local.aws.environment import client_environment
from local.processes import run
from local.session import Session

SCRIPT = Path(__file__).parents[1] / "clients" / "by_airflow.py"
pytestmark = pytest.mark.slow  # a venv of 160 packages


def machine(aws: Session, name: str, end: dict[str, Any]) -> str:
    """A state machine that takes a moment, and ends as a domain's does."""
    states = {"Work": {"Type": "Wait", "Seconds": 2, "Next": "End"}, "End": end}
    definition = {"StartAt": "Work", "States": states}
    made: str = aws.client("stepfunctions").create_state_machine(
        name=name, definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/states"
    )["stateMachineArn"]
    return made


def done(*, changed: bool) -> dict[str, Any]:
    """What the domain's machine tells at its end (stacks/pipelines/domain.asl.json)."""
    told = {"run_id": "r1", "gate": "warn", "changed": changed, "findings": ["users: null rate of age"]}
    return {"Type": "Pass", "Result": told, "End": True}


def test_a_dag_waits_for_its_run_and_tells_of_gold_that_changed(aws: Session, tmp_path: Path) -> None:
    machines = {
        "lake-dev-new": done(changed=True),
        "lake-dev-same": done(changed=False),
        "lake-dev-halted": {"Type": "Fail", "Error": "QualityGate.Halted", "Cause": "users: too many nulls"},
    }
    arns = [machine(aws, name, end) for name, end in machines.items()]
    environment = {**os.environ, **client_environment(aws.endpoint or "")}
    ended = run([program("airflow", "python"), SCRIPT, tmp_path, *arns], env=environment)
    assert ended.code == 0, ended.words(6000)
    found = json.loads(ended.output.strip().splitlines()[-1])
    assert found["runs"] == {
        "lake-dev-new": {
            "state": "success",
            "tasks": {"run": "success", "result": "success", "gold_changed": "success"},
        },
        "lake-dev-same": {
            "state": "success",
            "tasks": {"run": "success", "result": "success", "gold_changed": "skipped"},
        },
        "lake-dev-halted": {
            "state": "failed",
            "tasks": {"run": "failed", "result": "upstream_failed", "gold_changed": "upstream_failed"},
        },
    }
    assert found["told"] == [["lake-dev-new-gold", {"run_id": "r1", "gate": "warn"}]]
    assert "users: too many nulls" in ended.output + ended.errors
    states = aws.client("stepfunctions")
    for arn in arns:
        [execution] = states.list_executions(stateMachineArn=arn)["executions"]
        asked = states.describe_execution(executionArn=execution["executionArn"])["input"]
        assert json.loads(asked) == {"full_refresh": True}
