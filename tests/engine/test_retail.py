"""The tests' retailer: text without header, references that are measured and references that stop a run, tables
that a domain computes in silver or only appends to, a bridge; and a run that is rolled back.
"""

from __future__ import annotations

import datetime as dt
import hmac
import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import boto3
import pytest
from pyspark.sql import DataFrame

from cli.rollback import roll_back
from glue_scripts.engine.gold import Lake
from glue_scripts.engine.gold.references import (
    KeyCollisionError,
    ReferentialIntegrityError,
    all_once,
    check_references,
    unseen,
)
from local.session import Session
from shared.ledger.model import RowCounts, RunResult
from tests.support.rig import Rig

# A delimiter ends a line or not; the name of the first customer is in ISO 8859-1.
FIRST = {
    "customer/a.csv": "1|AA|Zoë|1980|5|\n2|BB|Ben||7|\n".encode("iso-8859-1"),
    "sales/a.csv": b"""10|100|1|2026-01-05|2|20.00|web|spring,vip,spring|
10|101|2|2026-01-06|1|9.50|store|spring|
11|101|2|2026-01-06|3|30.00|kiosk||
12|102|9|2025-02-01|1|5.00|web||
12|103||2026-02-01|1|-5.00|web||
13|104|1|soon|1|1.00|web||
""",
    "returns/a.csv": b"10|100|1|5.00\n10|100|1|10.00\n99|999|1|1.00\nno row\n",
    "returns/again.csv": b"10|100|1|5.00\n10|100|1|10.00\n99|999|1|1.00\nno row\n",
}
SECOND = {
    "sales/b.csv": b"10|100|1|2026-01-05|2|21.00|web|vip,summer|\n14|105|2|2026-02-02|1|1.00|store|summer|\n"
}
KEPT = (
    "silver.sales",
    "silver.sale_promotions",
    "gold.fact_sales",
    "gold.bridge_sale_promotion",
    "gold.dim_promotion",
)
PROMOTIONS = [(10, 100, "spring", 1), (10, 100, "vip", 2), (10, 101, "spring", 1)]
LATER = [(10, 100, "summer", 2), (10, 100, "vip", 1), (10, 101, "spring", 1), (14, 105, "summer", 1)]


def drop(lake: Rig, files: dict[str, bytes]) -> list[str]:
    """Puts the files; the statuses that the ingest function gave them."""
    return [
        f.status for name, content in files.items() if (f := lake.drop_deferred(f"retail/{name}", content))
    ]


def no_vip(view: Lake) -> DataFrame:
    from domains.retail.transforms import dim_promotion

    return dim_promotion(view).where("promotion <> 'vip'")


def bridged(lake: Rig) -> list[tuple[Any, ...]]:
    rows = lake.table("gold.bridge_sale_promotion").join(lake.table("gold.dim_promotion"), "promotion_key")
    return sorted(map(tuple, rows.select("item_sk", "ticket", "promotion", "place").collect()))


@pytest.fixture(scope="module")
def shop(rig: Callable[..., Rig]) -> tuple[Rig, dict[str, RunResult], str]:
    """After one run, whose gold failed once because a dimension lacked a row; what the failure said."""
    lake = rig("retail", "retail")
    assert drop(lake, FIRST) == ["deferred"] * 4
    lake.bronze("run-1")
    job = lake.silver("run-1")
    with pytest.raises(ReferentialIntegrityError) as failure:
        lake.gold(job, dim_promotion=no_vip)
    assert lake.rows("gold.bridge_sale_promotion") == []
    lake.gold(job)
    return lake, lake.results("run-1"), str(failure.value)


def test_text_without_header_is_parquet_of_the_contract_s_types_in_an_undated_folder(shop: Any):
    lake = shop[0]
    assert {k.rsplit("-", 1)[0] for k in lake.objects("bronze")} == {
        "retail/customer/a",
        "retail/sales/a",
        "retail/returns/a",
        "retail/returns/again",
    }
    assert all(k.endswith(".parquet") for k in lake.objects("bronze"))
    zoe, ben = (hmac.new(lake.hash_key.encode(), n.encode(), "sha256").hexdigest() for n in ("Zoë", "Ben"))
    assert lake.rows("silver.customer") == [(1, "AA", zoe, None, 5), (2, "BB", ben, None, 7)]
    assert lake.rows(
        "silver.sales", "s_item_sk", "s_ticket", "s_customer_sk", "s_sold", "s_price", "s_year"
    ) == [
        (10, 100, 1, dt.date(2026, 1, 5), Decimal("20.00"), 2026),
        (10, 101, 2, dt.date(2026, 1, 6), Decimal("9.50"), 2026),
        (11, 101, 2, dt.date(2026, 1, 6), Decimal("30.00"), 2026),
        (12, 102, 9, dt.date(2025, 2, 1), Decimal("5.00"), 2025),
    ]
    aside = lake.rows("quarantine.sales_rows", "reasons", "columns")
    assert aside == [(["invalid_type"], ["s_sold"]), (["negative_amount"], ["s_price"])]


def test_a_file_that_may_come_twice_is_read_twice_and_its_rows_count_once(shop: Any):
    """A quarter of its lines is unreadable, which the contract allows."""
    lake, results, _ = shop
    assert [str(f.status) for f in lake.ledger.files("retail") if f.dataset == "returns"] == ["accepted"] * 2
    assert results["returns"].rows == RowCounts(read=8, written=2, quarantined=2, deduplicated=4)
    assert lake.rows("silver.returns", "r_item_sk", "r_amount") == [
        (10, Decimal("10.00")),
        (99, Decimal("1.00")),
    ]
    assert (
        lake.rows("quarantine.returns_rows", "reasons", "raw_record") == [(["corrupt_record"], "no row")] * 2
    )


def test_references_of_one_and_of_two_columns_are_measured_and_the_gate_warns_or_halts(shop: Any):
    _, results, _ = shop
    sales, returns = results["sales"], results["returns"]
    assert (sales.metrics["orphans_s_customer_sk"], sales.metrics["orphan_rate"]) == (1, 0.25)
    assert (returns.metrics["orphans_r_item_sk_r_ticket"], returns.metrics["orphan_rate"]) == (1, 0.5)
    assert {n: r.gate for n, r in results.items()} == {"customer": "pass", "sales": "halt", "returns": "warn"}
    assert sales.gate_findings == (
        "quarantine_rate is 0.3333, above 0.2 (halt)",
        "orphan_rate is 0.2500, above 0.01 (warn)",
    )


def test_a_domain_computes_silver_and_gold_by_its_own_rules_and_parameters(shop: Any):
    lake = shop[0]
    assert lake.rows("silver.sale_promotions", "s_item_sk", "s_ticket", "promotion", "place") == PROMOTIONS
    assert lake.rows("gold.fact_sales", "item_sk", "ticket", "channel") == [
        (10, 100, "web"),
        (10, 101, "store"),
        (11, 101, "other"),
        (12, 102, "web"),
    ]
    assert bridged(lake) == PROMOTIONS
    assert lake.rows("gold.customer_value") == [
        (1, "AA", 2, Decimal("10.00")),
        (2, "BB", 4, Decimal("39.50")),
    ]


def test_a_row_that_refers_to_nothing_stopped_its_table_before_the_commit(shop: Any):
    lake, _, failure = shop
    assert (
        "1 rows of bridge_sale_promotion have a promotion_key that dim_promotion.promotion_key does not"
        in failure
    )
    job = lake.job("any")
    bridge = job.contract.table("bridge_sale_promotion")
    known = lake.table("gold.bridge_sale_promotion")
    check_references(lake.spark, job, bridge, known)
    with pytest.raises(
        ReferentialIntegrityError,
        match=r"2 rows of .* have a item_sk and ticket that fact_sales\.item_sk, fact_sales\.ticket does not",
    ):
        check_references(lake.spark, job, bridge, known.selectExpr("*").replace(100, 777, "ticket"))


def test_two_names_with_one_key_are_told_apart_before_they_are_appended(shop: Any):
    lake = shop[0]
    table, stored = lake.job("any").contract.table("dim_promotion"), lake.table("gold.dim_promotion")
    assert unseen(stored, stored, table).isEmpty()
    with pytest.raises(KeyCollisionError, match="dim_promotion: 2 keys stand for two natural keys each"):
        unseen(stored.selectExpr("promotion_key", "upper(promotion) AS promotion"), stored, table)
    both = stored.unionByName(stored.selectExpr("promotion_key", "upper(promotion) AS promotion"))
    with pytest.raises(KeyCollisionError, match="dim_promotion: 2 keys stand for two natural keys each"):
        all_once(both, table)


def test_a_correction_reaches_all_that_follows_and_a_rollback_undoes_it(shop: Any):
    """Also: what was appended stays as it was, other customers' rows are not written anew, and everything computed
    again is the same.
    """
    lake = shop[0]
    before, moment = {t: lake.rows(t) for t in KEPT}, dt.datetime.now(dt.UTC)
    first = dict(lake.rows("gold.dim_promotion", "promotion", "promotion_key"))
    drop(lake, SECOND)
    lake.bronze("run-2")
    assert lake.run("run-2")["sales"].rows == RowCounts(read=2, written=1, quarantined=0, replaced=1)
    after = {t: lake.rows(t) for t in KEPT}
    assert [
        r[:4] for r in lake.rows("silver.sale_promotions", "s_item_sk", "s_ticket", "promotion", "place")
    ] == LATER
    assert bridged(lake) == LATER
    found = dict(lake.rows("gold.dim_promotion", "promotion", "promotion_key"))
    assert found.keys() == {"spring", "vip", "summer"}
    assert found.items() >= first.items()
    assert lake.rows("gold.customer_value", "customer_sk", "net_paid") == [
        (1, Decimal("11.00")),
        (2, Decimal("40.50")),
    ]

    commits = {t: lake.commits(t) for t in KEPT}
    assert lake.run("run-3") == {}
    assert {t: lake.commits(t) for t in KEPT} == commits

    session = Session(lake.names, boto3.Session(), os.environ["AWS_ENDPOINT_URL"])
    done = {r.table: r.outcome for r in roll_back(session, "retail", moment)}
    assert {done[t] for t in KEPT} == {"back"}
    assert done["silver.customer"] == "same"
    for table in KEPT:
        zone, _, name = table.partition(".")
        lake.spark.catalog.refreshTable(f"glue_catalog.{lake.names.database('retail', zone)}.{name}")
    assert {t: lake.rows(t) for t in KEPT} == before
    lake.run("run-4", full_refresh=True)
    assert {t: lake.rows(t) for t in KEPT} == after
