"""Producers in other accounts, where an environment names them: they may put objects below a domain's folder
of raw, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from shared.names import Names
from stacks.principals import arn_of

ALGORITHM, KEY = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"


def let_deliver(
    raw: s3.Bucket, key: kms.Key | None, names: Names, domain: str, producers: Sequence[str]
) -> None:
    """Objects are encrypted as the bucket says: a request that names an encryption must name that one, or the
    jobs could not read the object. All belong to the bucket's owner, whoever wrote them.
    """
    people = [iam.ArnPrincipal(arn_of(p, names.partition)) for p in producers]
    ours = {ALGORITHM: "aws:kms", KEY: key.key_arn} if key else {ALGORITHM: "AES256"}
    raw.add_to_resource_policy(
        iam.PolicyStatement(
            principals=people,
            actions=["s3:PutObject"],
            resources=[raw.arn_for_objects(f"{domain}/*")],
            conditions={"StringEqualsIfExists": ours},
        )
    )
    if key is None:
        return
    # With a bucket key S3 names the bucket, not the object, in the encryption context; parts of an upload are
    # decrypted to be joined (S3 user guide, "Using SSE-KMS").
    of_raw = {"kms:EncryptionContext:aws:s3:arn": names.bucket_arn("raw")}
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=people,
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],
            conditions={"StringEquals": of_raw},
        )
    )
