"""The search for what must not be there any more: archives in one another, damaged files, names, numbers."""

from __future__ import annotations

import bz2
import gzip
import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.erasure.erase import READ
from cli.erasure.files import Holder
from cli.erasure.layers import mentions
from cli.erasure.rewriting import carry_out
from cli.erasure.search import Place, places, places_in_ledger
from cli.erasure.sought import Sought
from shared.contracts import contract
from shared.ledger.counters import counter_key
from shared.names import RESULTS
from tests.support.ingest_rig import NAMES, Rig, rig
from tests.support.workbook import xlsx

U42 = Sought({"user_id": frozenset({"u42"})})
SEVEN = Sought({"user_id": frozenset({"7"})})
NOISE = random.Random(1).randbytes(4000).hex()
TEXT = f"{NOISE},u42\n{NOISE}".encode()
BOOK = xlsx({"Users": [["user_id", "name"], ["u42", "Ann"]]})


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def parquet(**columns: list[object]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, compression="zstd")
    return file.getvalue()


def searched(tmp_path: Path, content: bytes, sought: Sought = U42) -> tuple[bool, list[str]]:
    (tmp_path / "content").write_bytes(content)
    unopened: list[str] = []
    return mentions(sought, tmp_path / "content", tmp_path, unopened), unopened


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(zipped("book.xlsx", BOOK), id="a workbook in a zip"),
        pytest.param(zipped("a.zip", zipped("b.csv.gz", gzip.compress(TEXT))), id="gzip in zips"),
        pytest.param(gzip.compress(TEXT)[:-40], id="gzip that was cut off"),
        pytest.param(zipped("a.parquet", parquet(user=["u42"] * 99)), id="Parquet in a zip"),
        pytest.param(parquet(user=[["u1", "u42"]]), id="a list in Parquet"),
    ],
)
def test_a_value_is_found_in_what_is_packed(tmp_path: Path, content: bytes) -> None:
    assert searched(tmp_path, content) == (True, [])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (bz2.compress(TEXT)[:-200], "compressed, and damaged"),
        (b"7z\xbc\xaf'\x1c" + bytes(99), "a 7z archive"),
        (zipped("a.csv", TEXT)[:-99], "a zip that is damaged"),
        (b"PAR1" + bytes(99), "Parquet that cannot be read"),
        (b"Obj\x01" + bytes([255] * 9), "Avro that cannot be read"),
    ],
)
def test_what_cannot_be_opened_is_told(tmp_path: Path, content: bytes, why: str) -> None:
    found, [told] = searched(tmp_path, content)
    assert not found
    assert told.startswith(why)


def test_a_number_among_numbers_is_nobodys(tmp_path: Path) -> None:
    assert searched(tmp_path, parquet(amount=[7], age=[7.0]), SEVEN) == (False, [])
    assert searched(tmp_path, parquet(user_id=[7]), SEVEN) == (True, [])
    assert searched(tmp_path, parquet(text=["Level 7"]), SEVEN) == (True, [])


def test_the_bound_of_a_number_is_of_a_column_that_says_whose_a_row_is() -> None:
    bound = b"\x08\x07\0\0\0"
    assert SEVEN.is_bound_in(b"\x0a" + bound, [5])
    assert SEVEN.is_bound_in(b"\xd0\x0f" + bound, [5, 1000])
    assert not SEVEN.is_bound_in(b"\x08" + bound, [5])
    assert not SEVEN.is_bound_in(bound)


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        place = {"LocationConstraint": NAMES.region}
        made.s3.create_bucket(Bucket=NAMES.bucket("results"), CreateBucketConfiguration=place)
        yield made


def of(lake: Rig, sought: Sought) -> list[Place]:
    zones = ("raw", "bronze", "quarantine", RESULTS)
    return [p for p in places(NAMES, lake.s3, "shop", sought, zones, READ) if p is not None]


def test_a_number_in_files_whose_records_are_read_and_in_counts_is_nobodys(lake: Rig) -> None:
    lake.arrive("shop/users/a.csv", b"user_id,name,age,updated_at\nu1,Bob,7,2024-05-01T10:00:00Z\n" * 1)
    assert list(Holder(NAMES, lake.s3, lake.ledger, contract("shop"), SEVEN).found()) == []
    assert of(lake, SEVEN) == []
    lake.ledger.record_erasure("shop", "e1", {"people": 7})
    assert list(places_in_ledger(lake.ledger, "shop", SEVEN)) == []


@pytest.mark.parametrize("shard", [7, 12])
def test_the_shard_of_a_counter_and_a_sequencer_are_nobodys(lake: Rig, shard: int) -> None:
    lake.ledger._table.put_item(Item={**counter_key("shop/users", shard), "accepted": shard})
    lake.ledger._table.put_item(
        Item={"pk": "file#raw/shop/a.csv", "sk": "latest", "sequencer": f"{shard:020d}"}
    )
    number = Sought({"user_id": frozenset({str(shard)})})
    assert list(places_in_ledger(lake.ledger, "shop", number)) == []
    lake.ledger._table.put_item(Item={"pk": f"file#raw/shop/{shard}.csv", "sk": "latest", "sequencer": "1"})
    assert [p.where for p in places_in_ledger(lake.ledger, "shop", number)] == ["an item of file"]


def test_a_workbook_in_a_zip_goes_with_the_zip(lake: Rig) -> None:
    rows = [["user_id", "name", "updated_at"], ["u42", "Ann", "2024-05-01T10:00:00Z"]]
    lake.deliver(lake.drop("shop/users/book.zip", zipped("book.xlsx", xlsx({"Users": rows}))))
    found = Holder(NAMES, lake.s3, lake.ledger, contract("shop"), U42).found()
    assert [(f.zone, f.fate, f.records) for f in found] == [("raw", "whole", 0), ("bronze", "rewrite", 1)]


def test_answers_of_other_domains_are_not_searched(lake: Rig) -> None:
    for key in ("web-analysts/a.csv", "shop-analysts/a.csv", "a.csv"):
        lake.s3.put_object(Bucket=NAMES.bucket("results"), Key=key, Body=b"u42")
    assert [p.version.key for p in of(lake, U42) if p.version] == ["a.csv", "shop-analysts/a.csv"]


def test_the_name_of_a_deleted_object_goes_unless_older_versions_would_come_back(lake: Rig) -> None:
    raw = NAMES.bucket("raw")
    lake.s3.put_bucket_versioning(Bucket=raw, VersioningConfiguration={"Status": "Enabled"})
    for key in ("shop/users/u42.csv", "shop/users/u42-old.csv"):
        made = lake.s3.put_object(Bucket=raw, Key=key, Body=b"user_id\nu1\n")
        lake.s3.delete_object(Bucket=raw, Key=key)
        if "old" not in key:
            lake.s3.delete_object(Bucket=raw, Key=key, VersionId=made["VersionId"])
    assert len(of(lake, U42)) == 3
    holder = Holder(NAMES, lake.s3, lake.ledger, contract("shop"), U42)
    assert [(f.fate, f.version.key) for f in holder.found()] == [("delete", "shop/users/u42.csv")]
    list(carry_out(holder, list(holder.found())))
    assert {p.version.key for p in of(lake, U42) if p.version} == {"shop/users/u42-old.csv"}
