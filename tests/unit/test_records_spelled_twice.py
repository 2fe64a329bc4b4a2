"""A column that a record spells in several ways has the first value in the record's own order, for whoever
looks at it: the rows, the event dates, and what may contradict the contract.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.records import Accepted, Rejected
from tests.support.fuzz import dataset_of, read_rows
from tests.support.ingestion import verdict

Records = list[dict[str, Any]]
MIXED = dataset_of("json")
DAY = "2024-03-02T10:00:00Z"
MARCH_2 = dt.date(2024, 3, 2)
LONG = "t" + "_" * 1100 + "s"  # longer than a name that is remembered


def ndjson(records: Records) -> bytes:
    return "\n".join(map(json.dumps, records)).encode()


def array(records: Records) -> bytes:
    return json.dumps(records).encode()


def delimited(records: Records) -> bytes:
    names = list(dict.fromkeys(n for r in records for n in r))
    table = csv.writer(made := io.StringIO())
    table.writerows([names, *([r.get(n) or "" for n in names] for r in records)])
    return made.getvalue().encode()


def parquet(records: Records) -> bytes:
    names = list(dict.fromkeys(n for r in records for n in r))
    columns = {n: pa.array([r.get(n) for r in records], pa.string()) for n in names}
    pq.write_table(pa.table(columns), made := io.BytesIO())
    return made.getvalue()


WRITERS = (ndjson, array, delimited, parquet)
TEXTS = st.sampled_from([None, None, "n/a", "2024-03-02T10:00:00Z", "2024-03-03", "13/04/2024"])
NAMES = st.sampled_from(["ts", "TS", "time", "event_time", "T-S", LONG])
RECORD = st.dictionaries(NAMES, TEXTS, max_size=4).map(lambda r: {"event_id": "a", **r})


def dates_of_rows(found: Accepted, content: bytes) -> Counter[dt.date]:
    """By the rows that silver reads, each by the plan of its column."""
    plan = MIXED.plan("ts")
    texts = [row.values.get("ts") for row in read_rows(content, found.profile, MIXED)]
    return Counter(day for t in texts if t is not None and (day := plan.event_date(t, "UTC")) is not None)


@pytest.mark.parametrize("write", WRITERS)
@settings(max_examples=200, deadline=None)
@given(records=st.lists(RECORD, min_size=1, max_size=8), times=st.sampled_from([1, 1, 40]))
def test_event_dates_are_those_of_the_rows(write: Callable[[Records], bytes], records: Records, times: int):
    content = write(records * times)
    found = verdict(content, dataset=MIXED)
    if isinstance(found, Rejected):
        assert found.reason == "no_readable_date"
        dated = verdict(write([*records * times, {"event_id": "a", "ts": DAY}]), dataset=MIXED)
        assert isinstance(dated, Accepted), dated
        assert dated.event_dates == {MARCH_2: 1}
    else:
        assert found.event_dates == dates_of_rows(found, content)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("record", "dates"),
    [
        ({"ts": DAY, "TS": "x"}, {MARCH_2: 3}),
        ({"TS": DAY, "ts": "x"}, {MARCH_2: 3}),
        ({"ts": None, "TS": DAY}, {MARCH_2: 3}),
        ({"ts": DAY, "TS": "2024-03-09"}, {MARCH_2: 3}),
        ({LONG: DAY, "ts": "2024-03-09"}, {MARCH_2: 3}),
    ],
)
def test_the_first_value_of_two_spellings_counts(
    write: Callable[[Records], bytes], record: dict[str, Any], dates: dict[dt.date, int]
):
    found = verdict(write([{"event_id": "a", **record}] * 3), dataset=MIXED)
    assert isinstance(found, Accepted), found
    assert found.event_dates == dates


@pytest.mark.parametrize("write", [ndjson, array])
def test_a_value_that_is_no_text_counts_as_the_first_too(write: Callable[[Records], bytes]):
    first, others = {"event_id": "a", "ts": DAY}, {"event_id": "b", "TS": DAY, "ts": True}
    hidden = {"event_id": "c", "ts": True, "TS": DAY}
    found = verdict(write([first, others, hidden, hidden]), dataset=MIXED)
    assert isinstance(found, Accepted), found
    assert found.event_dates == {MARCH_2: 2}


@pytest.mark.parametrize("write", [ndjson, array])
def test_each_record_may_have_a_spelling_of_its_own(write: Callable[[Records], bytes]):
    found = verdict(write([{"event_id": "a", f"t{'_' * n}s": DAY} for n in range(30)]), dataset=MIXED)
    assert isinstance(found, Accepted), found
    assert found.event_dates == {MARCH_2: 30}


def test_a_time_among_more_names_than_are_remembered_is_counted():
    few, many = {"event_id": "a"}, {**{f"n{i}": 1 for i in range(600)}, "ts": DAY}
    found = verdict(ndjson([few] * 3000 + [many] + [few] * 3000), dataset=MIXED)
    assert isinstance(found, Accepted), found
    assert found.event_dates == {MARCH_2: 1}


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ({"ts": "03/04/2026"}, {"TS": "03/13/2026"}, "date_order_contradicted"),
        ({"price": "1,234"}, {"PRICE": "10,50"}, "decimal_mark_contradicted"),
    ],
)
def test_what_no_row_has_contradicts_nothing(
    write: Callable[[Records], bytes], first: dict[str, str], second: dict[str, str], reason: str
):
    hidden = verdict(write([{"event_id": "a", **first, **second}] * 2), dataset=MIXED)
    assert isinstance(hidden, Accepted), hidden
    seen = verdict(write([{"event_id": "a", **second, **first}] * 2), dataset=MIXED)
    assert isinstance(seen, Rejected)
    assert seen.reason == reason


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ({"ts": "03/13/2026"}, {"TS": "13/03/2026"}, "date_order_contradicted"),
        ({"price": "10,50"}, {"PRICE": "10.50"}, "decimal_mark_contradicted"),
    ],
)
def test_what_no_row_has_speaks_for_nothing(
    write: Callable[[Records], bytes], first: dict[str, str], second: dict[str, str], reason: str
):
    found = verdict(write([{"event_id": "a", **first, **second}] * 2), dataset=MIXED)
    assert isinstance(found, Rejected)
    assert found.reason == reason
