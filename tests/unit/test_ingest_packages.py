"""Zips, workbooks and files that are none of ours: every file inside has its own outcome."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from shared.contracts import contract
from shared.ingestion import Ingest
from shared.ingestion import ingest as module
from shared.ledger.model import FileStatus
from shared.records import Limits, packages
from tests.support.ingest_rig import NAMES, NOON, InjectedError, Rig, rig
from tests.support.workbook import ods, xlsx

ONE = b"user_id,name,updated_at\nu1,Ada,2024-03-01T10:00:00Z\n"
TWO = b'{"user_id":"u2","updated_at":"2024-03-02T10:00:00Z"}\n'
OLE = bytes.fromhex("d0cf11e0a1b11ae1")


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        yield made


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return file.getvalue()


def known(lake: Rig) -> dict[str, tuple[str, str | None]]:
    return {f.key: (f.status.value, f.reason) for f in lake.ledger.files()}


def test_every_file_of_a_zip_has_its_own_outcome(lake: Rig):
    content = zipped(
        {
            "a.csv": ONE,
            "b/two.json": TWO,
            "again.csv": ONE,
            "bad.csv": b"x,y\n1,2\n",
            "inner.zip": zipped({"a.csv": ONE}),
        }
        | {"folder/": b"", "__MACOSX/._a.csv": b"x", "b/.DS_Store": b"x", "half.part": b"u"}
    )
    outcome = lake.arrive("shop/users/day.zip", content)
    assert (outcome.status, outcome.detail, outcome.key) == ("unpacked", "6 files", "shop/users/day.zip")
    assert known(lake) == {
        "shop/users/day.zip": ("unpacked", None),
        "shop/users/day.zip/a.csv": ("accepted", None),
        "shop/users/day.zip/b/two.json": ("accepted", None),
        "shop/users/day.zip/again.csv": ("duplicate", None),
        "shop/users/day.zip/bad.csv": ("quarantined", "no_known_column"),
        "shop/users/day.zip/inner.zip": ("quarantined", "nested_compression"),
        "shop/users/day.zip/half.part": ("ignored", None),
    }
    digests = [hashlib.sha256(c).hexdigest()[:8] for c in (ONE, TWO)]
    assert lake.objects("bronze") == {
        f"shop/users/event_date=2024-03-01/a-{digests[0]}.csv": ONE,
        f"shop/users/event_date=2024-03-02/two-{digests[1]}.json": TWO,
    }
    aside = [c for k, c in lake.objects("quarantine").items() if k.endswith(".csv")]
    assert aside == [b"x,y\n1,2\n"]
    assert {f.version for f in lake.ledger.files()} == {outcome.version}


def test_a_zip_that_comes_again_changes_nothing(lake: Rig):
    body = lake.drop("shop/users/day.zip", zipped({"a.csv": ONE, "bad.csv": b"x\n1\n"}))
    lake.deliver(body)
    before = lake.state()
    assert lake.deliver(body, "another message") == [None]
    assert lake.state() == before


def test_a_file_that_stands_before_the_start_of_its_zip_is_damaged_and_no_fault_of_the_disk(lake: Rig):
    whole = zipped({"a.csv": ONE, "b.csv": ONE.replace(b"u1", b"u2")})
    at = whole.rfind(b"PK\x05\x06") + 16  # where the list of files begins
    start = int.from_bytes(whole[at : at + 4], "little")
    lake.arrive("shop/users/day.zip", whole[:at] + (start + 9).to_bytes(4, "little") + whole[at + 4 :])
    # Python takes the list to be 9 bytes further ahead, and the first file to stand before the zip.
    assert {f.reason for f in lake.ledger.files() if f.status is FileStatus.QUARANTINED} == {
        "corrupt_archive"
    }


def test_a_workbook_whose_xml_is_broken_is_refused_at_once(lake: Rig):
    """Its reader waits for the rest of an ods for ever."""
    with zipfile.ZipFile(io.BytesIO(ods({"Users": [["user_id"], ["u1"]]}))) as package:
        parts = {n: package.read(n) for n in package.namelist()}
    parts["content.xml"] = parts["content.xml"].partition(b"</table:table>")[0] + b'</ta"ts":nt>'
    began = time.monotonic()
    found = lake.arrive("shop/users/day.ods", zipped(parts))
    assert (found.status, found.reason) == (FileStatus.QUARANTINED, "corrupt_spreadsheet")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_anywhere_in_a_zip_is_repaired_by_the_retry(when: str):
    content = zipped({"a.csv": ONE, "bad.csv": b"x\n1\n", "two.json": TWO})
    with rig() as lake:
        body = lake.drop("shop/users/day.zip", content)
        lake.faults.arm(0, when, dead=False)
        lake.deliver(body)
        calls, expected, bronze = len(lake.faults.calls), known(lake), {*lake.objects("bronze")}
    assert calls > 10
    for at in range(1, calls + 1, 2):
        with rig() as lake:
            body = lake.drop("shop/users/day.zip", content)
            lake.faults.arm(at, when, dead=True)
            with pytest.raises(InjectedError):
                lake.deliver(body)
            lake.faults.at = 0
            lake.deliver(body)
            assert known(lake) == expected
            assert {*lake.objects("bronze")} == bronze


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        (zipped({}), "empty_file", "the zip holds no file"),
        (zipped({"a.csv": ONE})[:-30], "corrupt_archive", "the zip is damaged or cut off"),
        (zipped({"a.csv": bytes(70 << 20)}), "decompression_bomb", None),
        (
            zipped({f"{i}.csv": b"" for i in range(1001)}),
            "decompression_bomb",
            "1001 files are more than 1000",
        ),
        (
            OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
            "an Office file behind a password",
        ),
        (OLE + bytes(600), "format_not_accepted", "this is an old Office file (.xls, .doc): save it as xlsx"),
    ],
    ids=["empty", "cut", "bomb", "many", "encrypted", "xls"],
)
def test_a_package_that_cannot_be_opened_has_its_reason(
    lake: Rig, content: bytes, reason: str, detail: str | None
):
    outcome = lake.arrive("shop/users/a.zip", content)
    assert (outcome.status, outcome.reason) == ("quarantined", reason)
    assert detail in (None, outcome.detail)
    assert len(lake.ledger.files()) == 1


def test_a_zip_behind_a_password_is_refused(lake: Rig):
    content = bytearray(zipped({"a.csv": ONE}))
    content[6] |= 1  # the flag in the member's header and in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    outcome = lake.arrive("shop/users/a.zip", bytes(content))
    assert (outcome.reason, outcome.detail) == ("encrypted", "the zip is protected by a password")


def test_a_zip_whose_list_of_files_is_too_long_is_refused_before_it_is_held(lake: Rig):
    names = {f"{'long' * 25}{n}.csv": b"" for n in range(40_000)}
    outcome = lake.arrive("shop/users/many.zip", zipped(names))
    assert outcome.reason == "decompression_bomb"
    assert (outcome.detail or "").startswith("the list of its files takes")


def test_names_that_climb_are_harmless(lake: Rig):
    lake.arrive("shop/users/a.zip", zipped({"../../etc/x.csv": ONE, "..\\y.json": TWO, "/z\n.csv": b""}))
    assert set(known(lake)) == {
        "shop/users/a.zip",
        "shop/users/a.zip/etc/x.csv",
        "shop/users/a.zip/y.json",
        "shop/users/a.zip/z_.csv",
    }


def test_a_contract_without_zip_says_what_to_do(lake: Rig):
    outcome = lake.arrive("shop/events/a.zip", zipped({"a.csv": ONE}))
    assert (outcome.reason, outcome.detail) == (
        "format_not_accepted",
        "the content is a zip; the contract accepts csv, json, ndjson, parquet: add zip to `formats`",
    )


def test_a_zip_too_large_for_the_function_is_left_to_the_bronze_job(lake: Rig):
    small = Ingest(
        NAMES, lake.ledger, lake.ingest.store, Limits(max_spooled=2000), lambda: NOON, lambda _: None, True
    )
    function, lake.ingest = lake.ingest, small
    left = lake.arrive(
        "shop/users/a.zip", zipped({"a.csv": ONE, "long.csv": ONE + ONE.splitlines(True)[1] * 100})
    )
    assert left.status is FileStatus.DEFERRED
    done = function.finished(left)
    assert [(f.key, f.status.value) for f in done] == [
        ("shop/users/a.zip/a.csv", "accepted"),
        ("shop/users/a.zip/long.csv", "accepted"),
        ("shop/users/a.zip", "unpacked"),
    ]
    assert function.finished(left) == []


def shop_users(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Any:
    shop = contract("shop")
    changed = replace(
        shop, datasets=tuple(replace(d, **changes) if d.name == "users" else d for d in shop.datasets)
    )
    monkeypatch.setattr(module, "contract", lambda _: changed)
    return changed.dataset("users")


def test_a_file_of_a_zip_and_a_zip_leave_quarantine_after_a_fix(lake: Rig, monkeypatch: pytest.MonkeyPatch):
    users = shop_users(monkeypatch, formats=("json", "zip"))
    lake.arrive("shop/users/a.zip", zipped({"a.csv": ONE, "two.json": TWO}))
    (member,) = lake.ledger.quarantined("shop", "users")
    assert (member.key, member.reason) == ("shop/users/a.zip/a.csv", "format_not_accepted")
    replayed = lake.ingest.replay(member, replace(users, formats=("csv", "zip")), "run-1")
    assert (replayed.status, lake.objects("quarantine")) == ("accepted", {})
    shop_users(monkeypatch, formats=("json",))
    whole = lake.arrive("shop/users/b.zip", zipped({"three.json": TWO.replace(b"u2", b"u3")}))
    assert whole.reason == "format_not_accepted"
    replayed = lake.ingest.replay(whole, replace(users, formats=("ndjson", "zip")), "run-2")
    assert replayed.status == "unpacked"
    assert known(lake)["shop/users/b.zip/three.json"] == ("accepted", None)
    assert lake.objects("quarantine") == {}


ROWS = [
    ["Users of March", None, None],
    [],
    ["user_id", "name", "updated_at", "country"],
    ["007", 10.1, "date:46082.4166666667", True],
    ["u2", 0.30000000000000004, "date:46082", None],
    ["u3", "a\nb,c", "2026-03-02T10:00:00Z", "error:#N/A"],
]
TEXT = (
    b"Users of March,,,\n\nuser_id,name,updated_at,country\n007,10.1,2026-03-01T10:00:00,true\n"
    b'u2,0.3,2026-03-01,\nu3,"a\nb,c",2026-03-02T10:00:00Z,#N/A\n'
)


def test_bronze_has_the_sheet_of_a_workbook_as_text(lake: Rig):
    content = xlsx({"Other": [["x"]], "Users": ROWS})
    outcome = lake.arrive("shop/users/March.xlsx", content)
    digest = hashlib.sha256(content).hexdigest()
    assert (outcome.status, outcome.records, outcome.sha256, outcome.bytes) == (
        "accepted",
        3,
        digest,
        len(content),
    )
    assert lake.objects("bronze") == {f"shop/users/event_date=2026-03-01/March-{digest[:8]}.csv": TEXT}
    assert outcome.profile is not None
    assert (outcome.profile.format, outcome.profile.preamble) == ("csv", 2)


def test_an_ods_is_read_like_an_xlsx(lake: Rig):
    outcome = lake.arrive("shop/users/a.ods", ods({"Users": [["user_id", "name"], ["u1", 2.5]]}))
    assert (outcome.status, list(lake.objects("bronze").values())) == (
        "accepted",
        [b"user_id,name\nu1,2.5\n"],
    )


def test_a_formula_that_was_never_computed_costs_its_row(lake: Rig):
    rows = [["user_id", "name"], ["u1", "formula:"], ["u2", "formula:3"], *[["u", "x"]] * 20]
    outcome = lake.arrive("shop/users/a.xlsx", xlsx({"Users": rows}))
    assert (outcome.status, outcome.records, outcome.unreadable_records) == ("accepted", 22, 1)


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(lake: Rig):
    outcome = lake.arrive("shop/users/a.xlsx", xlsx({"Eins": ROWS, "Zwei": ROWS}))
    assert (outcome.reason, outcome.detail) == (
        "unknown_sheet",
        "the workbook has the sheets Eins, Zwei; Users is not among them",
    )


def test_of_several_sheets_the_contract_names_one(lake: Rig, monkeypatch: pytest.MonkeyPatch):
    shop_users(monkeypatch, sheet=None)
    outcome = lake.arrive("shop/users/a.xlsx", xlsx({"Eins": ROWS, "Zwei": ROWS}))
    assert (outcome.reason, outcome.detail) == (
        "unknown_sheet",
        "the workbook has the sheets Eins, Zwei; name one in the contract: `sheet`",
    )
    assert lake.arrive("shop/users/b.xlsx", xlsx({"Eins": ROWS})).status == "accepted"


def test_a_workbook_that_fills_the_memory_is_too_large(lake: Rig):
    """One cell in the last corner: the reader would make room for 17 thousand million."""
    rows = [["user_id", "name"], ["u1", "x"]]
    content = xlsx({"Users": rows}, corner="XFD1048576")
    outcome = lake.arrive("shop/users/a.xlsx", content)
    assert (outcome.reason, outcome.detail) == (
        "too_large",
        "the sheet needs more memory than there is for it; split it, or save it as CSV",
    )


def test_a_damaged_workbook_has_its_reason(lake: Rig):
    content = zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x"})
    assert lake.arrive("shop/users/a.xlsx", content).reason == "corrupt_spreadsheet"


def test_a_workbook_waits_in_quarantine_where_nobody_can_read_it(lake: Rig, monkeypatch: pytest.MonkeyPatch):
    """On Glue: a replay leaves it as it is."""
    outcome = lake.arrive("shop/events/a.xlsx", xlsx({"Users": ROWS}))
    assert outcome.reason == "format_not_accepted"
    monkeypatch.setattr("shared.spreadsheets.readable", lambda: False)
    assert lake.ingest.replay(outcome, contract("shop").dataset("users"), "run-1") == outcome


@pytest.mark.parametrize(
    "name", ["_SUCCESS", "_committed_17", "_started_17", ".part-0.csv.crc", "a_$folder$", "x.csv.part"]
)
def test_markers_and_what_the_contract_ignores_leave_no_copy(lake: Rig, name: str):
    outcome = lake.arrive(f"shop/users/day/{name}", b"")
    assert (outcome.status, outcome.reason, outcome.target_key) == ("ignored", None, None)
    assert (lake.objects("bronze"), lake.objects("quarantine")) == ({}, {})
    assert lake.ledger.files() == [outcome]
    assert json.loads(json.dumps(outcome.status)) == "ignored"


def test_what_one_contract_ignores_another_does_not(lake: Rig):
    assert lake.arrive("shop/events/x.csv.part", b"").reason == "empty_file"


def rezipped(content: bytes, edit: Callable[[str, bytes], tuple[str, bytes]]) -> bytes:
    """A package with its parts changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return zipped(dict(edit(name, package.read(name)) for name in package.namelist()))


STRICT = {
    b"http://schemas.openxmlformats.org/officeDocument/2006": b"http://purl.oclc.org/ooxml/officeDocument",
    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
}


def strict(name: str, part: bytes) -> tuple[str, bytes]:
    for transitional, other in STRICT.items():
        part = part.replace(transitional, other)
    return name, part


@pytest.mark.parametrize(
    ("edit", "age"),
    [
        (lambda name, part: (name.replace("sheet1.xml", "Sheet1.xml"), part), b"1.5"),
        (lambda name, part: (name, part.replace(b"<v>1.5</v>", b"<v>NaN</v>")), b"nan"),
        (lambda name, part: (name, part.replace(b"<v>1.5</v>", b"<v>1e999</v>")), b"inf"),
    ],
)
def test_workbooks_of_other_writers_have_an_outcome(
    lake: Rig, edit: Callable[[str, bytes], tuple[str, bytes]], age: bytes
):
    content = xlsx({"Users": [["user_id", "age", "updated_at"], ["u1", 1.5, "2026-03-02T10:00:00Z"]]})
    outcome = lake.arrive("shop/users/a.xlsx", rezipped(content, edit))
    assert (outcome.status, outcome.reason) == ("accepted", None)
    assert [*lake.objects("bronze").values()] == [
        b"user_id,age,updated_at\nu1," + age + b",2026-03-02T10:00:00Z\n"
    ]


def test_a_strict_workbook_is_read(lake: Rig):
    content = xlsx({"Users": [["user_id", "updated_at"], ["u1", "2026-03-02T10:00:00Z"]]})
    assert lake.arrive("shop/users/a.xlsx", rezipped(content, strict)).status == "accepted"


def test_raw_keeps_the_zip_that_alone_has_what_was_ignored(lake: Rig, monkeypatch: pytest.MonkeyPatch):
    shop_users(monkeypatch, archive=True)
    lake.arrive("shop/users/day.zip", zipped({"a.csv": ONE, "half.part": b"not yet"}))
    assert known(lake)["shop/users/day.zip/half.part"] == ("ignored", None)
    assert [*lake.objects("raw")] == ["shop/users/day.zip"]


def test_a_workbook_behind_a_large_file_of_a_zip_is_read_by_the_function(lake: Rig):
    users = [["user_id", "updated_at"], ["u9", "2024-03-01T10:00:00Z"]]
    large = ONE + ONE.splitlines(True)[1] * 100
    lake.ingest = replace(lake.ingest, limits=Limits(max_bytes=2000), defers=True)
    left = lake.arrive("shop/users/a.zip", zipped({"a.csv": large, "m.xlsx": xlsx({"Users": users})}))
    assert left.status is FileStatus.DEFERRED
    assert known(lake)["shop/users/a.zip/m.xlsx"] == ("accepted", None)


def packed(content: bytes, method: int) -> bytearray:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as package:
        package.writestr("a.csv", content)
    return bytearray(file.getvalue())


def test_a_file_of_a_zip_that_is_damaged_or_packed_otherwise_has_its_reason(lake: Rig):
    damaged = packed(bytes(range(256)) * 20, zipfile.ZIP_LZMA)
    damaged[60:160] = b"\xff" * 100
    lake.arrive("shop/users/a.zip", bytes(damaged))
    other = packed(ONE, zipfile.ZIP_DEFLATED)
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = other.find(mark) + at
        other[place : place + 2] = (9).to_bytes(2, "little")  # Deflate64
    lake.arrive("shop/users/b.zip", bytes(other))
    found = {f.key: (f.reason, f.detail) for f in lake.ledger.quarantined("shop", "users")}
    assert found["shop/users/a.zip/a.csv"][0] == "corrupt_archive"
    assert found["shop/users/b.zip/a.csv"] == (
        "corrupt_archive",
        "compressed by a method that is not read here: zip it with Deflate",
    )


def changed(content: bytes, mark: bytes, at: int, new: bytes) -> bytes:
    """The zip with other bytes behind the first of a kind of its records."""
    place = content.find(mark) + at
    return content[:place] + new + content[place + len(new) :]


LOCAL, LISTED = b"PK\x03\x04", b"PK\x01\x02"
UTF_8, BEHIND_A_PASSWORD = (0x800).to_bytes(2, "little"), (1).to_bytes(2, "little")


def test_a_file_whose_name_is_no_text_is_damaged(lake: Rig):
    """Found by mutation: Python decodes the name once more where the file stands."""
    content = changed(changed(zipped({"a.csv": ONE}), LOCAL, 6, UTF_8), LOCAL, 30, b"\xff")
    lake.arrive("shop/users/a.zip", content)
    assert {f.key: f.reason for f in lake.ledger.quarantined("shop", "users")} == {
        "shop/users/a.zip/a.csv": "corrupt_archive"
    }


def test_a_file_without_a_name_is_read(lake: Rig):
    """Found by mutation: Python fails to say whether it is a folder."""
    file, nameless = io.BytesIO(), zipfile.ZipInfo("a")
    nameless.filename = ""
    with zipfile.ZipFile(file, "w") as package, package.open(nameless, "w") as member:
        member.write(ONE)
    lake.arrive("shop/users/a.zip", file.getvalue())
    assert {f.key: f.records for f in lake.ledger.files() if f.status is FileStatus.ACCEPTED} == {
        "shop/users/a.zip/file": 1
    }


@pytest.mark.parametrize(
    ("mark", "at", "new"),
    [(LISTED, 10, (9).to_bytes(2, "little")), (LISTED, 8, BEHIND_A_PASSWORD), (LOCAL, 30, b"\xff")],
    ids=["another method of compression", "a part behind a password", "a name that is another"],
)
def test_a_workbook_with_a_damaged_part_has_its_reason(lake: Rig, mark: bytes, at: int, new: bytes):
    """Found by mutation: such errors ended the process that reads the sheet."""
    with zipfile.ZipFile(io.BytesIO(xlsx({"Users": [["user_id"], ["u1"]]}))) as package:
        parts = {n: package.read(n) for n in package.namelist()}
    first = {"xl/worksheets/sheet1.xml": parts.pop("xl/worksheets/sheet1.xml")}
    found = lake.arrive("shop/users/day.xlsx", changed(zipped(first | parts), mark, at, new))
    assert (found.status, found.reason) == (FileStatus.QUARANTINED, "corrupt_spreadsheet")


def test_a_full_disk_is_no_damage_of_the_zip(lake: Rig, monkeypatch: pytest.MonkeyPatch):
    def full(*_: Any) -> Iterator[bytes]:
        raise OSError(28, "No space left on device")
        yield b""

    monkeypatch.setattr(packages, "_blocks", full)
    with pytest.raises(OSError, match="No space left"):
        lake.arrive("shop/users/a.zip", zipped({"a.csv": ONE}))
    monkeypatch.undo()
    assert not [f for f in lake.ledger.files() if f.status is FileStatus.QUARANTINED]


def test_equal_bytes_under_keys_that_say_otherwise_are_different_records(lake: Rig):
    order = b'{"data":{"orders":[{"id":"o1","placed":{"at":"2024-03-01T10:00:00Z"},"lines":[]}]}}\n'
    keys = [f"shop/orders/exported={day}/part.json" for day in ("2024-03-01", "2024-03-02")]
    outcomes = [lake.arrive(key, order) for key in keys]
    assert [o.status.value for o in outcomes] == ["accepted", "accepted"]
    assert len({o.target_key for o in outcomes}) == 2
    again = lake.arrive("shop/orders/exported=2024-03-02/copy.json", order)
    assert (again.status.value, again.duplicate_of) == ("duplicate", outcomes[1].place)
