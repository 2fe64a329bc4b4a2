"""SQL on the lake: one Athena workgroup whose limits no client can override, and the reports
of every domain.
"""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_athena as athena
from constructs import Construct

from shared.names import RESULTS, WORKGROUP
from shared.reports import Report, reports_of
from stacks.base import Lake, LakeStack


class AnalyticsStack(LakeStack):
    """Results go to a bucket of their own (stacks/storage.py): copies of what the lake
    holds, which expire.
    """

    def __init__(self, scope: Construct, lake: Lake, *, key_arn: str | None) -> None:
        super().__init__(
            scope, "analytics", lake, description="Lakehouse: Athena workgroup, reports of every domain"
        )
        self.workgroup = self._workgroup(key_arn)
        for domain in lake.domains:
            for report in reports_of(domain):
                self._named_query(report)
        CfnOutput(
            self,
            "WorkgroupName",
            value=self.names.name(WORKGROUP),
            description="Choose it in the Athena console",
        )

    def _workgroup(self, key_arn: str | None) -> athena.CfnWorkGroup:
        option = (
            {"encryption_option": "SSE_KMS", "kms_key": key_arn}
            if key_arn
            else {"encryption_option": "SSE_S3"}
        )
        results = athena.CfnWorkGroup.ResultConfigurationProperty(
            output_location=f"s3://{self.names.bucket(RESULTS)}/",
            encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(**option),
            expected_bucket_owner=self.names.account,
        )
        return athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=self.names.name(WORKGROUP),
            description="Queries on the lakehouse, within limits",
            recursive_delete_option=not self.settings.retain_data,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                requester_pays_enabled=False,
                bytes_scanned_cutoff_per_query=self.settings.query_scan_limit_gb * 1024**3,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=results,
            ),
        )

    def _named_query(self, report: Report) -> None:
        query = athena.CfnNamedQuery(
            self,
            f"{report.domain}-{report.name}",
            name=f"{report.domain}: {report.name.replace('_', ' ')}",
            description=report.description,
            database=self.names.database(report.domain, "gold"),
            query_string=report.qualified(self.names),
            work_group=self.names.name(WORKGROUP),
        )
        query.node.add_dependency(self.workgroup)
