"""Events of runs: START, then COMPLETE or FAIL."""

from __future__ import annotations

import datetime as dt
import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import NewType

from shared.lineage.datasets import JSON
from shared.lineage.facets import PRODUCER, facet

SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
RunId = NewType("RunId", str)


def new_run() -> RunId:
    """A UUID of version 7 (RFC 9562): later runs have greater ones."""
    random = secrets.randbits(74)
    value = (time.time_ns() // 1_000_000) << 80 | 7 << 76 | random >> 62 << 64 | 2 << 62 | random % (1 << 62)
    return RunId(str(uuid.UUID(int=value)))


def run_of(name: str) -> RunId:
    """The UUID of a run that has a name of its own: the same for all that know the name."""
    return RunId(str(uuid.uuid5(uuid.NAMESPACE_URL, name)))


def event(
    kind: str,
    at: dt.datetime,
    run: RunId,
    job: JSON,
    *,
    run_facets: Mapping[str, JSON],
    inputs: Sequence[JSON] = (),
    outputs: Sequence[JSON] = (),
) -> JSON:
    """`kind`: START, COMPLETE or FAIL; `at`: with its time zone."""
    batch = facet("jobType", processingType="BATCH", integration="SPARK", jobType="JOB")
    return {
        "eventType": kind,
        "eventTime": at.isoformat(timespec="milliseconds"),
        "run": {"runId": run, "facets": dict(run_facets)},
        "job": {**job, "facets": batch},
        "inputs": list(inputs),
        "outputs": list(outputs),
        "producer": PRODUCER,
        "schemaURL": SCHEMA,
    }
