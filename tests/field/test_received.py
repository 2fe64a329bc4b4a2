"""A quarantined row shows the record as it was received: its names, its spellings, its kinds of values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.field import run_with

T = "2026-05-03T10:00:00Z"
JSON_LINE = f'{{"order_id": "j1",  "amount": true, "ordered_at": "{T}", "Ccy": "EUR", "x": {{"a": 1.50}}}}'
FILES: dict[str, str | bytes] = {
    "orders/spark.csv": 'ORDER_ID,amount,ordered_at,Ccy,"say ""it"""\n c1 ,abc,' + T + ", euro ,N/A\n",
    "orders/ours.csv": "\ufeff"
    + f"Order-Id,amount,ordered_at,Ccy\r\nd1,1.5.5,{T},n/a\r\nd2,1.50,{T},\ufeffEUR\r\n",
    "orders/spark.ndjson": f'{{"order_id":"n1","amount":"abc","ordered_at":"{T}","Ccy":" usd ","x":7}}\n',
    "orders/ours.ndjson": JSON_LINE
    + "\n"
    + "\n".join(f'{{"order_id":"k{i}","amount":NaN}}' for i in range(2)),
}


@pytest.fixture(scope="module")
def received(lake: Any) -> dict[str, list[str]]:
    """What quarantine holds, by file."""
    rig = run_with(lake("drift", "field-received"), FILES)
    found: dict[str, list[str]] = {}
    for file, record in rig.rows("quarantine.orders_rows", "source_file", "raw_record"):
        found.setdefault(file.removeprefix("drift/orders/"), []).append(record)
    return found


def test_cells_stand_under_the_names_of_the_file(received: dict[str, list[str]]) -> None:
    [row] = received["spark.csv"]
    assert json.loads(row) == {
        "ORDER_ID": " c1 ",
        "amount": "abc",
        "ordered_at": T,
        "Ccy": " euro ",
        'say "it"': "N/A",
    }


def test_so_do_those_of_json_lines_that_spark_reads(received: dict[str, list[str]]) -> None:
    [row] = received["spark.ndjson"]
    assert json.loads(row) == {"order_id": "n1", "amount": "abc", "ordered_at": T, "Ccy": " usd ", "x": "7"}


def test_json_that_we_read_is_shown_as_it_came(received: dict[str, list[str]]) -> None:
    assert JSON_LINE in received["ours.ndjson"]
    assert '{"order_id":"k0","amount":NaN}' in received["ours.ndjson"]
