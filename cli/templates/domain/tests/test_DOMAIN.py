"""The domain on the real engine: literal files in, literal rows out. `rig` makes a lake of its own."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

ORDERS = b"""order_id,ordered_at,customer_id,amount
o1,2026-05-01T09:30:00Z,c1,10.50
o2,2026-05-01T12:00:00Z,c2,7.00
o2,2026-05-02T12:00:00Z,c2,8.00
,2026-05-02T08:15:00Z,c1,3.00
"""


def test_the_newest_version_of_an_order_counts_and_one_without_a_key_is_quarantined(rig: Any) -> None:
    lake = rig("DOMAIN", "DOMAIN")
    lake.drop("DOMAIN/orders/day.csv", ORDERS)
    lake.run("first")
    assert lake.rows("gold.orders_by_day") == [
        (dt.date(2026, 5, 1), 1, Decimal("10.50")),
        (dt.date(2026, 5, 2), 1, Decimal("8.00")),
    ]
    assert lake.rows("quarantine.orders_rows", "reasons") == [(["missing_key"],)]
