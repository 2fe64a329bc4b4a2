"""Small files of a made-up shop with what must become of each: the same bytes in every run."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

DOMAIN, DATASET = "ecommerce", "events"
BROKEN_GZIP = bytes.fromhex("1f8b08000000000000ff") + b"cut off"
EMPTY, BROKEN = "empty_file", "corrupt_gzip"
LINE_BYTES = 250  # a record's, about


@dataclass(frozen=True)
class MadeFile:
    """`reason`: why it must be quarantined; `twin`: the number of the file whose content it has."""

    number: int
    content: bytes
    reason: str | None = None
    twin: int | None = None

    @property
    def key(self) -> str:
        return f"{DOMAIN}/{DATASET}/load/{self.number % 100:02d}/{self.number:06d}.json"


@dataclass(frozen=True)
class Expected:
    """What the ledger must count, and the records that silver must hold."""

    counts: dict[str, int]
    reasons: dict[str, int]
    records: int


def made_files(number: int, file_bytes: int) -> Iterator[MadeFile]:
    """Of a hundred files one is empty, one is broken and five have the content of another."""
    for i in range(number):
        match i % 100:
            case 17:
                yield MadeFile(i, b"", EMPTY)
            case 42:
                # A number of its own: equal contents would make no difference to what is broken.
                yield MadeFile(i, BROKEN_GZIP + str(i).encode(), BROKEN)
            case 20 | 40 | 60 | 80 | 99:
                yield MadeFile(i, content(i - 1, file_bytes), twin=i - 1)
            case _:
                yield MadeFile(i, content(i, file_bytes))


def expected(number: int, file_bytes: int) -> Expected:
    counts, reasons, records = Counter[str](), Counter[str](), 0
    for file in made_files(number, file_bytes):
        if file.reason is not None:
            counts["quarantined"] += 1
            reasons[file.reason] += 1
        elif file.twin is not None:
            counts["duplicate"] += 1
        else:
            counts.update(("accepted", "pending"))
            records += file.content.count(b"\n")
    return Expected(dict(counts), dict(reasons), records)


def content(number: int, file_bytes: int) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records(number, file_bytes))


def records(number: int, file_bytes: int) -> list[dict[str, str | int]]:
    """The records of a file, about so many bytes of them; one at least."""
    dice = random.Random(number)  # nosec B311: sample data
    return [
        {
            "event_id": f"{number:06d}-{line:04d}-{dice.getrandbits(64):016x}",
            "user_id": f"u{dice.randrange(50_000):06d}",
            "ts": f"2026-03-{dice.randrange(1, 29):02d}T{dice.randrange(24):02d}:00:00Z",
            "country": dice.choice(("VN", "DE", "US", "BR", "IN")),
            "age": dice.randrange(18, 90),
            "price": f"{dice.randrange(100, 100_000) / 100:.2f}",
            "message": f"viewed a product {dice.getrandbits(192):048x}",
        }
        for line in range(max(1, file_bytes // LINE_BYTES))
    ]
