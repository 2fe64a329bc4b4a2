"""One kind of bucket for everything: versioned, encrypted, TLS only, closed to the public, logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.accepted import accept

NONCURRENT_DAYS = 30
NO_KEY = (
    "holds logs that AWS delivers, not data: S3 delivers access logs only to SSE-S3 buckets, CloudTrail"
    " encrypts its files itself"
)
UPLOAD_DAYS = 3  # an upload in parts that nobody finished is dropped then


@dataclass(frozen=True)
class Lifetime:
    """How long objects stay where: `cold_after_days` moves them to Infrequent Access; `expire_after_days`
    deletes (never for data: how long that is kept its contract says, stacks/file_retention.py). What was
    overwritten or deleted can be restored for `noncurrent_days`.
    """

    cold_after_days: int | None = None
    expire_after_days: int | None = None
    noncurrent_days: int = NONCURRENT_DAYS

    def rules(self) -> list[s3.LifecycleRule]:
        rules = [
            s3.LifecycleRule(
                id="tidy",
                abort_incomplete_multipart_upload_after=Duration.days(UPLOAD_DAYS),
                noncurrent_version_expiration=Duration.days(self.noncurrent_days),
            )
        ]
        if self.cold_after_days is not None:
            cold = s3.Transition(
                storage_class=s3.StorageClass.INFREQUENT_ACCESS,
                transition_after=Duration.days(self.cold_after_days),
            )
            rules.append(s3.LifecycleRule(id="cold", transitions=[cold]))
        if self.expire_after_days is not None:
            rules.append(s3.LifecycleRule(id="expire", expiration=Duration.days(self.expire_after_days)))
        return rules


@dataclass(frozen=True)
class BucketProps:
    """`name_prefix` becomes `<name_prefix>-<account>-<region>-an`; `logs` is None for the bucket that takes
    the access logs; `more_rules`: of parts of the bucket, beside those of its lifetime.
    """

    name_prefix: str
    removal: RemovalPolicy
    lifetime: Lifetime = field(default_factory=Lifetime)
    logs: s3.IBucket | None = None
    key: kms.IKey | None = None
    more_rules: Sequence[s3.LifecycleRule] = ()


def bucket(scope: Construct, id: str, props: BucketProps) -> s3.Bucket:
    made = s3.Bucket(
        scope,
        id,
        bucket_name_prefix=props.name_prefix,
        bucket_namespace=s3.BucketNamespace.ACCOUNT_REGIONAL,
        versioned=True,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        encryption=s3.BucketEncryption.KMS if props.key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=props.key,
        bucket_key_enabled=True if props.key else None,
        server_access_logs_bucket=props.logs,
        server_access_logs_prefix=f"{id.lower()}/" if props.logs else None,
        lifecycle_rules=[*props.lifetime.rules(), *props.more_rules],
        removal_policy=props.removal,
    )
    accept(
        made,
        {
            "S3BucketReplicationEnabled": (
                "one region by design: versions, the producers' originals and the option backup restore it"
            )
        },
    )
    if props.key is None:
        accept(made, {"S3DefaultEncryptionKMS": NO_KEY})
    return made


def send_events(target: s3.Bucket) -> None:
    """Object events go to EventBridge; by the L1 property, because the L2's way brings a custom resource."""
    cfn = target.node.default_child
    assert isinstance(cfn, s3.CfnBucket)
    cfn.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
    )
