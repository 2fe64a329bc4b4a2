"""Object versions of the lake's buckets."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from local.errors import LakeError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MOST_KEYS = 1000  # that one request deletes
NO_VERSION = "null"  # of an object in a bucket that keeps none


class ErasureError(LakeError):
    """Somebody could not be erased."""


@dataclass(frozen=True)
class Version:
    """A version of an object; `marker`: one that only says that it was deleted."""

    bucket: str
    key: str
    version: str
    latest: bool
    size: int = 0
    marker: bool = False

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}" + ("" if self.latest else f" (old version {self.version})")


def versions(s3: S3Client, bucket: str, prefix: str = "") -> Iterator[Version]:
    """All below a prefix."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for v in page.get("Versions", []):
            yield Version(bucket, v["Key"], v["VersionId"], v["IsLatest"], v["Size"])
        for m in page.get("DeleteMarkers", []):
            yield Version(bucket, m["Key"], m["VersionId"], m["IsLatest"], marker=True)


def by_key(found: Iterable[Version]) -> Iterator[list[Version]]:
    """The versions of each key, markers behind the others."""
    ordered = sorted(found, key=lambda v: (v.key, v.marker))
    return (list(some) for _, some in groupby(ordered, key=lambda v: v.key))


def fetch(s3: S3Client, version: Version, target: Path) -> dict[str, Any]:
    """Writes a version's content to a file; returns what else S3 says of it."""
    answer: dict[str, Any] = dict(s3.get_object(Bucket=version.bucket, Key=version.key, **_named(version)))
    with closing(answer.pop("Body")) as body, target.open("wb") as file:
        shutil.copyfileobj(body, file, 1 << 20)
    return answer


def delete(s3: S3Client, found: Iterable[Version]) -> int:
    """Deletes versions for good; how many. Raises ErasureError for one that stays."""
    deleted = 0
    for bucket, some in groupby(found, key=lambda v: v.bucket):
        while part := list(islice(some, MOST_KEYS)):
            named: Any = [{"Key": v.key, "VersionId": v.version} for v in part]
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": named, "Quiet": True})
            if errors := answer.get("Errors"):
                raise ErasureError(
                    f"{bucket}: {len(errors)} versions could not be deleted: {errors[0].get('Key')}:"
                    f" {errors[0].get('Message')}",
                    "remove what keeps them, then give the same command again",
                )
            deleted += len(part)
    return deleted


def put(
    s3: S3Client, version: Version, content: Path, said: dict[str, Any], metadata: dict[str, str]
) -> None:
    """Writes the content in the place of a version, with what S3 said of that one, and removes that one.
    Where a newer one came meanwhile, that stays the newest.
    """
    if _newest(s3, version) == version.version:
        kept = {n: said[n] for n in ("ContentType", "ContentEncoding", "StorageClass") if said.get(n)}
        extra = {**kept, **_tags(s3, version, said), "Metadata": {**said.get("Metadata", {}), **metadata}}
        s3.upload_file(str(content), version.bucket, version.key, ExtraArgs=extra)
    # Where the bucket keeps no versions the new content took the place of the old
    if _newest(s3, version) != version.version:
        delete(s3, [version])


def _tags(s3: S3Client, version: Version, said: dict[str, Any]) -> dict[str, str]:
    """Its tags, as a request has them; they are asked for only where there are some."""
    if not said.get("TagCount"):
        return {}
    named: Any = {"Bucket": version.bucket, "Key": version.key, **_named(version)}
    tags = s3.get_object_tagging(**named)["TagSet"]
    return {"Tagging": urlencode({t["Key"]: t["Value"] for t in tags})}


def _newest(s3: S3Client, version: Version) -> str:
    return str(s3.head_object(Bucket=version.bucket, Key=version.key).get("VersionId", NO_VERSION))


def _named(version: Version) -> Any:
    return {} if version.version == NO_VERSION and version.latest else {"VersionId": version.version}
