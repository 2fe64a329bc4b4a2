"""Compressions and encodings: read as they are, or refused with what to do."""

from __future__ import annotations

import bz2
import gzip
import lzma
from dataclasses import replace

import pyarrow as pa
import pytest

from shared.records import Limits
from tests.support.ingestion import EVENTS, read, reason

CSV = "event_id,ts,name\ne1,2024-03-01,Zoë\n"
ROWS = [{"event_id": "e1", "ts": "2024-03-01", "name": "Zoë"}]
CP1252 = replace(EVENTS, encodings=("utf-8", "utf-16", "windows-1252"))


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as file:
        file.write(content)
    return sink.getvalue().to_pybytes()


PACKED = {
    "bzip2": bz2.compress(CSV.encode()),
    "two bzip2": bz2.compress(CSV.encode()[:20]) + bz2.compress(CSV.encode()[20:]),
    "xz": lzma.compress(CSV.encode()),
    "zstd": zstd(CSV.encode()),
    "gzip": gzip.compress(CSV.encode()),
    "padded gzip": gzip.compress(CSV.encode()) + bytes(70_000),
}


@pytest.mark.parametrize("name", PACKED)
def test_compressed_text_is_read_whatever_its_name(name: str):
    for suffix in ("", ".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zst"):
        found, rows = read(PACKED[name], suffix)
        assert [r.fields for r in rows] == ROWS
        assert found.profile.compression == name.rpartition(" ")[2]
        assert found.profile.native == (name == "gzip" and suffix == ".csv.gz")


def test_plain_text_named_as_compressed_is_not_for_spark():
    for suffix in (".csv.bz2", ".csv.xz", ".csv.zst"):
        assert not read(CSV.encode(), suffix)[0].profile.native


@pytest.mark.parametrize("name", [n for n in PACKED if "gzip" not in n])
def test_what_is_cut_or_followed_by_rubbish_is_refused(name: str):
    assert reason(PACKED[name][:-5])[0] == "corrupt_archive"
    assert reason(PACKED[name] + b"rubbish")[0] == "corrupt_archive"


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress, zstd])
def test_a_bomb_is_refused_however_it_is_packed(pack):
    limits = Limits(ratio_from=1 << 20, max_ratio=50)
    assert (
        reason(pack(b"event_id,ts\n" + b"e1,2024-03-01\n" * 1_000_000), limits=limits)[0]
        == "decompression_bomb"
    )


def test_text_that_begins_like_bzip2_is_text():
    assert reason(b"BZh9,the name of a column\n1,2\n")[0] == "no_known_column"


def test_windows_1252_under_iso_8859_1_is_a_reason_and_no_text():
    dataset = replace(EVENTS, encodings=("utf-8", "utf-16", "iso-8859-1"))
    content = "event_id,ts,name\ne1,2024-03-01,Müller\ne2,2024-03-01,10 €\n".encode("cp1252")
    why, detail = reason(content, dataset=dataset)
    assert why == "not_text"
    assert detail == (
        "line 3 holds control characters of iso-8859-1: looks like windows-1252; if it is, add"
        " `encodings: [windows-1252]`"
    )


def test_an_encoding_of_the_contract_is_found_far_behind_the_start():
    good = "e1,2024-03-01,x\n" * 10_000
    content = ("event_id,ts,name\n" + good + "e2,2024-03-01,Müller\n").encode("cp1252")
    found, rows = read(content, ".csv", CP1252)
    assert rows[-1].fields == {"event_id": "e2", "ts": "2024-03-01", "name": "Müller"}
    assert (found.profile.encoding, found.unreadable_records) == ("windows-1252", 0)


def test_ascii_stays_with_spark_whatever_else_the_contract_allows():
    found, _ = read(b"event_id,ts,name\ne1,2024-03-01,x\n", ".csv", CP1252)
    assert (found.profile.encoding, found.profile.native) == ("utf-8", True)


def test_utf8_is_never_read_as_another_encoding():
    content = ("event_id,ts,name\n" + "e1,2024-03-01,Zoë\n" * 3).encode() + b"e2,2024-03-01,Zo\xeb\n" * 4
    dataset = replace(CP1252, max_unreadable_rate=0.9)
    found, rows = read(content, ".csv", dataset)
    assert (found.profile.encoding, found.unreadable_records) == ("utf-8", 4)
    assert rows[0].fields == ROWS[0]


def test_a_file_in_another_encoding_says_which_it_looks_like():
    content = ("event_id,ts,name\n" + "e1,2024-03-01,Müller\n" * 20).encode("cp1252")
    why, detail = reason(content)
    assert why == "not_text"
    assert detail.endswith(": looks like windows-1252; if it is, add `encodings: [windows-1252]`")


def test_utf16_without_a_mark_is_read_where_the_contract_names_it():
    content = "event_id\tts\tname\ne1\t2024-03-01\tZoë\n".encode("utf-16-le")
    dataset = replace(EVENTS, encodings=("utf-8", "utf-16", "utf-16-le"))
    assert [r.fields for r in read(content, ".txt", dataset)[1]] == ROWS
    assert reason(content) == (
        "not_text",
        "the content is binary: looks like utf-16-le; if it is, add `encodings: [utf-16-le]`",
    )


@pytest.mark.parametrize("start", ["\n", " ", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_may_begin_with_blanks(start: str, encoding: str):
    content = (start + "event_id\tts\tname\ne1\t2024-03-01\tZoë\n").encode(encoding)
    dataset = replace(EVENTS, encodings=("utf-8", "utf-16", encoding))
    assert [r.fields for r in read(content, ".txt", dataset)[1]] == ROWS


def test_an_encoding_of_the_contract_is_found_in_the_last_byte():
    content = "event_id,ts,name\ne1,2024-03-01,café".encode("cp1252")
    found, rows = read(content, ".csv", CP1252)
    assert (found.profile.encoding, [r.fields for r in rows]) == (
        "windows-1252",
        [{"event_id": "e1", "ts": "2024-03-01", "name": "café"}],
    )


def test_one_control_character_makes_no_short_file_binary():
    _, rows = read(b"event_id,ts\ne1,2024-03-01\na\x01,2024-03-01\n")
    assert [(r.fields or {}).get("event_id") for r in rows] == ["e1", "a\x01"]


@pytest.mark.parametrize(
    "content",
    [
        b"event_id,ts\n" + b"a,2024-03-01\n" * 9_999 + b"\0,2024-03-01\n",
        b'{"event_id":"a","ts":"2024-03-01"}\n' * 9_999 + b'{"event_id":"\0"}\n',
    ],
)
def test_one_nul_in_a_long_file_spoils_its_line_only(content: bytes):
    found, rows = read(content)
    assert (found.records, found.unreadable_records, rows[-1].fields) == (10_000, 1, None)


def test_an_object_on_one_line_is_json_and_json_lines():
    content = b'{"event_id":"e1","ts":"2024-03-01"}'
    for kind in ("json", "ndjson"):
        found, _ = read(content, ".json", replace(EVENTS, formats=(kind,)))
        assert found.profile.format == kind
    long = b'{"event_id":"e1","ts":"2024-03-01","message":"' + b"x" * 100_000 + b'"}'
    assert read(long, ".json", replace(EVENTS, formats=("ndjson",)))[0].profile.format == "ndjson"


def test_lines_that_are_nearly_json_say_what_is_wrong():
    why, detail = reason(b'{"event_id":"e1"},\n' * 3)
    hint = "a comma ends lines that should be objects, the first in lines 1, 2, 3"
    assert (why, detail.partition(": ")[2]) == ("too_many_unreadable", hint)


EASTERN = {
    "shift_jis": "東京都千代田区 株式会社ミズホ カタカナ ひらがな",
    "euc_jp": "東京都千代田区 株式会社ミズホ カタカナ",
    "gb18030": "北京市朝阳区 客户名称 上海有限公司 说明",
    "big5": "臺北市信義區 客戶名稱 股份有限公司",
    "euc_kr": "서울특별시 주문번호 고객이름 주식회사",
}


@pytest.mark.parametrize("encoding", EASTERN)
@pytest.mark.parametrize("lines", [1, 3, 4000])
def test_characters_of_several_bytes_are_read_in_the_encoding_of_the_contract(encoding: str, lines: int):
    """By chance many of their bytes are UTF-8, too."""
    words = EASTERN[encoding].split()
    names = [words[i % len(words)] + words[i // 7 % len(words)] for i in range(lines)]
    rows = [{"event_id": f"e{i}", "ts": "2024-03-01", "name": name} for i, name in enumerate(names)]
    content = "event_id,ts,name\n" + "".join(f"{','.join(r.values())}\n" for r in rows)
    found, read_rows = read(content.encode(encoding), dataset=replace(EVENTS, encodings=("utf-8", encoding)))
    assert [r.fields for r in read_rows] == rows
    assert (found.profile.encoding, found.unreadable_records) == (encoding, 0)


@pytest.mark.parametrize("encoding", EASTERN)
def test_a_broken_byte_does_not_make_utf8_another_encoding(encoding: str):
    words = EASTERN[encoding]
    content = (
        f"event_id,ts,name\ne1,2024-03-01,{words}\ne2,2024-03-01,".encode() + b"\xff" + words.encode() + b"\n"
    )
    dataset = replace(EVENTS, encodings=("utf-8", encoding), max_unreadable_rate=0.9)
    found, rows = read(content, dataset=dataset)
    assert (found.profile.encoding, found.unreadable_records) == ("utf-8", 1)
    assert rows[0].fields["name"] == words
