"""Containers and names: every file inside has an outcome of its own."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import lzma
import zipfile
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tests.support.workbook import ods, xlsx

HEADER = b"tx_id,user_id,amount,status,created_at\n"


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return file.getvalue()


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as file:
        file.write(content)
    return sink.getvalue().to_pybytes()


def row(key: str) -> bytes:
    return f"{key},u1,10.50,paid,2026-03-01T10:00:00Z\n".encode()


SHEET = [
    ["Sales report", None, None, None, None],
    [],
    ["tx_id", "user_id", "amount", "status", "created_at"],
    ["x1", "007", 10.1, "paid", "date:46082.4166666667"],
    ["x2", 12, 0.30000000000000004, "formula:3", "date:46082.4375"],
    ["x3", "u3", "12.5", "error:#N/A", "date:46083"],
]
FILES = {
    "sales/one.zip": zipped({"in/one.csv": HEADER + row("z1")}),
    "sales/three.zip": zipped(
        {
            "a.csv": HEADER + row("z2"),
            "b.csv": b"created_at;status;tx_id\n2026-03-01T11:00:00Z;open;z3\n",
            "c.csv": b"colour,size\nred,4\n",
            "again.zip": zipped({"d.csv": HEADER + row("never")}),
            "__MACOSX/._a.csv": b"\0\1",
        }
    ),
    "sales/bomb.zip": zipped({"a.csv": bytes(70 << 20)}),
    "sales/climbs.zip": zipped({"../../../etc/a.csv": HEADER + row("z4")}),
    "sales/a.csv.bz2": bz2.compress(HEADER + row("b1")),
    "sales/a.csv.xz": lzma.compress(HEADER + row("b2")),
    "sales/a.csv.zst": zstd(HEADER + row("b3")),
    "sales/a.csv.gz": gzip.compress(HEADER + row("b4")) + bytes(2000),
    "sales/plain.csv.bz2": HEADER + row("b5"),
    "sales/march.xlsx": xlsx({"Sales": SHEET}),
    "sales/april.ods": ods(
        {"Sales": [["tx_id", "amount", "created_at"], ["o1", 7.25, "2026-04-01T00:00:00Z"]]}
    ),
    "sheets/two.xlsx": xlsx(
        {"Notes": [["tx_id"], ["no"]], "Sales": [["tx_id", "created_at"], ["s1", "date:46082"]]}
    ),
    "sheets/other.xlsx": xlsx({"Notes": [["tx_id"], ["no"]], "Verkauf": SHEET}),
    "sheets/locked.xlsx": bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"),
    "sales/two.xlsx": xlsx({"Eins": SHEET, "Zwei": SHEET}),
    "plain/a.xlsx": xlsx({"Sales": SHEET}),
    "plain/a.zip": zipped({"a.csv": HEADER}),
    "sales/day/_SUCCESS": b"",
    "sales/day/_committed_17": b"{}",
    "sales/day/.part-0.csv.crc": b"crc",
    "sales/late.csv.part": HEADER,
    "sales/empty.csv": b"",
    "sales/one_line.json": b'{"tx_id":"j1","amount":1.50,"created_at":"2026-03-01T10:00:00Z"}',
}


@pytest.fixture(scope="module")
def files(lake: Any) -> Any:
    """All files dropped, silver run once."""
    rig = lake("files")
    for key, content in FILES.items():
        rig.drop(f"files/{key}", content)
    rig.silver("run-1")
    return rig


@pytest.fixture(scope="module")
def outcomes(files: Any) -> dict[str, tuple[str, str | None, str | None]]:
    return {
        f.key.removeprefix("files/"): (f.status.value, f.reason, f.detail)
        for f in files.ledger.files("files")
    }


def keys(files: Any, table: str, start: str) -> list[str]:
    return [key for (key,) in files.rows(f"silver.{table}", "tx_id") if key.startswith(start)]


@pytest.mark.field("15", "A CSV in a zip, and several of other shapes in one", "right")
def test_tables_in_zips_are_read(files: Any, outcomes: Any):
    assert keys(files, "sales", "z") == ["z1", "z2", "z3", "z4"]
    assert outcomes["sales/three.zip"][0] == "unpacked"
    assert outcomes["sales/three.zip/b.csv"][0] == "accepted"
    assert outcomes["sales/climbs.zip/etc/a.csv"][0] == "accepted"
    assert not [key for key in outcomes if "MACOSX" in key]


@pytest.mark.field("15", "A zip in a zip, a file of another kind, a zip bomb", "refused")
def test_what_cannot_be_read_in_a_zip_has_a_reason_of_its_own(outcomes: Any):
    assert outcomes["sales/three.zip/c.csv"][:2] == ("quarantined", "no_known_column")
    assert outcomes["sales/three.zip/again.zip"][:2] == ("quarantined", "nested_compression")
    assert outcomes["sales/bomb.zip"][:2] == ("quarantined", "decompression_bomb")


@pytest.mark.field("17.6", "bzip2, xz, zstd, gzip behind which zeros stand, and a name that lies", "right")
def test_compressions_are_told_by_their_content(files: Any):
    assert keys(files, "sales", "b") == ["b1", "b2", "b3", "b4", "b5"]


@pytest.mark.field("15", "An Excel sheet below a title: dates, text that is a number, a formula", "right")
def test_cells_of_a_workbook_are_read_by_their_type(files: Any):
    rows = [r for r in files.rows("silver.sales", "tx_id", "user_id", "amount", "status") if r[0][0] == "x"]
    assert rows == [
        ("x1", "007", Decimal("10.10"), "paid"),
        ("x2", "12", Decimal("0.30"), "3"),
        ("x3", "u3", Decimal("12.50"), "#N/A"),
    ]
    times = dict(files.rows("silver.sales", "tx_id", "created_at"))
    assert [times[k].replace(tzinfo=None) for k in ("x1", "x2", "x3")] == [
        dt.datetime(2026, 3, 1, 10),
        dt.datetime(2026, 3, 1, 10, 30),
        dt.datetime(2026, 3, 2),
    ]


@pytest.mark.field("15", "An OpenDocument sheet, and the sheet that a contract names", "right")
def test_an_ods_and_a_named_sheet_are_read(files: Any):
    assert keys(files, "sales", "o") == ["o1"]
    assert keys(files, "sheets", "") == ["s1"]


@pytest.mark.field("17.6", "A workbook behind a password, without the sheet, with several", "refused")
def test_a_workbook_that_cannot_be_read_says_why(outcomes: Any):
    assert outcomes["sheets/locked.xlsx"][:2] == ("quarantined", "encrypted")
    assert outcomes["sheets/other.xlsx"] == (
        "quarantined",
        "unknown_sheet",
        "the workbook has the sheets Notes, Verkauf; Sales is not among them",
    )
    assert outcomes["sales/two.xlsx"] == (
        "quarantined",
        "unknown_sheet",
        "the workbook has the sheets Eins, Zwei; name one in the contract: `sheet`",
    )


@pytest.mark.field("15", "A zip or Excel file under a contract of CSV", "refused")
def test_a_package_that_the_contract_does_not_list_says_what_to_add(outcomes: Any):
    assert outcomes["plain/a.xlsx"] == (
        "quarantined",
        "format_not_accepted",
        "the content is an Excel file; the contract accepts csv: add xlsx to `formats`",
    )
    assert (
        outcomes["plain/a.zip"][2] == "the content is a zip; the contract accepts csv: add zip to `formats`"
    )


@pytest.mark.field("25", "_SUCCESS, _committed_*, .crc beside the data", "right")
def test_markers_are_ignored_without_a_copy(files: Any, outcomes: Any):
    for name in ("_SUCCESS", "_committed_17", ".part-0.csv.crc"):
        assert outcomes[f"sales/day/{name}"] == ("ignored", None, None)
    assert not [key for key in files.objects("quarantine") if "/day/" in key]
    assert outcomes["sales/empty.csv"][:2] == ("quarantined", "empty_file")


@pytest.mark.field("27", "x.csv.part, which is renamed when it is whole", "right")
def test_a_name_that_says_half_a_file_is_ignored_where_the_contract_says_so(outcomes: Any):
    assert outcomes["sales/late.csv.part"] == ("ignored", None, None)


@pytest.mark.field("17.6", "A JSON document on one line", "right")
def test_a_document_on_one_line_is_read(files: Any):
    assert keys(files, "sales", "j") == ["j1"]


@pytest.mark.field("17.6", "Every file received has one outcome, those in zips too", "right")
def test_files_and_records_balance(files: Any):
    statuses = [f.status.value for f in files.ledger.files("files")]
    assert len(statuses) == len(FILES) + 6
    assert {*statuses} == {"accepted", "quarantined", "ignored", "unpacked"}
    assert all(r.rows.balanced for r in files.results("run-1").values())
