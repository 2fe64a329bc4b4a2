"""A run's figures against the contract's thresholds, null rates, and days beside what is usual."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from cli.console.flow import flow, sentence
from cli.quality import Verdict, Volume, null_rates, verdicts, volumes
from shared.contracts import Threshold, contract
from shared.ledger.model import RowCounts, RunResult
from shared.usual import Day

EVENTS = contract("shop").dataset("events")
GATE = (
    Threshold("quarantine_rate", 0.2, "warn"),
    Threshold("quarantine_rate", 0.5, "halt"),
    Threshold("null_rate_country", 0.1, "halt", minimum_rows=100),
    Threshold("orphan_rate", 0.0, "warn"),
    Threshold("volume_deviation", 5, "off"),
)


def result(**metrics: float) -> RunResult:
    return RunResult("shop", "r", "events", RowCounts(), metrics=metrics)


def test_each_threshold_has_the_verdict_of_the_gate() -> None:
    judged = replace(EVENTS, target=replace(EVENTS.target, gate=GATE))
    found = verdicts(judged, result(total_rows=50, quarantine_rate=0.3, null_rate_country=0.4, silence=0.5))
    assert found == [
        Verdict("quarantine_rate", 0.3, 0.2, "warn", "warned"),
        Verdict("quarantine_rate", 0.3, 0.5, "halt", "kept"),
        Verdict("null_rate_country", 0.4, 0.1, "halt", "too few rows"),
        Verdict("orphan_rate", None, 0.0, "warn", "not measured"),
        Verdict("null_rate_jump", None, 5.0, "warn", "not measured"),
        Verdict("quarantine_rate_jump", None, 5.0, "warn", "not measured"),
        Verdict("silence", 0.5, 1.0, "warn", "kept"),
    ]


def test_null_rates_are_of_columns_the_highest_first() -> None:
    rates = null_rates(result(null_rate_a=0.1, null_rate_b=0.5, null_rate_jump=3.0, null_rate_c=0.1, files=1))
    assert list(rates.items()) == [("b", 0.5), ("a", 0.1), ("c", 0.1)]


def test_a_day_stands_beside_what_was_usual_on_its_weekday() -> None:
    monday = dt.date(2026, 1, 5)
    rows = [100, 100, 100, 100, 1000]
    weeks = [Day(monday + dt.timedelta(weeks=n), files=1, rows=number) for n, number in enumerate(rows)]
    found = volumes([*reversed(weeks), Day(dt.date(2026, 1, 6))])
    # Within a third and three times the usual nothing is said, however steady a source was.
    assert found[-1] == Volume(dt.date(2026, 2, 2), 1, 1000, 34, 300)
    assert [day.unusual for day in found] == [False, False, False, False, True]
    assert found[0] == Volume(monday, 1, 100)
    assert volumes(weeks, shown=1) == found[-1:]


def test_the_flow_of_records_is_told_in_words_and_drawn() -> None:
    counts = RowCounts(1000, 900, 1, 99)
    told = "1,000 received = 900 written + 1 quarantined + 99 deduplicated + 0 replaced: balanced"
    assert sentence(counts) == told
    drawn = ElementTree.fromstring(flow(counts, "Records of events"))
    [picture] = drawn
    assert picture.attrib["aria-label"] == f"Records of events: {told}"
    labels = [text.text for text in picture.iter("text")]
    assert labels == [
        "1,000",
        "received",
        "900 written (90.0%)",
        "1 quarantined (0.1%)",
        "99 deduplicated (9.9%)",
    ]
    heights = [float(r.attrib["height"]) for g in picture.iter("g") for r in g.iter("rect")]
    assert heights == pytest.approx([135.0, 2.0, 14.85], abs=0.1)


def test_records_that_do_not_add_up_are_told_and_none_are_not_drawn() -> None:
    assert sentence(RowCounts(3, 1)).endswith("NOT balanced")
    assert flow(RowCounts(), "Records") == ""
