"""What gold's job leaves for the warehouse: files that together are the table, also after
rows were changed.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.rig import Rig


def left(lake: Rig, name: str) -> Any:
    return json.loads(
        lake.s3.get_object(Bucket=lake.names.bucket("gold"), Key=f"shop/warehouse/{name}")["Body"].read()
    )


def manifest_of(lake: Rig, table: str) -> str:
    [entry] = [e for e in left(lake, "plan.json")["tables"] if e["table"] == table]
    return f"{table}/{entry['snapshot']}.manifest"


def copied(lake: Rig, table: str) -> pa.Table:
    """What COPY would read: the rows of all files of the manifest."""
    parts = []
    for entry in left(lake, manifest_of(lake, table))["entries"]:
        bucket, _, key = entry["url"].removeprefix("s3://").partition("/")
        content = lake.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert entry["meta"]["content_length"] == len(content)
        parts.append(pq.read_table(io.BytesIO(content)))
    return pa.concat_tables(parts, promote_options="permissive")


def test_the_files_of_the_manifest_are_the_table_also_after_late_changes(rig: Callable[[str], Rig]):
    lake = rig("manifest")
    head, events = "tx_id,user_id,amount,status,created_at\n", "event_id,user_id,ts,country\n"
    rows = (
        "t1,u1,10.00,pending,2026-05-01 10:00:00",
        "t2,u2,5.00,paid,2026-05-01 11:00:00",
        "t3,u1,7.00,paid,2026-05-02 09:00:00",
    )
    lake.drop("shop/users/u.csv", b"user_id,name,updated_at\nu1,Ann,2026-05-01 08:00:00\n")
    lake.drop(
        "shop/events/e.csv",
        (events + "e1,u1,2026-05-01 08:00:00,vn\ne2,u1,2026-05-02 08:00:00,vn\n").encode(),
    )
    lake.drop("shop/transactions/a.csv", (head + "\n".join(rows) + "\n").encode())
    lake.run("run-1", warehouse=True)
    first = {e["table"]: e["loaded"] for e in left(lake, "plan.json")["tables"]}
    lake.drop("shop/transactions/b.csv", (head + "t1,u1,10.00,paid,2026-05-01 10:30:00\n").encode())
    lake.drop("shop/events/f.csv", (events + "e1,u1,2026-05-01 08:30:00,fr\n").encode())
    lake.run("run-2", warehouse=True)
    second = {e["table"]: e["loaded"] for e in left(lake, "plan.json")["tables"]}
    assert first.keys() == second.keys() == {t.name for t in lake.job("any").contract.gold}
    assert {"fact_events", "daily_revenue", "user_ltv"} <= {t for t in first if first[t] != second[t]}
    countries = copied(lake, "fact_events").select(["event_id", "country"]).to_pylist()
    assert sorted((r["event_id"], r["country"]) for r in countries) == [("e1", "FR"), ("e2", "VN")]
    revenue = {r["date"]: r["total_revenue"] for r in copied(lake, "daily_revenue").to_pylist()}
    assert revenue == {dt.date(2026, 5, 1): Decimal("15.00"), dt.date(2026, 5, 2): Decimal("7.00")}
    statements = left(lake, "daily_revenue.json")["reload"][0]["sqls"]
    columns = ", ".join(f'"{c}"' for c in copied(lake, "daily_revenue").column_names)
    assert f'COPY "new_daily_revenue" ({columns}) FROM' in statements[1]


def test_a_run_has_work_for_gold_while_the_warehouse_has_not_followed(rig: Callable[[str], Rig]):
    """The state machine notes a load before gold, and removes the note when it is done."""
    lake = rig("loadowed")

    def changed(run_id: str) -> bool:
        lake.silver(run_id)
        return bool(lake.ledger._get({"pk": "run#shop", "sk": run_id})["changed"])  # type: ignore[index]

    assert not changed("run-1")
    lake.ledger._table.put_item(Item={"pk": "load#shop", "sk": "open", "run_id": "run-0"})
    assert changed("run-2")
