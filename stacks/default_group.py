"""A network's default security group, without the two rules that EC2 makes it with.

Nothing uses that group. CloudFormation cannot take rules away, so a clock does: a schedule calls EC2 itself,
once when it is made and daily after. A custom resource would be a function more to pack, watch and pay
attention to, would hang its stack when it fails, and would look once only.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from stacks.access import Access
from stacks.base import LakeStack
from stacks.timer import add_timer

DAILY = "rate(1 day)"  # the first call follows at once (Scheduler user guide, "Rate-based schedules")
RETRIES = 2  # the rule that was taken away before is not found: no reason to go on asking


class ClosedDefaultGroup(Construct):
    """What people add to the group stays: only EC2's own rules are known by their values."""

    def __init__(self, stack: LakeStack, scope: Construct, vpc: ec2.CfnVPC) -> None:
        super().__init__(scope, "DefaultGroup")
        group = vpc.attr_default_security_group
        access = Access(self, "Access", "scheduler.amazonaws.com", stack.names)
        access.allow(
            ["ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"],
            [stack.names.arn("ec2", f"security-group/{group}")],
        )
        stock: dict[str, dict[str, Any]] = {
            "Ingress": {"UserIdGroupPairs": [{"GroupId": group}]},
            "Egress": {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        }
        for direction, of in stock.items():
            rule = {"GroupId": group, "IpPermissions": [{"IpProtocol": "-1", **of}]}
            add_timer(
                self,
                direction,
                access,
                DAILY,
                f"arn:{stack.names.partition}:scheduler:::aws-sdk:ec2:revokeSecurityGroup{direction}",
                enabled=True,
                input=Stack.of(self).to_json_string(rule),
                retries=RETRIES,
            )
