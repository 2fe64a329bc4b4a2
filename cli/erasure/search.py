"""A search of bytes in every store of an environment for what must not be there any more.

Parquet is read, what is compressed is decompressed: a value stands there in clear or not at all.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.erasure import zips
from cli.erasure.files import overlapping, plain_or_stored
from cli.erasure.objects import Version, fetch, versions
from cli.erasure.sought import Sought
from shared.ledger import Ledger
from shared.names import DATA_ZONES, RESULTS, Names
from shared.records.packages import is_package
from shared.zones import archive_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PARQUET, AVRO = b"PAR1", b"Obj\x01"
SYNC_BYTES = 16
STORES = (*DATA_ZONES, RESULTS)


@dataclass(frozen=True)
class Place:
    """Where a value stands: an object version, or an item of the ledger. `where`: as people write it, without
    any value.
    """

    zone: str
    where: str
    version: Version | None = None


def searched(names: Names, s3: S3Client, domain: str, zones: Sequence[str]) -> Iterator[tuple[str, Version]]:
    """Every version of every object that may hold something of a domain, with its zone."""
    for zone in (z for z in zones if z != RESULTS):
        prefixes = [f"{domain}/", *([archive_prefix(domain)] if zone == "bronze" else [])]
        for prefix in prefixes:
            yield from ((zone, v) for v in versions(s3, names.bucket(zone), prefix) if not v.marker)
    if RESULTS in zones:
        yield from ((RESULTS, v) for v in versions(s3, names.bucket(RESULTS)) if not v.marker)


def places(
    names: Names, s3: S3Client, domain: str, sought: Sought, zones: Sequence[str] = STORES
) -> Iterator[Place | None]:
    """Where a value stands as a word of its own, also in other columns, in texts and in names; None for each
    object that has none.
    """
    for zone, version in searched(names, s3, domain, zones):
        with tempfile.TemporaryDirectory() as scratch:
            fetch(s3, version, Path(scratch) / "content")
            if _stands_in(Path(scratch) / "content", Path(scratch), sought):
                yield Place(zone, str(version), version)
            elif sought.is_mentioned_in(version.key.encode()):
                yield Place(zone, f"the name of an object below s3://{version.bucket}/{domain}/", version)
            else:
                yield None


def places_in_ledger(ledger: Ledger, domain: str, sought: Sought) -> Iterator[Place]:
    """Items with a value, such as the name of a file."""
    for item in ledger.texts(domain):
        if sought.is_mentioned_in(item.encode()):
            yield Place("ledger", f"an item of {item.partition('#')[0]}")


def _stands_in(content: Path, scratch: Path, sought: Sought) -> bool:
    if any(map(sought.is_mentioned_in, texts(content, scratch))):
        return True
    with content.open("rb") as file:
        if file.read(len(AVRO)) != AVRO:
            return False
    return any(map(sought.is_bound_in, _blocks(content.read_bytes())))


def texts(content: Path, scratch: Path) -> Iterator[bytes]:
    """All bytes of an object, and what they mean where they are compressed or encoded."""
    yield from overlapping(content)
    with content.open("rb") as file:
        start = file.read(8)
    if start.startswith(PARQUET):
        yield from _cells(content)
    elif is_package(start):
        for path in zips.extracted(content, scratch):
            yield from overlapping(path)
    else:
        yield from overlapping(plain_or_stored(content, scratch))


def _cells(content: Path) -> Iterator[bytes]:
    """Every value of a Parquet file as text, one a line."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(content) as file:
        for batch in file.iter_batches():
            for column in batch.columns:
                distinct = {str(v) for v in column.to_pylist() if v is not None}
                yield "\n".join(distinct).encode(errors="replace")


def _blocks(content: bytes) -> Iterator[bytes]:
    """The blocks of an Avro file (Avro 1.12, "Object Container Files"), inflated."""
    at, said = _metadata(content, len(AVRO))
    deflated = said.get(b"avro.codec") == b"deflate"
    at += SYNC_BYTES
    while at < len(content):
        _, at = _long(content, at)
        block, at = _bytes(content, at)
        yield zlib.decompress(block, -zlib.MAX_WBITS) if deflated else block
        at += SYNC_BYTES


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
