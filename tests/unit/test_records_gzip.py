"""zlib-ng, which ingestion reads gzip with, gives the bytes and the words of zlib, which Glue has."""

from __future__ import annotations

import random
import struct
import zlib
from collections import Counter

import pytest

from shared.records import Unreadable, compression
from shared.records.compression import GZIP, Decompressed

HEADER_CRC, EXTRA, NAME, COMMENT, RESERVED = 2, 4, 8, 16, 32
INPUTS = 2000


def member(dice: random.Random) -> bytes:
    """A member of RFC 1952 with any of its optional parts, sometimes with a wrong checksum or length."""
    content = dice.choice([b"", dice.randbytes(300), b'{"event_id":"e"}\n' * dice.randrange(400)])
    made = zlib.compressobj(
        dice.choice((0, 1, 9)), zlib.DEFLATED, -dice.choice((9, 15)), 8, dice.randrange(5)
    )
    body = made.compress(content) + made.flush()
    flags = dice.choice((0, 0, 0, NAME, EXTRA | NAME | COMMENT, HEADER_CRC, RESERVED))
    header = GZIP + bytes([8, flags]) + bytes(4) + b"\0\3"
    header += struct.pack("<H2sH2s", 6, b"ab", 2, b"zz") if flags & EXTRA else b""
    header += b"name\0" if flags & NAME else b""
    header += b"comment\0" if flags & COMMENT else b""
    header += struct.pack("<H", zlib.crc32(header) & 0xFFFF) if flags & HEADER_CRC else b""
    wrong = dice.choice(((0, 0), (0, 0), (0, 0), (1, 0), (0, 1)))
    return header + body + struct.pack("<II", zlib.crc32(content) ^ wrong[0], len(content) ^ wrong[1])


def damaged(dice: random.Random) -> bytes:
    """Some members, perhaps with zeros or rubbish behind them and a byte changed, lost or added."""
    data = b"".join(member(dice) for _ in range(dice.choice((1, 1, 2, 3))))
    data += dice.choice((b"", b"", b"", bytes(9), b"rubbish"))
    if dice.random() < 0.5:
        at = dice.randrange(2, len(data))
        data = data[:at] + dice.randbytes(dice.randrange(2)) + data[at + dice.randrange(2) :]
    return data[: dice.randrange(3, len(data))] if dice.random() < 0.2 else data


def read(data: bytes, step: int) -> tuple[bytes, str]:
    """All bytes before the end or the damage, and what was found there."""
    blocks: list[bytes] = []
    content = Decompressed("gzip", (data[i : i + step] for i in range(0, len(data), step)))
    try:
        blocks.extend(content)
    except Unreadable as stop:
        return b"".join(blocks), str(stop)
    return b"".join(blocks), f"padded: {content.padded}"


def test_both_give_the_same_bytes_and_words(monkeypatch: pytest.MonkeyPatch):
    assert compression.inflate.__name__ == "zlib_ng.zlib_ng"
    dice = random.Random(23)
    inputs = [(damaged(dice), dice.choice((1, 7, 1 << 16))) for _ in range(INPUTS)]
    fast = [read(*given) for given in inputs]
    monkeypatch.setattr(compression, "inflate", zlib)
    assert fast == [read(*given) for given in inputs]
    ends = Counter(words.partition(":")[0] for _, words in fast)
    assert ends["padded"] > INPUTS // 10
    assert ends["corrupt_gzip"] > INPUTS // 5
