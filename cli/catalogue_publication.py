"""Publishes the catalogue of a deployed environment, in a bucket of its own that nobody reads without rights.

It stands in the bucket `scripts`: private, encrypted and versioned as all are, kept without end; no table is
over it, and no job or function reads it. One file, because a presigned address covers one object, and its
links lead into itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from botocore.config import Config

from cli.deployed_contract import is_deployed
from local.errors import LakeError
from local.session import Session
from shared.zones import CATALOGUE

HOURS = 12  # a link lives at most 7 days, and no longer than the credentials that made it (S3 user guide)
# boto3 makes links of signature version 2 for some regions, with which S3 gives out nothing that a customer's
# key encrypts, and to S3's global host, which newer regions do not answer, unless told otherwise.
SIGNED = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})


class PublicationError(LakeError):
    """The catalogue would not be that of the environment."""


@dataclass(frozen=True)
class Published:
    """Where it is, and a link that opens it for whoever has the link."""

    address: str
    link: str


def published(session: Session, page: bytes, domains: Sequence[str]) -> Published:
    """Writes the page where the last one stood, which remains as an older version for 30 days.

    `domains`: those of the page. Needs s3:PutObject and s3:GetObject on the object, with a customer's key
    kms:GenerateDataKey and kms:Decrypt, and glue:GetJob with s3:GetObject on the jobs' library. Raises
    PublicationError where a contract on disk is not the deployed one.
    """
    if other := [d for d in domains if not is_deployed(session, d)]:
        raise PublicationError(
            f"environment {session.names.env} has another contract of {', '.join(other)} than this folder."
            " Nothing was published",
            f"./lake deploy --env {session.names.env}, or check out what is deployed",
        )
    bucket = session.names.bucket("scripts")
    session.client("s3").put_object(
        Bucket=bucket,
        Key=CATALOGUE,
        Body=page,
        ContentType="text/html; charset=utf-8",
        CacheControl="private, no-cache",
    )
    return Published(f"s3://{bucket}/{CATALOGUE}", _link(session, bucket))


def _link(session: Session, bucket: str) -> str:
    signer = session.boto.client(
        "s3", endpoint_url=session.endpoint, region_name=session.names.region, config=SIGNED
    )
    return signer.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": CATALOGUE}, ExpiresIn=HOURS * 3600
    )
