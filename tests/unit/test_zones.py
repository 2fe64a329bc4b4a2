"""Object keys: built and parsed in one place."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.zones import (
    MAX_KEY_BYTES,
    RawKey,
    archive_key,
    bronze_key,
    failure_key,
    is_folder_marker,
    metrics_key,
    quarantined_file_key,
    quarantined_rows_prefix,
    raw_key,
    reason_key,
    stem,
    suffixes,
    table_path,
)

DAY = dt.date(2024, 3, 1)
HASH = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("shop/events/a.csv", RawKey("shop", "events", "a.csv")),
        ("shop/events/2024/03/a%20b.csv", RawKey("shop", "events", "2024/03/a%20b.csv")),
        ("shop/events//a", RawKey("shop", "events", "/a")),
        ("shop/events/", None),
        ("shop/events", None),
        ("/events/a", None),
        ("a.csv", None),
        ("", None),
    ],
)
def test_a_raw_key_is_taken_apart_as_it_is(key: str, parts: RawKey | None):
    assert raw_key(key) == parts


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("d/a.csv", ".csv"),
        ("d/A.CSV.GZ", ".csv.gz"),
        ("d/a.b.json", ".json"),
        ("d/a.dat", ""),
        ("d/.csv", ""),
        ("d/a.gz", ".gz"),
        ("d.csv/a", ""),
        ("d/a.csv.csv.csv.csv.csv", ".csv.csv.csv"),
    ],
)
def test_known_suffixes_are_found_in_lower_case(key: str, found: str):
    assert suffixes(key) == found


@pytest.mark.parametrize(
    ("key", "safe"),
    [
        ("d/Day One (1).csv", "Day_One_1"),
        ("d/_hidden.csv", "hidden"),
        ("d/日本.csv", "file"),
        ("d/a=b%20.json", "a_b_20"),
        ("d/" + "x" * 500, "x" * 120),
    ],
)
def test_a_stem_is_safe_in_every_reader(key: str, safe: str):
    assert stem(key) == safe


def test_each_zone_has_its_keys():
    assert (
        bronze_key("shop", "events", DAY, "shop/events/x/A b.CSV.gz", HASH)
        == "shop/events/event_date=2024-03-01/A_b-01234567.csv.gz"
    )
    at = dt.datetime(2024, 3, 1, 12, 30, 5, tzinfo=dt.UTC)
    assert (
        archive_key("shop", "events", "shop/events/a.csv", at, "r1")
        == "archive/shop/events/a.csv_20240301T123005Z_r1"
    )
    assert quarantined_file_key("shop/events/x/a.CSV.gz", "v") == "shop/events/files/x/a-e4dfaf89c21a.CSV.gz"
    assert quarantined_file_key("a.csv", "v") == "system/lambda/a-624651f9ada0.csv"
    assert reason_key("k") == "k.reason.json"
    assert quarantined_rows_prefix("shop", "events") == "shop/events/rows/"
    assert failure_key("shop", "r1") == "shop/system/glue/r1.json"
    assert metrics_key("shop", "events", DAY, "r1") == "shop/events/run_date=2024-03-01/r1.csv"
    assert table_path("shop", "silver", "keyed", "events") == "shop/events"
    assert table_path("shop", "gold", "dim", "dim_date") == "shop/dim/dim_date"


def test_a_folder_marker_ends_in_a_slash_and_is_empty():
    assert [is_folder_marker("a/", 0), is_folder_marker("a/", 1), is_folder_marker("a", 0)] == [
        True,
        False,
        False,
    ]


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=1100),
    st.sampled_from(["v1", "v2"]),
)
def test_no_target_key_is_longer_than_s3_allows_or_loses_the_difference_between_keys(rest: str, version: str):
    raw = f"shop/events/{rest}"
    key = quarantined_file_key(raw, version)
    assert len(reason_key(key).encode()) <= MAX_KEY_BYTES
    assert quarantined_file_key(raw + "x", version) != key
    long = raw + "é" * 500
    assert len({quarantined_file_key(k, v) for k in (long, long + "x") for v in ("v1", "v2")}) == 4
    assert len({quarantined_file_key(k, v) for k in (long * 2, long * 2 + "x") for v in ("v1", "v2")}) == 4
    made = bronze_key("shop", "events", DAY, raw, HASH)
    assert len(made.encode()) < 300
    assert made.isascii()
    assert made.count("/") == 3
