"""Redshift Serverless, where an environment asks for it: private, encrypted, bounded in capacity, loaded from
gold only.
"""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import CfnOutput
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_redshiftserverless as redshift
from constructs import Construct

from shared.names import WAREHOUSE, WAREHOUSE_ADMIN, WAREHOUSE_DATABASE
from stacks.access import OBJECTS, Access
from stacks.base import Lake, LakeStack
from stacks.network import Network, closed_group
from stacks.network_settings import WarehouseClients

PARAMETERS = {
    "require_ssl": "true",
    "enable_user_activity_logging": "true",
    "max_query_execution_time": "14400",
}
DAY_SECONDS = 86_400
PORT = 5439  # Redshift Serverless's, where nothing else is asked for


class WarehouseStack(LakeStack):
    """Its tables are copies of gold: what is lost with it, the next load brings back."""

    def __init__(self, scope: Construct, lake: Lake, *, key_arn: str | None) -> None:
        what = "Lakehouse: Redshift Serverless and its network"
        super().__init__(scope, WAREHOUSE, lake, description=what, key_arn=key_arn)
        # Its construct holds the warehouse's group too, so that the group is the same one after an upgrade.
        self.network: Construct = self
        given = self.settings.existing_network
        if given is not None:
            vpc_id, self.subnet_ids = given.vpc_id, list(given.subnet_ids)
        else:
            self.network = own = Network(self)
            vpc_id, self.subnet_ids = own.vpc_id, own.subnet_ids
        self.group = closed_group(
            self.network, "WarehouseGroup", vpc_id, "Redshift Serverless of the lakehouse"
        )
        if (clients := self.settings.warehouse_clients) is not None:
            self.group.security_group_ingress = list(_ingress(clients))
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
        workgroup = redshift.CfnWorkgroup(
            self,
            "Workgroup",
            workgroup_name=self.names.name(WAREHOUSE),
            namespace_name=self.names.name(WAREHOUSE),
            base_capacity=s.warehouse_rpu,
            max_capacity=s.warehouse_max_rpu,
            enhanced_vpc_routing=True,
            publicly_accessible=False,
            subnet_ids=self.subnet_ids,
            security_group_ids=[self.group.attr_group_id],
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


def _ingress(clients: WarehouseClients) -> Iterator[ec2.CfnSecurityGroup.IngressProperty]:
    """A rule for each of those who may come in, on the warehouse's port."""
    named = [
        *({"source_security_group_id": group} for group in clients.security_groups),
        *({"source_prefix_list_id": prefixes} for prefixes in clients.prefix_lists),
        *({"cidr_ip": str(cidr)} for cidr in clients.cidrs),
    ]
    for source in named:
        yield ec2.CfnSecurityGroup.IngressProperty(
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            description="SQL clients of the warehouse",
            **source,
        )
