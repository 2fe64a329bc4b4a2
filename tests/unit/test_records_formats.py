"""Every format, compression and encoding: what is a record, what is not, and whether Spark may read the file
itself.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.records import Record
from tests.support.ingestion import EVENTS, read, reason

MARCH_1, MARCH_2 = dt.date(2024, 3, 1), dt.date(2024, 3, 2)
NDJSON = '{"event_id":"e1","ts":"2024-03-01T10:00:00Z","name":"Zoë"}\n{"event_id":"e2","ts":"2024-03-01T23:30:00-02:00","name":null}\n'
CSV = "event_id,ts,name\ne1,2024-03-01T10:00:00Z,Zoë\ne2,2024-03-01T23:30:00-02:00,\n"
ARRAY = "[" + NDJSON.strip().replace("\n", ",\n") + "]"
PRETTY = NDJSON.replace("{", "{\n  ").replace(",", ",\n  ").replace("}\n", "\n}\n")
RECORDS = [
    {"event_id": "e1", "ts": "2024-03-01T10:00:00Z", "name": "Zoë"},
    {"event_id": "e2", "ts": "2024-03-01T23:30:00-02:00", "name": None},
]


def parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(RECORDS), file)
    return file.getvalue()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le with mark", "utf-16-be with mark"]
)
@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize(
    ("text", "kind"),
    [(NDJSON, "ndjson"), (CSV, "csv"), (ARRAY, "json"), (PRETTY, "json")],
    ids=["ndjson", "csv", "array", "pretty"],
)
def test_a_text_file_gives_the_same_records_in_any_packing(
    text: str, kind: str, compression: str, encoding: str
):
    content = (
        text.encode(encoding)
        if " " not in encoding
        else ("\ufeff" + text).encode(encoding.split(maxsplit=1)[0])
    )
    suffix = ".txt"
    if compression == "gzip":
        content, suffix = gzip.compress(content), ".txt.gz"
    found, rows = read(content, suffix)
    assert [r.fields for r in rows] == RECORDS
    assert found.event_dates == {MARCH_1: 1, MARCH_2: 1}
    assert (found.profile.format, found.profile.compression) == (kind, compression)
    assert found.profile.encoding == ("utf-16" if "16" in encoding else encoding)
    assert found.profile.native == (encoding == "utf-8" and kind != "json")
    assert sorted(found.profile.columns) == ["event_id", "name", "ts"]


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_parquet_gives_the_same_records(compression: str):
    content = parquet() if compression == "none" else gzip.compress(parquet())
    found, rows = read(content, ".parquet" if compression == "none" else ".parquet.gz")
    assert [r.fields for r in rows] == RECORDS
    assert found.event_dates == {MARCH_1: 1, MARCH_2: 1}
    assert found.profile.columns == ("event_id", "ts", "name")
    assert found.profile.types == ("string", "string", "string")
    assert found.profile.native == (compression == "none")


def test_an_encoding_that_the_contract_names_is_read():
    latin = replace(EVENTS, encodings=("utf-8", "utf-16", "latin-1"))
    found, rows = read(CSV.encode("latin-1"), ".csv", latin)
    assert [r.fields for r in rows] == RECORDS
    assert (found.profile.encoding, found.profile.native) == ("latin-1", False)


@pytest.mark.parametrize(("suffix", "zipped"), [(".csv", True), (".csv.gz", False)])
def test_a_name_that_lies_about_compression_keeps_spark_away(suffix: str, zipped: bool):
    found, _ = read(gzip.compress(CSV.encode()) if zipped else CSV.encode(), suffix)
    assert not found.profile.native


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_the_delimiter_is_that_of_the_header(delimiter: str):
    found, rows = read(
        f'event_id,ts,message\ne1,2024-03-01,"a{delimiter} b"\n'.replace(",", delimiter).encode(), ".csv"
    )
    assert found.profile.delimiter == delimiter
    assert rows[0].fields == {"event_id": "e1", "ts": "2024-03-01", "message": f"a{delimiter} b"}


def test_json_values_keep_their_spelling():
    line = '{"event_id": 12.10, "big": 123456789012345678901234567890, "ok": true, "no": null, "s": "1e3", "n": {"b": [1.50, "x é"]}}'
    _, rows = read((line + "\n" + line).encode())
    assert rows[0].fields == {
        "event_id": "12.10",
        "big": "123456789012345678901234567890",
        "ok": "true",
        "no": None,
        "s": "1e3",
        "n": '{"b":[1.50,"x é"]}',
    }


def test_a_name_given_twice_keeps_its_last_value():
    _, rows = read(b'{"event_id":"a","event_id":"b"}\n{"event_id":"c"}\n')
    assert [r.fields for r in rows] == [{"event_id": "b"}, {"event_id": "c"}]


@pytest.mark.parametrize(
    "bad",
    [
        '["event_id"]',
        "17",
        "null",
        '"text"',
        '{"event_id":1}{"event_id":2}',
        '{"event_id":1} rubbish',
        "{'event_id':1}",
        '{"event_id":nan}',
        '{"event_id":1e400}',
        '{"event_id":"\\ud800"}',
        '{"event_id":1,}',
        '{"event_id":01}',
        '{"event_id":"a\tb"}',
        '{"event_id":' + "[" * 64 + "]" * 64 + "}",
        "\ufeff{}",
    ],
)
def test_a_line_that_is_not_exactly_one_object_is_an_unreadable_record(bad: str):
    good = '{"event_id":1}'
    found, rows = read("\n".join([*[good] * 10, bad, good]).encode(), ".ndjson")
    assert (found.records, found.unreadable_records) == (12, 1)
    assert rows[10] == Record(None, bad)
    assert not found.profile.native


def test_blank_lines_are_no_records_and_lines_end_at_line_feeds_only():
    text = '\n \r\n{"event_id":"a\u2028b"}\r\n\t\n{"event_id":"c\u0085d"}\n\n'
    found, rows = read(text.encode(), ".ndjson")
    assert [r.fields for r in rows] == [{"event_id": "a\u2028b"}, {"event_id": "c\u0085d"}]
    assert found.profile.native


def test_bytes_that_are_no_utf8_spoil_their_record_only():
    lines = [b'{"event_id":"\xff"}', *[b'{"event_id":"x"}'] * 30]
    for content in (
        b"\n".join(lines),
        b"[" + b",".join(lines) + b"]",
        b"event_id,ts\n\xff,2024-03-01\n" + b"x,2024-03-01\n" * 30,
    ):
        found, rows = read(content)
        assert (found.records, found.unreadable_records) == (31, 1)
        assert "\ufffd" in (rows[0].raw or "")


@pytest.mark.parametrize("between", [b"\n", b"1\n" * 2, b"[1]\n", b' {"event_id":1}\n'])
def test_a_deep_line_is_found_among_lines_without_brackets(between: bytes):
    deep = b'{"event_id":' + b"[" * 100 + b"]" * 100 + b"}\n"
    found, rows = read(b'{"event_id":1}\n' * 2000 + between * 90 + deep, ".ndjson")
    assert rows[-1].raw == deep.decode().strip()
    assert found.unreadable_records == between.count(b"1") * 90 * (b"{" not in between) + 1


def test_a_file_of_one_line_is_ndjson():
    found, _ = read(b'{"event_id":"e1"}')
    assert found.profile.format == "ndjson"


def test_ndjson_may_begin_with_a_line_that_is_an_array_or_rubbish():
    for first in (b"[1,2]", b"rubbish", b'{"event_id":'):
        found, rows = read(first + b"\n" + b'{"event_id":"x"}\n' * 30)
        assert found.profile.format == "ndjson"
        assert rows[0] == Record(None, first.decode())


def test_elements_of_an_array_that_are_no_strict_objects_are_unreadable():
    bad = ["17", "[1]", '"x"', "null", '{"event_id":1e400}', '{"event_id":"\\udc00"}']
    found, rows = read(("[" + ",".join([*bad, *['{"event_id":"x"}'] * 100]) + "]").encode())
    assert [r.raw for r in rows[:7]] == [*bad, None]
    assert found.unreadable_records == 6


def test_objects_one_after_the_other_are_records():
    found, rows = read(b'{"event_id":"a"}{"event_id":"b"} {\n"event_id":"c"}')
    assert [r.fields for r in rows] == [{"event_id": "a"}, {"event_id": "b"}, {"event_id": "c"}]
    assert (found.profile.format, found.profile.native) == ("json", False)


def test_quotes_are_doubled_and_may_hold_line_ends():
    found, rows = read(
        b'event_id,ts,message\r\n"e""1",2024-03-01,"two\r\nlines"\r\n\r\ne2,2024-03-01,5" pipe\r\n', ".csv"
    )
    assert [r.fields for r in rows] == [
        {"event_id": 'e"1', "ts": "2024-03-01", "message": "two\nlines"},
        {"event_id": "e2", "ts": "2024-03-01", "message": '5" pipe'},
    ]
    assert (found.profile.multiline, found.profile.native) == (True, True)


@pytest.mark.parametrize(
    "odd", ['"x\r\ny",2024-03-01\n', '"x\ny",2024-03-01\n  \n', '"x\ny",2024-03-01\n\t\n']
)
def test_rows_over_several_lines_among_odd_lines_keep_spark_away(odd: str):
    """Found by comparing with Spark 4.1: it keeps \r\n inside quotes when lines end in \n, and makes rows of
    lines of blanks.
    """
    found, rows = read(f"event_id,ts\n{odd}a,2024-03-01\n".encode(), ".csv")
    assert (len(rows), found.profile.multiline, found.profile.native) == (2, True, False)
    assert read(f" \nevent_id,ts\n{odd}a,2024-03-01\n".encode(), ".csv")[0].profile.native is False
    assert read(b"event_id,ts\r\na,2024-03-01\n \t\nb,2024-03-01\n", ".csv")[0].profile.native is True


def test_a_row_of_another_width_is_unreadable_and_keeps_its_text():
    found, rows = read(b"event_id,ts\n" + b"x,2024-03-01\n" * 20 + b"a,b,c\nalone\n")
    assert [r.raw for r in rows[20:]] == ["a,b,c", "alone"]
    assert (found.records, found.unreadable_records, found.profile.native) == (22, 2, False)


def test_an_open_quote_costs_its_row_only():
    rest = 'e21,"never closed\n' + "e,2024-03-01\n" * 500
    found, rows = read(("event_id,ts\n" + "e,2024-03-01\n" * 20 + rest).encode())
    assert (found.records, found.unreadable_records, found.event_dates) == (521, 1, {MARCH_1: 520})
    assert [r.raw for r in rows if r.raw] == ['e21,"never closed']


def test_broken_quoting_costs_its_row_only():
    found, rows = read(b'event_id,ts\n"a"b,2024-03-01\n' + b"x,2024-03-01\n" * 200)
    assert (found.records, found.unreadable_records) == (201, 1)
    assert rows[0].raw == '"a"b,2024-03-01'


def test_a_quoted_row_may_lie_across_chunks_and_blocks():
    long = "\n".join("" for _ in range(2_000_000))
    found, rows = read(f'event_id,ts,message\na,2024-03-01,"{long}"\n'.encode() + b"b,2024-03-01,x\n" * 3)
    assert [len((r.fields or {})["message"] or "") for r in rows] == [len(long), 1, 1, 1]
    assert found.profile.multiline


def test_header_names_given_twice_stay_apart_and_a_lone_return_ends_a_line():
    found, rows = read(b"event_id,x,x\ra,1,2\rb,3,4")
    assert [r.fields for r in rows] == [
        {"event_id": "a", "x": "1", "x_2": "2"},
        {"event_id": "b", "x": "3", "x_2": "4"},
    ]
    assert not found.profile.native


def test_two_spellings_of_one_column_and_odd_names_keep_spark_away():
    for line in (
        b'{"event_id":"a","eventId":"b"}',
        b'{"event_id":"a","":"b"}',
        b'{"event_id":"a","x\\n":"b"}',
    ):
        found, _ = read(line + b"\n" + line, ".ndjson")
        assert not found.profile.native


def test_json_with_more_than_500_columns_is_read_by_our_own_reader():
    wide = b'{"event_id":"a",' + b",".join(b'"c%d":1' % i for i in range(600)) + b"}"
    found, rows = read(wide + b"\n" + wide, ".ndjson")
    assert (found.profile.native, len(rows[0].fields or {})) == (False, 601)


def test_records_of_no_known_column_are_left_to_the_row_rules():
    found, _ = read(b'{"foo":1}\n{"event_id":1}\n{"bar":1}\n', ".ndjson")
    assert (found.records, found.unreadable_records, found.profile.columns) == (
        3,
        0,
        ("bar", "event_id", "foo"),
    )


def test_a_long_first_record_is_no_reason_to_misjudge_the_format():
    for record in ('{"event_id":"' + "é" * 100_000 + '"}', '[{"event_id":"' + "€é" * 60_000 + '"}]'):
        found, _ = read(record.encode())
        assert found.records == 1


@pytest.mark.parametrize("unreadable", [0, 1, 2])
def test_one_bad_record_among_few_does_not_spoil_a_file(unreadable: int):
    content = b'{"event_id":1}\n' * 3 + b"{bad\n" * unreadable
    if unreadable < 2:
        assert read(content)[0].unreadable_records == unreadable
    else:
        with pytest.raises(AssertionError, match="too_many_unreadable"):
            read(content)


TABLE = replace(EVENTS, formats=("csv",))


@pytest.mark.parametrize(
    "above",
    [
        "[Export of events]\n",
        "[1, 2]\n",
        "{internal}\n\n",
        '{"exported": "2024-03-01"}\n',
        "<Export of events>\n",
        '<?xml version="1.0"?>\n',
        "sep=,\n",
        'Export\n{"exported": 1}\n',
    ],
)
def test_where_text_is_csv_alone_a_line_above_the_header_may_begin_as_it_likes(above: str):
    found, rows = read((above + CSV).encode(), ".csv", TABLE)
    assert [r.fields for r in rows] == RECORDS
    assert (found.profile.format, found.profile.preamble) == ("csv", above.count("\n"))


def test_a_name_between_brackets_may_begin_the_header():
    aliases = tuple(
        replace(c, aliases=("[id]",)) if c.name == "event_id" else c for c in TABLE.target.columns
    )
    table = replace(TABLE, target=replace(TABLE.target, columns=aliases))
    _, rows = read(CSV.replace("event_id,", "[id],").encode(), ".csv", table)
    assert [r.fields and r.fields["[id]"] for r in rows] == ["e1", "e2"]


@pytest.mark.parametrize(
    "text",
    [
        *(NDJSON, ARRAY, PRETTY, "<a><event_id>1</event_id></a>"),
        '["event_id", "ts", "name", "user_id"]\n["e1", "2024-03-01", "Zoë", "u1"]\n',
        '[\n["event_id", "ts", "name", "user_id"],\n["e1", "2024-03-01", "Zoë", "u1"]]\n',
    ],
)
def test_json_and_xml_are_told_where_text_is_csv_alone(text: str):
    assert reason(text.encode(), ".csv", TABLE)[0] == "format_not_accepted"
