"""Avro files, as Iceberg's manifests are."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator

MAGIC = 4  # bytes that a file begins with
SYNC_BYTES = 16


def blocks_of(content: bytes) -> Iterator[bytes]:
    """The blocks of an Avro file (Avro 1.12, "Object Container Files"), inflated. Raises ValueError for
    another codec, LookupError and zlib.error for a damaged file.
    """
    at, said = _metadata(content, MAGIC)
    codec = said.get(b"avro.codec", b"null")
    if codec not in (b"null", b"deflate"):
        raise ValueError(f"codec {codec.decode(errors='replace')}")
    deflated = codec == b"deflate"
    at += SYNC_BYTES
    while at < len(content):
        _, at = _long(content, at)
        block, at = _bytes(content, at)
        yield zlib.decompress(block, -zlib.MAX_WBITS) if deflated else block
        at += SYNC_BYTES


def columns_of(content: bytes) -> dict[str, int]:
    """The columns of the table whose manifest it is, by name, with their ids; of other files none."""
    _, said = _metadata(content, MAGIC)
    return {f["name"]: f["id"] for f in json.loads(said.get(b"schema", b"{}")).get("fields", ())}


def _metadata(content: bytes, at: int) -> tuple[int, dict[bytes, bytes]]:
    """Where the map at the start of an Avro file ends, and what it says."""
    said: dict[bytes, bytes] = {}
    count, at = _long(content, at)
    while count:
        if count < 0:  # then the size of this part of the map follows
            count, (_, at) = -count, _long(content, at)
        for _ in range(count):
            key, at = _bytes(content, at)
            said[key], at = _bytes(content, at)
        count, at = _long(content, at)
    return at, said


def _bytes(content: bytes, at: int) -> tuple[bytes, int]:
    size, at = _long(content, at)
    return content[at : at + size], at + size


def _long(content: bytes, at: int) -> tuple[int, int]:
    """A number of Avro, zigzag-encoded in groups of seven bits, and where it ends."""
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return (value >> 1) ^ -(value & 1), at
