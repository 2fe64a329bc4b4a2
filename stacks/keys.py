"""What AWS services may do with the environment's keys."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from shared.names import Names


def let_logs_encrypt(key: kms.Key, names: Names, groups: str) -> None:
    """CloudWatch Logs may use a key for log groups of this account and a name pattern (its user guide,
    "Encrypt log data").
    """
    service = iam.ServicePrincipal(f"logs.{names.region}.amazonaws.com")
    actions = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    only = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.arn("logs", f"log-group:{groups}")}}
    key.add_to_resource_policy(
        iam.PolicyStatement(principals=[service], actions=actions, resources=["*"], conditions=only)
    )
