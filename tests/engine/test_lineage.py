"""What a run says of itself in the standard's words: events that the reference client reads, of every table that
was made; and columns, followed through what Spark has analysed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake
from glue_scripts.engine.lineage import expressions, loads, made, plan
from glue_scripts.engine.lineage.made import tell_written
from glue_scripts.engine.lineage.plan import lineage_of
from glue_scripts.engine.lineage.recorder import Made, Recorder
from shared.lineage import Lineage
from tests.engine.test_mistakes import lines
from tests.support.openlineage import as_sent, read
from tests.support.rig import Rig

EVENTS = lines(
    {"event_id": "e1", "user_id": "u1", "ts": "2026-01-05T10:00:00Z", "country": "FR"},
    {"event_id": "e1", "user_id": "u1", "ts": "2026-01-05T10:00:00Z", "country": "FR"},
    {"event_id": "e2", "user_id": "u2", "ts": "2026-01-06T10:00:00Z"},
    {"event_id": "e3", "user_id": "u2", "ts": "no time"},
)
USERS = lines(
    {"user_id": "u1", "name": "Ada", "city": "Rome", "updated_at": "2026-01-01T00:00:00Z"},
    {"user_id": "u1", "city": "Paris", "updated_at": "2026-01-02T00:00:00Z"},
)
TRANSACTIONS = lines(
    {
        "tx_id": "t1",
        "user_id": "u1",
        "amount": 10,
        "status": "delivered",
        "created_at": "2026-01-05T12:00:00Z",
    }
)


def said(lake: Rig) -> list[dict[str, Any]]:
    """All events of a lake, in the order of their runs."""
    keys = list(lake.objects("metrics", f"{lake.domain}/open-lineage/"))
    bodies = [lake.s3.get_object(Bucket=lake.names.bucket("metrics"), Key=k)["Body"].read() for k in keys]
    events = [json.loads(line) for body in bodies for line in body.decode().splitlines()]
    return sorted(events, key=lambda e: e["run"]["runId"])


def ended(events: Iterable[dict[str, Any]], job: str) -> dict[str, Any]:
    """The last event of a job's last run."""
    return [e for e in events if e["job"]["name"] == job][-1]


def column_lineage(event: dict[str, Any]) -> tuple[dict[str, list[str]], list[str]]:
    """By column `table.column way`, direct ways as they are; and what decides which rows there are."""
    content = event["outputs"][0]["facets"].get("columnLineage", {"fields": {}})

    def ways(inputs: list[dict[str, Any]]) -> list[str]:
        return sorted(
            f"{i['name'].rpartition('/')[2]}.{i['field']} {t['subtype']}"
            for i in inputs
            for t in i["transformations"]
        )

    return {c: ways(f["inputFields"]) for c, f in content["fields"].items()}, ways(content.get("dataset", []))


def content(facet: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in facet.items() if not k.startswith("_")}


@pytest.fixture(scope="module")
def shop(rig: Callable[[str], Rig]) -> Rig:
    lake = rig("lineage")
    lake.drop("shop/events/a.ndjson", EVENTS)
    lake.drop("shop/users/a.ndjson", USERS)
    lake.drop("shop/transactions/a.ndjson", TRANSACTIONS)
    lake.run("run-1")
    return lake


@pytest.fixture(scope="module")
def first(shop: Rig) -> list[dict[str, Any]]:
    return said(shop)


def test_each_table_that_a_run_makes_has_a_run_that_begins_and_completes(first: list[dict[str, Any]]) -> None:
    runs: dict[tuple[str, str], list[str]] = {}
    for event in first:
        runs.setdefault((event["job"]["name"], event["run"]["runId"]), []).append(event["eventType"])
    assert sorted(name for name, _ in runs) == [
        "shop.gold.daily_revenue",
        "shop.gold.dim_date",
        "shop.gold.dim_users",
        "shop.gold.fact_events",
        "shop.gold.user_ltv",
        "shop.silver.events",
        "shop.silver.transactions",
        "shop.silver.users",
        "shop.silver.users_history",
        "shop.silver.users_updates.users",
    ]
    assert {tuple(kinds) for kinds in runs.values()} == {("START", "COMPLETE")}
    assert len({e["run"]["facets"]["parent"]["run"]["runId"] for e in first}) == 1


def test_the_reference_client_reads_every_event_and_sends_the_same(first: list[dict[str, Any]]) -> None:
    for event in first:
        assert as_sent(read(event)) == {k: v for k, v in event.items() if v != []}


def test_a_load_balances_and_names_its_files_and_its_quarantine(
    shop: Rig, first: list[dict[str, Any]]
) -> None:
    event = ended(first, "shop.silver.events")
    balance = content(event["run"]["facets"]["lakehouse_balance"])
    assert balance == {
        "received": 4,
        "written": 2,
        "quarantined": 1,
        "deduplicated": 1,
        "replaced": 0,
        "files": 1,
    }
    [source] = event["inputs"]
    assert (source["namespace"], source["name"]) == (f"s3://{shop.names.bucket('bronze')}", "shop/events")
    metrics = content(source["inputFacets"]["dataQualityMetrics"])
    assert (metrics["rowCount"], metrics["fileCount"], metrics["bytes"]) == (4, 1, len(EVENTS))
    assert metrics["columnMetrics"]["country"] == {"nullCount": 1}
    assert {tuple(m) for m in metrics["columnMetrics"].values()} == {("nullCount",)}
    assert content(source["inputFacets"]["dataQualityAssertions"])["assertions"] == [
        {
            "assertion": "invalid_type",
            "success": False,
            "severity": "warn",
            "expected": "0",
            "actual": "1",
        }
    ]
    table, rejects = event["outputs"]
    assert table["name"] == f"table/{shop.names.database('shop', 'silver')}/events"
    assert content(table["outputFacets"]["outputStatistics"])["rowCount"] == 2
    snapshots = shop.table("silver.events.snapshots").collect()
    assert table["facets"]["version"]["datasetVersion"] == str(snapshots[-1]["snapshot_id"])
    assert rejects["name"] == f"table/{shop.names.database('shop', 'quarantine')}/events_rows"
    assert content(rejects["outputFacets"]["outputStatistics"]) == {"rowCount": 1}


def test_columns_of_a_load_are_those_of_its_records(first: list[dict[str, Any]]) -> None:
    columns, rows = column_lineage(ended(first, "shop.silver.events"))
    assert columns["country"] == ["events.country TRANSFORMATION"]
    assert columns["event_date"] == ["events.ts TRANSFORMATION"]
    assert rows == ["events.event_id WINDOW", "events.ts WINDOW"]


def test_columns_of_what_follows_a_log_come_from_the_plan(first: list[dict[str, Any]]) -> None:
    columns, rows = column_lineage(ended(first, "shop.silver.users"))
    assert columns["user_id"] == ["users_updates.user_id IDENTITY"]
    assert columns["updated_at"] == ["users_updates.updated_at AGGREGATION"]
    assert columns["event_date"] == ["users_updates.updated_at AGGREGATION"]
    assert "users_updates.city AGGREGATION" in columns["city"]
    assert "users_updates.updated_at SORT" in columns["city"]
    assert rows == ["users_updates.user_id GROUP_BY"]
    history, _ = column_lineage(ended(first, "shop.silver.users_history"))
    assert history["valid_from"] == ["users_updates.updated_at IDENTITY"]
    assert "users_updates.updated_at WINDOW" in history["valid_to"]


def test_columns_of_gold_come_from_the_plan(first: list[dict[str, Any]]) -> None:
    revenue, rows = column_lineage(ended(first, "shop.gold.daily_revenue"))
    assert revenue == {
        "date": ["transactions.event_date IDENTITY"],
        "total_revenue": ["transactions.amount AGGREGATION", "transactions.status CONDITIONAL"],
        "gross_amount": ["transactions.amount AGGREGATION"],
        "avg_amount": ["transactions.amount AGGREGATION"],
        "delivered_count": ["transactions.status AGGREGATION"],
    }
    assert rows == ["transactions.event_date GROUP_BY"]
    facts, rows = column_lineage(ended(first, "shop.gold.fact_events"))
    assert facts["user_city"] == ["users.city IDENTITY"]
    assert facts["country"] == ["events.country IDENTITY"]
    assert rows == ["events.user_id JOIN", "users.user_id JOIN"]
    users, rows = column_lineage(ended(first, "shop.gold.dim_users"))
    assert users["user_id"] == [f"{t}.user_id IDENTITY" for t in ("events", "transactions", "users")]
    assert users["email"] == ["users.email IDENTITY"]
    everybody = [f"{t}.user_id" for t in ("events", "transactions", "users")]
    assert rows == sorted(f"{c} {way}" for c in everybody for way in ("FILTER", "GROUP_BY", "JOIN"))
    dates, _ = column_lineage(ended(first, "shop.gold.dim_date"))
    assert dates["year"] == ["events.event_date AGGREGATION", "transactions.event_date AGGREGATION"]
    ltv, _ = column_lineage(ended(first, "shop.gold.user_ltv"))
    assert ltv["user_id"] == ["events.user_id TRANSFORMATION", "transactions.user_id TRANSFORMATION"]
    assert ltv["ltv"] == ["transactions.amount AGGREGATION", "transactions.status CONDITIONAL"]


def test_a_gold_table_names_the_tables_that_it_was_made_of(shop: Rig, first: list[dict[str, Any]]) -> None:
    event = ended(first, "shop.gold.fact_events")
    silver = shop.names.database("shop", "silver")
    assert [i["name"] for i in event["inputs"]] == [f"table/{silver}/events", f"table/{silver}/users"]
    [place] = event["inputs"][0]["facets"]["symlinks"]["identifiers"]
    assert place == {
        "namespace": f"s3://{shop.names.bucket('silver')}",
        "name": "shop/events",
        "type": "LOCATION",
    }
    assert content(event["outputs"][0]["outputFacets"]["outputStatistics"])["rowCount"] == 2


def test_a_load_whose_files_were_all_set_aside_says_that_it_read_none(rig: Callable[[str], Rig]) -> None:
    lake = rig("lineage-aside")
    entry = lake.drop("shop/events/a.ndjson", EVENTS)
    assert entry is not None
    lake.s3.delete_object(Bucket=entry.target_bucket or "", Key=entry.target_key or "")
    lake.silver("run-1")
    event = ended(said(lake), "shop.silver.events")
    assert event["eventType"] == "COMPLETE"
    balance = content(event["run"]["facets"]["lakehouse_balance"])
    assert (balance["received"], balance["written"], balance["files"]) == (0, 0, 0)
    [source] = event["inputs"]
    [broken] = content(source["inputFacets"]["dataQualityAssertions"])["assertions"]
    assert (broken["assertion"], broken["actual"]) == ("object_gone", "1")
    [table] = event["outputs"]
    assert content(table["outputFacets"]["outputStatistics"])["rowCount"] == 0


def broken(lake: Lake) -> DataFrame:
    return lake.table("transactions").selectExpr("no_such_column")


def through_python(lake: Lake) -> DataFrame:
    """The revenue of each day, of which one column went through Python."""
    days = lake.table("transactions").groupBy(F.col("event_date").alias("date"))
    totals = days.agg(*(F.sum("amount").alias(c) for c in ("total_revenue", "gross_amount", "avg_amount")))
    counted = (
        lake.table("transactions")
        .select("event_date", "tx_id")
        .mapInPandas(
            lambda parts: (p[["event_date", "tx_id"]] for p in parts), "event_date date, tx_id string"
        )
    )
    counts = counted.groupBy(F.col("event_date").alias("date")).agg(
        F.count("tx_id").alias("transaction_count"), F.count("tx_id").alias("delivered_count")
    )
    return totals.join(counts, "date", "left")


def test_a_run_of_what_changed_says_the_same_of_columns_and_what_is_not_followed_is_left_out(
    shop: Rig, first: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run with a few files; one of its rules goes through Python."""
    shop.drop(
        "shop/events/b.ndjson", lines({"event_id": "e9", "user_id": "u1", "ts": "2026-01-07T00:00:00Z"})
    )
    shop.drop(
        "shop/users/b.ndjson", lines({"user_id": "u1", "city": "Oslo", "updated_at": "2026-01-03T00:00:00Z"})
    )
    shop.drop(
        "shop/transactions/b.ndjson",
        lines({"tx_id": "t9", "user_id": "u1", "amount": 1, "created_at": "2026-01-07T00:00:00Z"}),
    )
    shop.gold(shop.silver("run-2"), daily_revenue=through_python)
    events = said(shop)
    names = {e["job"]["name"] for e in first} - {"shop.gold.daily_revenue"}
    for name in names:
        assert ended(events, name)["run"]["runId"] != ended(first, name)["run"]["runId"], name
        assert column_lineage(ended(events, name)) == column_lineage(ended(first, name)), name
        assert ended(events, name)["inputs"][0]["name"] == ended(first, name)["inputs"][0]["name"]
    revenue, _ = column_lineage(ended(events, "shop.gold.daily_revenue"))
    assert {c: ways for c, ways in revenue.items() if c in ("transaction_count", "delivered_count")} == {}
    assert revenue["total_revenue"] == ["transactions.amount AGGREGATION"]
    warned = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "without lineage" in line]
    lacking = ["transaction_count", "delivered_count"]
    assert [(w["table"], w["columns"], w["through"]) for w in warned] == [
        ("daily_revenue", lacking, ["MapInPandas", "a condition that is not known in all its parts"])
    ]


def quoting(lake: Lake) -> DataFrame:
    raise ValueError("no country for customer bob@example.org")


def casting(lake: Lake) -> DataFrame:
    lake.spark.sql("SELECT CAST('bob@example.org' AS int)").collect()
    raise AssertionError


def pivoted(lake: Lake) -> DataFrame:
    return lake.spark.sql("SELECT 1 AS `bob@example.org`")


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (broken, "AnalysisException: UNRESOLVED_COLUMN.WITH_SUGGESTION"),
        (quoting, "ValueError"),
        (casting, "NumberFormatException: CAST_INVALID_INPUT"),
        (pivoted, "returns other columns than the table has"),
    ],
)
def test_a_table_that_fails_says_so_and_quotes_no_row(
    shop: Rig, transform: Callable[[Lake], DataFrame], message: str
) -> None:
    job = shop.job("run-3", full_refresh=True)
    with pytest.raises(RuntimeError):
        shop.gold(job, daily_revenue=transform)
    fail = ended(said(shop), "shop.gold.daily_revenue")
    assert fail["eventType"] == "FAIL"
    told = fail["run"]["facets"]["errorMessage"]["message"]
    assert told.startswith(f"TransformError: shop.daily_revenue: transform {transform.__name__} (")
    assert told.endswith(message)
    assert "bob" not in json.dumps(fail)
    assert as_sent(read(fail)) == {k: v for k, v in fail.items() if v != []}


def shown(lineage: Lineage) -> dict[str, list[str]]:
    """By column, its sources without their database; `*` stands for all rows."""
    uses = {**lineage.fields, "*": lineage.rows}
    return {
        c: sorted(f"{u.source.dataset.rpartition('.')[2]}.{u.source.column} {u.subtype}" for u in found)
        for c, found in uses.items()
    }


def totals(shop: Rig, column: str, name: str) -> DataFrame:
    return shop.table("silver.events").groupBy("country").agg(F.sum(column).alias(name))


E, U = "events", "users"
CASES: dict[str, tuple[Callable[[Rig], DataFrame], dict[str, list[str]]]] = {
    "columns, computed ones and constants": (
        lambda s: s.table("silver.events").selectExpr("user_id AS who", "price * 2 AS twice", "1 AS one"),
        {"who": ["events.user_id IDENTITY"], "twice": ["events.price TRANSFORMATION"], "one": [], "*": []},
    ),
    "a choice": (
        lambda s: s.table("silver.events").select(
            F.when(F.col("country") == "FR", F.col("price")).otherwise(F.col("amount")).alias("x")
        ),
        {
            "x": [
                "events.amount TRANSFORMATION",
                "events.country CONDITIONAL",
                "events.price TRANSFORMATION",
            ],
            "*": [],
        },
    ),
    "a filter, an order and a limit": (
        lambda s: s.table("silver.events").where("country = 'FR'").orderBy("ts").limit(3).select("price"),
        {"price": ["events.price IDENTITY"], "*": ["events.country FILTER", "events.ts SORT"]},
    ),
    "a join of a table with itself": (
        lambda s: (
            s.table("silver.events")
            .alias("a")
            .join(s.table("silver.events").alias("b"), F.expr("a.event_id = b.user_id"))
            .select("a.country", F.col("b.price").alias("p"))
        ),
        {
            "country": ["events.country IDENTITY"],
            "p": ["events.price IDENTITY"],
            "*": ["events.event_id JOIN", "events.user_id JOIN"],
        },
    ),
    "a semi join hides the columns of its right side": (
        lambda s: (
            s.table("silver.events").join(s.table("silver.users"), "user_id", "left_semi").select("user_id")
        ),
        {"user_id": ["events.user_id IDENTITY"], "*": ["events.user_id JOIN", "users.user_id JOIN"]},
    ),
    "rows together, by name and distinct": (
        lambda s: (
            s.table("silver.events")
            .select("user_id", F.lit("e").alias("of"))
            .unionByName(s.table("silver.users").select(F.lit("u").alias("of"), "user_id"))
            .distinct()
        ),
        {
            "user_id": ["events.user_id IDENTITY", "users.user_id IDENTITY"],
            "of": [],
            "*": ["events.user_id GROUP_BY", "users.user_id GROUP_BY"],
        },
    ),
    "groups": (
        lambda s: (
            s.table("silver.events")
            .groupBy("country")
            .agg(
                F.count("*").alias("n"),
                F.sum(F.when(F.col("age") > 1, F.col("price"))).alias("total"),
                F.countDistinct("user_id").alias("users"),
                F.max_by("message", "ts").alias("last"),
            )
        ),
        {
            "country": ["events.country IDENTITY"],
            "n": [],
            "total": ["events.age CONDITIONAL", "events.price AGGREGATION"],
            "users": ["events.user_id AGGREGATION"],
            "last": ["events.message AGGREGATION", "events.ts SORT"],
            "*": ["events.country GROUP_BY"],
        },
    ),
    "windows": (
        lambda s: s.table("silver.events").select(
            F.row_number().over(Window.partitionBy("user_id").orderBy("ts")).alias("n"),
            F.sum("price").over(Window.partitionBy("country")).alias("total"),
            F.lag("price").over(Window.partitionBy("user_id").orderBy("ts")).alias("before"),
        ),
        {
            "n": ["events.ts WINDOW", "events.user_id WINDOW"],
            "total": ["events.country WINDOW", "events.price AGGREGATION"],
            "before": ["events.price TRANSFORMATION", "events.ts WINDOW", "events.user_id WINDOW"],
            "*": [],
        },
    ),
    "a filter by a window": (
        lambda s: (
            s.table("silver.events")
            .withColumn("n", F.row_number().over(Window.partitionBy("user_id").orderBy("ts")))
            .where("n = 1")
            .select("price")
        ),
        {"price": ["events.price IDENTITY"], "*": ["events.ts FILTER", "events.user_id FILTER"]},
    ),
    "a list taken apart": (
        lambda s: s.table("silver.orders").select("order_id", F.explode("tags").alias("tag")),
        {"order_id": ["orders.order_id IDENTITY"], "tag": ["orders.tags TRANSFORMATION"], "*": []},
    ),
    "parts of a structure": (
        lambda s: s.table("silver.events").select(F.struct("price", "age").alias("s")).select("s.price"),
        {"price": ["events.age TRANSFORMATION", "events.price TRANSFORMATION"], "*": []},
    ),
    "a function over a list": (
        lambda s: s.table("silver.orders").select(
            F.transform("tags", lambda t: F.concat(t, "order_id")).alias("x")
        ),
        {"x": ["orders.order_id TRANSFORMATION", "orders.tags TRANSFORMATION"], "*": []},
    ),
    "a list in order, by a choice": (
        lambda s: (
            s.table("silver.events")
            .groupBy("country")
            .agg(F.array_sort(F.collect_list(F.when(F.col("age") > 1, F.col("price")))).alias("prices"))
        ),
        {
            "country": ["events.country IDENTITY"],
            "prices": ["events.age CONDITIONAL", "events.price AGGREGATION"],
            "*": ["events.country GROUP_BY"],
        },
    ),
    "a function with a choice over a list": (
        lambda s: s.table("silver.orders").select(
            F.transform("tags", lambda t: F.when(t == "a", F.col("order_id")).otherwise(t)).alias("x")
        ),
        {
            "x": ["orders.order_id TRANSFORMATION", "orders.tags TRANSFORMATION"],
            "*": [],
        },
    ),
    "rows that the driver made": (
        lambda s: (
            s.table("silver.users")
            .select("user_id", "city")
            .unionByName(s.spark.createDataFrame([("unknown", None)], "user_id string, city string"))
        ),
        {"user_id": ["users.user_id IDENTITY"], "city": ["users.city IDENTITY"], "*": []},
    ),
    "a name that looks like another": (
        lambda s: s.table("silver.users").select(F.col("city").alias("a AS b#1")).select("a AS b#1"),
        {"a AS b#1": ["users.city IDENTITY"], "*": []},
    ),
    "a function of Python": (
        lambda s: s.table("silver.events").select(F.udf(str.upper)("country").alias("x")),
        {"x": ["events.country TRANSFORMATION"], "*": []},
    ),
    "rows that are kept": (
        lambda s: (
            s.table("silver.events")
            .select("user_id", "price")
            .persist()
            .groupBy("user_id")
            .agg(F.avg("price").alias("mean"))
        ),
        {
            "user_id": ["events.user_id IDENTITY"],
            "mean": ["events.price AGGREGATION"],
            "*": ["events.user_id GROUP_BY"],
        },
    ),
    "equal totals twice, and others of the same form": (
        lambda s: (
            totals(s, "price", "a")
            .join(totals(s, "price", "b"), "country")
            .join(totals(s, "amount", "c"), "country")
            .selectExpr("country", "a + b AS both", "c")
        ),
        {
            "country": ["events.country IDENTITY"],
            "both": ["events.price AGGREGATION"],
            "c": ["events.amount AGGREGATION"],
            "*": ["events.country GROUP_BY", "events.country JOIN"],
        },
    ),
    "totals of totals": (
        lambda s: s.table("silver.events").rollup("country").agg(F.sum("price").alias("total")),
        {
            "country": ["events.country IDENTITY"],
            "total": ["events.price AGGREGATION"],
            "*": ["events.country GROUP_BY"],
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_columns_are_followed_through(shop: Rig, case: str) -> None:
    rows, expected = CASES[case]
    found = lineage_of(rows(shop))
    assert found.gaps == ()
    assert shown(found) == expected


QUERIES = {
    "a common table, twice": (
        "WITH w AS (SELECT user_id, price * 2 AS p FROM {events})"
        " SELECT a.user_id, b.p FROM w a JOIN w b ON a.user_id = b.user_id",
        {
            "user_id": ["events.user_id IDENTITY"],
            "p": ["events.price TRANSFORMATION"],
            "*": ["events.user_id JOIN"],
        },
    ),
    "subqueries": (
        "SELECT user_id, (SELECT max(age) FROM {users}) AS oldest FROM {events}"
        " WHERE user_id IN (SELECT user_id FROM {users} WHERE city = 'Rome')",
        {
            "user_id": ["events.user_id IDENTITY"],
            "oldest": ["users.age AGGREGATION"],
            "*": ["events.user_id FILTER", "users.city FILTER", "users.user_id FILTER"],
        },
    ),
    "a subquery that looks outside": (
        "SELECT user_id FROM {events} e WHERE EXISTS (SELECT 1 FROM {users} u WHERE u.user_id = e.user_id)",
        {"user_id": ["events.user_id IDENTITY"], "*": ["events.user_id FILTER", "users.user_id FILTER"]},
    ),
    "rows that another table has": (
        "SELECT user_id FROM {events} INTERSECT SELECT user_id FROM {users}",
        {"user_id": ["events.user_id IDENTITY"], "*": ["users.user_id FILTER"]},
    ),
    "rows of the query itself": (
        "SELECT e.user_id, v.label FROM {events} e JOIN (VALUES ('FR', 'France')) AS v(code, label) ON v.code = e.country",
        {"user_id": ["events.user_id IDENTITY"], "label": [], "*": ["events.country JOIN"]},
    ),
}


@pytest.mark.parametrize("query", QUERIES)
def test_columns_are_followed_through_sql(shop: Rig, query: str) -> None:
    sql, expected = QUERIES[query]
    names = {t: shop.job("r").identifier(shop.job("r").contract.table(t)) for t in (E, U)}
    found = lineage_of(shop.spark.sql(sql.format(**names)))
    assert found.gaps == ()
    assert shown(found) == expected
    assert {t.rpartition(".")[2] for t in found.tables} <= {E, U}


def test_what_is_not_known_has_no_lineage_nor_what_is_made_of_it(shop: Rig) -> None:
    events, users = shop.table("silver.events"), shop.table("silver.users")
    python = events.select("user_id", "age").mapInPandas(lambda parts: parts, "user_id string, age bigint")
    both = users.alias("u").join(python.alias("p"), F.expr("u.user_id = p.user_id"), "left")
    known = both.selectExpr("u.city", "p.age AS a", "p.age + u.age AS b")
    found = lineage_of(known)
    assert found.gaps == ("MapInPandas", "a condition that is not known in all its parts")
    assert shown(found) == {"city": ["users.city IDENTITY"], "*": ["users.user_id JOIN"]}
    assert {t.rpartition(".")[2] for t in found.tables} == {"users", "events"}
    files = lineage_of(shop.table("silver.events.files").select("file_path"))
    assert (files.fields, files.gaps) == ({}, ("a relation that is no table",))
    of_an_rdd = lineage_of(shop.spark.createDataFrame(events.select("age").rdd, "age int"))
    assert (of_an_rdd.fields, of_an_rdd.gaps) == ({}, ("LogicalRDD",))


def test_a_plan_that_is_too_large_is_left_alone_in_a_bounded_time(
    shop: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = shop.table("silver.events").select(
        *(
            F.when(F.col("age") > n, F.col("price") * n).otherwise(F.col("amount")).alias(f"c{n}")
            for n in range(100)
        )
    )
    began = time.process_time()
    found = lineage_of(wide)
    assert time.process_time() - began < 1
    assert len(found.fields) == 100
    monkeypatch.setattr(expressions, "MOST_PARTS", 100)
    table = f"{shop.names.database('shop', 'silver')}.events"
    assert lineage_of(wide) == Lineage(tables=(table,), gaps=("a plan that is too large",))


@pytest.mark.parametrize("error", [AnalysisException("'bob'"), KeyError("'bob'"), Py4JError("'bob'")])
def test_another_spark_leaves_the_tables_and_ends_no_job(
    shop: Rig, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def other(*_: Any) -> None:
        raise error

    events = shop.table("silver.events").select("user_id")
    monkeypatch.setattr(plan.Plan, "rows", other)
    table = f"{shop.names.database('shop', 'silver')}.events"
    assert lineage_of(events) == Lineage(tables=(table,), gaps=(type(error).__name__,))
    monkeypatch.setattr(loads, "_named", other)
    assert loads._names(shop.spark, "a + b") == []
    monkeypatch.setattr(made, "loaded", other)
    job, told = shop.job("run-4"), Made(statistics={"as it was": {}})
    run = Recorder(job, shop.s3, "4.1.0").of(job.contract.table("events"))
    tell_written(run, shop.spark, job, "events", told)
    assert run.made == told
    monkeypatch.undo()


def test_what_others_compacted_is_not_what_a_run_wrote(shop: Rig) -> None:
    """The run's own commit is the one before; a run that committed nothing wrote nothing."""
    job = shop.job("run-5")
    identifier = job.identifier(job.contract.table("users_updates"))
    run = Recorder(job, shop.s3, "4.1.0").of(job.contract.table("users_updates"))
    run.begin()
    shop.spark.sql(
        f"CALL glue_catalog.system.rewrite_data_files(table => '{identifier.partition('.')[2]}',"
        " options => map('rewrite-all', 'true'))"
    )
    newest = shop.table("silver.users_updates.snapshots").orderBy(F.desc("committed_at")).first()
    assert newest is not None
    assert newest["operation"] == "replace"
    tell_written(run, shop.spark, job, identifier, Made())
    assert content(run.made.statistics["outputStatistics"]) == {"rowCount": 0, "size": 0, "fileCount": 0}
    run.began_ms = 0  # as if the commit before were its own
    tell_written(run, shop.spark, job, identifier, Made())
    assert run.made.output["version"]["datasetVersion"] == str(newest["parent_id"])
