"""A table that is filled as a whole: readers see it when every record is accounted for, or not at all."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pyspark.sql import Observation

from glue_scripts import bronze_to_silver
from glue_scripts.engine.quarantine import rows as quarantine_rows
from glue_scripts.engine.quarantine.record_counts import RecordCounts, RecordsLostError, UnbalancedError
from glue_scripts.engine.silver import batch, fill, load
from shared.ledger.model import RowCounts
from tests.engine.test_mistakes import lines
from tests.support.rig import Rig

GOOD = lines(
    {"event_id": "e1", "ts": "2026-01-01"},
    {"event_id": "e2", "ts": "2026-01-02"},
    {"event_id": "e2", "ts": "2026-01-03"},
)
MIXED = lines({"event_id": "e3", "ts": "2026-01-01"}, {"ts": "2026-01-01"})
ALL = ["e1", "e2", "e3"]
NUMBERS = itertools.count()


def events(lake: Rig) -> list[str]:
    return [r[0] for r in lake.rows("silver.events", "event_id")]


@pytest.fixture
def lake(rig: Callable[[str], Rig]) -> Rig:
    made = rig(f"fill{next(NUMBERS)}")
    made.drop("shop/events/good.ndjson", GOOD)
    made.drop("shop/events/mixed.ndjson", MIXED)
    return made


def lose_in_reader(monkeypatch: pytest.MonkeyPatch) -> type[Exception]:
    records = batch.records
    monkeypatch.setattr(bronze_to_silver, "set_aside_unloadable", lambda *a: [])  # no file is the cause
    monkeypatch.setattr(
        batch, "records", lambda *a: records(*a).where("event_id IS NULL OR event_id <> 'e3'")
    )
    return RecordsLostError


def lose_before_the_commit(monkeypatch: pytest.MonkeyPatch) -> type[Exception]:
    newest = batch.newest_per_key
    monkeypatch.setattr(batch, "newest_per_key", lambda rows, *a: newest(rows.where("event_id <> 'e3'"), *a))
    return UnbalancedError


LOSSES = pytest.mark.parametrize("lose", [lose_in_reader, lose_before_the_commit])


@LOSSES
def test_a_first_fill_that_loses_a_row_is_never_seen(
    lake: Rig, monkeypatch: pytest.MonkeyPatch, lose: Callable[..., type[Exception]]
):
    with pytest.raises(lose(monkeypatch)):
        lake.silver("run-1")
    assert events(lake) == []
    monkeypatch.undo()
    lake.silver("run-2")
    assert events(lake) == ALL
    assert lake.rows("silver.events.refs", "name") == [("main",)]
    assert [r[0] for r in lake.rows("quarantine.events_rows", "raw_record")] == ['{"ts":"2026-01-01"}']


@LOSSES
def test_a_refresh_that_loses_a_row_leaves_what_stood(
    lake: Rig, monkeypatch: pytest.MonkeyPatch, lose: Callable[..., type[Exception]]
):
    lake.silver("run-1")
    with pytest.raises(lose(monkeypatch)):
        lake.silver("run-2", full_refresh=True)
    assert events(lake) == ALL
    assert {r[0] for r in lake.rows("silver.events", "_run_id")} == {"run-1"}
    monkeypatch.undo()
    lake.silver("run-3", full_refresh=True)
    assert {r[0] for r in lake.rows("silver.events", "_run_id")} == {"run-3"}
    assert len(lake.rows("quarantine.events_rows", "raw_record")) == 1


def test_a_fill_without_one_good_row_ends_with_all_of_them_aside(rig: Callable[[str], Rig]):
    lake = rig("fillbad")
    lake.drop("shop/events/bad.ndjson", lines({"ts": "2026-01-01"}, {"ts": "2026-01-02"}))
    lake.silver("run-1")
    result = lake.results("run-1")["events"]
    assert (result.rows.read, result.rows.quarantined, result.rows.written) == (2, 2, 0)
    assert result.reasons == {"missing_key": 2}
    assert events(lake) == []
    lake.drop("shop/events/good.ndjson", GOOD)
    lake.silver("run-2")
    assert lake.results("run-2")["events"].rows.written == 2
    assert events(lake) == ["e1", "e2"]


def test_what_was_counted_twice_is_counted_anew(lake: Rig, monkeypatch: pytest.MonkeyPatch):
    """An observation counts a task again that is run again, because a machine with its output was lost."""
    observed_counts, seen = batch.observed_counts, list[RecordCounts]()

    def doubled_at_first(*a: Any) -> RecordCounts:
        seen.append(observed_counts(*a))
        return replace(seen[-1], read=2 * seen[-1].read, bad=2 * seen[-1].bad) if len(seen) == 1 else seen[-1]

    monkeypatch.setattr(batch, "observed_counts", doubled_at_first)
    lake.silver("run-1")
    rows = lake.results("run-1")["events"].rows
    assert (rows.read, rows.written, rows.quarantined, rows.deduplicated) == (5, 3, 1, 1)
    assert len(seen) == 2


class CountedTwice(Observation):
    """As if every task had been run again after a machine with its output was lost."""

    @property
    def get(self) -> dict[str, Any]:
        return {name: 2 * v if isinstance(v, int) else v for name, v in super().get.items()}


def test_no_count_of_tasks_that_were_run_again_is_believed(lake: Rig, monkeypatch: pytest.MonkeyPatch):
    for module in (fill, load, quarantine_rows):
        monkeypatch.setattr(module, "Observation", CountedTwice)
    lake.silver("run-1")
    filled = lake.results("run-1")["events"]
    assert filled.rows == RowCounts(5, 3, 1, 1)
    assert filled.reasons == {"missing_key": 1}
    lake.drop("shop/events/more.ndjson", lines({"event_id": "e4", "ts": "2026-01-01"}, {"ts": "2026-01-03"}))
    lake.silver("run-2")
    merged = lake.results("run-2")["events"]
    assert merged.rows == RowCounts(2, 1, 1)
    assert merged.reasons == {"missing_key": 1}
    assert (filled.metrics["null_rate_user_id"], merged.metrics["null_rate_user_id"]) == (1, 1)
    assert len(lake.rows("quarantine.events_rows", "raw_record")) == 2


def test_a_first_fill_of_bad_rows_alone_puts_them_aside(rig: Callable[[str], Rig]):
    lake = rig(f"fill{next(NUMBERS)}")
    lake.drop("shop/events/bad.ndjson", lines({"ts": "2026-01-01"}, {"ts": "2026-01-02"}))
    lake.silver("run-1")
    [told] = lake.ledger.runs("shop", "run-1")
    assert (told.rows.read, told.rows.written, told.rows.quarantined) == (2, 0, 2)
    assert events(lake) == []
    assert len(lake.rows("quarantine.events_rows", "raw_record")) == 2
