"""Debezium's envelope: a change as `before`, `after`, `op` and `source`, opened into the row that it is
about.

The fields of the row are `after`, or `before` where the row is gone. Of the envelope itself come `op`,
`ts_ms`, `source.ts_ms`, `source.lsn` and the others, where the contract has a column for them: they win
against a field of the row with the same name. The envelope may lie in `payload` (Kafka's JSON converter with
schemas). What has no part of an envelope stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from shared.contracts import folded

PARTS = {"before", "after", "op"}
AROUND = frozenset({*PARTS, "source", "ts_ms", "ts_us", "ts_ns", "transaction"})
TOMBSTONE = b"null"  # what Kafka keeps of a deleted key, after its delete: no record


def is_tombstone(text: bytes) -> bool:
    return len(text) < 16 and text.strip() == TOMBSTONE


def opened(record: Mapping[str, Any], known: Collection[str]) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """The envelope of a change, and the row that it is about."""
    inner = record.get("payload") if not PARTS & record.keys() else None
    if isinstance(inner, Mapping):
        record = inner
    if not PARTS & record.keys():
        return {}, dict(record)
    parts = (record.get("after"), record.get("before"))
    row = next((p for p in parts if isinstance(p, Mapping)), {})
    source = record.get("source")
    own = {k: v for k, v in record.items() if k not in ("before", "after", "source")}
    own |= {f"source.{k}": v for k, v in source.items()} if isinstance(source, Mapping) else {}
    return record, {**row, **{k: v for k, v in own.items() if folded(k) in known}}
