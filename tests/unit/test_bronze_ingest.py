"""The bronze job around its workers: what is told of files when one of them fails.

On Spark itself it runs in tests/engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from glue_scripts import bronze_ingest
from glue_scripts.engine.run.job import Job
from shared.contracts import contract
from shared.ledger.model import FileStatus
from shared.records import Limits
from tests.support.ingest_rig import GOOD, NAMES, rig


@dataclass
class Here:
    """Does in this process what Spark would send to a worker."""

    rows: list[Any]

    def flatMap(self, task: Callable[[Any], Iterable[Any]]) -> Here:
        return Here([made for row in self.rows for made in task(row)])

    def collect(self) -> list[Any]:
        return self.rows


def test_figures_of_files_that_have_their_outcome_are_sent_though_another_one_fails(
    credentials: None,
) -> None:
    spark: Any = SimpleNamespace(sparkContext=SimpleNamespace(parallelize=lambda rows, _: Here(rows)))
    with rig() as lake:
        lake.ingest = replace(lake.ingest, limits=Limits(max_bytes=1), defers=True)
        left = [
            lake.arrive(f"shop/events/{n}.json", content) for n, content in (("a", GOOD), ("b", b"[1, 2"))
        ]
        lake.ledger.commit(replace(left[0], bucket="nowhere-at-all"))
        cloudwatch = boto3.client("cloudwatch", region_name=NAMES.region)
        clients: Any = SimpleNamespace(ledger=lake.ledger, s3=lake.s3, cloudwatch=cloudwatch)
        with pytest.raises(ClientError, match="NoSuchBucket"):
            bronze_ingest.main(spark, Job(NAMES, contract("shop"), "run-1"), clients)
        assert [f.status for f in lake.ledger.files() if f.bucket != "nowhere-at-all"] == [
            FileStatus.ACCEPTED,
            FileStatus.QUARANTINED,
        ]
        assert [f.bucket for f in lake.ledger.deferred("shop")] == ["nowhere-at-all"]
        told = {m["MetricName"] for m in cloudwatch.list_metrics(Namespace="Lakehouse")["Metrics"]}
    assert told == {"FilesAccepted", "FilesQuarantined"}
