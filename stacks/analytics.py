"""SQL on the lake: one Athena workgroup whose limits no client can override, and the reports of a domain."""

from __future__ import annotations

from aws_cdk import CfnOutput
from constructs import Construct

from shared.names import WORKGROUP
from shared.reports import reports_of
from stacks.base import Lake, LakeStack
from stacks.workgroup import named_query, workgroup


class AnalyticsStack(LakeStack):
    """Results go to a bucket of their own (stacks/storage.py): copies of what the lake
    holds, which expire.
    """

    def __init__(self, scope: Construct, lake: Lake, *, key_arn: str | None) -> None:
        super().__init__(scope, "analytics", lake, description="Lakehouse: Athena workgroup")
        name = self.names.name(WORKGROUP)
        workgroup(self, self, name, key_arn=key_arn)
        CfnOutput(self, "WorkgroupName", value=name, description="Choose it in the Athena console")


def add_reports(stack: LakeStack, domain: str) -> None:
    """A domain's reports as named queries, in the stack of the domain; the workgroup must be there."""
    for report in reports_of(domain):
        named_query(stack, stack, report, stack.names.name(WORKGROUP))
