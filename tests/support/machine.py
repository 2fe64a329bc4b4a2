"""The state machine of a domain, interpreted in this process, on services that are a few sets, so that faults can
strike each of its tasks: by an error that AWS names, before or after the effect.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonata import Jsonata

TABLES = ("days", "users")


class TaskError(Exception):
    """What a task's state ends with, by its name in Amazon States Language."""


@dataclass
class Services:
    """What the tasks do, as the real ones: jobs that can run twice, and a load that is known by its snapshot."""

    pending: set[str] = field(default_factory=set)
    deferred: set[str] = field(default_factory=set)
    silver: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    gold: set[str] = field(default_factory=set)
    plan: frozenset[str] = frozenset()
    warehouse: dict[str, frozenset[str]] = field(default_factory=dict)
    ledger: dict[str, dict[str, Any]] = field(default_factory=dict)
    published: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    status: dict[str, str] = field(default_factory=dict)  # of executions
    looks: int = 0  # at a statement that runs, before it has finished

    def call(self, resource: str, given: dict[str, Any]) -> Any:
        service, action = resource.removeprefix("arn:aws:states:::").removeprefix("aws-sdk:").split(":", 1)
        return getattr(self, f"{service}_{action.replace('.', '_')}")(given)

    def dynamodb_putItem(self, given: dict[str, Any]) -> Any:
        self._check(given, given["Item"]["pk"]["S"])
        self.ledger[given["Item"]["pk"]["S"]] = given["Item"]
        return {}

    def dynamodb_deleteItem(self, given: dict[str, Any]) -> Any:
        self._check(given, given["Key"]["pk"]["S"])
        self.ledger.pop(given["Key"]["pk"]["S"], None)
        return {}

    def dynamodb_getItem(self, given: dict[str, Any]) -> Any:
        key = given["Key"]["pk"]["S"]
        key = f"{key}#{given['Key']['sk']['S']}" if key.startswith("run#") else key
        return {"Item": self.ledger[key]} if key in self.ledger else {}

    def _check(self, given: dict[str, Any], key: str) -> None:
        owner = self.ledger.get(key, {}).get("run_id", {}).get("S")
        values = {name: v["S"] for name, v in given.get("ExpressionAttributeValues", {}).items()}
        good = {
            "": True,
            "attribute_not_exists(pk) OR run_id = :me": owner in (None, values.get(":me")),
            "run_id = :me": owner is not None and owner == values.get(":me"),
            "run_id = :dead": owner is not None and owner == values.get(":dead"),
        }[given.get("ConditionExpression", "")]
        if not good:
            raise TaskError("DynamoDB.ConditionalCheckFailedException")

    def dynamodb_query(self, given: dict[str, Any]) -> Any:
        return {"Count": len(self.deferred)}

    def sfn_describeExecution(self, given: dict[str, Any]) -> Any:
        return {"Status": self.status[given["ExecutionArn"].removeprefix("${ExecutionArnPrefix}")]}

    def glue_startJobRun_sync(self, given: dict[str, Any]) -> Any:
        run_id = given["Arguments"]["--run_id"]
        match given["JobName"]:
            case "${BronzeIngestJob}":
                self.pending |= self.deferred
                self.deferred = set()
            case "${BronzeToSilverJob}":
                self._silver(run_id)
            case "${SilverToGoldJob}":
                self.gold |= self.changed
                self.changed = set()
                self.plan = frozenset(self.gold)
        return {}

    def _silver(self, run_id: str) -> None:
        self.changed |= self.pending
        self.silver |= self.pending
        key = f"run#${{Domain}}#{run_id}"
        warned = bool(self.pending) or self.ledger.get(key, {}).get("gate", {}).get("S") == "warn"
        self.pending = set()
        self.ledger[key] = {
            "gate": {"S": "warn" if warned else "pass"},
            "changed": {"BOOL": bool(self.changed) or "load#${Domain}" in self.ledger},
            "findings": {"S": "something" if warned else ""},
        }

    def s3_getObject(self, given: dict[str, Any]) -> Any:
        snapshot = ",".join(sorted(self.plan))
        tables = [{"loaded": f"{t}@{snapshot}", "shape": t, "key": t} for t in TABLES]
        plan = {"opening": ["open"], "tables": tables}
        load = [{"sqls": [f"{given['Key']}@{snapshot}"]}]
        body = plan if given["Key"] == "${LoadPlan}" else {"reload": load, "rebuild": load}
        return {"Body": json.dumps(body)}

    def redshiftdata_batchExecuteStatement(self, given: dict[str, Any]) -> Any:
        for sql in given["Sqls"]:
            table, _, snapshot = sql.partition("@")
            self.warehouse |= {table: frozenset(snapshot.split(","))} if snapshot else {}
        self.statements.append(given["Sqls"][0])
        return {"Id": f"s{len(self.statements)}"}

    def redshiftdata_describeStatement(self, _: dict[str, Any]) -> Any:
        self.looks -= 1
        return {"Status": "STARTED" if self.looks >= 0 else "FINISHED"}

    def redshiftdata_getStatementResult(self, _: dict[str, Any]) -> Any:
        loaded = [f"{t}@{','.join(sorted(snapshot))}" for t, snapshot in self.warehouse.items()]
        return {"Records": [[{"StringValue": v}] for v in (*loaded, *TABLES)]}

    def sns_publish(self, given: dict[str, Any]) -> Any:
        self.published.append(given["Subject"])
        return {}


@dataclass
class Execution:
    """One execution. `strike`: is told each task's number and state before and after its effect, and raises."""

    definition: Mapping[str, Any]
    services: Services
    name: str
    strike: Callable[[int, str, bool], None] = lambda *_: None
    variables: dict[str, Any] = field(default_factory=dict)
    tasks: list[str] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)  # seconds
    at: str = ""
    request: Mapping[str, Any] = field(default_factory=dict)

    def run(self) -> str:
        """From where it is, so that another call redrives it; its status."""
        self.at = self.at or self.definition["StartAt"]
        self.services.status[self.name] = "RUNNING"
        while True:
            state = self.definition["States"][self.at]
            if state["Type"] == "Fail":
                return self._ended("FAILED")
            try:
                following = self._step(state)
            except TaskError:
                return self._ended("FAILED")
            if following is None:
                return self._ended("SUCCEEDED")
            self.at = following

    def _ended(self, status: str) -> str:
        self.services.status[self.name] = status
        return status

    def _step(self, state: Mapping[str, Any]) -> str | None:
        match state["Type"]:
            case "Choice":
                for choice in state["Choices"]:
                    if self._value(choice["Condition"]) is True:
                        self._assign(choice)
                        return str(choice["Next"])
                return str(state["Default"])
            case "Task":
                try:
                    result = self._task(state)
                except TaskError as error:
                    for catch in state.get("Catch", ()):
                        if str(error) in catch["ErrorEquals"]:
                            return str(catch["Next"])
                    raise
                self._assign(state, result)
            case "Pass":
                self._assign(state)
            case "Wait":
                self.waits.append(self._value(state["Seconds"]))
        return state.get("Next")

    def _task(self, state: Mapping[str, Any]) -> Any:
        """With the state's retries."""
        left = {error: r["MaxAttempts"] for r in state.get("Retry", ()) for error in r["ErrorEquals"]}
        while True:
            self.tasks.append(self.at)
            try:
                self.strike(len(self.tasks), self.at, True)
                result = self.services.call(state["Resource"], self._value(state["Arguments"]))
                self.strike(len(self.tasks), self.at, False)
                return result
            except TaskError as error:
                if left.get(str(error), 0) <= 0:
                    raise
                left[str(error)] -= 1

    def _assign(self, state: Mapping[str, Any], result: Any = None) -> None:
        self.variables |= {n: self._value(v, result) for n, v in state.get("Assign", {}).items()}

    def _value(self, value: Any, result: Any = None) -> Any:
        match value:
            case dict():
                return {k: self._value(v, result) for k, v in value.items()}
            case list():
                return [self._value(v, result) for v in value]
            case str() if value.startswith("{%"):
                expression = Jsonata.jsonata(value[2:-2].strip().replace("${Warehouse}", "a workgroup"))
                expression.register_lambda("parse", json.loads)
                states = {
                    "input": self.request,
                    "result": result,
                    "context": {"Execution": {"Name": self.name}},
                }
                return expression.evaluate(None, {**self.variables, "states": states})
        return value
