"""Deletes every version of every object of an environment: CloudFormation removes only empty buckets.

Nobody may write into them any more: S3 delivers access logs for hours, a producer or a run may be at work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.errors import LakeError
from local.session import Session
from shared.names import DATA_ZONES, RESULTS
from stacks.config import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

ZONES = (*DATA_ZONES, "scripts", RESULTS, "trail", "logs")
CLOSED = "ClosedWhileTheEnvironmentIsRemoved"


class EmptyingError(LakeError):
    """A bucket could not be emptied, or must not be."""


def empty(session: Session) -> Iterator[tuple[str, int]]:
    """Bucket and number of deleted versions, for each bucket that exists.

    Raises EmptyingError where data is retained.
    """
    if settings(session.names.env).retain_data:
        raise EmptyingError(
            f"environment {session.names.env} retains its data: nothing was deleted",
            "docs/howto/deployment.md says how to give data up on purpose",
        )
    s3 = session.client("s3")
    for bucket in [session.names.bucket(zone) for zone in ZONES if _closed(session, zone)]:
        yield bucket, delete_versions(s3, bucket)


def _closed(session: Session, zone: str) -> bool:
    """Whether the bucket is there; if so, whoever writes into it from now on is refused, AWS's services too,
    until `reopen`.
    """
    statements = _policy(session, zone)
    if statements is None:
        return False
    objects = f"{session.names.bucket_arn(zone)}/*"
    refusal = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": objects}
    _put_policy(session, zone, [*_open(statements), {"Sid": CLOSED, **refusal}])
    return True


def reopen(session: Session) -> None:
    """Lets the buckets be written to that a removal had closed before it was broken off: CloudFormation does
    not see that.
    """
    for zone in ZONES:
        statements = _policy(session, zone) or []
        if (kept := _open(statements)) != statements:
            _put_policy(session, zone, kept)


def _open(statements: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A policy without the refusal."""
    return [s for s in statements if s.get("Sid") != CLOSED]


def _policy(session: Session, zone: str) -> list[dict[str, Any]] | None:
    """The statements of the bucket's policy; None without a bucket."""
    try:
        policy = session.client("s3").get_bucket_policy(Bucket=session.names.bucket(zone))["Policy"]
    except ClientError as error:
        match error.response["Error"]["Code"]:
            case "NoSuchBucket":
                return None
            case "NoSuchBucketPolicy":
                return []
        raise
    statements: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return statements


def _put_policy(session: Session, zone: str, statements: Sequence[dict[str, Any]]) -> None:
    bucket, s3 = session.names.bucket(zone), session.client("s3")
    if statements:
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    else:
        s3.delete_bucket_policy(Bucket=bucket)


def delete_versions(s3: S3Client, bucket: str, prefix: str = "") -> int:
    """How many versions of objects were deleted. Raises EmptyingError for one that could not be."""
    deleted = 0
    for page in s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=prefix
    ):  # pages are of 1,000, as many as one request deletes
        versions: list[ObjectIdentifierTypeDef] = [
            {"Key": v["Key"], "VersionId": v["VersionId"]}
            for v in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
        ]
        if not versions:
            continue
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": versions, "Quiet": True})
        if errors := answer.get("Errors"):
            raise EmptyingError(
                f"{bucket}: {errors[0]['Key']} could not be deleted: {errors[0]['Message']}",
                "remove what keeps it, then give the same command again",
            )
        deleted += len(versions)
    return deleted
