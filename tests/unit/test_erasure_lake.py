"""The files of a lake that hold a person: what is found, what is done, and a crash at any call of AWS."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator

import pytest

from cli.erasure import keys
from cli.erasure.files import Holder
from cli.erasure.finding import Finding
from cli.erasure.receipt import details
from cli.erasure.rewriting import carry_out, unfaithful
from cli.erasure.sought import Sought
from local.errors import LakeError
from shared.contracts import contract
from shared.contracts.people import Identity, identities
from shared.ledger.model import FileStatus
from tests.support.ingest_rig import NAMES, InjectedError, Rig, rig
from tests.support.workbook import xlsx

HEAD = "user_id,name,updated_at\n"
ANN, BOB, CID = (f"{u},{n},2024-05-01T10:00:00Z\n" for u, n in (("u42", "Ann"), ("u1", "Bob"), ("u2", "Cid")))
OTHERS = (
    b'{"user_id":"u1","name":"Bob","updated_at":"2024-05-01T10:00:00Z"}\n' * 30
    + b'{"user_id":"u500","name":"Level 7\n'
)
BROKEN = b'[{"user_id":"u42"'


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        yield made


def holder(lake: Rig, *values: str) -> Holder:
    sought = Sought({"user_id": frozenset(values or ("u42",))})
    return Holder(NAMES, lake.s3, lake.ledger, contract("shop"), sought)


def zipped(**files: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return file.getvalue()


def shown(found: list[Finding]) -> list[tuple[str, str, str, int]]:
    return sorted(
        (f.zone, f.version.key.rpartition("/")[2].partition("-")[0], f.fate, f.records) for f in found
    )


def test_each_file_is_found_with_what_becomes_of_it(lake: Rig) -> None:
    lake.arrive("shop/users/plain.csv", f"{HEAD}{ANN}{BOB}".encode())
    lake.arrive("shop/users/plain.csv", f"{HEAD}{ANN}{BOB}{CID}".encode())
    lake.arrive("shop/users/nobody.csv", f"{HEAD}{BOB}".encode())
    lake.arrive("shop/users/bad.json", BROKEN)
    lake.deliver(lake.drop("shop/users/two.zip", zipped(a=HEAD + ANN + CID, b=HEAD + BOB)))
    lake.drop("shop/users/new.csv", f"{HEAD}{ANN}".encode())
    assert shown(list(holder(lake).found())) == [
        ("bronze", "a", "rewrite", 1),
        ("bronze", "plain", "rewrite", 1),
        ("bronze", "plain", "rewrite", 1),
        ("quarantine", "bad", "whole", 0),
        ("raw", "bad.json", "whole", 0),
        ("raw", "new.csv", "waiting", 0),
        ("raw", "plain.csv", "delete", 1),
        ("raw", "plain.csv", "rewrite", 1),
        ("raw", "two.zip", "rewrite", 1),
    ]


def test_a_zip_loses_the_record_in_its_file_and_the_ledger_counts_what_is_left(lake: Rig) -> None:
    lake.deliver(lake.drop("shop/users/two.zip", zipped(a=HEAD + ANN + CID, b=HEAD + BOB)))
    h = holder(lake)
    list(carry_out(h, list(h.found())))
    assert list(h.found()) == []
    with zipfile.ZipFile(io.BytesIO(lake.objects("raw")["shop/users/two.zip"])) as left:
        texts = {name: left.read(name).decode() for name in left.namelist()}
    assert texts == {"a.csv": HEAD + CID, "b.csv": HEAD + BOB}
    counts = {f.key.rpartition("/")[2]: f.records for f in lake.ledger.files("shop") if f.records}
    assert counts == {"a.csv": 1, "b.csv": 1}


def test_a_workbook_can_only_go_as_a_whole_and_bronze_keeps_the_others(lake: Rig) -> None:
    rows = [
        ["user_id", "name", "updated_at"],
        ["u42", "Ann", "2024-05-01T10:00:00Z"],
        ["u1", "Bob", "2024-05-01T10:00:00Z"],
    ]
    lake.arrive("shop/users/book.xlsx", xlsx({"Users": rows}))
    h = holder(lake)
    found = list(h.found())
    assert shown(found) == [("bronze", "book", "rewrite", 1), ("raw", "book.xlsx", "whole", 0)]
    list(carry_out(h, found))
    assert list(h.found()) == []
    assert lake.objects("raw") == {}
    [text] = lake.objects("bronze").values()
    assert text.decode().split() == ["user_id,name,updated_at", "u1,Bob,2024-05-01T10:00:00Z"]


def test_a_quarantined_file_that_went_is_no_longer_replayed(lake: Rig) -> None:
    lake.arrive("shop/users/bad.json", BROKEN)
    h = holder(lake)
    list(carry_out(h, list(h.found())))
    assert lake.objects("quarantine") == {}
    [left] = lake.ledger.quarantined("shop", "users")
    assert left.target_key is None


def test_a_file_whose_others_would_be_read_otherwise_says_so(lake: Rig) -> None:
    lake.arrive("shop/users/total.csv", b"user_id,name,age\nu1,Bob,5\nTotal,,5\nu42,Ann,1\n")
    h = holder(lake)
    assert {unfaithful(h, f, h.known()) for f in h.found()} == {
        "without the records, others would be read otherwise"
    }


def test_after_a_crash_at_any_call_the_same_again_leaves_what_an_undisturbed_one_leaves() -> None:
    left = []
    for at in range(60):
        with rig() as lake:
            lake.arrive("shop/users/plain.csv", f"{HEAD}{ANN}{BOB}".encode())
            lake.arrive("shop/users/packed.csv.gz", gzip.compress(f"{HEAD}{ANN}{CID}".encode(), mtime=0))
            h = holder(lake)
            found = list(h.found())
            lake.faults.arm(at, "after" if at % 2 else "before", dead=True)
            try:
                list(carry_out(h, found))
            except InjectedError:
                lake.faults.at = 0
                list(carry_out(h, list(h.found())))
                struck = True
            else:
                struck = False
            lake.faults.at = 0
            assert list(h.found()) == []
            counts = sorted((f.key, f.status, f.records) for f in lake.ledger.files("shop"))
            left.append(
                (counts, sorted(lake.objects("raw").values()), sorted(lake.objects("bronze").values()))
            )
            if at and not struck:
                break
    assert at > 10
    assert all(found == left[0] for found in left)
    assert [records for _, status, records in left[0][0] if status is FileStatus.ACCEPTED] == [1, 1]


def test_a_receipt_names_no_file_that_is_named_like_a_person(lake: Rig) -> None:
    lake.arrive("shop/users/u42.csv", f"{HEAD}{ANN}{BOB}".encode())
    h = holder(lake)
    told = [d["file"] for d in details(list(h.found()), h.sought)]
    assert told == ["an object whose name holds a value"] * 2


def test_a_line_that_cannot_be_read_and_mentions_a_value_is_told_and_stays(lake: Rig) -> None:
    lake.arrive("shop/users/lines.ndjson", OTHERS)
    [bronze, raw] = holder(lake, "7").found()
    assert (raw.fate, bronze.fate, raw.records) == ("unclear", "unclear", 0)
    assert raw.why.startswith("1 records that cannot be read mention them, and may be of others")
    assert list(carry_out(holder(lake, "7"), [bronze, raw])) == []


def test_a_file_in_utf_16_is_found_by_its_records(lake: Rig) -> None:
    lake.arrive("shop/users/wide.csv", f"{HEAD}{ANN}{BOB}".encode("utf-16"))
    assert [(f.fate, f.records) for f in holder(lake).found()] == [("rewrite", 1)] * 2


def test_an_old_version_that_ingestion_has_yet_to_read_waits(lake: Rig) -> None:
    """Only its records tell it from the version that was read: Bob is in no other file."""
    lake.drop("shop/users/a.csv", f"{HEAD}{ANN}{BOB}".encode())
    lake.arrive("shop/users/a.csv", f"{HEAD}{CID}".encode())
    assert shown(list(holder(lake).found())) == [("raw", "a.csv", "waiting", 0)]


def test_records_of_nobody_are_nobodys(lake: Rig) -> None:
    lake.arrive("shop/users/a.csv", f"{HEAD}null,Bob,2024-05-01T10:00:00Z\n{CID}".encode())
    sought = Sought({"user_id": frozenset({"", "null"})})
    h = Holder(NAMES, lake.s3, lake.ledger, contract("shop"), sought)
    assert shown(list(h.found())) == []


@pytest.mark.parametrize("value", ["\u200b", "null", " NULL "])
def test_a_key_that_says_nothing_is_refused(value: str) -> None:
    with pytest.raises(LakeError, match="key 2: a value that says nothing"):
        keys.people_of(contract("shop"), ["user_id=u42", f"user_id={value}"])


@pytest.mark.parametrize("value", ["1e3", "1,000", "x", "7.5"])
def test_a_key_that_silver_never_has_is_refused(value: str) -> None:
    with pytest.raises(LakeError, match="key 2: user_id is a whole number"):
        keys.stored_value(2, value, Identity("user_id", "user_id", "bigint"))


def test_a_rewritten_file_keeps_its_tags(lake: Rig) -> None:
    key, bucket = "shop/users/a.csv", NAMES.bucket("raw")
    lake.arrive(key, f"{HEAD}{ANN}{BOB}".encode())
    tags = [{"Key": "source", "Value": "shop/till + 1"}]
    lake.s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": tags})
    h = holder(lake)
    list(carry_out(h, list(h.found())))
    assert lake.objects("raw") == {key: f"{HEAD}{BOB}".encode()}
    assert lake.s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == tags


def test_an_order_goes_with_its_lines_and_the_others_stay_byte_by_byte(lake: Rig) -> None:
    mine, other = (
        f'{{"id":"{order}","user":{{"id":"{user}"}},"placed":{{"at":"2024-05-01T10:00:00Z"}},'
        f'"lines":[{{"line":1,"sku":"{order}-a"}},{{"line":2,"sku":"{order}-b"}}]}}'.encode()
        for order, user in (("o1", "u42"), ("o2", "u1"))
    )
    page = b'{"data": {"orders": [%s]}}'
    lake.arrive("shop/orders/a.json", page % (mine + b", " + other))
    h = holder(lake)
    found = list(h.found())
    assert {(f.zone, f.fate, f.records) for f in found} == {("raw", "rewrite", 1), ("bronze", "rewrite", 1)}
    assert [r.column for r in identities(h.contract, h.contract.table("order_lines"))] == ["user_id"]
    list(carry_out(h, found))
    assert list(h.found()) == []
    assert {*lake.objects("raw").values(), *lake.objects("bronze").values()} == {page % other}
