"""Nested records, values in keys, and values of another kind than the contract's."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from shared.contracts import contract
from shared.ledger.model import LedgerFile, RowCounts
from tests.support.field import parquet, without
from tests.support.rig import Rig

NOON = dt.datetime(2026, 1, 2, 12)
ORDER = """{"id": 7.0, "placed": {"at": "2026-01-02T12:00:00Z"}, "user": {"id": "u1", "name": "Ann"},
 "total": {"value": 12.50, "currency": "EUR"}, "tags": ["a", 1, null], "ratings": [5, 4], "days": ["2026-01-03"],
 "prices": [1.5, 2], "address": {"zip": "01", "city": {"b": 1.50, "a": [1]}},
 "lines": [{"line": 1, "sku": "s1", "price": {"value": 10.00}}, {"line": 2, "sku": "s2", "price": {"value": 2.5}}]}"""
XML = """<orders><order id="8"><placed><at>2026-01-02T12:00:00Z</at></placed><user id="u2"><name>Bea</name></user>
<total currency="EUR"><value>3.20</value></total><tags>one</tags><ratings>3</ratings>
<lines><line>1</line><sku>x1</sku><price><value>3.20</value></price></lines></order></orders>"""
PARQUET = {
    "id": "9",
    "placed": {"at": NOON.replace(tzinfo=dt.UTC)},
    "user": {"id": 33},
    "total": {"value": Decimal("4.10"), "currency": "EUR"},
    "tags": ["p"],
    "ratings": [1, None],
    "days": [dt.date(2026, 1, 3)],
    "prices": [4.1],
    "address": {"zip": "9", "a": 1},
    "lines": [{"line": 1, "sku": "q1", "price": {"value": 4.1}}],
}
BAD_ORDERS = """{"id":"b1","placed":{"at":"2026-01-02T12:00:00Z"},"ratings":[5,"many"]}
{"id":"b2","placed":{"at":"2026-01-02T12:00:00Z"},"tags":[["a"]]}
{"id":"b3","placed":{"at":"2026-01-02T12:00:00Z"},"user":{"id":{"n":1}}}
{"id":"b4","placed":{"at":"2026-01-02T12:00:00Z"},"tags":"a"}
{"id":"b5","placed":"2026-01-02T12:00:00Z"}
{"id":"b6","placed":{"at":"2026-01-02T12:00:00Z"},"lines":"none"}
{"id":"b7","placed":{"at":"2026-01-02T12:00:00Z"},"lines":[{"line":1},{"line":"two"}]}
"""
PAGES = (
    '{"next":"p2","data":{"count":2,"orders":[{"id":"p1","placed":{"at":"2026-01-02T12:00:00Z"}},'
    '{"id":"p2","placed":{"at":"2026-01-02T12:00:00Z"},"user":{"id":"u"}}]}}\n'
    '{"data":{"orders":[{"id":"p3","placed":{"at":"2026-01-02T12:00:00Z"}}]}}\n'
)
XML_PAGE = "<r><next/><data><orders><o id='p4'><placed><at>2026-01-02T12:00:00Z</at></placed></o></orders></data></r>"
AT = '"at":"2026-01-02T12:00:00Z"'
THINGS = {
    "day1.ndjson": f'{{"id":"t1","status":1,{AT}}}\n',
    "day2.ndjson": f'{{"id":"t2","status":"paid",{AT}}}\n',
    "day3.ndjson": f'{{"id":"t3","status":{{"code":1}},{AT}}}\n',
    "nan.ndjson": "".join(f'{{"id":"n{i}","amount":{a},{AT}}}\n' for i, a in enumerate(("NaN", "1.5", "2"))),
    "allnan.ndjson": f'{{"id":"n8","amount":NaN,{AT}}}\n{{"id":"n9","amount":-Infinity,{AT}}}\n',
    "ids.ndjson": "".join(
        f'{{"id":{i},{AT}}}\n'
        for i in ("16345678.0", "1.6345679E7", "9007199254740994.0", "7.5", '{"id": 9}', "[9]", "16345680")
    ),
    "ids.csv": "id,at\n16345690,2026-01-02T12:00:00Z\n",
    "invisible.csv": "id,at,status\n\ufeff i1 ,2026-01-02T12:00:00Z,\ufeffx\n\u200bi2\u200e,2026-01-02T12:00:00Z,y\n",
    "invisible.ndjson": f'{{"id":"\\u2060i3\\u00a0","status":"z",{AT}}}\n\ufeff{{"id":"i4",{AT}}}\n',
    "long.ndjson": f'{{"id":"l1","more":0.{"0" * 1100}1,{AT}}}\n{{"id":"l2",{AT}}}\n',
}
SALES = {
    "nested/sales/dt=2026-01-02/country=DE/part-00007.csv": "sale_id,amount\ns1,1.50\ns2,2\n",
    "nested/sales/dt=2026-01-03/country=C%C3%B4te%20d%27Ivoire/part-1.ndjson": '{"sale_id":"s3","amount":3}\n',
    "nested/sales/dt=someday/country=__HIVE_DEFAULT_PARTITION__/part-2.csv": "sale_id,amount\ns4,4\n",
    "nested/sales/part-3.csv": "sale_id,amount,country\ns5,5,FR\n",
    "nested/sales/dt=2026-01-04/part-99999999999.csv": "sale_id,amount,country\ns6,6,FR\n",
}


def many_orders() -> str:
    """Orders with none to many lines, pseudo-random but the same every time."""
    dice = random.Random(17)
    lines = []
    for n in range(400):
        count = dice.choice((0, 1, 2, 5))
        order = {
            "id": f"m{n}",
            "placed": {"at": f"2026-01-{dice.randint(1, 28):02}T{dice.randint(0, 23):02}:30:00Z"},
            "user": {"id": f"u{dice.randint(1, 50)}", "name": "x"} if dice.random() < 0.9 else None,
            "total": {"value": dice.randint(0, 10**6) / 100},
            "tags": dice.sample(("a", "b", "c"), dice.randint(0, 3)),
            "lines": [
                {"line": i, "sku": f"s{dice.randint(1, 9)}", "price": {"value": dice.randint(0, 9999) / 100}}
                for i in range(count)
            ],
        }
        if dice.random() < 0.1:
            del order["lines"]
        lines.append(json.dumps(order))
    return "\n".join(lines)


@pytest.fixture(scope="module")
def nested(lake: Callable[..., Rig]) -> Rig:
    made = lake("nested")
    made.drop("nested/orders/a.json", ORDER.encode())
    made.drop("nested/orders/b.xml", XML.encode())
    made.drop("nested/orders/c.parquet", parquet(pa.Table.from_pylist([PARQUET])))
    made.drop("nested/orders/bad.ndjson", BAD_ORDERS.encode())
    made.drop("nested/orders/many.ndjson", many_orders().encode())
    made.drop("nested/pages/a.json", PAGES.encode())
    made.drop("nested/pages/b.xml", XML_PAGE.encode())
    for name, text in THINGS.items():
        made.drop(f"nested/things/{name}", text.encode())
    doubles = [{"id": 16345690.0, "at": "2026-01-02T12:00:00Z", "amount": 0.1}]
    made.drop("nested/things/doubles.parquet", parquet(pa.Table.from_pylist(doubles)))
    made.drop("nested/things/beside.parquet", parquet(pa.Table.from_pylist([{**doubles[0], "x": [1]}])))
    for key, text in SALES.items():
        made.drop(key, text.encode())
    made.silver("run-1")
    return made


def of_files(lake: Rig, table: str, pattern: str, *columns: str) -> list[tuple[Any, ...]]:
    rows = lake.table(f"silver.{table}").where(f"_source_file LIKE '{pattern}'")
    return sorted((tuple(r) for r in rows.select(*columns).collect()), key=repr)


def quarantined(lake: Rig, dataset: str, pattern: str = "%") -> list[tuple[Any, ...]]:
    rows = lake.table(f"quarantine.{dataset}_rows").where(f"source_file LIKE '{pattern}'")
    found = rows.select("raw_record", "reasons", "columns").collect()
    return sorted((r.raw_record, tuple(r.reasons), tuple(r.columns)) for r in found)


@pytest.mark.field("19", "Nested JSON: fields of objects, of lists, lists and whole objects", "right")
def test_columns_are_found_by_their_paths(nested: Rig) -> None:
    [row] = of_files(nested, "orders", "%/a.json", "*")
    kept = dict(zip(nested.table("silver.orders").columns, row, strict=True))
    assert {k: kept[k] for k in list(kept)[:11]} == {
        "order_id": "7",
        "at": NOON,
        "user_id": "u1",
        "first_sku": "s1",
        "amount": Decimal("12.50"),
        "tags": ["a", "1", None],
        "ratings": [5, 4],
        "days": [dt.date(2026, 1, 3)],
        "prices": [Decimal("1.50"), Decimal("2.00")],
        "address": '{"city":{"a":[1],"b":1.50},"zip":"01"}',
        "event_date": dt.date(2026, 1, 2),
    }
    assert kept["_extra"] == {"user": '{"name":"Ann"}', "total": '{"currency":"EUR"}'}


@pytest.mark.field("17.4", "The same nested records as XML and as Parquet", "right")
def test_xml_and_parquet_have_the_same_paths(nested: Rig) -> None:
    columns = ("order_id", "at", "first_sku", "amount", "tags", "ratings", "days", "prices", "address")
    assert of_files(nested, "orders", "%/b.xml", *columns) == [
        ("8", NOON, "x1", Decimal("3.20"), ["one"], [3], None, None, None)
    ]
    assert of_files(nested, "orders", "%/c.parquet", *columns) == [
        (
            *("9", NOON, "q1", Decimal("4.10"), ["p"], [1, None]),
            *([dt.date(2026, 1, 3)], [Decimal("4.10")], '{"a":1,"zip":"9"}'),
        )
    ]
    assert of_files(nested, "orders", "%/c.parquet", "user_id", "_extra") == [
        ("33", {"total": '{"currency":"EUR"}'})
    ]


@pytest.mark.field("17.4", "One file of orders with lines feeds two tables", "right")
def test_the_lines_of_the_same_files_are_rows_of_their_own_table(nested: Rig) -> None:
    columns = ("order_id", "line", "at", "sku", "price")
    assert of_files(nested, "lines", "nested/lines/_.%", *columns) == [
        ("7", 1, NOON, "s1", Decimal("10.00")),
        ("7", 2, NOON, "s2", Decimal("2.50")),
        ("8", 1, NOON, "x1", Decimal("3.20")),
        ("9", 1, NOON, "q1", Decimal("4.10")),
    ]
    files = {(f.key, f.status, f.records) for f in nested.ledger.files("nested") if "/a.json" in f.key}
    assert {f for f in files if "pages" not in f[0]} == {
        ("nested/orders/a.json", "accepted", 1),
        ("nested/lines/a.json", "accepted", 2),
    }


@pytest.mark.field("17.4", "Orders with lines, every row as DuckDB finds it in the same file", "right")
def test_every_row_of_a_larger_file_is_what_duckdb_finds(nested: Rig, tmp_path: Path) -> None:
    path = tmp_path / "many.ndjson"
    path.write_text(many_orders(), "utf-8")
    duck = duckdb.connect()
    duck.execute("SET TimeZone = 'UTC'")
    duck.execute(
        "CREATE VIEW orders AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = {"
        " id: 'VARCHAR', placed: 'STRUCT(\"at\" TIMESTAMP)', \"user\": 'STRUCT(id VARCHAR)', tags: 'VARCHAR[]',"
        " total: 'STRUCT(value DECIMAL(10,2))',"
        " lines: 'STRUCT(line INTEGER, sku VARCHAR, price STRUCT(value DECIMAL(10,2)))[]'})".replace(
            "?", f"'{path}'"
        )
    )
    orders = duck.execute(
        'SELECT id, placed.at, "user".id, lines[1].sku, total.value, tags FROM orders'
    ).fetchall()
    lines = duck.execute(
        "SELECT id, l.line, placed.at, l.sku, l.price.value FROM (SELECT *, unnest(lines) AS l FROM orders)"
    ).fetchall()
    assert (len(orders), len(lines) > 400) == (400, True)
    found = of_files(
        nested, "orders", "%/many.ndjson", "order_id", "at", "user_id", "first_sku", "amount", "tags"
    )
    assert found == sorted(orders, key=repr)
    columns = ("order_id", "line", "at", "sku", "price")
    assert of_files(nested, "lines", "%/many.ndjson", *columns) == sorted(lines, key=repr)


@pytest.mark.field("17.4", "Values of another shape than the contract's, beside good rows", "quarantined")
def test_a_value_of_another_shape_is_a_reason_of_its_row(nested: Rig) -> None:
    found = {
        json.loads(raw)["id"]: (reasons, columns) for raw, reasons, columns in quarantined(nested, "orders")
    }
    assert found == {
        "b1": (("invalid_type",), ("ratings",)),
        "b2": (("nested_value",), ("tags",)),
        "b3": (("nested_value",), ("user_id",)),
        "b4": (("invalid_type",), ("tags",)),
        "b5": (("missing_timestamp",), ("at",)),
    }
    whole, cells = sorted(quarantined(nested, "lines"), key=lambda q: q[1])
    assert (json.loads(whole[0])["id"], whole[1]) == ("b6", ("corrupt_record",))
    assert cells == (
        '{"^.id":"b7","line":"two","^.placed.at":"2026-01-02T12:00:00Z"}',
        ("missing_key", "invalid_type"),
        ("line",),
    )


@pytest.mark.field("19", "Envelopes: pages of an API, one a line, and of XML", "right")
def test_records_of_envelopes(nested: Rig) -> None:
    assert nested.rows("silver.pages", "order_id", "user_id") == [
        ("p1", None),
        ("p2", "u"),
        ("p3", None),
        ("p4", None),
    ]


@pytest.mark.field("19", "An envelope that has no records where the contract says", "refused")
def test_an_envelope_without_records_is_refused(nested: Rig) -> None:
    outcome = nested.drop("nested/pages/c.json", b'{"data":{"items":[{"id":"x"}]}}')
    assert (outcome and outcome.reason) == "no_records"


@pytest.mark.field("21", "A field is a number, then text, then an object", "quarantined")
def test_a_field_that_changes_its_type(nested: Rig) -> None:
    assert of_files(nested, "things", "%/day%", "id", "status") == [("t1", "1"), ("t2", "paid")]
    [(raw, *why)] = quarantined(nested, "things", "%/day3.ndjson")
    assert (json.loads(raw)["status"], why) == ({"code": 1}, [("nested_value",), ("status",)])


@pytest.mark.field("20", "NaN and Infinity in one row or in all of them", "quarantined")
def test_nan_is_a_reason_of_its_row(nested: Rig) -> None:
    assert of_files(nested, "things", "%/nan.ndjson", "id", "amount") == [
        ("n1", Decimal("1.50")),
        ("n2", Decimal("2.00")),
    ]
    for pattern, count in (("%/nan.ndjson", 1), ("%/allnan.ndjson", 2)):
        assert [q[1:] for q in quarantined(nested, "things", pattern)] == [
            (("invalid_type",), ("amount",))
        ] * count


@pytest.mark.field("h19", "Identifiers that are floating-point numbers", "right")
def test_an_identifier_is_the_whole_number_that_it_is(nested: Rig) -> None:
    assert of_files(nested, "things", "%/ids.ndjson", "id") == [("16345678",), ("16345679",), ("16345680",)]
    one = nested.table("silver.things").where("id LIKE '1634569%' OR id LIKE '1.6%'").select("id")
    assert [tuple(r) for r in one.collect()] == [
        ("16345690",)
    ]  # of CSV, of doubles, of doubles beside a list


@pytest.mark.field("h19", "Identifiers that no double can hold for certain", "quarantined")
@pytest.mark.field("h20", "An object or a list as an identifier", "quarantined")
def test_other_numbers_and_nested_values_are_no_identifiers(nested: Rig) -> None:
    found = quarantined(nested, "things", "%/ids.ndjson")
    assert [(json.loads(raw)["id"], reasons, columns) for raw, reasons, columns in found] == [
        (7.5, ("number_as_text",), ("id",)),
        (9007199254740994.0, ("number_as_text",), ("id",)),
        ([9], ("nested_value",), ("id",)),
        ({"id": 9}, ("nested_value",), ("id",)),
    ]


@pytest.mark.field("h18", "Blanks, byte-order marks and zero-width characters around a key", "right")
def test_nothing_invisible_surrounds_a_key(nested: Rig) -> None:
    assert of_files(nested, "things", "%/invisible%", "id") == [("i1",), ("i2",), ("i3",)]


@pytest.mark.field("h14", "A JSON number of more than a thousand characters", "right")
def test_a_very_long_number_is_counted_alike(nested: Rig) -> None:
    assert of_files(nested, "things", "%/long.ndjson", "id", "_extra") == [
        ("l1", {"more": f"0.{'0' * 1100}1"}),
        ("l2", None),
    ]


@pytest.mark.field("17.4", "Values in the key: hive parts and a pattern", "right")
def test_values_of_the_key_are_columns(nested: Rig) -> None:
    columns = ("sale_id", "day", "country", "part", "amount", "event_date")
    assert nested.rows("silver.sales", *columns) == [
        ("s1", dt.date(2026, 1, 2), "DE", 7, Decimal("1.50"), dt.date(2026, 1, 2)),
        ("s2", dt.date(2026, 1, 2), "DE", 7, Decimal("2.00"), dt.date(2026, 1, 2)),
        ("s3", dt.date(2026, 1, 3), "Côte d'Ivoire", 1, Decimal("3.00"), dt.date(2026, 1, 3)),
    ]
    [file] = [f for f in nested.ledger.files("nested") if f.key.endswith("part-00007.csv")]
    assert (file.primary_date, file.event_dates) == ("2026-01-02", ("2026-01-02",))


@pytest.mark.field("17.4", "A key with a value of another type", "quarantined")
def test_a_wrong_value_of_a_key_is_a_reason(nested: Rig) -> None:
    [(raw, *why)] = quarantined(nested, "sales")
    assert why == [("invalid_type",), ("part",)]
    assert json.loads(raw)["country"] == "FR"


@pytest.mark.field("17.4", "A key without the date, or with one that is none", "refused")
def test_a_file_whose_key_has_no_date_belongs_to_no_day(nested: Rig) -> None:
    found = {
        f.key.rpartition("/")[2]: (f.reason, f.detail) for f in nested.ledger.quarantined("nested", "sales")
    }
    assert found == {
        "part-2.csv": (
            "no_readable_date",
            "day: dt finds what is not spelled as declared (iso) in the key",
        ),
        "part-3.csv": ("no_readable_date", "day: dt finds nothing in the key"),
    }


def test_nothing_is_lost(nested: Rig) -> None:
    found = nested.results("run-1")
    assert all(r.rows.balanced for r in found.values())
    assert found["orders"].rows == RowCounts(410, 405, 5)
    assert found["lines"].rows.quarantined == 2


def test_a_retry_gives_each_dataset_one_outcome(nested: Rig) -> None:
    before: list[LedgerFile] = nested.ledger.files("nested")
    file = nested.file("nested/orders/again.json", 10_000)
    body = ORDER.replace("7.0", '"r1"').encode()
    nested.s3.put_object(Bucket=file.bucket, Key=file.key, Body=body)
    first = next(nested.ingest.outcomes(file, "dies behind the first"))
    assert first.key == "nested/lines/again.json"
    rest = [o.key for o in nested.ingest.outcomes(file, "tries again")]
    assert rest == ["nested/orders/again.json"]
    assert len(nested.ledger.files("nested")) == len(before) + 2
    direct = nested.drop("nested/lines/own.json", body)
    assert (direct and direct.reason) == "unknown_dataset"


@pytest.fixture(scope="module")
def named(lake: Callable[..., Rig]) -> Rig:
    """Values of many kinds under a name that the contract has from the second run on."""
    made = lake("nested", "named")
    values = ('"paid"', "1.50", "true", '{"code": 1}', "[1, 2]", "16345678.0", "17")
    for number, value in enumerate(values):
        line = f'{{"id":"j{number}","status":{value},{AT}}}\n'
        made.drop(f"nested/things/{number}.ndjson", line.encode())
    table = pa.table({"id": ["p1", "p2"], "status": [7.0, 7.5], "at": ["2026-01-02T12:00:00Z"] * 2})
    made.drop("nested/things/p.parquet", parquet(table))
    made.silver("before", contract=without(contract("nested"), "status"))
    made.silver("named")
    return made


@pytest.mark.field(
    "24", "Numbers, objects and lists under a name that becomes a column of text", "quarantined"
)
def test_a_text_that_was_a_number_is_not_filled_as_it_was_kept(named: Rig) -> None:
    rows = [("j0", "paid"), ("j2", "true"), ("j5", "16345678"), ("j6", "17"), ("p1", "7")]
    assert named.rows("silver.things", "id", "status") == rows
    assert {r for (r,) in named.rows("quarantine.things_rows", "reasons") for r in r} == {
        "nested_value",
        "number_as_text",
    }
    named.silver("all", full_refresh=True)
    assert named.rows("silver.things", "id", "status") == rows
