"""The app as a whole: environments, settings, names, references, rights."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from stacks.config import ConfigError, settings
from tests.stack.conftest import ENVS, Assembly

ROOT = Path(__file__).parents[2]
STACKS = {"storage", "catalog", "ingestion", "processing", "orchestration", "analytics", "monitoring"}
POLICY_CHARACTERS = 6144  # IAM quota: managed policy, white space not counted


def test_every_environment_has_every_stack(assembly: Assembly) -> None:
    assert set(assembly.stacks) == {
        *((env, stack) for env in ENVS for stack in STACKS),
        ("test", "warehouse"),
        ("prod", "warehouse"),
    }


def test_stacks_come_after_what_they_need(assembly: Assembly) -> None:
    manifest = json.loads((assembly.folder / "assembly-test" / "manifest.json").read_text())["artifacts"]
    names = {
        k: a["properties"]["stackName"]
        for k, a in manifest.items()
        if a["type"] == "aws:cloudformation:stack"
    }
    after = {
        names[k].split("-")[-1]: {names[d].split("-")[-1] for d in manifest[k]["dependencies"] if d in names}
        for k in names
    }
    assert after == {
        "storage": set(),
        "catalog": {"storage"},
        "ingestion": {"storage"},
        "processing": {"catalog"},
        "orchestration": {"processing"},
        "monitoring": {"orchestration"},
        "analytics": {"catalog"},
        "warehouse": {"orchestration"},
    }


def test_stacks_export_nothing_and_import_nothing(assembly: Assembly) -> None:
    for place, template in assembly.stacks.items():
        assert "Fn::ImportValue" not in json.dumps(template), place
        assert not [o for o in template.get("Outputs", {}).values() if "Export" in o], place


def test_no_custom_resources(assembly: Assembly) -> None:
    kinds = {r["Type"] for t in assembly.stacks.values() for r in t["Resources"].values()}
    assert not [k for k in kinds if k.startswith(("Custom::", "AWS::CloudFormation::CustomResource"))]


def policy_characters(policy: dict[str, Any]) -> int:
    return len("".join(json.dumps(policy["Properties"]["PolicyDocument"]).split()))


def test_every_policy_fits_its_quota(assembly: Assembly) -> None:
    for place, policy in assembly.resources("AWS::IAM::ManagedPolicy"):
        assert policy_characters(policy) < POLICY_CHARACTERS, place


def test_a_role_has_one_policy_of_its_own_and_no_broad_one(assembly: Assembly) -> None:
    for place, role in assembly.resources("AWS::IAM::Role"):
        assert not {"ManagedPolicyArns", "Policies"} & role["Properties"].keys(), place
    for env in ENVS:
        assert len(list(assembly.resources("AWS::IAM::Role", env))) == len(
            list(assembly.resources("AWS::IAM::ManagedPolicy", env))
        )
        assert list(assembly.resources("AWS::IAM::Policy", env)) == []


def test_no_action_is_granted_by_wildcard(assembly: Assembly) -> None:
    for place, policy in assembly.resources("AWS::IAM::ManagedPolicy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not [a for a in actions if "*" in a], place


def test_a_wildcard_needs_a_reason() -> None:
    import aws_cdk as cdk

    from shared.names import Names
    from stacks.access import Access

    access = Access(cdk.Stack(), "A", "glue.amazonaws.com", Names("dev", "123456789012", "us-east-1"))
    with pytest.raises(ValueError, match="say why"):
        access.allow(["s3:GetObject"], ["arn:aws:s3:::b/*"])


def test_stacks_know_neither_spark_nor_boto3() -> None:
    for path in [ROOT / "app.py", *(ROOT / "stacks").rglob("*.py")]:
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        imported = {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}
        imported |= {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
        assert not {m.split(".")[0] for m in imported} & {"pyspark", "boto3", "botocore"}, path


@pytest.mark.parametrize(
    ("env", "given", "message"),
    [
        ("staging", {}, "there is no environment 'staging'; allowed: dev, test, prod"),
        (
            "dev",
            {"glue_worker": 3},
            "environment dev.glue_worker: there is no such setting; allowed: env, prefix, domains, tags, protected, account, region",
        ),
        (
            "dev",
            {"glue_workers": 1},
            "environment dev.glue_workers: Input should be greater than or equal to 2; found 1",
        ),
        (
            "dev",
            {"log_days": 31},
            "environment dev.log_days: Input should be 7, 14, 30, 60, 90, 180, 365, 400 or 731; found 31",
        ),
        (
            "dev",
            {"usage": {"landed": 3}},
            "environment dev.usage.landed: there is no such setting; allowed: received_gb, received_files",
        ),
        ("dev", {"account": "12"}, "environment dev.account: String should match pattern"),
        ("dev", {"account": "123456789012"}, "account and region are pinned together or not at all"),
        ("dev", {"prefix": "a-prefix-that-is-longer"}, "environment dev.prefix: String should match pattern"),
        (
            "prod",
            {"retain_data": False},
            "a protected environment must retain its data: retain_data must be true",
        ),
    ],
)
def test_wrong_settings_are_refused_with_what_is_allowed(
    env: str, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        settings(env, **given)
    assert message in str(refused.value)
