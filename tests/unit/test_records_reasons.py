"""Each reason for which ingestion quarantines a file, and what it says; details never hold content."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.reasons import FILE_HELP, FileReason
from shared.records import Accepted, Limits, records
from tests.support.ingestion import EVENTS, read, reason, verdict

LINE = b'{"event_id":"secret@example.com","ts":"2024-03-01"}\n'
GOOD = LINE * 100
ZIPPED = gzip.compress(GOOD)


def parquet(**columns: list[object]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, compression="zstd")
    return file.getvalue()


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", "event_id\n1\n")
    return file.getvalue()


TABLE = parquet(event_id=[f"e{i}" for i in range(5000)])
BAD: dict[str, tuple[bytes, str]] = {
    "no byte": (b"", "empty_file"),
    "blanks": (b" \n\r\n\t" * 100_000, "empty_file"),
    "only a mark": (b"\xef\xbb\xbf", "empty_file"),
    "a mark and blanks": (b"\xef\xbb\xbf \n\n", "empty_file"),
    "blanks in UTF-16": ("\ufeff \n".encode("utf-16-le"), "empty_file"),
    "gzip of nothing": (gzip.compress(b""), "empty_file"),
    "header only": (b"event_id,ts\n\n", "empty_file"),
    "empty array": (b"[ ]", "empty_file"),
    "Parquet without rows": (parquet(event_id=[]), "empty_file"),
    "truncated gzip": (ZIPPED[:-20], "corrupt_gzip"),
    "gzip without trailer": (ZIPPED[:-8], "corrupt_gzip"),
    "gzip header alone": (ZIPPED[:2], "corrupt_gzip"),
    "wrong checksum": (ZIPPED[:-8] + b"\0\0\0\0" + ZIPPED[-4:], "corrupt_gzip"),
    "wrong length": (ZIPPED[:-4] + b"\0\0\0\0", "corrupt_gzip"),
    "rubbish behind": (ZIPPED + b"rubbish", "corrupt_gzip"),
    "one byte behind": (ZIPPED + b"\x1f", "corrupt_gzip"),
    "rubbish behind zeros": (ZIPPED + bytes(3_000_000) + b"x", "corrupt_gzip"),
    "second member cut": (ZIPPED + ZIPPED[:50], "corrupt_gzip"),
    "broken second member": (ZIPPED + ZIPPED[:30] + b"\xff\xff" + ZIPPED[32:], "corrupt_gzip"),
    "gzip in gzip": (gzip.compress(ZIPPED), "nested_compression"),
    "zeros": (gzip.compress(bytes(100_000_000)), "not_text"),
    "binary": (bytes(range(256)) * 10, "not_text"),
    "zip in a gzip": (gzip.compress(zipped()), "nested_compression"),
    "UTF-32": ("\ufeff" + GOOD.decode()).encode("utf-32-le")
    and (("\ufeff" + GOOD.decode()).encode("utf-32-le"), "not_text"),
    "half a UTF-16 unit": (("\ufeff" + GOOD.decode()).encode("utf-16-le") + b"x", "not_text"),
    "unnamed encoding": ("event_id,name\n" + "1,é\n" * 100).encode("latin-1")
    and (
        ("event_id,name\n" + "1,é\n" * 100).encode("latin-1"),
        "not_text",
    ),
    "array not closed": (b"[" + GOOD.replace(b"\n", b",")[:-1], "unparsable"),
    "array cut in a string": (b"[" + GOOD.replace(b"\n", b",")[:-20], "unparsable"),
    "array without comma": (b'[{"event_id":1} {"event_id":2}]', "unparsable"),
    "array with a hole": (b'[{"event_id":1},,{"event_id":2}]', "unparsable"),
    "array with a comma too many": (b'[{"event_id":1},]', "unparsable"),
    "text behind the array": (b'[{"event_id":1}] {"event_id":2}', "unparsable"),
    "two arrays": (b'[{"event_id":1}]\n[{"event_id":2}]', "unparsable"),
    "broken object": (b'{"event_id":', "unparsable"),
    "single quotes": (b"[{'event_id':1}]", "unparsable"),
    "Parquet without footer": (TABLE[:-30], "corrupt_parquet"),
    "Parquet magic alone": (b"PAR1", "corrupt_parquet"),
    "Parquet with a broken page": (TABLE[:500] + b"\xff" * 200 + TABLE[700:], "corrupt_parquet"),
    "no column is known": (b"foo,bar\n1,2\n", "no_known_column"),
    "no name is known": (b'{"foo":1}\n{"bar":2}\n', "no_known_column"),
    "prose": (b"Dear all,\nplease find attached\n", "no_known_column"),
    "XML": (b"<?xml version='1.0'?><a/>\n", "format_not_accepted"),
    "Parquet of something else": (parquet(foo=[1, 2]), "no_known_column"),
    "many bad lines": (GOOD + b"{bad\n" * 12, "too_many_unreadable"),
    "nothing but bad lines": (b"{bad\n{worse\n", "too_many_unreadable"),
    "many ragged rows": (b"event_id,ts\na,b\n" + b"a\n" * 5, "too_many_unreadable"),
    "deep array": (b'[{"event_id":' + b"[" * 100_000, "decompression_bomb"),
    "an American file": (b"event_id,ts\na,03/04/2026\nb,03/13/2026\n", "date_order_contradicted"),
    "a German file": (
        b'event_id,ts,price\na,2026-03-04,"1,234"\nb,2026-03-04,"10,50"\n',
        "decimal_mark_contradicted",
    ),
    "an American file with two names for its time": (
        b'{"event_id":"a","ts":"03/04/2026"}\n{"event_id":"b","time":"03/13/2026"}\n',
        "date_order_contradicted",
    ),
    "days of no declared spelling": (b"event_id,ts\na,13.02.2026\nb,14.02.2026\n", "no_readable_date"),
    "too deep element": (b'[{"event_id":' + b"[" * 70 + b"]" * 70 + b"}]", "decompression_bomb"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_trusted_is_quarantined_with_its_reason(name: str):
    content, expected = BAD[name]
    assert reason(content)[0] == expected
    assert "secret" not in reason(content)[1]


def test_details_say_what_was_found():
    assert reason(b"")[1] == "the file has no byte"
    assert reason(b"event_id,ts\n")[1] == "header only"
    assert reason(ZIPPED + b"rubbish")[1] == f"rubbish behind the gzip, after {len(GOOD)} decompressed bytes"
    assert (
        reason(GOOD + b"{bad\n" * 12)[1]
        == "12 of 112 records are unreadable: lines are cut off, the first in lines 101, 102, 103"
    )
    assert reason(b"foo,bar\n1,2\n")[1] == (
        "none of the 2 columns of line 1, the likely header, is in the contract; the delimiter looks like a comma"
    )


def test_records_with_many_names_are_counted_once():
    """Names beyond the limit are fresh in every chunk; those of the contract are watched once all the same."""
    many = ",".join(f'"n{i}":1' for i in range(520))
    line = f'{{"event_id":"e","ts":"2026-03-04","price":"%s",{many}}}\n'
    content = "".join(line % price for price in ("1,234", *(f"{i},50" for i in range(10, 209)))).encode()
    assert reason(content) == (
        "decimal_mark_contradicted",
        "199 of 200 numbers of price do not fit decimalMark '.', and all fit decimalMark ','; the first in record 2, 3, 4, 5, 6",
    )


def test_a_format_that_the_contract_does_not_list_is_refused():
    only_csv = replace(EVENTS, formats=("csv",))
    assert reason(GOOD, dataset=only_csv) == (
        "format_not_accepted",
        "the content is JSON lines; the contract accepts csv: add ndjson to `formats`",
    )
    assert reason(TABLE, dataset=only_csv) == (
        "format_not_accepted",
        "the content is Parquet; the contract accepts csv: add parquet to `formats`",
    )


def test_a_bomb_is_refused_by_its_ratio_and_an_honest_file_by_its_size():
    limits = Limits(max_ratio=50, ratio_from=1000, max_decompressed=10_000)
    assert reason(gzip.compress(LINE * 2000), limits=limits)[0] == "decompression_bomb"
    assert reason(b"".join(b'{"event_id":"%d"}\n' % i for i in range(2000)), limits=limits)[0] == "too_large"
    assert reason(TABLE, limits=Limits(max_spooled=1000)) == ("too_large", "Parquet of more than 1000 bytes")


@pytest.mark.parametrize(
    "content",
    [
        b'{"event_id":"' + b"x" * 3000 + b'"}\n',
        b'[{"event_id":"' + b"x" * 3000 + b'"}]',
        b"event_id,ts\n" + b"x" * 3000 + b",\n",
        b'event_id,ts\n"' + b"x\n" * 3000,
        b"event_id,ts\na" + b',"x\nx"' * 3000,
    ],
    ids=["line", "element", "row", "open quote", "many quoted fields"],
)
def test_a_record_longer_than_the_limit_is_refused(content: bytes):
    assert reason(content * 1000, limits=Limits(max_record=2000))[0] == "record_too_large"


def test_gzips_of_several_members_are_one_file_however_small_the_members_are():
    members = b"".join(gzip.compress(LINE[i : i + 1]) for i in range(len(LINE))) * 30
    assert read(members, ".gz")[0].records == 30
    assert read(gzip.compress(b"") + ZIPPED + gzip.compress(b"") + ZIPPED)[0].records == 200


def test_a_million_empty_members_take_no_time():
    content = gzip.compress(b"") * 300_000 + ZIPPED  # 6 MB
    assert read(content)[0].records == 100


def test_the_hash_is_that_of_the_whole_file_even_when_it_is_refused_early():
    import hashlib

    from shared.records import judge
    from shared.records.source import Source

    content = b"foo,bar\n" + b"1,2\n" * 1_000_000
    source = Source(io.BytesIO(content), Limits())
    judge(source, EVENTS, Limits())
    assert (source.sha256, source.bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_every_reason_has_its_help_and_its_test_somewhere():
    tested = {expected for _, expected in BAD.values()} | {"too_large", "record_too_large", "external_entity"}
    elsewhere = {
        "unknown_dataset",
        "object_gone",
        "corrupt_archive",
        "corrupt_spreadsheet",
        "encrypted",
        "unknown_sheet",
        "ambiguous_header",
        "operation_missing",
        "no_records",
        "repeated_column",
        "not_loadable",
        "ends_its_reader",
    }
    assert set(FileReason) - tested == elsewhere
    assert set(FILE_HELP) == set(FileReason)


def test_verdicts_are_plain_values():
    assert verdict(b"") == verdict(b"")
    assert json.loads(json.dumps(FileReason.EMPTY_FILE)) == "empty_file"


def test_what_ingestion_let_pass_with_higher_limits_is_read_to_the_end():
    content = b'{"event_id":"' + b"x" * 20_000_000 + b'"}\n' + GOOD
    assert reason(content)[0] == "record_too_large"
    found = verdict(content, limits=Limits(max_record=30_000_000))
    assert isinstance(found, Accepted)
    assert sum(1 for _ in records(io.BytesIO(content), found.profile)) == found.records == 101
