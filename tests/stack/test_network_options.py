"""The warehouse in a network that is there already, and who may reach it."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.config import ConfigError, settings
from tests.stack.conftest import Assembly
from tests.support.everything import assembled

NETWORK = {"vpc_id": "vpc-0a1b2c3d", "subnet_ids": [f"subnet-0a1b2c3{n}" for n in (1, 2, 3)]}


def of(assembly: Assembly, kind: str) -> list[dict[str, Any]]:
    return [r["Properties"] for _, r in assembly.resources(kind, "full")]


def test_the_warehouse_stands_in_the_network_that_is_named_and_none_is_made(full: Assembly) -> None:
    [workgroup] = of(full, "AWS::RedshiftServerless::Workgroup")
    assert workgroup["SubnetIds"] == NETWORK["subnet_ids"]
    assert (workgroup["PubliclyAccessible"], workgroup["EnhancedVpcRouting"]) == (False, True)
    kinds = {
        r["Type"] for r in full.template("full", "warehouse")["Resources"].values() if "EC2" in r["Type"]
    }
    assert kinds == {"AWS::EC2::SecurityGroup"}
    [group] = of(full, "AWS::EC2::SecurityGroup")
    assert group["VpcId"] == "vpc-0a1b2c3d"


def test_who_is_named_reaches_the_warehouse_on_its_port_and_nobody_else(
    full: Assembly, tmp_path_factory: pytest.TempPathFactory
) -> None:
    [group] = of(full, "AWS::EC2::SecurityGroup")
    rules = group["SecurityGroupIngress"]
    assert {(r["IpProtocol"], r["FromPort"], r["ToPort"]) for r in rules} == {("tcp", 5439, 5439)}
    assert [r.get("SourceSecurityGroupId") or r.get("SourcePrefixListId") or r["CidrIp"] for r in rules] == [
        "sg-0a1b2c3d",
        "pl-0a1b2c3d",
        "10.9.0.0/16",
    ]
    own = assembled(tmp_path_factory.mktemp("own"), existing_network=None)
    assert len(of(own, "AWS::EC2::Subnet")) == 3
    [group] = of(own, "AWS::EC2::SecurityGroup")
    assert len(group["SecurityGroupIngress"]) == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"existing_network": {**NETWORK, "subnet_ids": ["subnet-0a1b2c31"]}}, "at least 3 items"),
        ({"existing_network": {**NETWORK, "vpc_id": "vpc"}}, "String should match pattern"),
        ({"existing_network": NETWORK, "warehouse": True, "interface_endpoints": ["kms"]}, "leave them out"),
        ({"warehouse_clients": {}}, "name security_groups, prefix_lists or cidrs"),
        ({"warehouse_clients": {"cidrs": ["0.0.0.0/0"]}}, "0.0.0.0/0: only private addresses"),
        ({"warehouse_clients": {"cidrs": ["198.51.99.0/24"]}}, "only private addresses"),
        ({"warehouse_clients": {"groups": ["sg-0a1b2c3d"]}}, "allowed: security_groups, prefix_lists, cidrs"),
    ],
)
def test_wrong_networks_are_refused_with_what_is_allowed(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings("dev", **given)
