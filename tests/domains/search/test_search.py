"""The search domain through the real engine: seven searches of two days, in any order; a bad run is rolled back."""

from __future__ import annotations

import datetime as dt
import io
import os
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from cli.rollback import roll_back
from domains.search import transforms as search
from domains.search.sample import SCHEMA
from glue_scripts.engine.gold.references import ReferentialIntegrityError
from local.session import Session
from tests.support.rig import Rig
from tests.support.spark import interpreted

KEPT = (
    "dim_category",
    "dim_platform",
    "dim_network",
    "dim_user",
    "dim_subscription",
    "bridge_user_plan",
    "fact_customer_search",
)
KEPT += ("bridge_search_category", "search_event", "plan_users")
CATALOGUE = {
    "Mắt Biếc": "Drama, Romance",
    "None": "Drama",
    "Đất Rừng Phương Nam": "Adventure, Drama, drama",
    "Up": None,
    "Toy Story 3": "Comedy",
}


def parquet(*records: dict[str, Any]) -> bytes:
    plain = {
        "category": "enter",
        "action": "search",
        "proxy_isp": "fpt",
        "platform": "android",
        "networkType": "WIFI",
    }
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([plain | r for r in records], SCHEMA), out)
    return out.getvalue()


def movies() -> bytes:
    films = [
        {"_id": f"m{i}", "title": t, "genres": g, "crawled_at": "2022-05-31T00:00:00Z"}
        for i, (t, g) in enumerate(CATALOGUE.items())
    ]
    return b"\n".join(orjson.dumps(f) for f in films)


DAY_1_ROWS = (
    {
        "eventID": "a1",
        "datetime": "2022-06-01 08:00:00.1",
        "user_id": "00012",
        "keyword": "MAT BIEC",
        "userPlansMap": ["VIP:SVOD"],
    },
    {
        "eventID": "a2",
        "datetime": "08:15:30 CH",
        "user_id": None,
        "keyword": "none",
        "networkType": "###",
        "proxy_isp": None,
        "platform": None,
    },
    {
        "eventID": "a3",
        "datetime": "2565-06-01 09:00:00.1234",
        "user_id": "12",
        "keyword": " dat rung phuong nam ",
        "platform": "kiosk",
        "userPlansMap": ["KM:GIFTCODE"],
    },
    {
        "eventID": "a4",
        "datetime": "12:05:00 SA",
        "user_id": "007",
        "keyword": None,
        "category": "quit",
        "platform": "smarttv-sony-android",
        "userPlansMap": ["VIP:SVOD", "KM:GIFTCODE"],
    },
    {
        "eventID": "a5",
        "datetime": "2022-06-02 01:00:00",
        "user_id": "00012",
        "keyword": "toystory3",
        "userPlansMap": [],
    },
)
DAY_1 = parquet(*DAY_1_ROWS)
DAY_2 = parquet(
    {
        "eventID": "a1",
        "datetime": "2022-06-01 08:00:00.1",
        "user_id": "00012",
        "keyword": "mat biec",
        "userPlansMap": ["VIP:SVOD"],
    },
    {
        "eventID": "b1",
        "datetime": "2022-06-02 10:00:00",
        "user_id": "007",
        "keyword": "up",
        "userPlansMap": ["VIP:SVOD"],
        "networkType": "WWAN",
    },
    {
        "eventID": "b2",
        "datetime": "2022-05-30 10:00:00.66",
        "user_id": "12",
        "keyword": "zzz qqq",
        "userPlansMap": ["KM:GIFTCODE"],
        "platform": "web-playfpt",
    },
)
DAY_1_AGAIN = parquet(*DAY_1_ROWS, DAY_1_ROWS[0])  # other bytes, the same searches
BAD = parquet(
    {
        "eventID": "c1",
        "datetime": "2022-06-03 10:00:00",
        "user_id": "99",
        "keyword": "up",
        "platform": "kiosk-2",
        "userPlansMap": ["BAD:SVOD"],
    }
)
FILES = {
    "1": ("search/customer_search/20220601/a.parquet", DAY_1),
    "2": ("search/customer_search/20220602/b.parquet", DAY_2),
    "m": ("search/movies/page.ndjson", movies()),
}


def loaded(lake: Rig, *runs: str) -> Rig:
    """Each run takes the files named by its letters."""
    for number, letters in enumerate(runs):
        for letter in letters:
            lake.drop(*FILES[letter])
        lake.run(f"run-{number}")
    return lake


@pytest.fixture(scope="module", autouse=True)
def settings(spark: SparkSession) -> Iterator[None]:
    """Plans are interpreted: seven searches. Those of the sample are compiled, as in production."""
    with interpreted(spark):
        yield


@pytest.fixture(scope="module")
def at_once(rig: Callable[..., Rig]) -> Rig:
    return loaded(rig("searchone", "search"), "m12")


def test_a_search_keeps_its_own_date_whatever_its_spelling_and_folder(at_once: Rig):
    found = {
        e: (d, str(t))
        for e, d, t in at_once.rows("silver.customer_search_keynormalize", "event_id", "date_key", "date_log")
    }
    assert found == {
        "a1": ("20220601", "2022-06-01 08:00:00.100000"),
        "a2": ("20220601", "2022-06-01 20:15:30"),
        "a3": ("20220601", "2022-06-01 09:00:00.123400"),
        "a4": ("20220601", "2022-06-01 00:05:00"),
        "a5": ("20220602", "2022-06-02 01:00:00"),
        "b1": ("20220602", "2022-06-02 10:00:00"),
        "b2": ("20220530", "2022-05-30 10:00:00.660000"),
    }


def test_users_are_text_and_guests_are_in_the_star(at_once: Rig):
    users = {
        u: (k, f and str(f), last and str(last))
        for u, k, f, last in at_once.rows(
            "gold.dim_user", "user_id", "user_type", "first_search_dt", "last_search_dt"
        )
    }
    assert users == {
        "00012": ("registered", "2022-06-01 08:00:00.100000", "2022-06-02 01:00:00"),
        "12": ("registered", "2022-05-30 10:00:00.660000", "2022-06-01 09:00:00.123400"),
        "007": ("registered", "2022-06-01 00:05:00", "2022-06-02 10:00:00"),
        "00000000": ("guest", "2022-06-01 20:15:30", "2022-06-01 20:15:30"),
        "-1": ("unknown", None, None),
    }


def test_a_keyword_that_says_nothing_means_no_film_and_others_keep_their_genres(at_once: Rig):
    rows = at_once.rows(
        "gold.fact_customer_search",
        "event_id",
        "keyword_slug",
        "main_keyword_category",
        "sub1_keyword_category",
        "network_key",
        "platform_key",
    )
    found = {r[0]: r[1:4] for r in rows}
    assert found == {
        "a1": ("mat-biec", "Drama", "Romance"),
        "a2": (None, None, None),
        "a3": ("dat-rung-phuong-nam", "Adventure", "Drama"),
        "a4": (None, None, None),
        "a5": ("toy-story-3", "Comedy", None),
        "b1": ("up", None, None),
        "b2": ("zzz-qqq", None, None),
    }
    assert {r[0] for r in rows if r[4] == -1} == {"a2"} == {r[0] for r in rows if r[5] == -1}
    places = at_once.table("gold.bridge_search_category").join(
        at_once.table("gold.dim_category"), "category_key"
    )
    assert sorted(
        tuple(r)
        for r in places.where("event_id in ('a3', 'b1')")
        .select("event_id", "category_slug", "position")
        .collect()
    ) == [
        ("a3", "adventure", 1),
        ("a3", "drama", 2),
        ("b1", "unknown", 1),
    ]


def test_a_device_is_told_by_whole_words_of_its_platform(at_once: Rig):
    devices = dict(at_once.rows("gold.dim_platform", "platform", "device_type"))
    assert devices == {
        "android": "mobile",
        "web-playfpt": "web",
        "kiosk": "others",
        "smarttv-sony-android": "smarttv",
        "unknown": "unknown",
    }


def test_a_plan_ends_only_when_its_own_user_searches_without_it(at_once: Rig):
    plans = at_once.table("gold.bridge_user_plan").join(
        at_once.table("gold.dim_subscription"), "subscription_key"
    )
    day = {n: dt.date(2022, 6, n) for n in (1, 2)} | {30: dt.date(2022, 5, 30)}
    assert sorted(
        tuple(r)
        for r in plans.select(
            "user_id",
            "plan_name",
            "is_paid",
            "is_effective",
            "first_effective_date",
            "recent_effective_date",
            "last_effective_date",
        ).collect()
    ) == [
        ("00012", "VIP", 1, False, day[1], day[1], day[1]),
        ("007", "KM", 0, False, day[1], day[1], day[1]),
        ("007", "VIP", 1, True, day[1], day[1], day[2]),
        ("12", "KM", 0, True, day[30], day[30], day[1]),
    ]


@pytest.fixture(scope="module")
def backwards(rig: Callable[..., Rig]) -> Rig:
    """The second day first, then the first day, then that again with the catalogue."""
    lake = loaded(rig("searchback", "search"), "2", "1")
    lake.drop(*FILES["m"])
    lake.drop("search/customer_search/20220601/again.parquet", DAY_1_AGAIN)
    lake.run("run-2")
    return lake


def test_days_in_reverse_order_before_the_catalogue_give_equal_tables_and_a_day_again_changes_nothing(
    backwards: Rig, at_once: Rig
):
    for table in KEPT:
        assert backwards.rows(f"gold.{table}") == at_once.rows(f"gold.{table}"), table


def test_a_bad_run_is_rolled_back_and_all_anew_is_what_it_was(backwards: Rig):
    lake = backwards
    before, moment = {t: lake.rows(f"gold.{t}") for t in KEPT}, dt.datetime.now(dt.UTC)
    lake.drop("search/customer_search/20220603/bad.parquet", BAD)
    lake.run("bad")
    bad = {t: lake.rows(f"gold.{t}") for t in KEPT}
    assert {t for t in KEPT if bad[t] == before[t]} == {"dim_category", "dim_network"}
    fact = f"glue_catalog.{lake.names.database('search', 'gold')}.fact_customer_search"
    then = lake.spark.sql(
        f"SELECT event_id FROM {fact} TIMESTAMP AS OF '{moment:%Y-%m-%d %H:%M:%S.%f}'"
    ).collect()
    assert sorted(r["event_id"] for r in then) == sorted(r[0] for r in before["fact_customer_search"]) != []
    session = Session(lake.names, boto3.Session(), os.environ["AWS_ENDPOINT_URL"])
    done = {r.table: r.outcome for r in roll_back(session, "search", moment)}
    assert (done["gold.fact_customer_search"], done["silver.searches"], done["gold.dim_date"]) == (
        "back",
        "back",
        "same",
    )
    for table in lake.job("any").contract.gold:
        lake.spark.catalog.refreshTable(f"glue_catalog.{lake.names.database('search', 'gold')}.{table.name}")
    assert {t: lake.rows(f"gold.{t}") for t in KEPT} == before
    lake.run("after", full_refresh=True)
    assert {t: lake.rows(f"gold.{t}") for t in KEPT} == bad


def test_a_fact_without_its_dimension_row_stops_before_it_is_committed(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
):
    lake = rig("searchorphan", "search")
    monkeypatch.setitem(
        search.GOLD, "dim_network", lambda view: search.dim_network(view).where("network_key = -1")
    )
    with pytest.raises(
        ReferentialIntegrityError,
        match=r"fact_customer_search have a network_key that dim_network\.network_key",
    ):
        loaded(lake, "1m")
    assert lake.rows("gold.fact_customer_search") == []
