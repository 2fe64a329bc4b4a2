"""Many small files at once, with events that come twice and events that come late: exact counts, one run."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.ledger.model import FileId, RowCounts
from tests.support.rig import Rig

FILES = 10_000
DAY = dt.date(2024, 11, 29)


def content(number: int, records: int) -> bytes:
    found = [
        {
            "timestamp": f"{DAY}T{number % 24:02d}:00:00Z",
            "ip": f"10.{number >> 8}.{number & 255}.{i}",
            "request_type": "GET",
            "status": 200,
        }
        for i in range(records)
    ]
    return b"".join(json.dumps(r).encode() + b"\n" for r in found)


@pytest.mark.slow
def test_ten_thousand_files_in_a_burst_are_exact_and_cost_one_run(rig: Callable[..., Rig]):
    """Every file has one record, but every twentieth is sent again at once, with three: its first event comes
    after its second.
    """
    lake, chance = rig("burst", "logs"), random.Random(5)
    raw, late, events = lake.names.bucket("raw"), set(range(0, FILES, 20)), list[FileId]()

    def put(number: int) -> None:
        lake.s3.put_object(
            Bucket=raw,
            Key=f"logs/ndjson/part/{number:05d}.ndjson",
            Body=content(number, 3 if number in late else 1),
        )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(FILES)))
        newest = [lake.file(f"logs/ndjson/part/{n:05d}.ndjson", 2 * n + 1) for n in range(FILES)]
        again = chance.sample(newest, FILES // 20)
        older = [lake.file(f.key, int(f.version, 16) - 1) for n, f in enumerate(newest) if n in late]
        events = [*newest, *again]
        chance.shuffle(events)
        outcomes = Counter(
            o.status for o in pool.map(lambda e: lake.ingest(e, e.version), [*events, *older]) if o
        )
    assert outcomes == {"accepted": FILES}
    (result,) = lake.run("run-1").values()
    expected = FILES + 2 * len(late)
    assert (result.files, result.rows) == (FILES, RowCounts(expected, expected))
    assert lake.rows("gold.daily_activity", "date", "total_requests", "unique_ips") == [
        (DAY, expected, expected)
    ]
    assert lake.ledger.pending("logs", "ndjson") == []
