"""Delimited files as people send them: what stands above the header, between the rows and below them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.records import Accepted, Limits, Rejected
from tests.support.ingestion import EVENTS, read, reason, verdict

HEADER = "event_id,ts,message\n"
ROW = "e1,2024-03-01T10:00:00Z,x\n"
FIELDS = {"event_id": "e1", "ts": "2024-03-01T10:00:00Z", "message": "x"}


@pytest.mark.parametrize(
    ("above", "lines"),
    [
        ("Sales report\n\n", 2),
        ("# exported 2024-03-01, by a tool\n", 1),
        ("Report;2024\nshop,\n", 2),
        (",,Readings\n", 1),
        ("sep=,\n", 1),
        ('"sep=,"\n', 1),
        ("\ufeffSales report\n", 1),
    ],
)
def test_what_stands_above_the_header_is_no_record(above: str, lines: int):
    found, rows = read((above + HEADER + ROW).encode())
    assert [r.fields for r in rows] == [FIELDS]
    assert (found.profile.preamble, found.profile.native, found.profile.columns) == (
        lines,
        False,
        ("event_id", "ts", "message"),
    )


def test_a_separator_that_the_first_line_names_is_the_delimiter():
    found, rows = read(b"sep=;\r\nevent_id;ts;message\r\ne1;2024-03-01T10:00:00Z;a,b,c,d\r\n")
    assert [r.fields for r in rows] == [{**FIELDS, "message": "a,b,c,d"}]
    assert found.profile.delimiter == ";"


@pytest.mark.parametrize("mark", [b"\xff", b'"', b"x", b"\x01", b"\xef\xbb\xbf"])
def test_what_can_be_no_delimiter_is_none_though_the_first_line_names_it(mark: bytes):
    """A reason that quoted half a character could not be stored."""
    found, _ = read(b"sep=" + mark + b"\nevent_id,ts\n" + b"e1,2024-03-01T10:00:00Z\n" * 9)
    assert (found.profile.delimiter, found.records, found.unreadable_records) == (",", 9, 0)
    assert reason(b"sep=" + mark + b"\nfoo,bar\n1,2\n")[1].isascii()


def test_a_plain_file_stays_with_spark_also_behind_blank_lines():
    assert read((HEADER + ROW).encode(), ".csv")[0].profile.native
    assert read(("\n\n" + HEADER + ROW).encode(), ".csv")[0].profile.native


def test_a_header_below_lines_that_look_like_records_is_not_guessed():
    why, detail = reason((ROW * 5 + HEADER + ROW).encode())
    assert why == "ambiguous_header"
    assert detail == (
        "line 6 looks like the header, but lines above it look like records; if it is, say `header: 6`"
    )


def test_the_contract_may_say_which_line_is_the_header():
    found, rows = read(("a,b,c\n" + HEADER + ROW).encode(), ".csv", replace(EVENTS, header=2))
    assert [r.fields for r in rows] == [FIELDS]
    assert found.profile.preamble == 1
    assert reason((HEADER + ROW).encode(), dataset=replace(EVENTS, header=2))[0] == "no_known_column"


def test_the_reason_for_unknown_columns_names_line_and_delimiter():
    assert reason(b"title\n\na;b;c\n1;2;3\n") == (
        "no_known_column",
        "none of the 1 columns of line 1, the likely header, is in the contract; the delimiter looks like a comma",
    )


def test_comments_are_no_records_and_counted():
    dataset = replace(EVENTS, comment=r"#|,,")
    content = (
        "# made by hand\n" + HEADER + ",,EUR\n" + ROW + '# "in between\n' + 'e2,2024-03-01,"a\n# kept"\n'
    )
    found, rows = read(content.encode(), ".csv", dataset)
    assert [r.fields for r in rows] == [
        FIELDS,
        {"event_id": "e2", "ts": "2024-03-01", "message": "a\n# kept"},
    ]
    assert (found.profile.skipped, found.profile.native) == (2, False)
    assert read((HEADER + ROW).encode(), ".csv", dataset)[0].profile.native


def test_a_footer_is_one_only_behind_the_last_record():
    dataset = replace(EVENTS, footer="Total")
    content = HEADER + "Total,2024-03-01,a\n" + ROW + "Total,,17\nTotals,,18\n\n"
    found, rows = read(content.encode(), ".csv", dataset)
    assert [r.fields for r in rows] == [{"event_id": "Total", "ts": "2024-03-01", "message": "a"}, FIELDS]
    assert found.profile.skipped == 2


def test_the_search_for_a_header_holds_no_more_than_a_record_may_have():
    content = (b"-" * 400_000 + b"\n") * 6 + b"event_id,ts\ne1,2024-03-01\n"
    found = verdict(content)
    assert isinstance(found, Accepted)
    assert (found.profile.preamble, found.records) == (6, 1)
    refused = verdict(content, limits=Limits(max_record=500_000))
    assert isinstance(refused, Rejected)
    assert refused.reason == "no_known_column"


def test_lines_like_a_footer_are_not_gathered_without_end():
    dataset = replace(EVENTS, footer="a")
    content = b"event_id,ts\n" + b"a1,2024-03-01\n" * 200
    assert isinstance(verdict(content + b"b1,2024-03-01\n", dataset=dataset), Accepted)
    refused = verdict(content, dataset=dataset, limits=Limits(max_record=1000))
    assert isinstance(refused, Rejected)
    assert (refused.reason, refused.detail) == (
        "record_too_large",
        "lines that begin like a footer, from line 2, do not end within 1000 characters",
    )


@pytest.mark.parametrize("last", ["Total,,17", "Summe:,,3", "grand total,17,"])
def test_a_last_row_that_adds_up_the_others_is_no_record(last: str):
    found, rows = read((HEADER + ROW * 20 + last).encode())
    assert (found.records, found.unreadable_records, rows[-1].raw) == (21, 1, last)


def test_a_header_once_more_is_no_record_and_one_in_another_order_refuses_the_file():
    found, rows = read((HEADER + ROW * 3 + "\ufeff" + HEADER + ROW).encode(), ".csv")
    assert [r.fields for r in rows] == [FIELDS, FIELDS, FIELDS, None, FIELDS]
    assert not found.profile.native
    assert reason((HEADER + ROW * 3 + "ts,message,event_id\n2024-03-01,x,e1\n").encode()) == (
        "ambiguous_header",
        "line 5 is another header: two files were joined; split them",
    )


def test_a_mark_between_joined_files_is_no_part_of_a_value():
    _, rows = read((HEADER + ROW + "\ufeff" + ROW).encode(), ".csv")
    assert [r.fields for r in rows] == [FIELDS, FIELDS]


def test_a_quote_that_another_one_closes_far_below_swallows_nothing():
    content = HEADER + 'e1,"open,x\n' + ROW * 5 + 'e9,z",last\n' + ROW * 40
    found, rows = read(content.encode())
    assert found.unreadable_records >= 1
    assert all("open" not in str(r.fields) for r in rows)


def test_lines_of_unreadable_rows_are_named():
    why, detail = reason((HEADER + 'e1,"open,x\n' + ROW + "a\nb\n" + ROW).encode())
    assert (why, detail) == (
        "too_many_unreadable",
        "3 of 5 records are unreadable, the first in lines 2, 4, 5",
    )


def test_quotes_that_never_close_cannot_make_reading_slow():
    content = HEADER + 'e1,"open,x\n' * 30_000
    assert reason(content.encode())[0] in ("too_many_unreadable", "record_too_large")


def test_a_header_that_is_not_utf8_is_refused_with_what_it_looks_like():
    why, detail = reason(b"event_id,ts,prix_\xe9t\xe9\n" + b"q1,2024-05-01T10:00:00Z,5\n" * 20)
    assert why == "not_text"
    assert detail.startswith("the header is not UTF-8: looks like windows-1252; if it is, add `encodings: [")


def test_names_that_collide_stay_apart_and_none_becomes_a_column_of_the_contract():
    _, rows = read(b"event_id,ts,x,x_4,x\nq1,2024-05-01T10:00:00Z,1,2,3\n")
    assert rows[0].fields == {
        "event_id": "q1",
        "ts": "2024-05-01T10:00:00Z",
        "x": "1",
        "x_4": "2",
        "x_4_": "3",
    }


def test_a_header_of_40_000_names_is_refused():
    assert reason(",".join(f"c{i}" for i in range(40_000)).encode()) == (
        "unparsable",
        "40000 columns are more than 2000",
    )


@pytest.mark.parametrize("rows_above", [62, 63, 64, 127, 128])
@pytest.mark.parametrize("below", ["", "\n", "\n" * 200])
def test_a_total_is_found_wherever_the_file_ends(rows_above: int, below: str):
    found, rows = read((HEADER + ROW * rows_above + "Total,,17\n" + below).encode())
    assert (found.records, rows[-1].raw) == (rows_above + 1, "Total,,17")
