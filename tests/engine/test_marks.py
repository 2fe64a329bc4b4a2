"""A record that may be bad is found again when its file is read once more, and few others are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame

from glue_scripts.engine.read import marks
from glue_scripts.engine.silver import batch
from tests.support.rig import Rig

# Of each kind of reader: Spark's for JSON and CSV, and ours, for a quoted line end is what it leaves to us.
GOOD = [{"event_id": f"e{i}", "ts": f"2026-01-0{1 + i % 9}", "user_id": f"u{i}"} for i in range(4000)]
BAD = [
    {"event_id": "b1", "ts": "soon"},
    {"ts": "2026-01-02"},
    {"event_id": "b3", "ts": "2026-01-03", "age": "x"},
]
WITHOUT_KEY = 400  # all of them bad, and each its own row of quarantine


def as_lines(records: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(r) + "\n" for r in records).encode()


def as_csv(records: list[dict[str, str]], ending: str) -> bytes:
    names = ("event_id", "ts", "user_id", "age")
    return ending.join(
        [",".join(names), *(",".join(r.get(n, "") for n in names) for r in records), ""]
    ).encode()


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records were judged again, by each run."""
    counts, conformed = list[int](), batch.conformed

    def counted(found: DataFrame, *a: Any, received: bool) -> DataFrame:
        if received:
            counts.append(found.count())
        return conformed(found, *a, received=received)

    monkeypatch.setattr(batch, "conformed", counted)
    return counts


def drop(lake: Rig, name: str) -> None:
    lake.drop(f"shop/events/{name}.ndjson", as_lines([*({**r, "user_id": name} for r in GOOD), *BAD]))
    spread = [{**r, "event_id": name + (r.get("event_id") or "")} for r in GOOD]
    lake.drop(f"shop/events/{name}.csv", as_csv([*spread, *BAD], "\n"))
    lake.drop(f"shop/events/{name}-mac.csv", as_csv([*spread[:50], *BAD], "\r"))
    lake.drop(f"shop/events/{name}-good.ndjson", as_lines(spread[:10]))


def quarantined(lake: Rig) -> list[tuple[Any, ...]]:
    return sorted(lake.rows("quarantine.events_rows", "source_file", "raw_record", "reasons"))


def test_only_what_may_be_bad_is_judged_again_and_all_of_it_is_quarantined(
    rig: Callable[[str], Rig], looked_at: list[int]
) -> None:
    lake = rig("marks")
    drop(lake, "a")
    lake.silver("run-1")
    first = lake.results("run-1")["events"]
    drop(lake, "b")  # these are merged
    lake.silver("run-2")
    second = lake.results("run-2")["events"]
    assert (first.rows.quarantined, second.rows.quarantined) == (9, 9)
    assert first.reasons == second.reasons == {"invalid_type": 6, "missing_key": 3}
    assert len(looked_at) == 2
    assert all(9 <= n < 40 for n in looked_at), looked_at  # of 8,069 and 12,069
    assert len(quarantined(lake)) == 18


def test_where_most_have_a_mark_all_are_judged_again(
    rig: Callable[[str], Rig], looked_at: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "FEW", 2)
    lake = rig("marksmany")
    drop(lake, "a")
    lake.silver("run-1")
    assert lake.results("run-1")["events"].reasons == {"invalid_type": 6, "missing_key": 3}
    assert looked_at == [4003 + 4003 + 53]


def test_records_that_share_a_mark_are_all_found(rig: Callable[[str], Rig]) -> None:
    """Without a key all of a day have the same."""
    lake = rig("marksshared")
    lake.drop(
        "shop/events/a.ndjson", as_lines([*GOOD[:100], *({"ts": "2026-01-02"} for _ in range(WITHOUT_KEY))])
    )
    lake.silver("run-1")
    result = lake.results("run-1")["events"]
    assert (result.rows.quarantined, result.reasons) == (WITHOUT_KEY, {"missing_key": WITHOUT_KEY})
    assert len(quarantined(lake)) == WITHOUT_KEY


def test_files_without_a_bad_record_are_not_read_again(
    rig: Callable[[str], Rig], looked_at: list[int]
) -> None:
    lake = rig("marksnone")
    for run in ("run-1", "run-2"):
        lake.drop(f"shop/events/{run}.ndjson", as_lines(GOOD[:20] if run == "run-1" else GOOD[20:30]))
        lake.silver(run)
        assert lake.results(run)["events"].rows.quarantined == 0
    assert looked_at == []
