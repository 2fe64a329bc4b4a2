"""Who read and wrote which object: CloudTrail's data events of the data buckets."""

from __future__ import annotations

from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from shared.names import DATA_ZONES
from stacks.accepted import accept
from stacks.base import LakeStack

SERVICE = iam.ServicePrincipal("cloudtrail.amazonaws.com")


class DataTrail(Construct):
    """A trail of its own: management events are the account's business, and a second copy of them would be
    paid for.
    """

    def __init__(self, stack: LakeStack, bucket: s3.Bucket, key: kms.Key | None) -> None:
        super().__init__(stack, "DataTrail")
        names = stack.names
        arn = names.arn("cloudtrail", f"trail/{names.trail}")
        self._let_deliver(bucket, arn, names.account)
        if key is not None:
            _let_encrypt(key, arn)
        trail = cloudtrail.CfnTrail(
            self,
            "Trail",
            trail_name=names.trail,
            is_logging=True,
            s3_bucket_name=bucket.bucket_name,
            enable_log_file_validation=True,
            include_global_service_events=False,
            is_multi_region_trail=False,
            kms_key_id=key.key_arn if key else None,
            advanced_event_selectors=[_objects_of([f"{names.bucket_arn(zone)}/" for zone in DATA_ZONES])],
        )
        in_s3 = (
            "read where it is stored, with Athena; a second copy in CloudWatch Logs costs $0.50 a GB and has"
            " no reader"
        )
        accept(trail, {"CloudTrailCloudWatchLogsEnabled": in_s3})
        policy = bucket.policy
        assert policy is not None
        trail.node.add_dependency(policy)

    @staticmethod
    def _let_deliver(bucket: s3.Bucket, trail_arn: str, account: str) -> None:
        """The two grants that CloudTrail checks before it takes a bucket (CloudTrail user guide, "S3 bucket
        policy").
        """
        ours = {"aws:SourceArn": trail_arn}
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[SERVICE],
                actions=["s3:GetBucketAcl"],
                resources=[bucket.bucket_arn],
                conditions={"StringEquals": ours},
            )
        )
        owned = {"StringEquals": {**ours, "s3:x-amz-acl": "bucket-owner-full-control"}}
        place = bucket.arn_for_objects(f"AWSLogs/{account}/*")
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[SERVICE], actions=["s3:PutObject"], resources=[place], conditions=owned
            )
        )


def _let_encrypt(key: kms.Key, trail_arn: str) -> None:
    only = {
        "StringEquals": {"aws:SourceArn": trail_arn, "kms:EncryptionContext:aws:cloudtrail:arn": trail_arn}
    }
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[SERVICE], actions=["kms:GenerateDataKey*"], resources=["*"], conditions=only
        )
    )
    key.add_to_resource_policy(
        iam.PolicyStatement(principals=[SERVICE], actions=["kms:DescribeKey"], resources=["*"])
    )


def _objects_of(places: list[str]) -> cloudtrail.CfnTrail.AdvancedEventSelectorProperty:
    field = cloudtrail.CfnTrail.AdvancedFieldSelectorProperty
    return cloudtrail.CfnTrail.AdvancedEventSelectorProperty(
        name="Objects of the data buckets",
        field_selectors=[
            field(field="eventCategory", equal_to=["Data"]),
            field(field="resources.type", equal_to=["AWS::S3::Object"]),
            field(field="resources.ARN", starts_with=places),
        ],
    )
