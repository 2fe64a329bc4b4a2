"""Another engine writes to a table at the moment in which a run commits to it: deletes, snapshots and new columns
come out as if it had written before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from shared.contracts import contract
from tests.support.field import without
from tests.support.foreign_engine import ForeignEngine
from tests.support.halfway import Halfway, halfway
from tests.support.rig import Rig

HEADER = "op,order_id,amount,changed_at\n"
T1, T2, T3, T9 = (f"2026-01-0{day}T00:00:00Z" for day in (1, 2, 3, 9))


@pytest.fixture
def stop() -> Iterator[Halfway]:
    with halfway() as stopped:
        yield stopped


def whole(foreign: ForeignEngine, *tables: str) -> None:
    """All files that a table names are there, and no branch is left."""
    for table in tables:
        assert (foreign.missing_files(table), foreign.branches(table)) == (set(), ["main"])


def order(order_id: str, amount: str, changed_at: str) -> dict[str, str]:
    moment = changed_at.replace("T", " ").removesuffix("Z")
    return {
        "op": "'U'",
        "order_id": f"'{order_id}'",
        "amount": amount,
        "changed_at": f"TIMESTAMP'{moment} UTC'",
        "event_date": f"DATE'{changed_at[:10]}'",
        "_file_order": "'0'",
    }


@pytest.mark.field(
    "35", "Another engine changes a row that a run deletes, and brings back one that is gone", "right"
)
def test_deletes_rest_on_what_foreign_writers_left(lake: Callable[..., Rig], stop: Halfway) -> None:
    made = lake("change_data", "rival1")
    made.drop("change_data/orders/1.csv", f"{HEADER}I,a,1,{T1}\nI,b,2,{T1}\nI,c,3,{T1}\n".encode())
    made.silver("first")
    foreign = ForeignEngine(made)

    def acts() -> None:
        """`a` is newer than the delete that is coming, `c` goes."""
        foreign.delete("silver.orders", "order_id IN ('a', 'c')")
        foreign.append("silver.orders", **order("a", "9", T9))

    made.drop("change_data/orders/2.csv", f"{HEADER}D,a,,{T3}\nD,b,,{T3}\nU,c,4,{T3}\n".encode())
    stop.at("read", "silver.orders", acts)
    made.silver("second")
    assert made.rows("silver.orders", "order_id", "amount") == [("a", Decimal(9)), ("c", Decimal(4))]
    assert stop.reached.count("read silver.orders") >= 2
    # What was deleted stays deleted, whatever came in between.
    made.drop("change_data/orders/3.csv", f"{HEADER}U,b,7,{T2}\n".encode())
    made.silver("third")
    assert made.rows("silver.orders", "order_id") == [("a",), ("c",)]
    whole(foreign, "silver.orders", "silver.orders_deleted")


@pytest.mark.field(
    "35", "Another engine takes away what is remembered of a delete, while a run adds to it", "right"
)
def test_tombstones_are_brought_up_to_date_from_what_they_are(
    lake: Callable[..., Rig], stop: Halfway
) -> None:
    made = lake("change_data", "rival2")
    made.drop("change_data/orders/1.csv", f"{HEADER}I,a,1,{T1}\nD,b,,{T3}\n".encode())
    made.silver("first")
    foreign = ForeignEngine(made)
    made.drop("change_data/orders/2.csv", f"{HEADER}D,a,,{T3}\n".encode())
    stop.at(
        "written", "silver.orders_deleted", lambda: foreign.delete("silver.orders_deleted", "order_id = 'b'")
    )
    made.silver("second")
    assert made.rows("silver.orders", "order_id") == []
    assert made.rows("silver.orders_deleted", "order_id") == [("a",)]
    whole(foreign, "silver.orders_deleted")


@pytest.mark.field(
    "35", "Another engine adds to a price list, which its newest file is the whole of", "right"
)
def test_a_snapshot_takes_away_what_came_in_between(lake: Callable[..., Rig], stop: Halfway) -> None:
    made = lake("versions", "rival3")
    head = b"sku,price,seen_at\n"
    made.drop("versions/prices/2026-01-02/a.csv", head + b"s1,1.00,2026-01-02T00:00:00Z\n")
    made.silver("first")
    foreign = ForeignEngine(made)
    made.drop("versions/prices/2026-01-03/a.csv", head + b"s2,2.00,2026-01-03T00:00:00Z\n")
    stop.at("read", "silver.prices", lambda: foreign.append("silver.prices", sku="'s3'", _file_order="'0'"))
    made.silver("second")
    assert made.rows("silver.prices", "sku", "price") == [("s2", Decimal("2.00"))]
    assert made.results("second")["prices"].rows.balanced
    whole(foreign, "silver.prices")


@pytest.mark.field("35", "Another engine changes rows while a new column is filled", "right")
def test_a_new_column_is_filled_in_what_foreign_writers_left(lake: Callable[..., Rig], stop: Halfway) -> None:
    made, today = lake("drift", "rival4"), contract("drift")
    first, then = without(today, "currency", "fee", "tier", "browser"), without(today, "fee")
    made.drop(
        "drift/orders/a.csv",
        b"order_id,amount,ordered_at,currency\n"
        b"o1,10.00,2026-05-01T10:00:00Z,EUR\no2,20.00,2026-05-01T10:00:00Z,USD\n",
    )
    made.run("first", contract=first)
    foreign = ForeignEngine(made)
    stop.at("written", "silver.orders", lambda: foreign.delete("silver.orders", "order_id = 'o1'"))
    made.run("second", contract=then)
    assert made.rows("silver.orders", "order_id", "currency") == [("o2", "USD")]
    assert stop.reached.count("written silver.orders") == 3  # the first run, and twice in the second
    whole(foreign, "silver.orders")
