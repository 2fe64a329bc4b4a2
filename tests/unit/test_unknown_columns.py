"""Columns that no contract knows: what is kept of them over runs, and when they are forgotten."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from shared.contracts import contract
from shared.unknown_columns import (
    UnknownColumn,
    UnknownColumns,
    names_to_observe,
    observed_column,
    shown,
)

EVENTS = contract("shop").dataset("events")
CCY = observed_column("ccy", {"2026-03-02", "2026-03-01"}, 3, 12, 0b100001)


def test_a_mask_says_the_kinds_and_the_files_say_since_when() -> None:
    assert UnknownColumn("ccy", "2026-03-01", "2026-03-02", 3, 12, ("integer", "text")) == CCY
    assert CCY.share == 0.25
    assert CCY.days(dt.datetime(2026, 3, 9, 12, tzinfo=dt.UTC)) == 8.5


def test_runs_in_any_order_give_one_report() -> None:
    early = UnknownColumns((observed_column("ccy", {"2026-03-01"}, 1, 2, 1),))
    late = UnknownColumns((observed_column("ccy", {"2026-03-03"}, 5, 9, 2),))
    one, other = early.merged(late, "2026-03-03"), late.merged(early, "2026-03-03")
    for report in (one, other):
        [column] = report.columns
        assert (column.first_seen, column.last_seen) == ("2026-03-01", "2026-03-03")
        assert column.kinds == ("integer", "decimal")
    assert one.columns[0].rows == 5  # share and rows are those of the last run
    assert one.merged(late, "2026-03-03") == one  # the same run again


def test_a_column_is_forgotten_after_three_days_of_files_without_it() -> None:
    report = UnknownColumns((CCY,))
    assert report.merged(UnknownColumns(), "2026-03-04").columns == (CCY,)
    assert report.merged(UnknownColumns(), "2026-03-05").columns == ()
    assert report.merged(UnknownColumns(), "2026-01-01").columns == (CCY,)  # old files, loaded again


def test_a_column_that_the_contract_names_is_unknown_no_more() -> None:
    report = UnknownColumns((CCY, replace(CCY, name="Event-ID"), replace(CCY, name="event_uuid")))
    assert report.still_unknown(EVENTS).columns == (CCY,)
    assert names_to_observe([["Event_Date", "ccy"]], EVENTS) == (("ccy",), 0)  # computed, whoever sends it


def test_the_report_is_bounded_and_has_no_value() -> None:
    names, more = names_to_observe([[f"column{n:04}" for n in range(400)], ["event_id"]], EVENTS)
    assert (len(names), more) == (50, 350)
    columns = tuple(observed_column(f"{n:03}" + "é" * 5000, {"2026-03-01"}, 1, 1, 63) for n in range(80))
    report = UnknownColumns().merged(UnknownColumns(columns, 7), "2026-03-01")
    assert (len(report.columns), report.more) == (50, 37)
    assert len(report.to_json().encode()) < 100_000
    assert UnknownColumns.from_json(report.to_json()) == report


def test_people_see_name_share_kinds_and_since() -> None:
    assert shown(UnknownColumns((CCY,)), dt.datetime(2026, 3, 9, tzinfo=dt.UTC)) == [
        {
            "name": "ccy",
            "share": 0.25,
            "kinds": ["integer", "text"],
            "since": "2026-03-01",
            "last": "2026-03-02",
            "days": 8,
        }
    ]
