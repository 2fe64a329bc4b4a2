"""Deletes every version of every object of an environment: CloudFormation removes only empty buckets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local.errors import LakeError
from local.session import Session
from shared.names import DATA_ZONES, RESULTS
from stacks.config import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

ZONES = (*DATA_ZONES, "scripts", RESULTS, "trail", "logs")  # the access logs last: deleting is logged too


class EmptyingError(LakeError):
    """A bucket could not be emptied, or must not be."""


def empty(session: Session) -> Iterator[tuple[str, int]]:
    """Bucket and number of deleted versions, for each bucket that exists.

    Raises EmptyingError where data is retained.
    """
    if settings(session.names.env).retain_data:
        raise EmptyingError(f"environment {session.names.env} retains its data: nothing was deleted")
    s3 = session.client("s3")
    for bucket in map(session.names.bucket, ZONES):
        try:
            yield bucket, _empty(s3, bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise


def _empty(s3: S3Client, bucket: str) -> int:
    deleted = 0
    for page in s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket
    ):  # pages are of 1,000, as many as one request deletes
        versions: list[ObjectIdentifierTypeDef] = [
            {"Key": v["Key"], "VersionId": v["VersionId"]}
            for v in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
        ]
        if not versions:
            continue
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": versions, "Quiet": True})
        if errors := answer.get("Errors"):
            raise EmptyingError(f"{bucket}: {errors[0]['Key']} could not be deleted: {errors[0]['Message']}")
        deleted += len(versions)
    return deleted
