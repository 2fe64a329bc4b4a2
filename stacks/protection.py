"""Encryption of what Glue writes and logs; every job runs under it."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from constructs import Construct, IConstruct

from shared.names import JOB_LOGS
from stacks.accepted import accept
from stacks.access import NO_RESOURCE, Access
from stacks.base import LakeStack
from stacks.keys import let_logs_encrypt

LOG_GROUPS = f"{JOB_LOGS}*"  # Glue chooses the names of its log groups itself
_ELSEWHERE = (
    "runs under the security configuration of the stack processing, which the rule cannot see from here"
)
ACCEPTED = {"AwsSolutions-GL1": _ELSEWHERE, "AwsSolutions-GL3": _ELSEWHERE}  # logs, and bookmarks of jobs


class Protection(Construct):
    """The security configuration of an environment.

    Logs have a key of their own; data has the environment's key or S3's.
    """

    def __init__(self, stack: LakeStack, key_arn: str | None) -> None:
        super().__init__(stack, "Protection")
        self.name = stack.names.glue_logs
        self._data_key_arn, self._names = key_arn, stack.names
        self._log_key = kms.Key(
            self, "LogKey", enable_key_rotation=True, description="Logs of Glue", removal_policy=stack.removal
        )
        let_logs_encrypt(self._log_key, stack.names, LOG_GROUPS)
        encryption = glue.CfnSecurityConfiguration
        s3: dict[str, Any] = (
            {"s3_encryption_mode": "SSE-KMS", "kms_key_arn": key_arn}
            if key_arn
            else {"s3_encryption_mode": "SSE-S3"}
        )
        encryption(
            self,
            "Configuration",
            name=self.name,
            encryption_configuration=encryption.EncryptionConfigurationProperty(
                s3_encryptions=[encryption.S3EncryptionProperty(**s3)],
                cloud_watch_encryption=encryption.CloudWatchEncryptionProperty(
                    cloud_watch_encryption_mode="SSE-KMS", kms_key_arn=self._log_key.key_arn
                ),
                job_bookmarks_encryption=encryption.JobBookmarksEncryptionProperty(
                    job_bookmarks_encryption_mode="CSE-KMS", kms_key_arn=self._log_key.key_arn
                ),
            ),
        )

    def cover(self, made: IConstruct) -> None:
        """A job that names the configuration: it comes after it."""
        made.node.add_dependency(self)
        accept(made, ACCEPTED if isinstance(made, glue.CfnJob) else {"AwsSolutions-GL1": _ELSEWHERE})

    def allow(self, access: Access) -> None:
        """What any Glue role needs to run under this configuration."""
        groups = self._names.arn("logs", f"log-group:{LOG_GROUPS}")
        actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"]
        access.allow(actions, [groups], why="Glue chooses the names of its log groups; scoped to /aws-glue/")
        access.allow(["glue:GetSecurityConfiguration"], ["*"], why=NO_RESOURCE)
        access.use_key(self._log_key.key_arn)
        access.use_key(self._data_key_arn)
