"""Real files of every format, and any number of damaged ones made from them: the same name and number give
the same bytes.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.workbook import ods, xlsx

Change = Callable[[bytes, random.Random], bytes]
MOST_CHANGES = 5
LARGE_ONE_IN = 250  # inputs that become up to LARGEST bytes, so that time that grows with a square shows
LARGEST = 400_000
EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)
NUMBERS = (
    b"1e999999999", b"1E-999999999", b"-0", b"1" * 400, b"0." + b"3" * 400, b"9007199254740993", b"1e5", b"NaN",
    b"-Infinity", b"18446744073709551616", b"-9223372036854775809", b"00012", b"0x1A", b"1_000", b".5", b"5.",
    b"1" * 1500, b"\xd9\xa3",
)  # fmt: skip
TOKENS = (
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0", b'"', b'""', b"'", b"\\", b'\\"', b"[", b"]", b"{", b"}", b"[" * 70,
    b'{"a":' * 70, b",", b";", b"|", b"\t", b"\n", b"\r", b"\r\n", b"\n\n", b" ", b"\xc2\xa0", b"\xe2\x80\xa8", b"\xc2\x85",
    b"\x0b", b"\x1a", b"\x1c", b"\x7f", b"\xed\xa0\x80", b"\\ud800", b"\\ud83d\\ude00", b"\xf0\x9f\x98\x80", b"\xc3\x28", b"\xe9",
    b"\xc0\x80", b"\xf4\x90\x80\x80", b"#", b"end of file", b"sep=;\n", b"event_id", b"ts", b"null", b"true", b"{}", b"[]", b'"ts":',
    b"1970-01-01", b"0000-00-00", b"+292278994-08-17T07:12:55.807Z", b"99999999999999999", b"<", b">", b"</", b"&", b"&lt;", b"&#0;",
    b"&#x110000;", b"]]>", b"<![CDATA[", b"<!--", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<?xml version='1.0' encoding='utf-7'?>",
    b"PAR1", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"total", b"Total,,",
    b"a.b", b"`", b"_raw", b"__proto__", b'{"payload":{"after":', b'"op":"d"',
)  # fmt: skip
DIGITS = re.compile(rb"\d+")

ROWS: list[dict[str, Any]] = [
    {
        "event_id": f"e{n}",
        "ts": f"2024-03-{n % 28 + 1:02}T10:{n % 60:02}:00Z",
        "user_id": f"u{n % 5}",
        "name": ("Zoë", "O'Neill, Bob", 'the "one"', "two\nlines", "日本", "")[n % 6],
        "price": 1.5 * n,
        "age": 20 + n,
    }
    for n in range(12)
]


@dataclass(frozen=True)
class Family:
    """Seeds of one format. `parts` takes a seed apart into what is inside and a function that packs it again:
    half of the changes go to the inside, behind checksums.
    """

    seeds: tuple[bytes, ...]
    parts: Callable[[bytes], tuple[list[bytes], Callable[[list[bytes]], bytes]]] | None = None


def mutated(name: str, number: int) -> bytes:
    """The damaged file of a family and a number."""
    family, dice = families()[name], random.Random(f"{name} {number}")
    if name == "typed parquet":
        made = typed_parquet(dice)
        return made if dice.random() < 0.8 else changed(made, dice, family.seeds)
    seed = dice.choice(family.seeds)
    large = LARGEST if dice.randrange(LARGE_ONE_IN) == 0 else 0
    if family.parts is None or dice.random() < 0.5:
        return changed(seed, dice, family.seeds, large)
    inside, packed = family.parts(seed)
    at = dice.randrange(len(inside))
    inside[at] = changed(inside[at], dice, inside, large)
    return packed(inside)


def changed(content: bytes, dice: random.Random, others: Sequence[bytes], large: int = 0) -> bytes:
    """The content after one change or a few; `large`: it is blown up to so many bytes first."""
    if large:
        content = _blown_up(content, dice, large)
    gentle = dice.random() < 0.4
    for _ in range(1 + min(int(dice.expovariate(0.8)), MOST_CHANGES - 1)):
        change = dice.choice(GENTLE if gentle else CHANGES)
        content = _spliced(content, dice, others) if change is None else change(content, dice)
    return content


def _place(content: bytes, dice: random.Random) -> int:
    """Anywhere; often near the ends, where headers and footers are."""
    near = dice.randrange(4)
    if near == 0:
        return dice.randrange(min(len(content), 64) + 1)
    if near == 1:
        return len(content) - dice.randrange(min(len(content), 256) + 1)
    return dice.randrange(len(content) + 1)


def _span(content: bytes, dice: random.Random) -> tuple[int, int]:
    start = _place(content, dice)
    return start, min(len(content), start + int(dice.expovariate(1 / 24)) + 1)


def _bit(content: bytes, dice: random.Random) -> bytes:
    at = _place(content, dice)
    if at == len(content):
        return content
    return content[:at] + bytes([content[at] ^ 1 << dice.randrange(8)]) + content[at + 1 :]


def _byte(content: bytes, dice: random.Random) -> bytes:
    at = _place(content, dice)
    return content[:at] + bytes([dice.randrange(256)]) + content[at + 1 :]


def _inserted(content: bytes, dice: random.Random) -> bytes:
    at = _place(content, dice)
    return content[:at] + dice.randbytes(dice.randrange(1, 9)) + content[at:]


def _deleted(content: bytes, dice: random.Random) -> bytes:
    start, end = _span(content, dice)
    return content[:start] + content[end:]


def _cut_off(content: bytes, dice: random.Random) -> bytes:
    return content[: _place(content, dice)]


def _beheaded(content: bytes, dice: random.Random) -> bytes:
    return content[_place(content, dice) :]


def _repeated(content: bytes, dice: random.Random) -> bytes:
    start, end = _span(content, dice)
    return content[:end] + content[start:end] * dice.choice((1, 1, 2, 70, 700)) + content[end:]


def _swapped(content: bytes, dice: random.Random) -> bytes:
    a, b, c, d = sorted(_place(content, dice) for _ in range(4))
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def _length(content: bytes, dice: random.Random) -> bytes:
    width, order = dice.choice((1, 2, 4, 8)), dice.choice(("little", "big"))
    value = dice.choice((*EDGES, len(content), dice.randrange(1 << 32))) % (1 << 8 * width)
    at = _place(content, dice)
    return content[:at] + value.to_bytes(width, order) + content[at + width :]


def _token(content: bytes, dice: random.Random) -> bytes:
    start, end = _span(content, dice)
    return content[:start] + dice.choice(TOKENS) + content[start if dice.random() < 0.7 else end :]


def _number(content: bytes, dice: random.Random) -> bytes:
    found = list(DIGITS.finditer(content[:20_000]))
    if not found:
        return content
    match = dice.choice(found)
    return content[: match.start()] + dice.choice(NUMBERS) + content[match.end() :]


def _lines(content: bytes, dice: random.Random) -> bytes:
    lines = content.split(b"\n")
    a, b = dice.randrange(len(lines)), dice.randrange(len(lines))
    match dice.randrange(4):
        case 0:
            lines.insert(a, lines[b])
        case 1:
            lines[a], lines[b] = lines[b], lines[a]
        case 2:
            del lines[a]
        case 3:
            lines[a : a + 2] = [b"".join(lines[a : a + 2])]
    return b"\n".join(lines)


def _word(content: bytes, dice: random.Random) -> bytes:
    """A word of the text in the place of another one: names that repeat, values of other columns."""
    words = list(re.finditer(rb"\w+", content[:20_000]))
    if not words:
        return content
    to, source = dice.choice(words), dice.choice(words)
    return content[: to.start()] + source[0] + content[to.end() :]


def _inner(content: bytes, dice: random.Random) -> bytes:
    """A token, or a character changed, within a word."""
    words = list(re.finditer(rb"\w+", content[:20_000]))
    if not words:
        return content
    word = dice.choice(words)
    at = dice.randrange(word.start(), word.end())
    end = at + dice.randrange(2)
    return content[:at] + dice.choice((*TOKENS, bytes([dice.randrange(256)]))) + content[end:]


def _spliced(content: bytes, dice: random.Random, others: Sequence[bytes]) -> bytes:
    other = dice.choice(others)
    return content[: _place(content, dice)] + other[_place(other, dice) :]


def _blown_up(content: bytes, dice: random.Random, size: int) -> bytes:
    """A line, a span or a token as often as makes the size, where it stood."""
    start, end = _span(content, dice)
    if dice.random() < 0.4:
        start = content.rfind(b"\n", 0, start) + 1
        end = content.find(b"\n", start) + 1 or len(content)
    piece = dice.choice((content[start:end], content[start:end], dice.choice(TOKENS))) or b"x"
    return content[:end] + piece * (dice.randrange(size) // len(piece)) + content[end:]


# None: a splice, which needs the other seeds.
CHANGES: tuple[Change | None, ...] = (
    _bit, _bit, _byte, _inserted, _deleted, _cut_off, _beheaded, _repeated, _swapped, _length, _token, _token, _token,
    _number, _lines, _word, None,
)  # fmt: skip


GENTLE: tuple[Change, ...] = (_number, _number, _word, _inner)  # most of which leave the syntax as it is


@cache
def families() -> dict[str, Family]:
    """By name."""
    return {
        "csv": Family(tuple(_tables())),
        "messy csv": Family(tuple(_messy_tables())),
        "ndjson": Family(tuple(_json_lines())),
        "json": Family(tuple(_documents())),
        "nested json": Family(tuple(_nested())),
        "nested list": Family(tuple(_nested())),
        "changes": Family(tuple(_changes())),
        "xml": Family(tuple(_xml())),
        "nested xml": Family(tuple(_nested_xml())),
        "wide text": Family(tuple(_wide())),
        "headerless": Family(tuple(_headerless())),
        "compressed": Family(tuple(_compressed()), _inside_compressed),
        "parquet": Family(tuple(_parquet())),
        "typed parquet": Family(tuple(_parquet())),
        "zip": Family(
            (_zip(_files()), _zip(_files(), zipfile.ZIP_STORED), _zip(_files(), zipfile.ZIP_LZMA)),
            _inside_zip,
        ),
        "workbook": Family(
            (
                xlsx({"Users": _cells()}),
                xlsx({"Users": _cells(), "Other": [["x"]]}),
                ods({"Users": _cells()[:3]}),
            ),
            _inside_zip,
        ),
    }


def _csv(delimiter: str = ",", end: str = "\n", rows: Sequence[Mapping[str, Any]] = ROWS) -> str:
    def cell(value: Any) -> str:
        text = str(value)
        return '"' + text.replace('"', '""') + '"' if any(c in text for c in f'{delimiter}"\n') else text

    lines = [rows[0].keys(), *(row.values() for row in rows)]
    return "".join(delimiter.join(map(cell, line)) + end for line in lines)


def _tables() -> Iterator[bytes]:
    yield _csv().encode()
    yield _csv(";", "\r\n").encode()
    yield _csv("\t").encode("utf-8-sig")
    yield _csv("|", "\r").encode()
    yield b"event_id,ts\n" + b"".join(b"q%d,2024-05-01T10:00:00Z\n" % n for n in range(30))
    yield b"ts\n2024-05-01\n2024-05-02\n"
    yield b"event_id,ts,x,x_4,x\nq1,2024-05-01T10:00:00Z,1,2,3\n"


def _messy_tables() -> Iterator[bytes]:
    users = [
        {
            "user_id": f"u{n}",
            "name": ("Zoë", "Jörg; Söhne", "Ann")[n % 3],
            "updated_at": f"2024-05-{n + 1:02}",
        }
        for n in range(9)
    ]
    text = _csv(";", "\r\n", users)
    yield text.encode("latin-1")
    yield ("Export of users\r\n\r\n" + text + "end of file 9\r\n\r\n").encode("latin-1")
    yield ("sep=;\n# made by hand\n" + text + "# a comment\nend of file\n").encode()
    yield (text + text + "Total;;\r\n").encode()
    yield ("\ufeff" + text + "\ufeff" + text).encode()


def _json_lines() -> Iterator[bytes]:
    lines = [json.dumps(row, ensure_ascii=n % 2 == 0) for n, row in enumerate(ROWS)]
    yield "\n".join(lines).encode()
    yield ("\r\n".join(lines) + "\r\n").encode()
    yield "\n".join(
        json.dumps(
            {"event_id": f"n{n}", "ts": 1709287200 + n, "tags": [1, {"a": None}], "o": {"b": [True, "x"]}}
        )
        for n in range(8)
    ).encode()
    yield b'{"event_id":"a","ts":"2024-03-01","amount":12.50,"x":1E400}\n{"event_id":"b","ts":null,"amount":NaN}\n'


def _documents() -> Iterator[bytes]:
    yield json.dumps(ROWS).encode()
    yield json.dumps(ROWS, indent=2, ensure_ascii=False).encode()
    yield "\n".join(json.dumps(row, indent=1) for row in ROWS[:4]).encode()
    yield json.dumps(ROWS[0]).encode()
    yield b"{}"


def _orders() -> dict[str, Any]:
    orders = [
        {
            "id": f"o{n}",
            "user": {"id": f"u{n}"},
            "placed": {"at": f"2024-03-{n + 1:02}T10:00:00Z"},
            "tags": ["a", "é", None],
            "address": {"city": "Köln", "lines": ["1", 2, {"x": 1.50}]},
            "lines": [{"sku": f"s{i}", "quantity": i, "price": "1.50"} for i in range(3)],
        }
        for n in range(4)
    ]
    return {"next": None, "data": {"count": 4, "orders": orders}}


def _nested() -> Iterator[bytes]:
    yield json.dumps(_orders()).encode()
    yield json.dumps(_orders(), indent=2, ensure_ascii=False).encode()
    yield (json.dumps(_orders()) + "\n" + json.dumps(_orders())).encode()


def _changes() -> Iterator[bytes]:
    changes = [
        {"before": None if op == "c" else row, "after": None if op == "d" else row, "op": op, "ts_ms": 1709287200000 + n,
         "source": {"lsn": n, "table": "t"}}
        for n, (row, op) in enumerate(zip(ROWS, "cuducudcuduu", strict=True))
    ]  # fmt: skip
    yield "\n".join(map(json.dumps, changes)).encode()
    yield "\n".join([*(json.dumps({"schema": {}, "payload": c}) for c in changes), "null"]).encode()
    yield json.dumps(changes).encode()


def _xml() -> Iterator[bytes]:
    entries = "".join(
        f'<entry id="{n}" level="ERROR"><event_timestamp>2024-03-0{n + 1}T10:00:00Z</event_timestamp>'
        f'<request id="r{n}"><path>/a?b&amp;c</path></request><message><![CDATA[<x> {n}]]></message><e/></entry>'
        for n in range(6)
    )
    yield f"<?xml version='1.0' encoding='UTF-8'?>\n<errors>{entries}</errors>".encode()
    yield f'<?xml version="1.0" encoding="ISO-8859-1"?><errors xmlns="urn:x" xmlns:y="urn:y">{entries}<y:entry y:é="ö"/></errors>'.encode(
        "latin-1"
    )
    yield f"<errors>{entries}</errors>".encode("utf-16")
    yield f"<!DOCTYPE errors [<!ENTITY who 'someone'>]><errors>{entries}<entry>&who;</entry></errors>".encode()


def _nested_xml() -> Iterator[bytes]:
    orders = "".join(
        f'<orders currency="EUR"><id>o{n}</id><user id="u{n}"><id>u{n}</id></user><placed><at tz="UTC">2024-03-01T10:00:00Z</at></placed>'
        f"<tags>a</tags><tags>b</tags><lines><sku>s1</sku></lines><lines><sku>s2</sku></lines></orders>"
        for n in range(5)
    )
    yield f"<page><data>{orders}</data></page>".encode()
    yield f"<page><other/>\n<data>\n{orders}\n</data><data>{orders}</data></page>".encode()


def _wide() -> Iterator[bytes]:
    for text in (
        _csv(),
        _csv(";", "\r\n"),
        "\n".join(map(json.dumps, ROWS)),
        json.dumps(ROWS, ensure_ascii=False),
    ):
        yield text.encode("utf-16")
        yield ("\ufeff" + text).encode("utf-16-be")
        yield text.encode("utf-16-le")


def _headerless() -> Iterator[bytes]:
    """Lines of the fixture's `sales`: see its contract."""
    lines = [f"{n}|7{n}|{n % 3}|2024-03-{n + 1:02}|{n}|{n * 1.25}|wéb|p,{n}|" for n in range(9)]
    yield "\n".join(lines).encode()
    yield "\r\n".join(line.rstrip("|") for line in lines).encode()
    yield "\n".join(lines).encode("latin-1")


def _compressed() -> Iterator[bytes]:
    for content in (_csv().encode(), "\n".join(map(json.dumps, ROWS)).encode(), json.dumps(ROWS).encode()):
        yield gzip.compress(content, mtime=0)
        yield gzip.compress(content[:400], mtime=0) + gzip.compress(content[400:], mtime=0)
        yield gzip.compress(content, mtime=0) + b"\0" * 512
        yield bz2.compress(content)
        yield lzma.compress(content)
        yield zstd(content)
    yield gzip.compress(gzip.compress(_csv().encode(), mtime=0), mtime=0)
    yield gzip.compress(next(_parquet()), mtime=0)


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


PACKERS: dict[bytes, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    b"\x1f": (lambda c: gzip.GzipFile(fileobj=io.BytesIO(c)).read(), lambda c: gzip.compress(c, mtime=0)),
    b"B": (bz2.decompress, bz2.compress),
    b"\xfd": (lzma.decompress, lzma.compress),
    b"\x28": (lambda c: pa.CompressedInputStream(pa.BufferReader(c), "zstd").read(), zstd),
}


def _inside_compressed(content: bytes) -> tuple[list[bytes], Callable[[list[bytes]], bytes]]:
    unpack, pack = PACKERS[content[:1]]
    return [unpack(content)], lambda parts: pack(parts[0])


def _inside_zip(content: bytes) -> tuple[list[bytes], Callable[[list[bytes]], bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        names = package.namelist()
        parts = [package.read(name) for name in names]
    return parts, lambda changed: _zip(dict(zip(names, changed, strict=True)))


def _files() -> dict[str, bytes]:
    return {
        "a.csv": next(_messy_tables()),
        "b/": b"",
        "b/c.ndjson": next(_json_lines()),
        "d.csv.gz": next(_compressed()),
    }


def _zip(parts: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for name, part in parts.items():
            package.writestr(zipfile.ZipInfo(name), part, method)
    return file.getvalue()


def _cells() -> list[list[Any]]:
    return [
        ["user_id", "name", "updated_at", "age"],
        ["u1", "Zoë", "date:45352.5", 30],
        ["u2", "A & B", "date:45353", 31.5],
        ["u3", "error:#N/A", "formula:", True],
        ["u4", None, "formula:7", "x"],
    ]  # fmt: skip


PLACE = pa.struct({"lat": pa.float64(), "m": pa.map_(pa.string(), pa.int64())}.items())


def _table() -> pa.Table:
    n = 40
    return pa.table(
        {
            "event_id": [f"e{i}" for i in range(n)],
            "ts": pa.array([1_700_000_000_000_000 + i for i in range(n)], pa.timestamp("us", "UTC")),
            "name": [None if i % 7 == 0 else f"n{i % 3}" for i in range(n)],
            "amount": pa.array([Decimal(i).scaleb(-2) for i in range(n)], pa.decimal128(18, 2)),
            "age": pa.array(range(n), pa.int32()),
            "price": [i / 3 for i in range(n)],
            "tags": [[f"t{i}", None][: i % 3] for i in range(n)],
            "place": pa.array([{"lat": i / 7, "m": [("k", i)]} if i % 5 else None for i in range(n)], PLACE),
            "raw": [bytes([i, 255]) for i in range(n)],
            "ok": [i % 2 == 0 for i in range(n)],
        }
    )


def _parquet() -> Iterator[bytes]:
    flat = _table().select(["event_id", "ts", "name", "amount", "age"])
    delta = {"event_id": "DELTA_BYTE_ARRAY", "name": "DELTA_LENGTH_BYTE_ARRAY", "age": "DELTA_BINARY_PACKED"}
    choices: list[tuple[pa.Table, dict[str, Any]]] = [
        (flat, {}),
        (_table(), {"row_group_size": 16}),
        (_table(), {"compression": "zstd", "data_page_version": "2.0"}),
        (flat, {"compression": "gzip", "use_dictionary": False, "write_page_checksum": True}),
        (flat, {"compression": "none", "use_dictionary": False, "column_encoding": delta}),
        (flat, {"use_deprecated_int96_timestamps": True, "store_decimal_as_integer": True}),
        (_table().select(["event_id", "price"]), {"column_encoding": {"price": "BYTE_STREAM_SPLIT"}, "use_dictionary": False}),
        (flat.slice(0, 0), {}),
        (flat, {"write_page_index": True, "compression": "lz4", "version": "1.0"}),
    ]  # fmt: skip
    for table, options in choices:
        file = io.BytesIO()
        pq.write_table(table, file, **options)
        yield file.getvalue()


UNITS = ("s", "ms", "us", "ns")
EXTREMES = (
    0,
    1,
    -1,
    9,
    10**9,
    1_709_287_200,
    1_709_287_200_000,
    2**31 - 1,
    -(2**31),
    2**53 + 1,
    2**62,
    -(2**63),
    2**63 - 1,
)
DOUBLES = (
    0.0,
    -0.0,
    1.0,
    1e7,
    12345678.0,
    1e-3,
    9.999e-4,
    1e22,
    5e-324,
    1.7976931348623157e308,
    float("inf"),
    float("nan"),
    0.1,
)
TEXTS = (
    "",
    "a",
    "2024-03-01T10:00:00Z",
    "1.50",
    "Zoë",
    "two\nlines",
    "\0",
    "\ufeffx",
    " b ",
    "{",
    "null",
    "1E5",
    "x" * 3000,
)
CODECS = ("none", "snappy", "gzip", "zstd", "lz4", "brotli")


def typed_parquet(dice: random.Random) -> bytes:
    """A sound file of columns of any type, with values at their ends, as any writer may spell it."""
    rows, columns = dice.choice((1, 2, 9, 70)), dice.randrange(1, 5)
    names = [
        "event_id",
        "ts",
        *dice.sample(("name", "price", "age", "Event_ID", "a.b", "ä", "", "x" * 300), columns),
    ]
    # Not a key nor a time as often as not, so that what is accepted has odd types elsewhere.
    kinds = [_plain_kind(dice) if n in ("event_id", "ts") else _kind(dice, 2) for n in names]
    table = pa.table([_column(kind, rows, dice) for kind in kinds], names)
    file = io.BytesIO()
    options: dict[str, Any] = {
        "compression": dice.choice(CODECS),
        "use_dictionary": dice.random() < 0.5,
        "version": dice.choice(("1.0", "2.4", "2.6")),
        "data_page_version": dice.choice(("1.0", "2.0")),
        "row_group_size": dice.choice((None, 5)),
        "use_deprecated_int96_timestamps": dice.random() < 0.2,
        "store_decimal_as_integer": dice.random() < 0.5,
        "write_page_checksum": dice.random() < 0.3,
        "store_schema": dice.random() < 0.7,
        "allow_truncated_timestamps": True,
    }
    try:
        pq.write_table(table, file, **options)
    except (pa.ArrowException, OSError):  # what Arrow cannot write nobody sends
        return typed_parquet(dice)
    return file.getvalue()


def _plain_kind(dice: random.Random) -> pa.DataType:
    return dice.choice((pa.string(), pa.string(), pa.timestamp("us", "UTC"), pa.int64(), _kind(dice, 0)))


def _kind(dice: random.Random, depth: int) -> pa.DataType:
    if depth and dice.random() < 0.35:
        inner = _kind(dice, depth - 1)
        return dice.choice(
            (
                pa.list_(inner),
                pa.struct([("a", inner), ("b", pa.string())]),
                pa.map_(pa.string(), inner),
                pa.large_list(inner),
            )
        )
    unit, zone = dice.choice(UNITS), dice.choice((None, "UTC", "Europe/Berlin", "+05:30", "Mars/Olympus"))
    small, large = dice.choice(UNITS[:2]), dice.choice(UNITS[2:])
    precision = dice.randrange(1, 39)
    return dice.choice(
        (
            pa.string(), pa.large_string(), pa.binary(), pa.binary(3), pa.bool_(), pa.null(), pa.int8(), pa.uint8(), pa.int16(),
            pa.int32(), pa.uint32(), pa.int64(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.date32(), pa.date64(),
            pa.timestamp(unit, zone), pa.timestamp(unit, zone), pa.time32(small), pa.time64(large), pa.duration(unit),
            pa.decimal128(precision, dice.randrange(precision + 1)), pa.dictionary(pa.int32(), pa.string()),
        )
    )  # fmt: skip


def _column(kind: pa.DataType, rows: int, dice: random.Random) -> pa.Array:
    """Values that the type holds, and some nulls."""
    empty = [dice.random() < 0.15 for _ in range(rows)]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return (
            pa.array(
                [None if e else _column(kind.value_type, dice.randrange(3), dice).to_pylist() for e in empty],
                kind,
            )
            if _holds(kind)
            else pa.nulls(rows, kind)
        )
    if pa.types.is_struct(kind):
        return pa.StructArray.from_arrays(
            [_column(f.type, rows, dice) for f in kind], fields=list(kind), mask=pa.array(empty)
        )
    if pa.types.is_map(kind):
        items = _column(kind.item_type, rows, dice)
        return pa.MapArray.from_arrays(
            list(range(rows + 1)), pa.array([dice.choice(TEXTS) for _ in range(rows)]), items
        )
    if pa.types.is_null(kind):
        return pa.nulls(rows)
    if pa.types.is_dictionary(kind):
        return pa.array([None if e else dice.choice(TEXTS) for e in empty], pa.string()).dictionary_encode()
    if pa.types.is_floating(kind):
        return pa.array([None if e else dice.choice(DOUBLES) for e in empty], pa.float64()).cast(
            kind, safe=False
        )
    if pa.types.is_decimal(kind):
        most = 10**kind.precision - 1
        digits = [
            None if e else Decimal(dice.choice((0, 1, -1, most, -most, dice.randrange(most)))) for e in empty
        ]
        return pa.array([None if d is None else d.scaleb(-kind.scale, EXACT) for d in digits], kind)
    if pa.types.is_boolean(kind):
        return pa.array([None if e else dice.random() < 0.5 for e in empty], kind)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pa.array([None if e else dice.choice(TEXTS) for e in empty], kind)
    if pa.types.is_fixed_size_binary(kind):
        return pa.array([None if e else dice.randbytes(3) for e in empty], kind)
    if pa.types.is_binary(kind):
        return pa.array([None if e else dice.choice((b"a", b"\xff\xfe", b"")) for e in empty], kind)
    bits = kind.bit_width
    day = DAY[kind.unit] if pa.types.is_time(kind) else 0
    numbers = [
        None if e else _within(dice.choice(EXTREMES) % day if day else dice.choice(EXTREMES), bits)
        for e in empty
    ]
    return pa.array(numbers, pa.int64() if bits == 64 else getattr(pa, f"int{bits}")()).view(kind)


EXACT = Context(prec=100)
DAY = {
    "s": 86_400,
    "ms": 86_400_000,
    "us": 86_400_000_000,
    "ns": 86_400_000_000_000,
}  # Arrow refuses other times of day


def _within(number: int, bits: int) -> int:
    """The number in so many bits with a sign, as C casts it."""
    half = 1 << bits - 1
    return (number + half) % (2 * half) - half


def _holds(kind: pa.DataType) -> bool:
    """Whether Python's own values hold all of a list's elements."""
    inner = kind.value_type
    return not (pa.types.is_temporal(inner) or pa.types.is_nested(inner))
