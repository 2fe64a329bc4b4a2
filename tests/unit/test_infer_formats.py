"""`./lake infer` on everything that ingestion reads, each kind as its usual producer writes it."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cli.infer.build import drafted
from cli.infer.contract_text import contract_text
from cli.infer.example import example_files
from cli.infer.workbook import ods
from tests.support.drafts import answered, as_read, contract_of, questions, text_of, write
from tests.support.workbook import xlsx

BERLIN = ("value: Region/City", "value: Europe/Berlin")


def test_an_example_of_a_sheet_of_libre_office_is_one(tmp_path: Path) -> None:
    made = ods("Preise & mehr", [["Artikel-Nr", "Preis"], ["A1", 1.5], ["A2", 2.5], ["A<3", 3.5]])
    draft = drafted([write(tmp_path, {"preise.ods": made})], "draft")
    (name,) = example_files(draft)
    assert name == "example/preise.ods"
    path = write(tmp_path / "examples", example_files(draft)) / name
    read = as_read(contract_of(answered(contract_text(draft))), "preise", [path])
    assert (read.records, read.unreadable, read.read["preis"], read.refused) == (12, 0, 12, {})


def station(number: int, seconds: int) -> dict[str, object]:
    return {
        "station_id": f"st-{number}",
        "num_bikes_available": number % 4,
        "is_renting": number % 3 != 0,
        "last_reported": 1_767_300_000 + seconds,
        "vehicle_types_available": [{"vehicle_type_id": "e", "count": number % 2}],
        "position": {"lat": 52.5 + number / 1000, "lon": 13.4},
        "rental_uris": ["app"],
    }


def test_a_feed_of_bicycles_is_read_where_its_list_is(tmp_path: Path) -> None:
    files = {
        f"station_status_{n}.json": json.dumps(
            {
                "last_updated": 1_767_300_000 + n,
                "ttl": 60,
                "data": {"stations": [station(i, n) for i in range(5)]},
            }
        )
        for n in (1, 2)
    }
    folder = write(tmp_path, files)
    text = text_of(folder)
    assert questions(text) == []
    contract = contract_of(text)
    dataset = contract.dataset("station_status")
    assert str(dataset.records) == "data.stations"
    types = {c.name: c.type for c in dataset.target.columns}
    assert types == {
        "station_id": "string",
        "last_reported": "timestamp",
        "is_renting": "boolean",
        "num_bikes_available": "bigint",
        "position_lat": "double",
        "position_lon": "double",
        "rental_uris": "array<string>",
        "vehicle_types_available": "string",
        "event_date": "date",
    }
    assert str(dataset.target.column("position_lat").path) == "position.lat"
    assert dataset.target.primary_key == ("station_id",)
    assert dataset.target.order == ("last_reported",)
    read = as_read(contract, "station_status", sorted(folder.iterdir()))
    assert (read.records, read.unreadable, read.refused) == (10, 0, {})
    assert dataset.plan("last_reported").event_date("1767300001", "UTC") == dt.date(2026, 1, 1)


LOAD = "tx_id,account,amount,changed_at\nT1,A1,10.00,2026-01-02 10:00:00\nT2,A2,5.50,2026-01-02 10:00:01\n"
CHANGES = """Op,tx_id,account,amount,changed_at
U,T1,A1,11.00,2026-01-03 09:00:00
D,T2,A2,5.50,2026-01-03 09:30:00
I,T3,A1,7.25,2026-01-03 10:00:00
"""


def test_changes_of_dms_are_a_keyed_table_that_follows_deletes(tmp_path: Path) -> None:
    folder = write(
        tmp_path, {"transactions/LOAD00000001.csv": LOAD, "transactions/20260103-100000123.csv": CHANGES}
    )
    text = text_of(folder)
    assert questions(text) == ["defaultTimezone"]
    contract = contract_of(answered(text, [BERLIN]))
    (table,) = contract.silver
    assert table.name == "transactions"
    assert table.operation is not None
    assert (table.operation.column, table.operation.envelope) == ("op", "dms")
    assert (table.primary_key, table.order) == (("tx_id",), ("changed_at",))
    read = as_read(contract, "transactions", sorted(folder.rglob("*.csv")))
    assert (read.files, read.records, read.refused) == (2, 5, {})


def change(op: str, before: object, after: object, ms: int) -> str:
    source = {"db": "crm", "ts_ms": ms, "lsn": ms * 10, "table": "customers"}
    return json.dumps({"before": before, "after": after, "op": op, "source": source, "ts_ms": ms + 5})


def test_changes_of_debezium_are_opened_and_ordered_by_the_database_log(tmp_path: Path) -> None:
    rows = [{"id": i, "name": f"Person {i}", "born": f"19{60 + i}-05-0{i + 1}"} for i in range(4)]
    lines = [change("c", None, r, 1_767_300_000_000 + r["id"]) for r in rows]
    lines += [change("u", rows[1], {**rows[1], "name": "Other"}, 1_767_300_100_000), "null"]
    lines += [change("d", rows[2], None, 1_767_300_200_000)]
    folder = write(tmp_path, {"customers.ndjson": "\n".join(lines) + "\n"})
    text = text_of(folder)
    contract = contract_of(answered(text))
    (table,) = contract.silver
    assert table.operation is not None
    assert (table.operation.envelope, table.primary_key, table.order) == (
        "debezium",
        ("id",),
        ("source_lsn",),
    )
    assert {c.name: c.type for c in table.columns} == {
        "id": "bigint",
        "born": "date",
        "name": "string",
        "op": "string",
        "source_lsn": "bigint",
        "source_ts_ms": "timestamp",
        "ts_ms": "timestamp",
    }
    assert table.column("born").confidential
    read = as_read(contract, "customers", [folder / "customers.ndjson"])
    assert (read.records, read.unreadable, read.refused) == (6, 0, {})


def parts(folder: Path) -> pa.Table:
    table = pa.table(
        {
            "order_id": pa.array([1, 2, 3, 4], pa.int64()),
            "qty": pa.array([1, 2, None, 4], pa.int32()),
            "price": pa.array(
                [Decimal("1.50"), Decimal("20.00"), Decimal("3.25"), None], pa.decimal128(10, 2)
            ),
            "weight": pa.array([1.5, 2.0, 1e10, 0.001], pa.float64()),
            "ordered_at": pa.array(
                [dt.datetime(2026, 1, 2, 3, 4, i) for i in range(4)], pa.timestamp("us", "UTC")
            ),
            "picked_at": pa.array([dt.datetime(2026, 1, 3, 3, 4, i) for i in range(4)], pa.timestamp("ns")),
            "day": pa.array([dt.date(2026, 1, 2)] * 4, pa.date32()),
            "tags": pa.array([["a"], [], None, ["b", "c"]], pa.list_(pa.string())),
            "customer": pa.array([{"id": f"c{i}", "vip": i > 1} for i in range(4)]),
        }
    )
    for i in range(2):
        name = folder / f"orders/part-0000{i}-3f2a1b4c-1111-2222-3333-444455556666-c000.snappy.parquet"
        name.parent.mkdir(exist_ok=True, parents=True)
        pq.write_table(
            table.slice(2 * i, 2), name, compression="snappy", use_deprecated_int96_timestamps=False
        )
    (folder / "orders/_SUCCESS").write_bytes(b"")
    return table


def test_parts_of_spark_keep_the_types_that_parquet_declares(tmp_path: Path) -> None:
    table = parts(tmp_path)
    text = text_of(tmp_path)
    assert questions(text) == ["defaultTimezone"]
    contract = contract_of(answered(text, [BERLIN]))
    dataset = contract.dataset("orders")
    assert {c.name: c.type for c in dataset.target.columns} == {
        "order_id": "bigint",
        "ordered_at": "timestamp",
        "customer_id": "string",
        "customer_vip": "boolean",
        "day": "date",
        "picked_at": "timestamp",
        "price": "decimal(10,2)",
        "qty": "int",
        "tags": "array<string>",
        "weight": "double",
        "event_date": "date",
    }
    read = as_read(contract, "orders", sorted((tmp_path / "orders").glob("*.parquet")))
    assert (read.files, read.records, read.refused) == (2, 4, {})
    assert read.read["price"] == table.num_rows - table["price"].null_count


def test_times_of_int96_are_local_and_asked_about(tmp_path: Path) -> None:
    table = pa.table({"id": ["a", "b"], "seen_at": [dt.datetime(2026, 1, 2), dt.datetime(2026, 1, 3, 4)]})
    pq.write_table(table, tmp_path / "visits.parquet", use_deprecated_int96_timestamps=True)
    text = text_of(tmp_path)
    assert questions(text) == ["defaultTimezone"]
    read = as_read(contract_of(answered(text, [BERLIN])), "visits", [tmp_path / "visits.parquet"])
    assert read.read["seen_at"] == 2


def test_a_workbook_with_a_title_has_typed_cells(tmp_path: Path) -> None:
    rows = [["Price list", None, None], [None, None, None], ["Artikel-Nr", "gültig ab", "Preis"]]
    rows += [[f"A{i}", f"date:{46000 + i}", 1.5 * i] for i in range(1, 4)]
    folder = write(tmp_path, {"preise.xlsx": xlsx({"Preise": rows})})
    text = text_of(folder)
    contract = contract_of(answered(text))
    dataset = contract.dataset("preise")
    assert {c.name: c.type for c in dataset.target.columns} == {
        "artikel_nr": "string",
        "gueltig_ab": "date",
        "preis": "decimal(18,2)",
        "event_date": "date",
    }
    assert dataset.formats == ("xlsx",)
    assert dataset.target.column("gueltig_ab").aliases == ("gültig ab",)
    read = as_read(contract, "preise", [folder / "preise.xlsx"])
    assert (read.records, read.refused) == (3, {})


def test_logs_without_a_key_keep_every_record(tmp_path: Path) -> None:
    lines = [
        json.dumps(
            {
                "timestamp": f"2026-01-0{1 + i % 3}T10:00:{i:02}.{i:03}+01:00",
                "level": "info" if i % 2 else "error",
                "client_ip": f"192.0.2.{i % 5}",
                "status": 200 if i % 2 else 500,
                "path": "/a",
            }
        )
        for i in range(40)
    ]
    folder = write(
        tmp_path, {"access-2026-01-01.ndjson.gz": gzip.compress("\n".join(lines + lines[:1]).encode())}
    )
    text = text_of(folder)
    assert questions(text) == []
    contract = contract_of(text)
    (table,) = contract.silver
    assert (table.kind, table.event_date_column, table.primary_key) == ("files", "timestamp", ("record_id",))
    assert table.column("client_ip").confidential
    read = as_read(contract, "access", [folder / "access-2026-01-01.ndjson.gz"])
    assert (read.records, read.refused) == (41, {})


def test_a_zip_of_two_shapes_is_two_datasets(tmp_path: Path) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as file:
        file.writestr("orders_1.csv", "order_id,total\n1,2.50\n2,3.50\n")
        file.writestr("clients_1.csv", "client_id,city\na,Bonn\nb,Ulm\n")
    text = text_of(write(tmp_path, {"export.zip": body.getvalue()}))
    contract = contract_of(answered(text))
    assert [(d.name, d.formats) for d in contract.datasets] == [
        ("clients", ("csv", "zip")),
        ("orders", ("csv", "zip")),
    ]


def test_documents_of_two_shapes_are_two_datasets(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "1.json": '[{"user_id": "u1", "mail": "a"}, {"user_id": "u2", "mail": "b"}]',
            "2.json": '[{"sku": "s1", "price": 1.5}, {"sku": "s2", "price": 2.5}]',
            "3.json": '[{"sku": "s3", "price": 1.5, "colour": "red"}]',
            "4.xml": "<r><i><city>Bonn</city></i><i><city>Ulm</city></i></r>",
        },
    )
    draft = drafted([tmp_path], "draft")
    assert sorted(sorted(c.name for c in d.columns) for d in draft.datasets) == [
        ["city"],
        ["colour", "price", "sku"],
        ["mail", "user_id"],
    ]


def test_xml_has_paths_to_elements_and_attributes(tmp_path: Path) -> None:
    item = '<item sku="A{0}"><price currency="EUR">1{0}.50</price><at>2026-01-02T10:0{0}:00Z</at></item>'
    document = f"<feed><items>{''.join(item.format(i) for i in range(3))}</items></feed>"
    folder = write(tmp_path, {"items.xml.bz2": bz2.compress(document.encode())})
    text = text_of(folder)
    contract = contract_of(answered(text))
    dataset = contract.dataset("items")
    assert str(dataset.records) == "items"
    assert {c.name: str(c.path) for c in dataset.target.columns if c.path} == {
        "price_currency": "price@currency",
        "price_text": "price.#text",
    }
    read = as_read(contract, "items", [folder / "items.xml.bz2"])
    assert (read.records, read.refused) == (3, {})


def test_an_element_that_is_repeated_somewhere_is_a_list_everywhere(tmp_path: Path) -> None:
    document = '<r><i id="a"><tag>x</tag></i><i id="b"><tag>y</tag><tag>z</tag></i></r>'
    text = text_of(write(tmp_path, {"items.xml": document}))
    contract = contract_of(answered(text))
    assert contract.silver[0].column("tag").type == "array<string>"
    assert as_read(contract, "items", [tmp_path / "items.xml"]).read["tag"] == 2


def test_text_without_header_keeps_the_order_of_its_fields_and_asks_for_names(tmp_path: Path) -> None:
    lines = "".join(f"{n:05}|{n % 9 + 1:02}.0{n % 3 + 1}.2026|{n},5{n % 2}|x{n % 4}|\n" for n in range(1, 40))
    text = text_of(write(tmp_path, {"bookings.dat": lines}))
    assert questions(text) == ["formats", "header"]
    contract = contract_of(answered(text, [("value: [DECIDE]", 'value: ["dd.MM.yyyy"]')]))
    dataset = contract.dataset("bookings")
    assert (dataset.header, dataset.delimiter, dataset.stored_as) == ("none", "|", "parquet")
    assert [dataset.target.column(n).type for n in dataset.received] == [
        "string",
        "date",
        "decimal(18,2)",
        "string",
    ]
    read = as_read(contract, "bookings", [tmp_path / "bookings.dat"])
    assert (read.records, read.unreadable) == (39, 0)
    assert (read.read["column_02"], read.read["column_03"]) == (39, 39)


def test_a_json_document_with_two_lists_is_two_datasets_of_the_same_files(tmp_path: Path) -> None:
    document = {
        "orders": [{"order_id": "o1", "total": 1.5}],
        "clients": [{"client_id": "c1"}, {"client_id": "c2"}],
    }
    text = text_of(write(tmp_path, {"shop.json": json.dumps(document, indent=1)}))
    contract = contract_of(answered(text))
    assert [(d.name, str(d.records), d.files_of) for d in contract.datasets] == [
        ("shop_clients", "clients", None),
        ("shop_orders", "orders", "shop_clients"),
    ]


ORDERS = [
    {
        "order_id": 1,
        "customer": "bob",
        "total": 9.5,
        "items": [{"qty": 2, "sku": "x1"}, {"qty": 1, "sku": "["}],
    },
    {"order_id": 2, "customer": "eve", "total": 7.5, "items": [{"qty": 5, "sku": "x3"}]},
]


def test_a_document_with_data_beside_its_list_is_a_record_and_asked_about(tmp_path: Path) -> None:
    files = {f"order_{o['order_id']}.json": json.dumps(o, indent=1) for o in ORDERS}
    text = text_of(write(tmp_path, files))
    assert questions(text) == ["records"]
    assert "[none | items]" in text
    assert "bob" not in text
    contract = contract_of(answered(text))
    dataset = contract.dataset("order")
    assert {*dataset.target.column_names} == {"order_id", "customer", "total", "items"}
    read = as_read(contract, "order", sorted(tmp_path.iterdir()))
    assert (read.records, read.read["customer"], read.refused) == (2, 2, {})


def test_a_list_that_a_contract_takes_for_records_is_no_question(tmp_path: Path) -> None:
    write(tmp_path, {f"order_{o['order_id']}.json": json.dumps(o, indent=1) for o in ORDERS})
    agreed = contract_of(
        answered(
            text_of(tmp_path),
            [("value: bronze}", "value: bronze}\n      - {property: records, value: items}")],
        )
    )
    assert [d.rows for d in drafted([tmp_path], "draft", contract=agreed).datasets] == [3]


def test_what_is_beside_the_records_of_a_document_too_long_for_one_is_asked_about(tmp_path: Path) -> None:
    document = {"customer": "bob", "items": [{"sku": f"x{n}", "note": "y" * 90} for n in range(12_000)]}
    text = text_of(write(tmp_path, {"order.json": json.dumps(document)}))
    assert questions(text) == ["records"]
    assert str(contract_of(answered(text)).dataset("order").records) == "items"


def test_what_a_document_says_of_itself_is_named_and_no_question(tmp_path: Path) -> None:
    document = {"meta": {"a": 1}, "ttl": 1, "gone": [], "stations": [{"id": "s1"}, {"id": "s2"}]}
    text = text_of(write(tmp_path, {"feed.json": json.dumps(document)}))
    assert questions(text) == []
    assert "of the documents, beside their lists, not drafted: meta, ttl" in text


def test_values_in_folders_are_columns_of_the_key(tmp_path: Path) -> None:
    files = {f"sales/dt=2026-01-0{n}/country=DE/part-{n}.csv": f"sale_id,total\n{n},1.50\n" for n in (1, 2)}
    text = text_of(write(tmp_path, files))
    contract = contract_of(answered(text))
    (table,) = contract.silver
    assert table.column("dt").from_key == "dt"
    assert (table.column("dt").type, table.event_date_column) == ("date", "dt")
    assert "DE" not in text.replace("DECIDE", "")


def test_a_changed_header_becomes_an_alias_that_is_asked_about(tmp_path: Path) -> None:
    files = {
        "orders_1.csv": "order_id,customer,total\n1,c1,2.50\n2,c2,3.50\n",
        "orders_2.csv": "order_id,customer_no,total\n3,c1,2.50\n4,c2,3.50\n",
    }
    text = text_of(write(tmp_path, files))
    assert questions(text) == ["aliases"]
    contract = contract_of(answered(text))
    assert contract.silver[0].column("customer").aliases == ("customer_no",)
    read = as_read(contract, "orders", sorted(tmp_path.iterdir()))
    assert read.read["customer"] == 4


def test_bytes_of_another_encoding_are_asked_about(tmp_path: Path) -> None:
    content = "id;Straße\n1;Große Gasse\n2;Müllerweg\n3;Ölmühle\n".encode("windows-1252")
    text = text_of(write(tmp_path, {"streets.csv": content}))
    assert questions(text) == ["encodings"]
    contract = contract_of(answered(text))
    assert "windows-1252" in contract.datasets[0].encodings
    assert contract.silver[0].column("strasse").aliases == ("Straße",)
    assert as_read(contract, "streets", [tmp_path / "streets.csv"]).records == 3


def test_made_up_examples_of_every_format_are_read_by_their_contract(tmp_path: Path) -> None:
    parts(tmp_path / "files")
    status = {"data": {"stations": [station(i, i) for i in range(5)]}}
    rows = [["Artikel-Nr", "gültig ab", "Preis"], ["A1", "date:46000", 1.5], ["A2", "date:46001", 2.5]]
    write(
        tmp_path / "files",
        {
            "station_status.json": json.dumps(status),
            "transactions/LOAD00000001.csv": LOAD,
            "transactions/20260103.csv": CHANGES,
            "customers.ndjson": change("c", None, {"id": 1, "born": "1960-05-01"}, 1_767_300_000_000) + "\n",
            "preise.xlsx": xlsx({"Preise": rows}),
            "items.xml": '<r><i sku="a"><price currency="EUR">1.50</price></i><i sku="b"><price>2</price></i></r>',
            "bookings.dat": "1|13.01.2026|1,50\n2|14.01.2026|2,50\n",
            "kasse.csv": "Bon-Nr;Zeit;bezahlt\n001;13. Mai 2026 9:05;ja\n002;1. März 2026 10:15;nein\n",
        },
    )
    draft = drafted([tmp_path / "files"], "draft")
    text = answered(contract_text(draft), [BERLIN])
    keyed = "        primaryKey: true\n        primaryKeyPosition: 1\n"
    contract = contract_of(
        text.replace("- name: sku\n", f"- name: sku\n{keyed}").replace("[DECIDE]", "[sku]")
    )
    examples = example_files(draft)
    assert sorted(name.rpartition(".")[2] for name in examples) == sorted(
        ["json", "csv", "ndjson", "xlsx", "xml", "csv", "csv", "parquet"]
    )
    for name, content in examples.items():
        path = write(tmp_path / "examples", {name: content}) / name
        read = as_read(contract, path.stem, [path])
        assert (path.stem, read.records, read.unreadable, read.refused) == (path.stem, 12, 0, {})


def test_text_in_an_encoding_of_several_bytes_is_asked_about(tmp_path: Path) -> None:
    """By chance many of its bytes are UTF-8, too."""
    places = ("東京都千代田区", "株式会社ミズホ", "カタカナ", "ひらがなのなまえ")
    content = "id,場所\n" + "".join(f"{i},{places[i % 4]}{places[i // 4 % 4]}\n" for i in range(400))
    folder = write(tmp_path, {"places.csv": content.encode("cp932")})
    text = text_of(folder)
    assert questions(text) == ["encodings"]
    (encoding,) = set(contract_of(text).datasets[0].encodings) - {"utf-8", "utf-16"}
    assert content.encode("cp932").decode(encoding) == content
    read = as_read(contract_of(answered(text)), "places", [folder / "places.csv"])
    assert (read.records, read.unreadable, read.refused) == (400, 0, {})


def test_lines_that_end_as_on_an_old_mac_are_lines(tmp_path: Path) -> None:
    folder = write(tmp_path, {"old.csv": "id,name,qty\r" + "".join(f"{i},n{i},{i * 2}\r" for i in range(60))})
    text = text_of(folder)
    assert questions(text) == []
    assert contract_of(text).silver[0].column("qty").type == "bigint"
    read = as_read(contract_of(text), "old", [folder / "old.csv"])
    assert (read.records, read.read["qty"]) == (60, 60)
