"""Athena's workgroups, whose limits no client can override, and the reports in them."""

from __future__ import annotations

from aws_cdk import aws_athena as athena
from constructs import Construct

from shared.names import RESULTS
from shared.reports import Report
from stacks.base import LakeStack


def workgroup(
    scope: Construct, stack: LakeStack, name: str, folder: str = "", *, key_arn: str | None
) -> athena.CfnWorkGroup:
    """`folder`: where in the results' bucket its results go; it ends in a slash."""
    option = (
        {"encryption_option": "SSE_KMS", "kms_key": key_arn} if key_arn else {"encryption_option": "SSE_S3"}
    )
    results = athena.CfnWorkGroup.ResultConfigurationProperty(
        output_location=f"s3://{stack.names.bucket(RESULTS)}/{folder}",
        encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(**option),
        expected_bucket_owner=stack.names.account,
    )
    return athena.CfnWorkGroup(
        scope,
        "Workgroup",
        name=name,
        description="Queries on the lakehouse, within limits",
        recursive_delete_option=not stack.settings.retain_data,
        work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
            enforce_work_group_configuration=True,
            publish_cloud_watch_metrics_enabled=True,
            requester_pays_enabled=False,
            bytes_scanned_cutoff_per_query=stack.settings.query_scan_limit_gb * 1024**3,
            engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                selected_engine_version="Athena engine version 3"
            ),
            result_configuration=results,
        ),
    )


def named_query(scope: Construct, stack: LakeStack, report: Report, group: str) -> athena.CfnNamedQuery:
    """A report in the list of a workgroup, which must be there first."""
    return athena.CfnNamedQuery(
        scope,
        f"{report.domain}-{report.name}",
        name=f"{report.domain}: {report.name.replace('_', ' ')}",
        description=report.description,
        database=stack.names.database(report.domain, "gold"),
        query_string=report.qualified(stack.names),
        work_group=group,
    )
