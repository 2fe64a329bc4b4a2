"""Bytes of a file, decompressed while they stream."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from typing import Protocol

from shared.reasons import FileReason
from shared.records.verdict import Limits, Unreadable

BLOCK = 1 << 20
SLICE = (
    1 << 16
    # of compressed bytes; what a member leaves over is copied, so a file of a million tiny members needs
    # small slices
)
GZIP = b"\x1f\x8b"


class Readable(Protocol):
    """Anything with `read(size)`: an S3 body, a file."""

    def read(self, size: int, /) -> bytes: ...


class Source:
    """Hashes and counts what is read. `compression` is known after the first block."""

    def __init__(self, stream: Readable, limits: Limits) -> None:
        self._stream, self._limits = stream, limits
        self._digest = hashlib.sha256()
        self.bytes = 0
        self.decompressed = 0
        self.compression = "none"

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def blocks(self) -> Iterator[bytes]:
        """Decompressed content in blocks of at most a megabyte.

        Raises Unreadable for a damaged or hostile gzip, Late when time is up.
        """
        first = self._read()
        if first.startswith(GZIP):
            self.compression = "gzip"
        content = self._inflated(first) if self.compression == "gzip" else self._plain(first)
        for block in content:
            self._count(len(block))
            yield block

    def drain(self) -> None:
        """Reads to the end, so that hash and size are those of the whole file."""
        while self._read():
            pass

    def _read(self) -> bytes:
        parts, missing = [], BLOCK
        while missing and (part := self._stream.read(missing)):
            parts.append(part)
            missing -= len(part)
        block = parts[0] if len(parts) == 1 else b"".join(parts)
        self._digest.update(block)
        self.bytes += len(block)
        self._limits.in_time(self.bytes)
        return block

    def _plain(self, block: bytes) -> Iterator[bytes]:
        while block:
            yield block
            block = self._read()

    def _slices(self, block: bytes) -> Iterator[bytes]:
        while block:
            for start in range(0, len(block), SLICE):
                yield block[start : start + SLICE]
            block = self._read()

    def _inflated(self, first: bytes) -> Iterator[bytes]:
        """Every member of a gzip; zlib itself checks each member's checksum and length (RFC 1952).

        Behind the last nothing may follow.
        """
        slices = self._slices(first)
        member = zlib.decompressobj(wbits=31)
        rest = next(slices)
        while True:
            try:
                out = member.decompress(rest, BLOCK)
            except zlib.error as error:
                raise Unreadable(
                    FileReason.CORRUPT_GZIP, f"after {self.decompressed} decompressed bytes: {error}"
                ) from error
            if out:
                yield out
            rest = member.unused_data if member.eof else member.unconsumed_tail
            if not rest and (rest := next(slices, b"")) == b"" and not out:
                break
            if member.eof and rest:
                rest, member = self._next_member(rest, slices), zlib.decompressobj(wbits=31)
        if not member.eof:
            raise Unreadable(
                FileReason.CORRUPT_GZIP, f"the gzip ends early, after {self.decompressed} decompressed bytes"
            )

    def _next_member(self, rest: bytes, slices: Iterator[bytes]) -> bytes:
        if len(rest) == 1:
            rest += next(slices, b"")
        if not rest.startswith(GZIP):
            raise Unreadable(
                FileReason.CORRUPT_GZIP,
                f"rubbish behind the gzip, after {self.decompressed} decompressed bytes",
            )
        return rest

    def _count(self, more: int) -> None:
        """Bounds what one file may expand to: a bomb by its ratio, an honest file by the time there is to
        read it.
        """
        self.decompressed += more
        self._limits.in_time(self.decompressed)
        if (
            self.decompressed > self._limits.ratio_from
            and self.decompressed > self._limits.max_ratio * self.bytes
        ):
            raise Unreadable(
                FileReason.DECOMPRESSION_BOMB, f"{self.bytes} bytes expand to more than {self.decompressed}"
            )
        if self.decompressed > self._limits.max_decompressed:
            raise Unreadable(
                FileReason.TOO_LARGE, f"more than {self._limits.max_decompressed} bytes when decompressed"
            )
