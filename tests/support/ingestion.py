"""What the tests of records share: a file's content through ingestion and through the executors' reader, which
must agree.
"""

from __future__ import annotations

import io
from typing import Any

from shared.contracts import contract
from shared.records import Accepted, Limits, Record, Rejected, judge, records
from shared.records.source import Source

EVENTS = contract("shop").dataset("events")


class Trickle(io.RawIOBase):
    """A stream that gives few bytes at a time, as networks do."""

    def __init__(self, content: bytes, size: int) -> None:
        self._content, self._size = io.BytesIO(content), size

    def read(self, size: int = -1) -> bytes:
        return self._content.read(min(size, self._size) if size >= 0 else self._size)


def verdict(
    content: bytes, suffix: str = "", dataset: Any = EVENTS, limits: Limits | None = None
) -> Accepted | Rejected:
    limits = limits or Limits()
    return judge(Source(io.BytesIO(content), limits), dataset, limits, suffix)


def read(content: bytes, suffix: str = "", dataset: Any = EVENTS) -> tuple[Accepted, list[Record]]:
    """The verdict on a good file and its records; both readers must count alike, however the
    bytes come in.
    """
    found = verdict(content, suffix, dataset)
    assert isinstance(found, Accepted), found
    rows = list(records(Trickle(content, 1000), found.profile))
    assert len(rows) == found.records
    assert sum(r.fields is None for r in rows) == found.unreadable_records
    return found, rows


def reason(
    content: bytes, suffix: str = "", dataset: Any = EVENTS, limits: Limits | None = None
) -> tuple[str, str]:
    """Why a bad file is quarantined, and the detail."""
    found = verdict(content, suffix, dataset, limits)
    assert isinstance(found, Rejected), found
    return str(found.reason), found.detail
