"""The warehouse: private, bounded, encrypted, loaded from gold by roles that may do nothing else; absent
where nobody asked.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.names import Names
from stacks.config import ConfigError, settings
from tests.stack.conftest import Assembly

WITH = ("test", "prod")


def only(assembly: Assembly, kind: str, env: str) -> dict[str, Any]:
    [(_, found)] = assembly.resources(kind, env)
    properties: dict[str, Any] = found["Properties"]
    return properties


def statements(assembly: Assembly, env: str, part: str) -> list[dict[str, Any]]:
    return [
        statement
        for place, policy in assembly.resources("AWS::IAM::ManagedPolicy", env)
        if part in place
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def allowed(assembly: Assembly, env: str, part: str) -> set[str]:
    actions = (s["Action"] for s in statements(assembly, env, part))
    return {a for given in actions for a in ([given] if isinstance(given, str) else given)}


def test_dev_pays_for_no_warehouse_and_no_network(assembly: Assembly) -> None:
    kinds = {
        r["Type"] for (env, _), t in assembly.stacks.items() if env == "dev" for r in t["Resources"].values()
    }
    assert not [k for k in kinds if k.startswith(("AWS::RedshiftServerless::", "AWS::EC2::"))]
    assert not [a for a in allowed(assembly, "dev", "/domain-") if a.startswith("redshift")]
    secrets = [s for s in statements(assembly, "dev", "/domain-") if "secretsmanager" in str(s["Action"])]
    assert all("hash-key" in str(s["Resource"]) for s in secrets)  # none of a warehouse


@pytest.mark.parametrize(("env", "base", "most"), [("test", 4, 16), ("prod", 8, 64)])
def test_the_workgroup_is_private_and_its_capacity_bounded(
    assembly: Assembly, env: str, base: int, most: int
) -> None:
    workgroup = only(assembly, "AWS::RedshiftServerless::Workgroup", env)
    assert (workgroup["PubliclyAccessible"], workgroup["EnhancedVpcRouting"]) == (False, True)
    assert (workgroup["BaseCapacity"], workgroup["MaxCapacity"]) == (base, most)
    assert len(workgroup["SubnetIds"]) == 3
    assert {"ParameterKey": "require_ssl", "ParameterValue": "true"} in workgroup["ConfigParameters"]


@pytest.mark.parametrize("env", WITH)
def test_nobody_knows_the_administrator_s_password(assembly: Assembly, env: str) -> None:
    namespace = only(assembly, "AWS::RedshiftServerless::Namespace", env)
    assert namespace["ManageAdminPassword"] is True
    assert "AdminUserPassword" not in namespace
    assert set(namespace["LogExports"]) == {"userlog", "connectionlog", "useractivitylog"}
    assert "KmsKeyId" in namespace  # both have a key of their own
    assert (
        Names(env, "1", "r").warehouse_secret
        == f"redshift!{namespace['NamespaceName']}-{namespace['AdminUsername']}"
    )


@pytest.mark.parametrize("env", WITH)
def test_the_network_is_isolated_and_watched(assembly: Assembly, env: str) -> None:
    kinds = {r["Type"] for r in assembly.template(env, "warehouse")["Resources"].values()}
    assert not kinds & {"AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route"}
    assert [
        e["Properties"]["VpcEndpointType"] for _, e in assembly.resources("AWS::EC2::VPCEndpoint", env)
    ] == ["Gateway"]
    assert only(assembly, "AWS::EC2::FlowLog", env)["TrafficType"] == "ALL"
    assert all(
        "SecurityGroupIngress" not in g["Properties"]
        for _, g in assembly.resources("AWS::EC2::SecurityGroup", env)
    )
    zones = [str(s["Properties"]["AvailabilityZone"]) for _, s in assembly.resources("AWS::EC2::Subnet", env)]
    assert len(set(zones)) == 3


@pytest.mark.parametrize("env", WITH)
def test_the_default_security_group_loses_the_rules_that_ec2_makes_it_with(
    assembly: Assembly, env: str
) -> None:
    """EC2 user guide, "Default security groups": all traffic from the group itself, and to anywhere."""
    timers = [
        r["Properties"] for p, r in assembly.resources("AWS::Scheduler::Schedule", env) if "/warehouse/" in p
    ]
    assert {(t["State"], t["ScheduleExpression"]) for t in timers} == {("ENABLED", "rate(1 day)")}
    [vpc] = [p.rpartition("/")[2] for p, _ in assembly.resources("AWS::EC2::VPC", env)]
    group = {"Fn::GetAtt": [vpc, "DefaultSecurityGroup"]}
    calls = {}
    for target in (t["Target"] for t in timers):
        [between, parts] = target["Input"]["Fn::Join"]
        assert {json.dumps(p) for p in parts if not isinstance(p, str)} == {json.dumps(group)}
        call = target["Arn"].rpartition(":aws-sdk:ec2:")[2]
        calls[call] = json.loads(between.join(p if isinstance(p, str) else "sg-default" for p in parts))
    assert calls == {
        "revokeSecurityGroupIngress": {
            "GroupId": "sg-default",
            "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-default"}]}],
        },
        "revokeSecurityGroupEgress": {
            "GroupId": "sg-default",
            "IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        },
    }
    [right] = statements(assembly, env, "DefaultGroup")
    assert right["Action"] == ["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"]
    where = "arn:aws:ec2:us-east-1:123456789012:security-group/"
    assert right["Resource"] == {"Fn::Join": ["", [where, group]]}


@pytest.mark.parametrize("env", WITH)
def test_copy_reads_gold_and_nothing_else(assembly: Assembly, env: str) -> None:
    assert allowed(assembly, env, "CopyAccess") == {
        "s3:GetObject",
        "s3:ListBucket",
        "s3:GetBucketLocation",
        "kms:Decrypt",
    }
    objects = [
        s["Resource"] for s in statements(assembly, env, "CopyAccess") if s["Action"] == "s3:GetObject"
    ]
    assert all(f":lakehouse-{env}-gold-" in str(r) and "/shop/*" in str(r) for r in objects)


@pytest.mark.parametrize("env", WITH)
def test_the_state_machine_runs_statements_in_its_own_environment_only(assembly: Assembly, env: str) -> None:
    [run] = [
        s
        for s in statements(assembly, env, "shoppipeline")
        if s["Action"] == "redshift-data:BatchExecuteStatement"
    ]
    tags = {"aws:ResourceTag/lakehouse:env": env, "aws:ResourceTag/lakehouse:product": "lakehouse"}
    assert run["Condition"] == {"StringEquals": tags}
    workgroup = only(assembly, "AWS::RedshiftServerless::Workgroup", env)
    assert {t["Key"]: t["Value"] for t in workgroup["Tags"]}.items() >= {
        k.partition("/")[2]: v for k, v in tags.items()
    }.items()


@pytest.mark.parametrize(("env", "flag"), [("dev", "false"), ("test", "true"), ("prod", "true")])
def test_jobs_prepare_the_load_where_there_is_a_warehouse(assembly: Assembly, env: str, flag: str) -> None:
    for _, job in assembly.resources("AWS::Glue::Job", env):
        if job["Properties"]["Name"].endswith("-silver-to-gold"):
            assert job["Properties"]["DefaultArguments"]["--warehouse"] == flag


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"warehouse": True, "warehouse_rpu": 32, "warehouse_max_rpu": 16},
            "warehouse_max_rpu must not be below warehouse_rpu",
        ),
        ({"warehouse_max_rpu": 20}, "dev.warehouse_max_rpu: Input should be a multiple of 8"),
        ({"warehouse_rpu": 5}, "dev.warehouse_rpu: Input should be 4, 8"),
        ({"interface_endpoints": ("athena",)}, "they need warehouse to be true"),
        (
            {"warehouse": True, "interface_endpoints": ("nope",)},
            "dev.interface_endpoints.0: Input should be 'athena'",
        ),
    ],
)
def test_wrong_settings_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings("dev", **given)
