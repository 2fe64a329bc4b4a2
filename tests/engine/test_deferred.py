"""Files too large for the ingest function, through the bronze job on Spark's workers to silver."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.ledger.model import FileStatus
from tests.support.rig import Rig

GOOD = b'{"event_id":"e1","ts":"2026-01-01T10:00:00Z"}\n{"event_id":"e2","ts":"2026-01-02"}\n'
OTHER = (
    b'{"event_id":"e3","ts":"2026-01-02"}\n{"event_id":\n' * 1 + b'{"event_id":"e4","ts":"2026-01-02"}\n' * 20
)


def test_what_was_deferred_ends_as_if_the_function_had_read_it(rig: Callable[[str], Rig]):
    """And a file that cannot be reached at all fails the job without holding up the others."""
    lake = rig("handed")
    lake.drop("shop/events/small.json", OTHER)
    files = {"one.json": GOOD, "two.json": GOOD, "broken.json.gz": gzip.compress(GOOD)[:-4]}
    left = [lake.drop_deferred(f"shop/events/{name}", content) for name, content in files.items()]
    assert [f.status for f in left if f] == [FileStatus.DEFERRED] * 3
    assert left[0]
    unreachable = replace(left[0], bucket="nowhere-at-all")
    lake.ledger.commit(unreachable)
    with pytest.raises(Exception, match="NoSuchBucket"):
        lake.bronze("run-1")
    settled = {
        f.key.removeprefix("shop/events/"): f for f in lake.ledger.files() if f.bucket != unreachable.bucket
    }
    assert sorted(settled[n].status for n in ("one.json", "two.json")) == [
        FileStatus.ACCEPTED,
        FileStatus.DUPLICATE,
    ]
    assert (settled["broken.json.gz"].status, settled["broken.json.gz"].reason) == (
        FileStatus.QUARANTINED,
        "corrupt_gzip",
    )
    assert lake.ledger.deferred("shop") == [unreachable]
    lake.silver("run-2")
    assert [r[0] for r in lake.rows("silver.events", "event_id")] == ["e1", "e2", "e3", "e4"]
    assert {f.processed_by for f in lake.ledger.accepted("shop", "events")} == {"run-2"}
