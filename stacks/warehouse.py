"""Redshift Serverless, where an environment asks for it: private, encrypted, bounded in capacity, loaded from
gold only.
"""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_redshiftserverless as redshift
from constructs import Construct

from shared.names import WAREHOUSE, WAREHOUSE_ADMIN, WAREHOUSE_DATABASE
from stacks.access import OBJECTS, Access
from stacks.base import Lake, LakeStack
from stacks.network import Network

PARAMETERS = {
    "require_ssl": "true",
    "enable_user_activity_logging": "true",
    "max_query_execution_time": "14400",
}
DAY_SECONDS = 86_400


class WarehouseStack(LakeStack):
    """Its tables are copies of gold: what is lost with it, the next load brings back."""

    def __init__(self, scope: Construct, lake: Lake, *, key_arn: str | None) -> None:
        what = "Lakehouse: Redshift Serverless and its network"
        super().__init__(scope, WAREHOUSE, lake, description=what, stateful=True, key_arn=key_arn)
        self.network = Network(self)
        self.namespace = self._namespace(key_arn)
        self.workgroup = self._workgroup()
        self._usage_alarm()
        CfnOutput(
            self,
            "WorkgroupName",
            value=self.names.name(WAREHOUSE),
            description="Choose it in the Redshift query editor",
        )

    def _namespace(self, key_arn: str | None) -> redshift.CfnNamespace:
        access = self._copy_access(key_arn)
        namespace = redshift.CfnNamespace(
            self,
            "Namespace",
            namespace_name=self.names.name(WAREHOUSE),
            db_name=WAREHOUSE_DATABASE,
            admin_username=WAREHOUSE_ADMIN,
            manage_admin_password=True,
            default_iam_role_arn=access.role.role_arn,
            iam_roles=[access.role.role_arn],
            kms_key_id=key_arn,
            log_exports=["userlog", "connectionlog", "useractivitylog"],
        )
        namespace.apply_removal_policy(self.removal)
        namespace.node.add_dependency(access)
        return namespace

    def _copy_access(self, key_arn: str | None) -> Access:
        """What COPY runs under: gold's objects, and nothing but reading."""
        access = Access(
            self, "CopyAccess", "redshift.amazonaws.com", self.names, "redshift-serverless.amazonaws.com"
        )
        gold = self.names.bucket_arn("gold")
        access.allow(["s3:GetObject"], [f"{gold}/{domain}/*" for domain in self.lake.domains], why=OBJECTS)
        access.allow(["s3:ListBucket", "s3:GetBucketLocation"], [gold])
        if key_arn is not None:
            access.allow(["kms:Decrypt"], [key_arn])
        return access

    def _workgroup(self) -> redshift.CfnWorkgroup:
        s = self.settings
        group = self.network.closed_group("WarehouseGroup", "Redshift Serverless of the lakehouse")
        workgroup = redshift.CfnWorkgroup(
            self,
            "Workgroup",
            workgroup_name=self.names.name(WAREHOUSE),
            namespace_name=self.names.name(WAREHOUSE),
            base_capacity=s.warehouse_rpu,
            max_capacity=s.warehouse_max_rpu,
            enhanced_vpc_routing=True,
            publicly_accessible=False,
            subnet_ids=self.network.subnet_ids,
            security_group_ids=[group.attr_group_id],
            config_parameters=[
                redshift.CfnWorkgroup.ConfigParameterProperty(parameter_key=key, parameter_value=value)
                for key, value in PARAMETERS.items()
            ],
        )
        workgroup.add_resource_dependency(self.namespace)
        return workgroup

    def _usage_alarm(self) -> None:
        """CloudFormation has no usage limit for Redshift Serverless: the capacity is bounded above, a day's
        use is watched here.
        """
        cloudwatch.CfnAlarm(
            self,
            "DailyUse",
            alarm_name=self.names.name("warehouse-daily-use"),
            alarm_description=(
                "The warehouse computed for more RPU hours in a day than the environment expects"
            ),
            namespace="AWS/Redshift-Serverless",
            metric_name="ComputeSeconds",
            dimensions=[
                cloudwatch.CfnAlarm.DimensionProperty(name="Workgroup", value=self.names.name(WAREHOUSE))
            ],
            statistic="Sum",
            period=DAY_SECONDS,
            evaluation_periods=1,
            threshold=self.settings.warehouse_rpu_hours_a_day * 3600,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[self.names.arn("sns", self.names.alerts_topic)],
        )
