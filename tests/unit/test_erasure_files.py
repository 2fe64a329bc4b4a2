"""A file without the records of one person: every other byte stays."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.erasure.content import Reading, holds, rewrite
from cli.erasure.sought import Reader, Sought, UnfaithfulError, is_theirs
from shared.contracts import contract
from shared.contracts.people import Identity
from shared.records import Accepted, judge
from shared.records.reading import ACCEPTED
from shared.records.shape import shape_of
from shared.records.source import Source

U42 = Sought({"user_id": frozenset({"u42"})})
ANN = Sought({"user_id": frozenset({"ann@x.example"})})
EVENTS = contract("shop").dataset("events")
SHARED = replace(EVENTS, formats=(*EVENTS.formats, "xml"), encodings=("utf-8", "utf-16", "latin-1"))


def without_u42(tmp_path: Path, content: bytes, sought: Sought = U42) -> tuple[int, bytes]:
    """How many records were taken out, and what is left, by the profile that ingestion has of the file."""
    (tmp_path / "file").write_bytes(content)
    case = "lower" if sought is ANN else None
    verdict = judge(
        Source(io.BytesIO(content), ACCEPTED), replace(SHARED, max_unreadable_rate=1.0), ACCEPTED, ""
    )
    assert isinstance(verdict, Accepted), verdict
    readers = [
        Reader(shape_of(SHARED, verdict.profile.format), (Identity("user_id", "user_id", "string", case),))
    ]
    reading = Reading(verdict.profile)

    def theirs(value, text):
        return is_theirs(sought, readers, value, text)

    taken = rewrite(tmp_path / "file", tmp_path / "out", tmp_path, reading, theirs, sought.may_be_in)
    assert holds(tmp_path / "out", reading, theirs) == 0
    return taken, (tmp_path / "out").read_bytes()


NDJSON = (
    b'{"event_id":"e1","user_id":"u1","ts":"2026-01-02T12:00:00Z"}\r\n'
    b'{"event_id":"e2","user_id":"u42","ts":"2026-01-02T12:00:00Z"}\n'
    b"\n"
    b'{"event_id":"e3","user_id":"u421","message":"u42","ts":"2026-01-02T12:00:00Z"}\n'
    b'{"event_id":"e4","uid":" u42 ","ts":"2026-01-02T12:00:00Z"}\n'
    b'{"event_id":"e5","user_id":"\\u00754\\u0032","ts":"2026-01-02T12:00:00Z"}\n'
    b'{"event_id":"e6","user_id":"u42","amo\n'
    b'{"event_id":"e7","user_id":"u421","amo\n'
    b'{"event_id":"e9","user_id":"u42","amo{"event_id":"e10","user_id":"u1"}\n'
    b'{"event_id":"e9","by":{"user_id":"u42"},"amo\n'
    b'{"event_id":"e9","user_id":"u42"} {"user_id":"u1"}\n'
    b'{ "event_id" : "e8", "User-ID": "u7" , "ts":"2026-01-02T12:00:00Z"}'
)
NDJSON_LEFT = (
    b'{"event_id":"e1","user_id":"u1","ts":"2026-01-02T12:00:00Z"}\r\n'
    b"\n"
    b'{"event_id":"e3","user_id":"u421","message":"u42","ts":"2026-01-02T12:00:00Z"}\n'
    b'{"event_id":"e7","user_id":"u421","amo\n'
    b'{"event_id":"e9","user_id":"u42","amo{"event_id":"e10","user_id":"u1"}\n'
    b'{"event_id":"e9","by":{"user_id":"u42"},"amo\n'
    b'{"event_id":"e9","user_id":"u42"} {"user_id":"u1"}\n'
    b'{ "event_id" : "e8", "User-ID": "u7" , "ts":"2026-01-02T12:00:00Z"}'
)
CSV = (
    b"\xef\xbb\xbfevent_id;user_id;ts;message\r\n"
    b"e1;u1;2026-01-02T12:00:00Z;plain\r\n"
    b'e2;u42;2026-01-02T12:00:00Z;"two\nlines; ""quoted"""\r\n'
    b"\r\n"
    b'e3;u2;2026-01-02T12:00:00Z;"two\r\nlines"\n'
    b"e4;u42;too;many;fields\n"
    b'e5;"u42";2026-01-02T12:00:00Z;'
)
CSV_LEFT = (
    b"\xef\xbb\xbfevent_id;user_id;ts;message\r\n"
    b"e1;u1;2026-01-02T12:00:00Z;plain\r\n"
    b"\r\n"
    b'e3;u2;2026-01-02T12:00:00Z;"two\r\nlines"\n'
    b"e4;u42;too;many;fields\n"
)
JSON = (
    b'[ {"event_id":"e1","user_id":"u42"},\n  {"event_id":"e2","user_id":"u1"} ,{"event_id":"e3","user_id":"u42"},\n'
    b'{"event_id":"e4","user_id":"u2"}\n, {"event_id":"e5","user_id":"u42"}]\n'
)
JSON_LEFT = b'[ {"event_id":"e2","user_id":"u1"} ,{"event_id":"e4","user_id":"u2"}]\n'
XML = (
    b'<?xml version="1.0"?>\n<events>\n <e event_id="e1" user_id="u42" note="a>b"/>\n <!-- u1 -->'
    b"<e><event_id>e2</event_id><user_id>u1</user_id></e><e><event_id>e3</event_id><user_id>u42</user_id></e>\n</events>\n"
)
XML_LEFT = (
    b'<?xml version="1.0"?>\n<events>\n \n <!-- u1 -->'
    b"<e><event_id>e2</event_id><user_id>u1</user_id></e>\n</events>\n"
)


@pytest.mark.parametrize(
    ("content", "taken", "left"),
    [
        pytest.param(NDJSON, 4, NDJSON_LEFT, id="ndjson"),
        pytest.param(CSV, 2, CSV_LEFT, id="csv"),
        pytest.param(JSON, 3, JSON_LEFT, id="json"),
        pytest.param(XML, 2, XML_LEFT, id="xml"),
        pytest.param(
            b'{"event_id":"e1",\n"user_id":"u42"}\n{"event_id":"e2",\n"user_id":"u1"}\n',
            1,
            b'\n{"event_id":"e2",\n"user_id":"u1"}\n',
            id="pretty-printed",
        ),
        pytest.param(b'[{"event_id":"e1",\n"user_id":"u42"}]', 1, b"[]", id="nobody else in a list"),
        pytest.param(b'{"event_id":"e1","user_id":"u42"}\n', 1, b"", id="nobody else"),
        pytest.param(
            b"event_id,user_id\re1,u42\re2,u1\r", 1, b"event_id,user_id\re2,u1\r", id="lone returns"
        ),
        pytest.param(
            "event_id,user_id\r\ne1,u42\r\ne2,ü\r\n".encode("utf-16"),
            1,
            "event_id,user_id\r\ne2,ü\r\n".encode("utf-16"),
            id="utf-16",
        ),
        pytest.param(
            '[{"event_id":"e1","user_id":"u42"},\n{"event_id":"e2","user_id":"\xfc"}]'.encode("latin-1"),
            1,
            '[{"event_id":"e2","user_id":"\xfc"}]'.encode("latin-1"),
            id="latin-1",
        ),
    ],
)
def test_a_rewritten_file_lacks_the_records_and_no_other_byte(
    tmp_path: Path, content: bytes, taken: int, left: bytes
) -> None:
    assert without_u42(tmp_path, content) == (taken, left)


@pytest.mark.parametrize("module", [gzip, bz2, lzma])
def test_a_compressed_file_stays_compressed(tmp_path: Path, module) -> None:
    taken, left = without_u42(tmp_path, module.compress(NDJSON))
    assert (taken, module.decompress(left), left[:2]) == (4, NDJSON_LEFT, module.compress(b"")[:2])


def test_parquet_loses_rows_and_keeps_its_types(tmp_path: Path) -> None:
    file, kinds = (
        io.BytesIO(),
        {"event_id": pa.string(), "user_id": pa.large_string(), "amount": pa.decimal128(21, 2)},
    )
    rows = pa.table({"event_id": ["e1", "e2", "e3"], "user_id": ["u1", "u42", "u3"], "amount": [1, 2, 3]})
    pq.write_table(rows.cast(pa.schema(kinds)), file, compression="zstd", row_group_size=2)
    taken, left = without_u42(tmp_path, file.getvalue())
    read = pq.ParquetFile(io.BytesIO(left))
    assert (taken, read.schema_arrow) == (1, pa.schema(kinds))
    assert read.read().to_pydict()["event_id"] == ["e1", "e3"]
    assert read.metadata.row_group(0).column(0).compression == "ZSTD"


def test_a_file_whose_rest_would_be_read_otherwise_is_refused(tmp_path: Path) -> None:
    """Without the last line the one before it would be the row that adds up the others."""
    with pytest.raises(UnfaithfulError, match="others would be read otherwise"):
        without_u42(tmp_path, b"event_id,user_id,amount\ne1,u1,5\nTotal,,5\ne2,u42,1\n")


def test_a_record_that_cannot_be_read_and_mentions_them_goes_where_that_is_asked_for(tmp_path: Path) -> None:
    content = b"event_id,user_id\ne1,u1,Level 7,\ne2,u2\n"
    seven = Sought({"user_id": frozenset({"7"})})
    assert without_u42(tmp_path, content, seven) == (0, content)
    assert without_u42(tmp_path, content, replace(seven, unreadable=True)) == (
        1,
        b"event_id,user_id\ne2,u2\n",
    )


def test_a_value_in_another_case_is_theirs_in_a_column_of_one_case(tmp_path: Path) -> None:
    content = b'{"event_id":"e1","user_id":"Ann@X.example"}\n{"event_id":"e2","user_id":"u1"}\n'
    assert without_u42(tmp_path, content, ANN) == (1, b'{"event_id":"e2","user_id":"u1"}\n')


@pytest.mark.parametrize(
    ("value", "content", "left"),
    [
        pytest.param("t/42", b'{"user_id":"t\\/42"}\n{"user_id":"u1"}\n', b'{"user_id":"u1"}\n', id="json"),
        pytest.param('a"b', b'event_id,user_id\ne1,"a""b"\ne2,u1\n', b"event_id,user_id\ne2,u1\n", id="csv"),
        pytest.param(
            "a&b",
            b'<events><e event_id="e1" user_id="a&amp;b"/><e event_id="e2" user_id="u1"/></events>',
            b'<events><e event_id="e2" user_id="u1"/></events>',
            id="xml",
        ),
        pytest.param("1000", b'{"user_id":1e3}\n{"user_id":"u1"}\n', b'{"user_id":"u1"}\n', id="number"),
    ],
)
def test_an_escaped_value_is_theirs(tmp_path: Path, value: str, content: bytes, left: bytes) -> None:
    sought = Sought({"user_id": frozenset({value})})
    assert sought.may_be_in(content)
    assert without_u42(tmp_path, content, sought) == (1, left)
