"""Nested records: paths, envelopes, exploded lists, lists and JSON as values, alike from JSON, XML and Parquet."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.contracts import Dataset, contract
from shared.contracts.keys import key_pattern, value_in_key
from shared.contracts.paths import Path, parsed_path
from shared.records import Accepted, Limits, Rejected, judge
from shared.records.plain import canonical, whole_number
from shared.records.reading import rows
from shared.records.shape import Row, shape_of
from shared.records.source import Source
from shared.records.strict_json import Number, loose

ORDERS, LINES = (contract("shop").dataset(name) for name in ("orders", "order_lines"))
ANY = ("json", "ndjson", "xml", "parquet")
FLAT = replace(ORDERS, records=None, formats=ANY)
EXPLODED = replace(LINES, records=None, formats=ANY)


def read(content: bytes, dataset: Dataset) -> tuple[Accepted, list[Row]]:
    """Ingestion and the executors' reader must count alike."""
    found = judge(Source(io.BytesIO(content), Limits()), dataset, Limits())
    assert isinstance(found, Accepted), found
    shape = shape_of(dataset, found.profile.format)
    read_rows = list(rows(io.BytesIO(content), found.profile, shape, dataset.nested, dataset.records))
    assert len(read_rows) == found.records
    assert sum(r.raw is not None for r in read_rows) == found.unreadable_records
    assert not found.profile.native
    return found, read_rows


def refused(content: bytes, dataset: Dataset) -> str:
    found = judge(Source(io.BytesIO(content), Limits()), dataset, Limits())
    assert isinstance(found, Rejected), found
    return str(found.reason)


@pytest.mark.parametrize(
    ("text", "steps", "up"),
    [
        ("user.id", ("user", "id"), False),
        ("$.items[0].sku", ("items", 0, "sku"), False),
        ("price@currency", ("price", "@currency"), False),
        ('["odd.name"].x', ("odd.name", "x"), False),
        ("^.order.id", ("order", "id"), True),
    ],
)
def test_a_path_is_names_and_numbers(text: str, steps: tuple[Any, ...], up: bool):
    assert parsed_path(text) == Path(steps, up)
    assert str(parsed_path(text)) == text.removeprefix("$.")


@pytest.mark.parametrize("text", ["", "a..b", ".a", "a.", "a[", "a[x]", "a[-1]", "^", "$", "a b", "a[0]b"])
def test_what_is_no_path_is_refused(text: str):
    with pytest.raises(ValueError, match="expected a path such as"):
        parsed_path(text)


@pytest.mark.parametrize(
    ("pattern", "key", "value"),
    [
        ("dt", "shop/orders/dt=2026-01-02/country=DE/x.json", "2026-01-02"),
        ("country", "shop/orders/dt=2026-01-02/country=DE/x.json", "DE"),
        ("city", "shop/orders/city=S%C3%A3o%20Paulo/x.json", "São Paulo"),
        ("dt", "shop/orders/xdt=1/dt=__HIVE_DEFAULT_PARTITION__/x.json", None),
        ("dt", "shop/orders/x.json", None),
        ("dt", "shop/orders/dt=1.json", None),
        (r"_(\d{8})\.csv$", "shop/orders/sales_20260102.csv", "20260102"),
        (r"/([^/]*)\.csv$", "shop/orders/a%20b.csv", "a%20b"),
    ],
)
def test_a_value_stands_in_the_key_by_name_or_by_pattern(pattern: str, key: str, value: str | None):
    assert value_in_key(pattern, key) == value


@pytest.mark.parametrize("pattern", [r"\d+", r"(a)(b)", "("])
def test_a_pattern_of_a_key_has_one_group(pattern: str):
    with pytest.raises(ValueError, match="pattern"):
        key_pattern(pattern)


JSON = b"""{"id": 7, "user": {"id": "u1", "name": "Ann"}, "placed": {"at": "2026-01-02T10:00:00Z"},
 "tags": ["a", "1", null], "address": {"zip": "1", "city": {"b": "1.50", "a": ["x"]}}, "note": "n"}"""
XML = b"""<orders><order id="7"><user><id>u1</id><name>Ann</name></user><placed at=""><at>2026-01-02T10:00:00Z</at>
</placed><tags>a</tags><tags>1</tags><tags/><address><zip>1</zip><city><b>1.50</b><a>x</a></city></address>
<note>n</note></order></orders>"""
EXPECTED = {
    "order_id": "7",
    "user_id": "u1",
    "placed_at": "2026-01-02T10:00:00Z",
    "tags": '["a","1",null]',
    "address": '{"city":{"a":["x"],"b":"1.50"},"zip":"1"}',
}


def parquet(rows: list[dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


def test_a_nested_record_gives_the_same_columns_from_json_and_parquet():
    row = {
        "id": 7,
        "user": {"id": "u1", "name": "Ann"},
        "placed": {"at": dt.datetime(2026, 1, 2, 10, tzinfo=dt.UTC)},
        "tags": ["a", "1", None],
        "address": {"zip": "1", "city": {"b": "1.50", "a": ["x"]}},
        "note": "n",
    }
    for content in (JSON, b"[" + JSON + b"]", JSON.replace(b"\n", b""), parquet([row])):
        found, (only,) = read(content, FLAT)
        assert json.loads(only.record or "")["user"] == {"id": "u1", "name": "Ann"}
        assert replace(only, record=None) == Row(EXPECTED, {"user": '{"name":"Ann"}', "note": "n"})
        assert found.event_dates == {dt.date(2026, 1, 2): 1}


def test_a_nested_record_of_xml_keeps_what_no_path_takes():
    _, (only,) = read(XML, FLAT)
    assert only.values == {**EXPECTED, "address": '{"city":{"a":"x","b":"1.50"},"zip":"1"}'}
    assert only.extra == {"user": '{"name":"Ann"}', "placed": '{"@at":""}', "note": "n"}


def test_an_element_of_xml_that_is_not_repeated_is_a_list_of_one():
    one = b'<r><o id="1"><placed><at>2026-01-02</at></placed><tags>a</tags><lines><line>1</line><sku>s</sku></lines></o></r>'
    assert read(one, FLAT)[1][0].values["tags"] == '["a"]'
    assert [r.values for r in read(one, EXPLODED)[1]] == [
        {"order_id": "1", "user_id": None, "placed_at": "2026-01-02", "price": None, "line": "1", "sku": "s"}
    ]


def test_the_text_and_an_attribute_of_an_element_are_two_columns():
    column = replace(FLAT.target.column("user_id"), path=parsed_path("price@currency"))
    amount = replace(FLAT.target.column("address"), json=False, path=parsed_path("price"))
    changed = {"user_id": column, "address": amount}
    columns = tuple(changed.get(c.name, c) for c in FLAT.target.columns)
    dataset = replace(FLAT, target=replace(FLAT.target, columns=columns))
    _, (only,) = read(b'<r><o id="1"><price currency="EUR" tax="7">12.50</price></o></r>', dataset)
    assert (only.values["user_id"], only.values["address"]) == ("EUR", "12.50")
    assert only.extra == {"price": '{"@tax":"7"}'}


LINES_JSON = b"""[
 {"id": "o1", "user": {"id": "u7"}, "placed": {"at": "2026-01-02"}, "note": "n", "lines": [
    {"line": 1, "sku": "a", "price": {"value": 12.50, "currency": "EUR"}}, {"line": 2, "sku": "b"}]},
 {"id": "o2", "placed": {"at": "2026-01-03"}, "lines": []},
 {"id": "o3", "placed": {"at": "2026-01-03"}},
 {"id": "o4", "placed": {"at": "2026-01-04"}, "lines": [{"line": 1, "sku": "c"}]}]"""


def test_the_elements_of_a_list_are_records_beside_columns_of_the_record_above():
    found, lines = read(LINES_JSON, EXPLODED)
    assert [(r.values, r.extra) for r in lines] == [
        (
            {
                "order_id": "o1",
                "user_id": "u7",
                "placed_at": "2026-01-02",
                "price": "12.50",
                "line": "1",
                "sku": "a",
            },
            {"price": '{"currency":"EUR"}'},
        ),
        (
            {
                "order_id": "o1",
                "user_id": "u7",
                "placed_at": "2026-01-02",
                "price": None,
                "line": "2",
                "sku": "b",
            },
            {},
        ),
        (
            {
                "order_id": "o4",
                "user_id": None,
                "placed_at": "2026-01-04",
                "price": None,
                "line": "1",
                "sku": "c",
            },
            {},
        ),
    ]
    assert found.event_dates == {dt.date(2026, 1, 2): 2, dt.date(2026, 1, 4): 1}


def test_a_list_that_another_dataset_takes_is_not_kept_a_second_time():
    _, orders = read(LINES_JSON, FLAT)
    assert [r.extra for r in orders] == [{"note": "n"}, {}, {}, {}]


def test_what_is_no_list_and_elements_that_are_no_objects_are_unreadable_records():
    good = b'{"id":"o1","lines":[{"line":1}]}\n' * 30
    bad = b'{"id":"o2","lines":"none"}\n{"id":"o3","lines":[5]}\n'
    found, lines = read(good + bad, EXPLODED)
    assert (found.records, found.unreadable_records) == (32, 2)
    assert [r.raw for r in lines[30:]] == ['{"id":"o2","lines":"none"}', '{"id":"o3","lines":[5]}']


def test_a_file_in_which_no_record_has_the_list_is_refused():
    assert refused(b'{"id":"o1"}\n{"id":"o2","lines":[]}', EXPLODED) == "empty_file"


@pytest.mark.parametrize(
    "content",
    [
        b'{"next": "x", "data": {"page": 1, "orders": [{"id": 1}, {"id": 2}]}, "data2": [{"id": 9}]}',
        b'{"data":{"orders":[{"id":1}]}}\n{"data":{"orders":[]}}\n{"data":{"orders":[{"id":2}]}}\n',
        b'{"data":{"orders":[{"id":1},{"id":2}],"skipped":'
        + b'[{"orders":[1,"]}"]},' * 9
        + b"{}"
        + b"]" * 9
        + b"}}",
    ],
    ids=["a page", "a page a line", "what is beside the records is read over"],
)
def test_the_records_of_an_envelope_stand_where_the_contract_says(content: bytes):
    found, orders = read(content, ORDERS)
    assert [r.values["order_id"] for r in orders] == ["1", "2"]
    assert found.profile.format == "json"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"data":{"items":[{"id":1}]}}', "no_records"),
        (b'{"data":null}', "no_records"),
        (b'{"data":{"orders":{"id":1}}}', "no_records"),
        (b'[{"data":{"orders":[{"id":1}]}}]', "no_records"),
        (b'{"data":{"orders":[]}}', "empty_file"),
        (b'{"data":{"orders":[{"id":1}]', "unparsable"),
        (b'{"data":{"orders":[{"id":1}]},}', "unparsable"),
        (b'{"data":{"orders":[{"id":1}', "unparsable"),
    ],
)
def test_an_envelope_without_records_is_refused(content: bytes, reason: str):
    assert refused(content, ORDERS) == reason


def test_an_envelope_of_xml():
    dataset = replace(ORDERS, formats=("xml",))
    inside = b"<r><page>1</page><data><more>2</more><orders><o id='1'/><o id='2'><user><id>u</id></user></o></orders></data></r>"
    assert [r.values["order_id"] for r in read(inside, dataset)[1]] == ["1", "2"]
    assert refused(b"<r><data><items><o id='1'/></items></data></r>", dataset) == "no_records"


def test_an_envelope_larger_than_the_longest_record_is_streamed():
    page = b'{"data":{"orders":[' + b",".join(b'{"id":"%06d"}' % n for n in range(50_000)) + b"]}}"
    found = judge(Source(io.BytesIO(page), Limits(max_record=1000)), ORDERS, Limits(max_record=1000))
    assert isinstance(found, Accepted), found
    assert found.records == 50_000


@pytest.mark.parametrize(
    ("spelled", "text"),
    [
        ("7", "7"),
        ("-0", "-0"),
        ("16345678.0", "16345678"),
        ("1.6345678E7", "16345678"),
        ("9007199254740992.0", "9007199254740992"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("9007199254740994.0", None),
        ("16345678.000000000000000001", None),
        ("12.5", None),
        ("NaN", None),
        ("-Infinity", None),
        ("1E-999999999", None),
    ],
)
def test_a_number_in_a_column_of_text_is_the_whole_number_that_it_is_or_none(spelled: str, text: str | None):
    assert whole_number(Number(spelled)) == text


def test_json_has_one_spelling():
    one = loose(b'{"b": 1.50, "a": [1, {"d": null, "c": "\\u00e9"}]}')
    assert canonical(one) == '{"a":[1,{"c":"é","d":null}],"b":1.50}'


@pytest.mark.field("h13", "Doubles, objects and bytes where the contract says text", "quarantined")
def test_a_nested_value_a_double_and_bytes_are_no_text():
    users = contract("shop").dataset("users")
    table = pa.table(
        {"user_id": [{"a": 1}, None], "name": [1.5, 3.0], "email": [b"\xff", b"x"], "x": [b"\xff", b"y"]}
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    found = judge(Source(io.BytesIO(file.getvalue()), Limits()), users, Limits())
    assert isinstance(found, Accepted)
    first, second = rows(io.BytesIO(file.getvalue()), found.profile, shape_of(users))
    assert first.faults == {
        "user_id": "nested_value",
        "name": "number_as_text",
        "email": "invalid_text",
    }
    assert first.values == {"user_id": '{"a":1}', "name": "1.5", "email": "\ufffd"}
    assert (second.values, second.extra, second.faults) == (
        {"user_id": None, "name": "3", "email": "x"},
        {"x": "y"},
        {},
    )


@pytest.mark.parametrize(
    ("line", "native"),
    [
        (b'{"user_id":"u","name":12,"x":{"a":1.5}}', True),
        (b'{"user_id":"u","name":null,"age":1.5}', True),
        (b'{"user_id":"u","name":12.0}', False),
        (b'{"user_id":"u","name":{"first":"A"}}', False),
        (b'{"user_id":["u"]}', False),
        (b'{"user_id":"u","age":NaN}', False),
        (b'{"user_id":"u","age":0.%s1}' % (b"0" * 1000), False),
        (b'{"user_id":"u","age":0.%s1}' % (b"0" * 100), True),
    ],
)
def test_sparks_reader_gets_no_file_in_which_text_is_something_else(line: bytes, native: bool):
    content = b'{"user_id":"v"}\n' * 100 + line + b"\n"
    found = judge(
        Source(io.BytesIO(content), Limits()), contract("shop").dataset("users"), Limits(), ".ndjson"
    )
    assert isinstance(found, Accepted)
    assert (found.profile.native, found.unreadable_records) == (native, 0)
