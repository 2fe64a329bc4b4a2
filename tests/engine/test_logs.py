"""Logs of a site through the real engine: rows that follow their file, constants, the archive, maps, times of a
domain's own.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hmac
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from shared.ledger.model import RowCounts, RunResult
from tests.support.rig import Rig

FIRST, SECOND = dt.date(2024, 11, 29), dt.date(2024, 11, 30)


def access(day: dt.date, number: int, **changed: Any) -> dict[str, Any]:
    return {
        "timestamp": f"{day}T{number // 60 % 24:02d}:{number % 60:02d}:00Z",
        "ip": f"10.0.{number // 200}.{number % 200}",
        "user_agent": ("Firefox", "curl/8", None)[number % 3],
        "request_type": ("get", "POST")[number % 2],
        "status": 200 if number % 5 else 404,
        "endpoint": f"/page/{number % 4}",
    } | changed


def ndjson(*records: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(r).encode() + b"\n" for r in records)


def array(*records: dict[str, Any]) -> bytes:
    return gzip.compress(json.dumps(records).encode(), mtime=0)


def errors(day: dt.date, count: int) -> bytes:
    items = "".join(
        f'<e:error id="{i}"><errorTime>{day}T01:00:{i % 60:02d}Z</errorTime><clientIp>2001:db8::{i:x}</clientIp><service>billing</service>'
        f"<errorCode>503</errorCode><message><![CDATA[a < b]]> &amp; more</message></e:error><!-- {i} -->"
        for i in range(count)
    )
    return f'<?xml version="1.0"?><e:errors xmlns:e="urn:x">{items}</e:errors>'.encode()


def key(dataset: str, day: dt.date) -> str:
    name = {
        "ndjson": "access_logs_{}.ndjson",
        "json_gzip": "api_logs_{}.json.gz",
        "xml_errors": "errors_{}.xml",
    }[dataset]
    return f"web/{dataset}/{name.format(day)}"


def activity(lake: Rig) -> dict[dt.date, tuple[int, int, int]]:
    rows = lake.rows("gold.daily_activity", "date", "total_requests", "total_errors", "unique_ips")
    return {r[0]: r[1:] for r in rows}


@pytest.fixture(scope="module")
def day(rig: Callable[..., Rig]) -> tuple[Rig, dict[str, RunResult]]:
    lake = rig("logsday", "web")
    lake.drop(key("ndjson", FIRST), ndjson(*(access(FIRST, n) for n in range(1000))))
    lake.drop(key("json_gzip", FIRST), array(*(access(FIRST, n, ip=f"10.9.0.{n % 100}") for n in range(500))))
    lake.drop(key("xml_errors", FIRST), errors(FIRST, 200))
    return lake, lake.run("run-1")


def test_1000_ndjson_500_api_and_200_xml_records_are_1500_requests_and_200_errors(day: Any):
    assert activity(day[0]) == {FIRST: (1500, 200, 1300)}
    assert {n: r.rows for n, r in day[1].items()} == {
        "ndjson": RowCounts(1000, 1000),
        "json_gzip": RowCounts(500, 500),
        "xml_errors": RowCounts(200, 200),
    }


def test_requests_of_every_dimension_add_up(day: Any):
    found = day[0].rows("gold.daily_activity_by_dimension", "dimension", "value", "requests")
    totals = {
        d: sum(n for dimension, _, n in found if dimension == d)
        for d in ("app", "status", "endpoint", "type", "device")
    }
    assert totals == dict.fromkeys(totals, 1500)
    assert ("app", "web_app_1", 1000) in found
    assert ("type", "GET", 750) in found
    (maps,) = day[0].rows("gold.daily_activity", "requests_by_device", "requests_by_type")
    assert maps[1] == {"GET": 750, "POST": 750}
    assert maps[0] == {v: n for d, v, n in found if d == "device"}
    assert maps[0]["unknown"] == 333 + 166


def test_a_silver_row_says_what_its_format_says(day: Any):
    columns = (
        "request_type",
        "status_code",
        "app_name",
        "message",
        "log_type",
        "raw_format",
        "year",
        "month",
        "day",
        "event_date",
    )
    found = day[0].table("silver.logs").select(*columns).distinct().where("status_code <> 404").collect()
    hidden = hmac.new(day[0].hash_key.encode(), b"a < b & more", "sha256").hexdigest()
    assert {tuple(r) for r in found} == {
        ("GET", 200, "web_app_1", None, "access", "ndjson", 2024, 11, 29, FIRST),
        ("POST", 200, "web_app_1", None, "access", "ndjson", 2024, 11, 29, FIRST),
        ("GET", 200, "api_service", None, "access", "json_gzip", 2024, 11, 29, FIRST),
        ("POST", 200, "api_service", None, "access", "json_gzip", 2024, 11, 29, FIRST),
        ("ERROR", 503, "billing", hidden, "error", "xml", 2024, 11, 29, FIRST),
    }


def test_files_leave_raw_and_stand_in_the_archive_under_name_time_and_run(day: Any):
    lake = day[0]
    assert lake.objects("raw") == {}
    assert set(lake.objects("bronze")) == {
        "archive/web/ndjson/access_logs_2024-11-29.ndjson_20260601T000000Z_run-1",
        "archive/web/json_gzip/api_logs_2024-11-29.json.gz_20260601T000001Z_run-1",
        "archive/web/xml_errors/errors_2024-11-29.xml_20260601T000002Z_run-1",
    }


def test_a_full_refresh_finds_the_files_in_the_archive_and_changes_nothing(day: Any):
    lake = day[0]
    before = (
        lake.rows("silver.logs"),
        lake.rows("gold.daily_activity_by_dimension"),
        lake.objects("silver", "web/logs/data"),
    )
    again = lake.run("run-2", full_refresh=True)
    assert {n: r.rows for n, r in again.items()} == {n: r.rows for n, r in day[1].items()}
    assert (
        lake.rows("silver.logs"),
        lake.rows("gold.daily_activity_by_dimension"),
        lake.objects("silver", "web/logs/data"),
    ) == before


@pytest.fixture(scope="module")
def corrected(rig: Callable[..., Rig]) -> Rig:
    """50 records of the second day, beside another day; then a corrected file of 70 with the same name."""
    lake = rig("logsfix", "web")
    lake.drop(key("ndjson", FIRST), ndjson(*(access(FIRST, n) for n in range(30))))
    lake.drop(key("ndjson", SECOND), ndjson(*(access(SECOND, n) for n in range(50))))
    lake.run("run-1")
    return lake


def test_a_corrected_file_of_the_same_name_replaces_the_day_and_no_other(corrected: Rig):
    lake = corrected
    assert activity(lake) == {FIRST: (30, 0, 30), SECOND: (50, 0, 50)}
    other = "web/logs/log_type=access/year=2024/month=11/day=29/"
    before = lake.objects("silver", other)
    assert before
    first = ndjson(*(access(SECOND, n) for n in range(50)))
    fixed = ndjson(*(access(SECOND, n, status=201) for n in range(70)))
    lake.drop(key("ndjson", SECOND), fixed)
    assert lake.run("run-2")["ndjson"].rows == RowCounts(70, 70)
    assert activity(lake) == {FIRST: (30, 0, 30), SECOND: (70, 0, 70)}
    assert lake.objects("silver", other) == before
    commits = lake.commits("silver.logs")
    lake.silver("run-3", from_date=SECOND, to_date=SECOND)
    lake.silver("run-4")
    assert lake.commits("silver.logs") == commits
    lake.drop(key("ndjson", SECOND), first)
    lake.run("run-5")
    assert activity(lake) == {FIRST: (30, 0, 30), SECOND: (50, 0, 50)}
    lake.run("run-6", full_refresh=True)
    assert activity(lake) == {FIRST: (30, 0, 30), SECOND: (50, 0, 50)}


@pytest.fixture(scope="module")
def mixed(rig: Callable[..., Rig]) -> Rig:
    lake = rig("logsmix", "web")
    bad = [
        access(FIRST, 1, ip="999.1.1.1"),
        access(FIRST, 2, status=42),
        access(FIRST, 3, request_type="FETCH"),
        access(FIRST, 4, timestamp="soon"),
        access(FIRST, 5, timestamp="2999-01-01T00:00:00Z"),
    ]
    good = [
        access(FIRST, 0),
        access(FIRST, 0),
        access(FIRST, 7, ip="::1"),
        access(SECOND, 8, ip="2001:db8::8:800:200c:417a"),
        access(FIRST, 0, ip="10.1.1.1", timestamp="30.11.2024 10:00:00"),
        access(FIRST, 0, ip="10.1.1.2", timestamp="at 11:00:00"),
    ]
    lake.drop("web/ndjson/mixed.ndjson", ndjson(*good, *bad))
    lake.drop("web/ndjson/broken.json.gz", gzip.compress(ndjson(*good))[:-9])
    lake.drop(
        "web/xml_errors/bomb.xml",
        b'<!DOCTYPE e [<!ENTITY f SYSTEM "file:///etc/passwd">]><e><error><message>&f;</message></error></e>',
    )
    lake.run("run-1")
    return lake


def test_a_file_that_mixes_days_gives_each_its_own_rows_and_keeps_equal_records(mixed: Rig):
    assert activity(mixed) == {FIRST: (4, 0, 3), SECOND: (2, 0, 2)}


def test_times_as_only_this_domain_writes_them_are_read_and_a_bare_one_is_of_the_file_s_day(mixed: Rig):
    found = (
        mixed.table("silver.logs").where("ip_address like '10.1.1.%'").select("ip_address", "event_timestamp")
    )
    assert sorted(map(tuple, found.collect())) == [
        ("10.1.1.1", dt.datetime(2024, 11, 30, 10)),
        ("10.1.1.2", dt.datetime(2024, 11, 29, 11)),
    ]


def test_a_day_of_gold_lies_by_itself(mixed: Rig):
    assert {row["partition"][0] for row in mixed.table("gold.daily_activity.partitions").collect()} == {
        FIRST,
        SECOND,
    }


def test_bad_rows_are_quarantined_under_data_quality_with_their_columns(mixed: Rig):
    found = mixed.rows("quarantine.data_quality", "reasons", "columns")
    assert found == [
        (["impossible_timestamp"], ["event_timestamp"]),
        (["invalid_type"], ["event_timestamp"]),
        (["invalid_value"], ["ip_address"]),
        (["invalid_value"], ["request_type"]),
        (["invalid_value"], ["status_code"]),
    ]
    places = [
        k
        for k in mixed.objects("quarantine", "web/data_quality/")
        if k.endswith(".parquet") and "/year=" in k
    ]
    assert {p.rsplit("/", 1)[0] for p in places} == {"web/data_quality/year=2024/month=11/day=29"}


def test_files_that_cannot_be_ingested_stand_under_system_lambda_with_their_reason(mixed: Rig):
    found = {f.target_key: f.reason for f in mixed.ledger.files() if f.reason}
    assert {re.sub(r"-[0-9a-f]{12}\.", ".", key or ""): reason for key, reason in found.items()} == {
        "web/system/lambda/ndjson/broken.json.gz": "corrupt_gzip",
        "web/system/lambda/xml_errors/bomb.xml": "external_entity",
    }
    assert set(mixed.objects("quarantine", "web/system/")) == {*found, *(f"{k}.reason.json" for k in found)}


def counted(lake: Rig) -> dict[tuple[dt.date, str], int]:
    """Rows of silver by day and source file; each row once."""
    rows = lake.rows("silver.logs", "log_id", "event_date", "_source_file")
    assert len({r[0] for r in rows}) == len(rows)
    return dict(Counter((r[1], r[2]) for r in rows))


def test_whoever_is_corrected_each_content_counts_once_and_none_is_lost(rig: Callable[..., Rig]):
    """The same contents go from one of three names to another.

    Each step: files, rows by day and name, the name whose bad record is aside.
    """
    lake, d29, d30, copy, more = (
        rig("logscopies", "web"),
        *(f"web/ndjson/{n}.ndjson" for n in ("d29", "d30", "copy", "more")),
    )
    mixed_up = ndjson(*(access(SECOND, n) for n in range(30)), access(SECOND, 99, status=42))
    right, small = (
        ndjson(*(access(FIRST, n) for n in range(20))),
        ndjson(*(access(FIRST, n, status=500) for n in range(7))),
    )
    steps: list[tuple[dict[str, bytes], dict[tuple[dt.date, str], int], str]] = [
        ({d29: mixed_up, copy: mixed_up}, {(SECOND, d29): 30}, d29),
        ({d29: right}, {(FIRST, d29): 20, (SECOND, copy): 30}, copy),
        ({copy: right, d30: mixed_up}, {(FIRST, copy): 20, (SECOND, d30): 30}, d30),
        ({copy: small}, {(FIRST, copy): 7, (FIRST, d29): 20, (SECOND, d30): 30}, d30),
        ({more: mixed_up}, {(FIRST, copy): 7, (FIRST, d29): 20, (SECOND, d30): 30}, d30),
        ({d30: small}, {(FIRST, d30): 7, (FIRST, d29): 20, (SECOND, more): 30}, more),
    ]
    for number, (files, wanted, aside) in enumerate(steps):
        for name, content in files.items():
            lake.drop(name, content)
        lake.silver(f"run-{number}")
        assert (counted(lake), lake.rows("quarantine.data_quality", "source_file")) == (wanted, [(aside,)]), (
            number
        )
    lake.silver("full", full_refresh=True)
    assert (counted(lake), lake.rows("quarantine.data_quality", "source_file")) == (wanted, [(aside,)])
