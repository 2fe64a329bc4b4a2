"""XML as producers write it, and XML that is meant to do harm."""

from __future__ import annotations

import datetime as dt
import io
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest

from shared.contracts import contract
from shared.records import Limits
from shared.records.source import Source
from shared.records.xml_stream import elements
from tests.support.ingestion import EVENTS, read, reason

ERRORS = contract("web").dataset("xml_errors")
ONE = "<error><errorTime>2024-11-29T10:00:00Z</errorTime><message>{}</message></error>"


def fields(content: bytes) -> list[dict[str, Any] | None]:
    return [r.fields for r in read(content, dataset=ERRORS)[1]]


def message(content: bytes) -> Any:
    (found,) = fields(content)
    assert found is not None
    return found["message"]


def test_elements_attributes_cdata_entities_and_comments_are_fields():
    content = b"""<?xml version="1.0"?>
<!-- daily --><?sheet x?>
<errors day="29">
  <error errorTime="2024-11-29T10:00:00Z" x:id="7" xmlns:x="urn:x">
    <x:clientIp>::1</x:clientIp><service name="billing">pay<!-- not here -->ments</service>
    <message>a &lt; b &#233; <![CDATA[<c> & d]]></message><tag>one</tag><tag>two</tag><request><id>5</id></request><endpoint/>
  </error>
</errors>"""
    assert fields(content) == [
        {
            "errorTime": "2024-11-29T10:00:00Z",
            "id": "7",
            "clientIp": "::1",
            "service@name": "billing",
            "service": "payments",
            "message": "a < b \u00e9 <c> & d",
            "tag": "one",
            "tag[2]": "two",
            "request.id": "5",
            "endpoint": None,
        }
    ]


def test_format_dates_and_records_are_told_by_ingestion():
    found, _ = read(
        f"<errors>{ONE.format('a')}{ONE.format('b').replace('29T', '30T')}<error/></errors>".encode(),
        dataset=ERRORS,
    )
    assert (found.profile.format, found.profile.native, found.records) == ("xml", False, 3)
    assert found.event_dates == {dt.date(2024, 11, 29): 1, dt.date(2024, 11, 30): 1}


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("ISO-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
        ("Shift_JIS", "shift_jis"),
        ("EUC-KR", "euc-kr"),
        ("GB18030", "gb18030"),
        ("UTF-16", "utf-16"),
        ("UTF-16", "utf-16-le"),
        ("UTF-16", "utf-16-be"),
    ],
)
def test_any_declared_encoding_is_read(declared: str, encoding: str):
    text = {"shift_jis": "障害", "euc-kr": "오류", "gb18030": "错误"}.get(encoding, "\u00e9\u00fc")
    assert (
        message(
            f'<?xml version="1.0" encoding="{declared}"?><errors>{ONE.format(text)}</errors>'.encode(encoding)
        )
        == text
    )


def test_a_short_entity_of_the_document_is_expanded():
    assert (
        message(
            f'<!DOCTYPE errors [<!ENTITY app "billing">]><errors>{ONE.format("in &app;!")}</errors>'.encode()
        )
        == "in billing!"
    )


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
BAD = {
    "external entity": (
        '<!DOCTYPE e [<!ENTITY f SYSTEM "file:///etc/passwd">]><e>' + ONE.format("&f;") + "</e>",
        "external_entity",
    ),
    "external document type": (
        '<!DOCTYPE e SYSTEM "http://x/y.dtd"><e>' + ONE.format("&f;") + "</e>",
        "external_entity",
    ),
    "parameter entity": (
        "<!DOCTYPE e [<!ENTITY % p \"<!ENTITY f 'x'>\"> %p;]><e>" + ONE.format("&f;") + "</e>",
        "external_entity",
    ),
    "billion laughs": (
        f'<!DOCTYPE e [<!ENTITY l0 "ha">{LAUGHS}]><e>{ONE.format("&l9;")}</e>',
        "decompression_bomb",
    ),
    "long entity": (
        f'<!DOCTYPE e [<!ENTITY l "{"x" * 20_000}">]><e>{ONE.format("&l;")}</e>',
        "decompression_bomb",
    ),
    "many references": (
        f'<!DOCTYPE e [<!ENTITY l "{"x" * 9_000}">]><e>{ONE.format("&l;" * 5_000)}</e>',
        "decompression_bomb",
    ),
    "deep": ("<e>" + "<a>" * 200 + "</a>" * 200 + "</e>", "decompression_bomb"),
    "endless record": ("<e>" + ONE.format("x" * 20_000_000) + "</e>", "record_too_large"),
    "not closed": ("<errors>" + ONE.format("x"), "unparsable"),
    "two roots": ("<errors>" + ONE.format("x") + "</errors><errors/>", "unparsable"),
    "text behind": ("<errors>" + ONE.format("x") + "</errors> and more", "unparsable"),
    "unknown entity": ("<errors>" + ONE.format("&nbsp;") + "</errors>", "unparsable"),
    "unbound prefix": ("<errors>" + ONE.format("<x:y/>") + "</errors>", "unparsable"),
    "unknown encoding": (
        '<?xml version="1.0" encoding="klingon"?><e>' + ONE.format("x") + "</e>",
        "not_text",
    ),
    "no record": ("<errors></errors>", "empty_file"),
    "nothing known": ("<html><body><p>502</p></body></html>", "no_known_column"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_xml_is_quarantined_with_its_reason(name: str):
    content, expected = BAD[name]
    found, detail = reason(content.encode(), dataset=ERRORS, limits=replace(Limits(), max_record=16 * 2**20))
    assert found == expected, detail


def test_xml_in_a_folder_for_other_formats_is_not_accepted():
    assert reason(b"<html><p>gateway timeout</p></html>", dataset=EVENTS)[0] == "format_not_accepted"


def test_memory_does_not_grow_with_the_file():
    def peak(records: int) -> int:
        content = io.BytesIO(b"<errors>" + ONE.format("x" * 200).encode() * records + b"</errors>")
        tracemalloc.start()
        assert sum(1 for _ in elements(Source(content, Limits()).blocks(), Limits())) == records
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(80_000) < 1.5 * peak(8_000)
