"""Gold in the warehouse after runs of every kind: what is loaded, and that it is gold's rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from glue_scripts import silver_to_gold
from local.aws.redshift import Warehouse
from shared.contracts import Contract, contract
from tests.support.rig import Rig
from tests.support.warehouse import left, load, rows, started

USERS, EVENTS, SALES = (
    "user_id,name,updated_at\n",
    "event_id,user_id,ts,country\n",
    "tx_id,user_id,amount,status,created_at\n",
)
# Ingestion refuses what is later than its clock, June 2026.
MONTHS = ["2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05"]
GOLD = ("dim_users", "dim_date", "fact_events", "daily_revenue", "user_ltv")


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with started() as made:
        yield made


def younger(of: Contract) -> Contract:
    """The contract before daily_revenue had its last column."""
    tables = (replace(t, columns=t.columns[:-1]) if t.name == "daily_revenue" else t for t in of.gold)
    return replace(of, gold=tuple(tables))


def as_gold(lake: Rig) -> dict[str, list[tuple[Any, ...]]]:
    return {t: lake.rows(f"gold.{t}", *lake.job("any").contract.table(t).column_names) for t in GOLD}


def as_loaded(lake: Rig, warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    return {t: rows(lake, warehouse, t) for t in GOLD}


def run(lake: Rig, name: str, **files: str) -> None:
    for dataset, lines in files.items():
        head = {"users": USERS, "events": EVENTS, "transactions": SALES}[dataset]
        lake.drop(f"shop/{dataset}/{name}.csv", (head + lines).encode())
    lake.run(name, warehouse=True)


def widths(warehouse: Warehouse, table: str) -> dict[str, int]:
    with warehouse.connection() as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT column_name, character_maximum_length FROM information_schema.columns WHERE table_schema ="
            f" 'shop' AND table_name = '{table}' AND character_maximum_length IS NOT NULL"
        )
        return {str(name): int(length) for name, length in cursor.fetchall()}


def test_the_warehouse_has_gold_s_rows_after_runs_of_every_kind(
    rig: Callable[[str], Rig], warehouse: Warehouse
) -> None:
    lake, before = rig("loads"), younger(contract("shop"))
    lake.drop(
        "shop/users/u.csv", (USERS + "u1,Ann,2026-01-01 08:00:00\nu2,Bea,2026-01-01 08:00:00\n").encode()
    )
    lake.drop(
        "shop/events/e.csv", (EVENTS + "".join(f"e{m},u1,{m}-01 08:00:00,vn\n" for m in MONTHS)).encode()
    )
    lake.drop(
        "shop/transactions/t.csv",
        (SALES + "".join(f"t{m},u2,5.00,paid,{m}-01 10:00:00\n" for m in MONTHS)).encode(),
    )
    old = {
        name: lambda of, name=name, rule=rule: rule(of).select(*before.table(name).column_names)
        for name, rule in silver_to_gold.transforms_of("shop").items()
    }
    lake.gold(lake.silver("run-1", contract=before, warehouse=True), **old)
    assert load(lake, warehouse) == dict.fromkeys(GOLD, "rebuild")
    assert widths(warehouse, "fact_events") == {
        "event_id": 64, "user_id": 64, "country": 64, "user_city": 64, "user_email": 64,
    }  # fmt: skip

    # A column more: no full refresh is asked for.
    run(lake, "run-2", transactions="t9,u1,7.00,delivered,2026-05-01 09:00:00\n")
    assert load(lake, warehouse)["daily_revenue"] == "rebuild"
    assert as_loaded(lake, warehouse) == as_gold(lake)
    assert {r[-1] for r in rows(lake, warehouse, "daily_revenue")} == {0, 1}

    # A correction and a new row of one month.
    run(lake, "run-3", events="e2026-05,u1,2026-05-01 08:30:00,fr\ne9,u2,2026-05-02 08:00:00,fr\n")
    done = load(lake, warehouse)
    assert done["fact_events"] == "change"
    assert "daily_revenue" not in done
    assert as_loaded(lake, warehouse) == as_gold(lake)

    # A load that is missed.
    run(lake, "run-4", events="e10,u2,2026-03-02 08:00:00,fr\n")
    run(lake, "run-5", events="e11,u2,2026-04-02 08:00:00,fr\n")
    assert load(lake, warehouse)["fact_events"] == "change"
    assert as_loaded(lake, warehouse) == as_gold(lake)
    kept = {k.removeprefix("shop/warehouse/").split("/")[0] for k in lake.objects("gold", "shop/warehouse/")}
    assert kept == {"plan.json", *GOLD, *(f"{t}.json" for t in GOLD)}

    # Gold goes back to what it was before.
    table = f"glue_catalog.{lake.names.database('shop', 'gold')}.fact_events"
    [parent] = lake.spark.sql(
        f"SELECT parent_id FROM {table}.snapshots ORDER BY committed_at DESC LIMIT 1"
    ).collect()
    lake.spark.sql(
        f"CALL glue_catalog.system.set_current_snapshot('{table.partition('.')[2]}', {parent['parent_id']})"
    )
    lake.gold(lake.job("run-6", warehouse=True))
    assert load(lake, warehouse) == {"fact_events": "change"}
    assert as_loaded(lake, warehouse) == as_gold(lake)

    # A longer text than any before.
    run(lake, "run-7", events=f"{'e' * 300},u2,2026-02-02 08:00:00,fr\n")
    assert load(lake, warehouse)["fact_events"] == "rebuild"
    assert widths(warehouse, "fact_events")["event_id"] == 1024
    assert as_loaded(lake, warehouse) == as_gold(lake)

    # A full refresh.
    lake.run("run-8", warehouse=True, full_refresh=True)
    assert set(load(lake, warehouse).values()) <= {"reload", "change"}
    assert as_loaded(lake, warehouse) == as_gold(lake)
    [entry] = [e for e in left(lake, "plan.json")["tables"] if e["table"] == "fact_events"]
    manifest = f"fact_events/{entry['snapshot']}.manifest"
    assert len(left(lake, manifest)["entries"]) == lake.table("gold.fact_events.files").count()
