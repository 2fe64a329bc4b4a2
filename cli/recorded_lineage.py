"""What the last runs of a lake said of the columns of its computed tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from cli.catalogue.run_lineage import Event
from local.session import Session
from shared.contracts import Contract, Table
from shared.zones import lineage_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RUNS = 20  # that are looked at until one has completed
PARALLEL = 8


def last_completed(session: Session, contract: Contract) -> list[Event]:
    """Of each computed table of the domain the end of the last run that made it, where there is one.

    Needs s3:ListBucket and s3:GetObject on `<domain>/open-lineage/` of the bucket `metrics`.
    """
    tables = [t for t in contract.tables if t.zone == "gold" or t.kind == "computed"]
    s3 = session.client("s3")
    with ThreadPoolExecutor(PARALLEL) as pool:
        found = pool.map(lambda t: _last(s3, session.names.bucket("metrics"), contract, t), tables)
        return [event for event in found if event is not None]


def _last(s3: S3Client, bucket: str, contract: Contract, table: Table) -> Event | None:
    prefix = f"{lineage_prefix(contract.domain)}{table.zone}/{table.name}/"
    for _, key in zip(range(RUNS), _newest_first(s3, bucket, prefix), strict=False):
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        event: dict[str, Any] = json.loads(
            body.rstrip("\n").split("\n")[-1]
        )  # texts may hold what else ends a line
        if event["eventType"] == "COMPLETE":
            return event
    return None


def _newest_first(s3: S3Client, bucket: str, prefix: str) -> Iterator[str]:
    """Keys; those of a day sort by time."""
    pages = s3.get_paginator("list_objects_v2")
    days = [
        p["Prefix"]
        for page in pages.paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
        for p in page.get("CommonPrefixes", ())
    ]
    for day in sorted(days, reverse=True):
        listed = pages.paginate(Bucket=bucket, Prefix=day)
        yield from sorted((o["Key"] for page in listed for o in page.get("Contents", ())), reverse=True)
