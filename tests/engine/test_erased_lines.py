"""Lines of an order that come out of the same file leave with the person who ordered, and do not come back."""

from __future__ import annotations

from collections.abc import Callable

from shared.ledger.model import RowCounts
from tests.support.erasure import erase, erasure, holders, keep_all_versions
from tests.support.rig import Rig


def page(*orders: tuple[str, str]) -> bytes:
    """Orders with their buyers, two lines each."""
    found = ", ".join(
        f'{{"id":"{order}","user":{{"id":"{user}"}},"placed":{{"at":"2026-01-02T10:00:00Z"}},'
        f'"lines":[{{"line":1,"sku":"{order}-a"}},{{"line":2,"sku":"{order}-b"}}]}}'
        for order, user in orders
    )
    return f'{{"data": {{"orders": [{found}]}}}}'.encode()


def test_lines_leave_with_their_order_and_late_ones_stay_out(rig: Callable[..., Rig]) -> None:
    lake = rig("lines", "shop")
    keep_all_versions(lake)
    lake.drop("shop/orders/a.json", page(("o1", "u42"), ("o2", "u1")))
    lake.run("run-1")
    assert len(lake.rows("silver.order_lines", "order_id")) == 4
    receipt = erase(lake, "u42")
    assert receipt.proven, receipt
    assert lake.rows("silver.order_lines", "order_id", "sku") == [("o2", "o2-a"), ("o2", "o2-b")]
    assert holders(lake, "u42") == holders(lake, "o1-a") == {}
    lake.drop("shop/orders/late.json", page(("o9", "u42"), ("o3", "u1")))
    late = {dataset: result.rows for dataset, result in lake.run("late").items()}
    assert late["orders"] == RowCounts(read=2, written=1, erased=1)
    assert late["order_lines"] == RowCounts(read=4, written=2, erased=2)
    assert {order for (order,) in lake.rows("silver.order_lines", "order_id")} == {"o2", "o3"}
    assert erasure(lake, again=True).carry_out(whole=False).proven
    assert holders(lake, "o9-a") == {}
