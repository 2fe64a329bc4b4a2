"""Debezium's envelope: a change as `before`, `after`, `op` and `source`, opened into the row that it is
about.

The fields of the row are `after`, or `before` where the row is gone. Of the envelope itself come `op`,
`ts_ms`, `source.ts_ms`, `source.lsn` and the others, where the contract has a column for them: they win
against a field of the row with the same name. The envelope may lie in `payload` (Kafka's JSON converter with
schemas). What has no part of an envelope stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from shared.contracts import folded

PARTS = {"before", "after", "op"}
TOMBSTONE = b"null"  # what Kafka keeps of a deleted key, after its delete: no record


def is_tombstone(text: bytes) -> bool:
    return len(text) < 16 and text.strip() == TOMBSTONE


def row_of(
    record: Mapping[str, Any], known: Collection[str], nested: Callable[[Any], Any] = lambda value: value
) -> dict[str, Any]:
    """The row of a change; `nested` gives the value of a field that may be an object."""
    inner = nested(record["payload"]) if "payload" in record and not PARTS & record.keys() else None
    if isinstance(inner, Mapping):
        record, nested = inner, lambda value: value
    if not PARTS & record.keys():
        return dict(record)
    parts = {k: nested(record.get(k)) for k in ("before", "after", "source")}
    row = next((p for p in (parts["after"], parts["before"]) if isinstance(p, Mapping)), {})
    source = parts["source"] if isinstance(parts["source"], Mapping) else {}
    own = {k: v for k, v in record.items() if k not in ("before", "after", "source")}
    own |= {f"source.{k}": v for k, v in source.items()}
    return {**row, **{k: v for k, v in own.items() if folded(k) in known}}
