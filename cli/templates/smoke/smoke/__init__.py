"""The files of a smoke, and what must come of them. Plain Python: it shares nothing with the product.

A `smoke` folder says that all data of its domain may be removed; cli/smoke/definition.py says what it offers.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

QUERIES = {
    "by day": "select date, readings, amount from gold.readings_by_day order by date",
    "readings": "select reading_id, sensor, amount from silver.readings order by reading_id",
    "quarantined": "select count(*) as n from quarantine.readings_rows",
}


def files(token: str) -> dict[str, tuple[bytes, str]]:
    """By `<dataset>/<name>`: a file, and the outcome it must get. The token makes the contents of each smoke
    new: what was received before would be a duplicate.
    """
    table = [
        "reading_id,taken_at,sensor,amount",
        f"{token}-1,2026-05-01T09:30:00Z,attic,10.50",
        f"{token}-2,2026-05-01T12:00:00Z,cellar,7.00",
        f"{token}-3,2026-05-02T08:15:00Z,attic,",
        f"{token}-4,2026-05-02T09:00:00Z,attic,many",
    ]
    lines = [
        {
            "reading_id": f"{token}-2",
            "taken_at": "2026-05-02T12:00:00Z",
            "sensor": "cellar",
            "amount": "8.25",
        },
        {"reading_id": f"{token}-5", "taken_at": "2026-05-03T00:00:00Z", "sensor": "roof", "amount": "-1.05"},
    ]
    broken = gzip.compress("\n".join(table).encode(), mtime=0)[:-6]
    return {
        "readings/table.csv": ("\n".join(table).encode() + b"\n", "accepted"),
        "readings/lines.ndjson": ("".join(f"{json.dumps(line)}\n" for line in lines).encode(), "accepted"),
        "readings/cut.csv.gz": (broken, "quarantined"),
    }


def expected(received: Mapping[str, tuple[bytes, str]]) -> dict[str, list[dict[str, str | None]]]:
    """The rows of each query, as text: computed from the accepted files."""
    newest: dict[str, dict[str, str]] = {}
    quarantined = 0
    for record in _records(received):
        if not _is_amount(record["amount"]):
            quarantined += 1
        elif record["taken_at"] >= newest.get(record["reading_id"], record)["taken_at"]:
            newest[record["reading_id"]] = record
    days: dict[str, list[Decimal]] = defaultdict(list)
    for record in newest.values():
        days[record["taken_at"][:10]].append(Decimal(record["amount"] or 0))
    return {
        "by day": [
            {"date": day, "readings": str(len(found)), "amount": f"{sum(found):.2f}"}
            for day, found in sorted(days.items())
        ],
        "readings": [
            {"reading_id": key, "sensor": record["sensor"], "amount": record["amount"] or None}
            for key, record in sorted(newest.items())
        ],
        "quarantined": [{"n": str(quarantined)}],
    }


def _records(received: Mapping[str, tuple[bytes, str]]) -> list[dict[str, str]]:
    records: list[dict[str, str]] = []
    for name, (content, outcome) in received.items():
        if outcome == "accepted":
            text = content.decode()
            rows = (
                csv.DictReader(io.StringIO(text))
                if name.endswith(".csv")
                else map(json.loads, text.splitlines())
            )
            records += [dict(row) for row in rows]
    return records


def _is_amount(text: str) -> bool:
    try:
        return not text or Decimal(text).is_finite()
    except InvalidOperation:
        return False
