"""Event files of any size and format, made while they are read; the same bytes in every run."""

from __future__ import annotations

import csv
import io
import json
import random
import zlib
from collections.abc import Iterator
from typing import Any

MEGABYTE = 1 << 20
COUNTRIES = ("VN", "DE", "US", "BR", "IN")
MESSAGES = (
    "viewed a product, then left",
    'said "never again"',
    "added to basket",
    "paid",
    "tìm kiếm: áo khoác",
)
NAMES = ("Nguyễn Văn An", "Zoë Müller", "John Smith", "Maria da Silva")


def rows(seed: int, number: int) -> list[dict[str, Any]]:
    """Events as a shop's services write them: 13 columns, some values missing, a little text beyond ASCII."""
    dice = random.Random(seed)
    return [
        {
            "event_id": f"{dice.getrandbits(64):016x}",
            "user_id": f"u{dice.randrange(400_000):06d}",
            "ts": _moment(dice),
            "country": dice.choice(COUNTRIES),
            "email": f"user{dice.randrange(400_000)}@example.com",
            "name": dice.choice(NAMES),
            "age": dice.randrange(18, 90),
            "price": dice.randrange(100, 100_000) / 100,
            "amount": dice.randrange(100, 100_000) / 100 if dice.random() < 0.7 else None,
            "temperature": round(dice.uniform(-20, 40), 1),
            "message": dice.choice(MESSAGES),
            "device": dice.choice(("ios", "android", "web")),
            "session": f"{dice.getrandbits(48):012x}",
        }
        for _ in range(number)
    ]


def text(kind: str, events: list[dict[str, Any]]) -> bytes:
    """Events as the lines of a file, without header and brackets."""
    if kind == "csv":
        file = io.StringIO()
        csv.writer(file, lineterminator="\n").writerows(e.values() for e in events)
        return file.getvalue().encode()
    between = ",\n" if kind == "array" else "\n"
    return (between.join(json.dumps(e, ensure_ascii=False) for e in events)).encode() + b"\n"


def parts(kind: str, megabytes: float) -> Iterator[bytes]:
    """The file's content.

    The same 5,000 events come again and again: making them anew would cost more than judging them.
    """
    events = rows(1, 5000)
    lines = text(kind, events)
    yield {"csv": ",".join(events[0]).encode() + b"\n", "array": b"["}.get(kind, b"")
    written, enough = 0, megabytes * MEGABYTE
    while written < enough:
        last = written + len(lines) >= enough
        yield lines if kind != "array" else lines[:-1] + (b"]" if last else b",\n")
        written += len(lines)


def zipped(content: Iterator[bytes]) -> Iterator[bytes]:
    """The content as gzip, level 6 as producers use it."""
    member = zlib.compressobj(6, wbits=31)
    for part in content:
        yield member.compress(part)
    yield member.flush()


class Stream:
    """Parts as a readable stream."""

    def __init__(self, content: Iterator[bytes]) -> None:
        self._content, self._rest = content, b""

    def read(self, size: int, /) -> bytes:
        while len(self._rest) < size and (part := next(self._content, None)) is not None:
            self._rest += part
        block, self._rest = self._rest[:size], self._rest[size:]
        return block


def write_parquet(path: str, megabytes: float) -> None:
    """A Parquet file of about this size in row groups of 128 MB, as writers make them by default."""
    import os

    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist(rows(1, 5000))
    with pq.ParquetWriter(path, table.schema, compression="none", use_dictionary=False) as writer:
        while os.path.getsize(path) < megabytes * MEGABYTE:
            writer.write_table(pa.concat_tables([table] * 140).combine_chunks(), row_group_size=700_000)


def _moment(dice: random.Random) -> str:
    day, *clock = dice.randrange(1, 29), dice.randrange(24), dice.randrange(60), dice.randrange(60)
    return f"2024-03-{day:02d}T" + ":".join(f"{part:02d}" for part in clock) + "Z"
