"""State machines, their definition, schedules and the alarm."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from glue_scripts.engine.gold.warehouse import write_load_plan
from glue_scripts.engine.run.job import Job
from local import npm
from shared.contracts import contract, contracts
from shared.names import Names
from stacks.pipeline import DEFINITION, substitutions
from tests.stack.conftest import Assembly
from tests.support.asl import faults

NAMES = Names("dev", "123456789012", "us-east-1")


def definition() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(DEFINITION.read_text("utf-8").replace("${Partition}", "aws"))
    return parsed


def test_the_definition_has_no_faults() -> None:
    assert faults(definition()) == []


def test_the_load_begins_with_what_the_gold_job_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    found = substitutions(NAMES, "shop", warehouse=True, delivered=False, retains=False)
    spark: Any = None  # a contract without gold has no tables to ask for
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=found["GoldBucket"])
        s3.put_object(Bucket=found["GoldBucket"], Key="shop/warehouse/of an older run.manifest", Body=b"")
        s3.put_object(Bucket=found["GoldBucket"], Key="shop/mart/data.parquet", Body=b"")
        write_load_plan(spark, Job(NAMES, replace(contract("shop"), gold=()), "run-1"), s3)
        left = [o["Key"] for o in s3.list_objects_v2(Bucket=found["GoldBucket"])["Contents"]]
        plan = s3.get_object(Bucket=found["GoldBucket"], Key=found["LoadPlan"])["Body"].read()
    assert left == ["shop/mart/data.parquet", found["LoadPlan"]]
    assert json.loads(plan)["tables"] == []


def _unknown_target(d: dict[str, Any]) -> None:
    d["States"]["SilverToGold"]["Next"] = "Nowhere"


def _unassigned(d: dict[str, Any]) -> None:
    del d["States"]["SetDefaults"]["Assign"]["gate"]


def _jsonpath(d: dict[str, Any]) -> None:
    d["States"]["ReadLock"]["ResultPath"] = None


def _caught_job(d: dict[str, Any]) -> None:
    d["States"]["BronzeToSilver"]["Catch"] = [{"ErrorEquals": ["Glue.X"], "Next": "Done"}]


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (_unknown_target, "Nowhere is not a state"),
        (_unassigned, "HasFindings uses $gate, which is not assigned on every way to it"),
        (_jsonpath, "ReadLock has ResultPath, which is JSONPath"),
        (_caught_job, "BronzeToSilver catches a job's failure"),
    ],
)
def test_the_lint_finds_what_it_is_for(spoil: Any, fault: str) -> None:
    spoiled = copy.deepcopy(definition())
    spoil(spoiled)
    assert fault in faults(spoiled)


def test_amazons_validator_accepts_the_definition() -> None:
    """asl-validator of package.json, in .lake/tools; fetched once through npm."""
    try:
        package = npm.package("asl-validator")
    except npm.NodeToolError as error:
        pytest.skip(str(error))
    check = "const v = require(process.argv[1]); const r = v(JSON.parse(process.argv[2])); console.log(JSON.stringify(r))"
    command = [str(npm.node()), "-e", check, str(package), json.dumps(definition())]
    result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert (result["isValid"], result["errors"]) == (True, [])


def test_every_placeholder_is_substituted_and_every_substitution_used() -> None:
    wanted = set(re.findall(r"\$\{(\w+)\}", DEFINITION.read_text("utf-8")))
    assert wanted == set(substitutions(NAMES, "shop", warehouse=True, delivered=False, retains=False))


def test_the_definition_refers_to_what_the_other_stacks_make(assembly: Assembly) -> None:
    known = {
        "LedgerTable": assembly.named("AWS::DynamoDB::GlobalTable", "TableName"),
        "BronzeIngestJob": assembly.named("AWS::Glue::Job", "Name"),
        "BronzeToSilverJob": assembly.named("AWS::Glue::Job", "Name"),
        "SilverToGoldJob": assembly.named("AWS::Glue::Job", "Name"),
        "MaintenanceJob": assembly.named("AWS::Glue::Job", "Name"),
        "AlertsTopicArn": {NAMES.arn("sns", name) for name in assembly.named("AWS::SNS::Topic", "TopicName")},
    }
    for _, machine in assembly.resources("AWS::StepFunctions::StateMachine", "dev"):
        given = machine["Properties"]["DefinitionSubstitutions"]
        assert {k for k, names in known.items() if given[k] not in names} == set()
        assert given["ExecutionArnPrefix"] == NAMES.execution_arn(given["Domain"], "")


def test_every_domain_has_a_machine_that_logs_and_traces(assembly: Assembly) -> None:
    assert assembly.named("AWS::StepFunctions::StateMachine", "StateMachineName") == {
        NAMES.state_machine(c.domain) for c in contracts()
    }
    for place, machine in assembly.resources("AWS::StepFunctions::StateMachine"):
        assert machine["Properties"]["TracingConfiguration"] == {"Enabled": True}, place
        assert machine["Properties"]["LoggingConfiguration"]["Level"] == "ALL", place
        assert machine["Properties"]["LoggingConfiguration"]["IncludeExecutionData"] is False, place


def test_domains_run_at_the_time_of_their_contract_but_not_in_dev(assembly: Assembly) -> None:
    wanted = sorted(c.schedule for c in contracts() if c.schedule)
    for env, state in (("dev", "DISABLED"), ("test", "ENABLED"), ("prod", "ENABLED")):
        every = [
            r["Properties"]
            for p, r in assembly.resources("AWS::Scheduler::Schedule", env)
            if "/warehouse/" not in p
        ]
        schedules = [s for s in every if "do" not in json.loads(s["Target"]["Input"])]
        assert sorted(s["ScheduleExpression"] for s in schedules) == wanted
        assert {(s["ScheduleExpressionTimezone"], s["State"], s["Target"]["Input"]) for s in schedules} == {
            ("UTC", state, "{}")
        }


def rules(assembly: Assembly, source: str) -> list[dict[str, Any]]:
    found = [
        r["Properties"] for p, r in assembly.resources("AWS::Events::Rule", "dev") if "orchestration" in p
    ]
    return [r for r in found if r["EventPattern"]["source"] == [source]]


def test_a_run_that_fails_tells_why_and_leaves_its_reason(assembly: Assembly) -> None:
    told, kept = sorted(
        rules(assembly, "aws.states"), key=lambda r: "InputTransformer" not in r["Targets"][0]
    )
    for rule in (told, kept):
        assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
        assert rule["EventPattern"]["detail"]["stateMachineArn"] == [
            {"prefix": "arn:aws:states:us-east-1:123456789012:stateMachine:lakehouse-dev-"}
        ]
    paths = set(told["Targets"][0]["InputTransformer"]["InputPathsMap"].values())
    assert {"$.detail.error", "$.detail.cause", "$.detail.name"} <= paths
    assert "DeadLetterConfig" in kept["Targets"][0]


def test_every_finished_job_is_noted(assembly: Assembly) -> None:
    [rule] = rules(assembly, "aws.glue")
    assert rule["EventPattern"]["detail-type"] == ["Glue Job State Change"]
    assert rule["EventPattern"]["detail"]["jobName"] == [{"prefix": "lakehouse-dev-"}]


def test_the_watch_looks_every_five_minutes_and_maintains_on_sundays_but_not_in_dev(
    assembly: Assembly,
) -> None:
    for env, state in (("dev", "DISABLED"), ("test", "ENABLED"), ("prod", "ENABLED")):
        every = [
            r["Properties"]
            for p, r in assembly.resources("AWS::Scheduler::Schedule", env)
            if "/warehouse/" not in p
        ]
        tasks = {
            s["Target"]["Input"]: (s["ScheduleExpression"], s["State"])
            for s in every
            if "do" in json.loads(s["Target"]["Input"])
        }
        assert tasks == {
            '{"do": "check"}': ("rate(5 minutes)", state),
            '{"do": "maintain"}': ("cron(30 3 ? * SUN *)", state),
        }
