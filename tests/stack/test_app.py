"""The app as a whole: environments, settings, names, references, rights."""

from __future__ import annotations

import ast
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shared.names import domain_stack
from stacks.config import ConfigError, settings
from tests.stack.conftest import ENVS, Assembly

ROOT = Path(__file__).parents[2]
STACKS = {"storage", "catalog", "ingestion", "processing", "orchestration", "analytics", "monitoring"}
DOMAIN_STACKS = {"domain-shop", "domain-web", "domain-retail"}
POLICY_CHARACTERS = 6144  # IAM quota: managed policy, white space not counted


def test_every_environment_has_every_stack(assembly: Assembly) -> None:
    assert set(assembly.stacks) == {
        *((env, stack) for env in ENVS for stack in STACKS | DOMAIN_STACKS),
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
        names[k].removeprefix("lakehouse-test-"): {
            names[d].removeprefix("lakehouse-test-") for d in manifest[k]["dependencies"] if d in names
        }
        for k in names
    }
    assert after == {
        "storage": set(),
        "catalog": {"storage"},
        "ingestion": {"storage"},
        "orchestration": {"catalog", "storage"},  # the key is the storage stack's
        "processing": {"orchestration", "storage"},
        "monitoring": {"orchestration"},
        "analytics": {"catalog", "storage"},
        "warehouse": {"orchestration", "storage"},
        # Whatever had a domain's resources before it had a stack lets go of their names first.
        **{stack: {"processing", "monitoring", "analytics", "storage"} for stack in DOMAIN_STACKS},
    }


def test_a_domain_s_stack_is_called_like_no_other() -> None:
    """CloudFormation takes no underscore in a stack's name; a domain's name has no hyphen."""
    assert domain_stack("raw_data_2") == "domain-raw-data-2"
    assert not [stack for stack in (*STACKS, "warehouse") if stack.startswith("domain-")]


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


def test_a_role_has_a_policy_of_its_own_a_second_where_one_has_no_room_and_no_broad_one(
    assembly: Assembly,
) -> None:
    for place, role in assembly.resources("AWS::IAM::Role"):
        assert not {"ManagedPolicyArns", "Policies"} & role["Properties"].keys(), place
    for env in ENVS:
        roles = {place for place, _ in assembly.resources("AWS::IAM::Role", env)}
        owners = Counter[str]()
        for place, policy in assembly.resources("AWS::IAM::ManagedPolicy", env):
            [owner] = policy["Properties"]["Roles"]
            owners[f"{place.rpartition('/')[0]}/{owner['Ref']}"] += 1
        assert owners.keys() == roles
        assert [role for role, n in owners.items() if n > 1 and "silver" not in role] == []
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


def test_what_names_many_domains_is_spread_over_policies_that_fit() -> None:
    from stacks.access import fitting

    arns = [f"arn:aws:s3:::{'b' * 63}/{'d' * 60}{n:02}/*" for n in range(60)]
    statements = [
        {"Effect": "Allow", "Action": ["s3:DeleteObject"], "Resource": arns},
        {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["q"], "Condition": {"c": "d"}},
    ]
    policies = fitting(statements)
    assert [len(json.dumps(p)) < 6144 for p in policies] == [True, True]
    assert [r for p in policies for s in p for r in s["Resource"]] == [*arns, "q"]
    assert policies[-1][-1] == statements[-1]
    assert fitting(statements[1:]) == [statements[1:]]


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
