"""What a target cannot hold is decided before it: texts per row, totals per table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from glue_scripts.engine.gold.promises import UnfitValueError
from shared.contracts import Contract, contract
from tests.support.field import parquet, run_with

T = "2026-03-01T10:00:00Z"
LINES: list[dict[str, Any]] = [
    {"note_id": "j01", "title": "ten charac", "body": "b" * 65_535, "scan": "s" * 200_000},
    {"note_id": "j02", "title": "zehn Zöäüß"},
    {"note_id": "j03", "title": "eleven char"},
    {"note_id": "j04", "body": "b" * 65_536},
    {"note_id": "j05", "body": "é" * 32_767},
    {"note_id": "j06", "body": "é" * 32_768},
    {"note_id": "j07", "scan": "s" * 200_001},
    {"note_id": "j08", "body": "a\0b"},
    {"note_id": "j\x0009"},
    {"note_id": "j10", "title": "eleven char", "body": "\0"},
    {"note_id": "j11 is long by itself", "title": "short"},
    {"note_id": "j12", "title": "  ten charac  "},
]
LISTS: list[dict[str, Any]] = [
    {"list_id": "l1", "tags": ["a", None, "t" * 65_535]},
    {"list_id": "l2", "tags": ["a", "t" * 65_536]},
    {"list_id": "l3", "tags": ["a\0", "b"]},
]


def ndjson(*records: dict[str, Any]) -> str:
    return "".join(json.dumps({**r, "written_at": T}) + "\n" for r in records)


FILES: Mapping[str, str | bytes] = {
    "notes/lines.ndjson": ndjson(*LINES),
    "notes/rows.csv": f"note_id,title,written_at\nc1,ten charac,{T}\nc2,eleven char,{T}\n",
    "notes/rows.parquet": parquet(
        pa.table({"note_id": ["p1", "p2", "p3"], "title": ["a", "a\0", "eleven char"], "written_at": [T] * 3})
    ),
    "lists/lines.ndjson": ndjson(*LISTS),
}


@pytest.fixture(scope="module")
def limits(lake: Any) -> Any:
    """All files dropped, silver run once."""
    return run_with(lake("limits"), FILES)


def quarantined(rig: Any, dataset: str) -> dict[str, tuple[list[str], list[str]]]:
    """Reasons and columns of each row, by the first value of its record."""
    rows = rig.rows(f"quarantine.{dataset}_rows", "raw_record", "reasons", "columns")
    return {next(iter(json.loads(raw).values())): (reasons, columns) for raw, reasons, columns in rows}


@pytest.mark.field("h24", "Texts as long as their column, or a warehouse, takes", "right")
def test_texts_that_fit_land(limits: Any):
    assert [k for (k,) in limits.rows("silver.notes", "note_id")] == ["c1", "j01", "j02", "j05", "j12", "p1"]
    assert [k for (k,) in limits.rows("silver.lists", "list_id")] == ["l1"]


@pytest.mark.field("h24", "Longer texts, and NUL characters", "quarantined")
def test_what_no_warehouse_takes_is_the_reason_of_its_row(limits: Any):
    assert quarantined(limits, "notes") == {
        "c2": (["too_long"], ["title"]),
        "j03": (["too_long"], ["title"]),
        "j04": (["too_long"], ["body"]),
        "j06": (["too_long"], ["body"]),
        "j07": (["too_long"], ["scan"]),
        "j08": (["invalid_text"], ["body"]),
        "j\x0009": (["invalid_text"], ["note_id"]),
        "j10": (["too_long", "invalid_text"], ["title", "body"]),
        "j11 is long by itself": (["too_long"], ["label"]),
        "p2": (["invalid_text"], ["title"]),
        "p3": (["too_long"], ["title"]),
    }
    assert quarantined(limits, "lists") == {
        "l2": (["too_long"], ["tags"]),
        "l3": (["invalid_text"], ["tags"]),
    }


H = "payment_id,paid_at,amount\n"


def narrow() -> Contract:
    """The contract with totals as narrow as their parts."""
    agreed = contract("limits")
    gold = [
        replace(t, columns=tuple(replace(c, type=c.type.replace("38", "18")) for c in t.columns))
        for t in agreed.gold
    ]
    return replace(agreed, gold=tuple(gold))


@pytest.mark.field("h23", "A sum that its column cannot hold", "refused")
def test_a_total_that_does_not_fit_stops_no_other_table_and_a_wider_column_takes_it(lake: Any):
    rig = lake("limits", "field-totals")
    rig.drop("limits/payments/1.csv", f"{H}a,{T},9999999999999999.99\nb,2026-03-02T10:00:00Z,1.00\n".encode())
    rig.run("run-1", contract=narrow())
    rig.drop("limits/payments/2.csv", f"{H}c,{T},5.00\nd,2026-03-02T10:00:00Z,2.50\n".encode())
    with pytest.raises(UnfitValueError, match=r"computes a value of total, decimal\(18,2\), that the type"):
        rig.run("run-2", contract=narrow())
    before = [("2026-03-01", "9999999999999999.99"), ("2026-03-02", "1.00")]
    assert [tuple(map(str, r)) for r in rig.rows("gold.totals")] == before
    assert [tuple(map(str, r)) for r in rig.rows("gold.counts")] == [("2026-03-01", "2"), ("2026-03-02", "2")]
    rig.run("run-3")
    after = [("2026-03-01", "10000000000000004.99"), ("2026-03-02", "3.50")]
    assert [tuple(map(str, r)) for r in rig.rows("gold.totals")] == after
