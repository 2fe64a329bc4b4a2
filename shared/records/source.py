"""Bytes of a file, decompressed while they stream."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from typing import Protocol

from shared.reasons import FileReason
from shared.records.verdict import Limits, Unreadable

BLOCK = 1 << 20
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
        """Decompressed content in blocks of about a megabyte. Raises Unreadable for a damaged or hostile gzip."""
        first = self._read()
        if not first.startswith(GZIP):
            block = first
            while block:
                self.decompressed += len(block)
                yield block
                block = self._read()
            return
        self.compression = "gzip"
        nested = True
        for block in self._inflated(first):
            if nested and block.startswith(GZIP):
                raise Unreadable(FileReason.NESTED_COMPRESSION, "a gzip inside a gzip")
            nested = False
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
        block = b"".join(parts)
        self._digest.update(block)
        self.bytes += len(block)
        return block

    def _inflated(self, block: bytes) -> Iterator[bytes]:
        """Every member of a gzip; zlib itself checks each member's checksum and length (RFC 1952)."""
        member = zlib.decompressobj(wbits=31)
        while block:
            try:
                out = member.decompress(block, BLOCK)
            except zlib.error as error:
                raise Unreadable(FileReason.CORRUPT_GZIP, f"after {self.decompressed} bytes: {error}") from error
            if out:
                self._bounded(len(out))
                yield out
            block = member.unconsumed_tail if not member.eof else member.unused_data
            if member.eof:
                block = (block or self._read()).lstrip(b"\0")
                if not block:
                    block = self._read().lstrip(b"\0")
                if block and len(block) == 1:
                    block += self._read()
                if block and not block.startswith(GZIP):
                    raise Unreadable(FileReason.CORRUPT_GZIP, f"rubbish behind the gzip, after {self.decompressed} bytes")
                if not block:
                    return
                member = zlib.decompressobj(wbits=31)
            elif not block:
                block = self._read()
        tail = member.flush()
        if tail:
            yield tail
        if not member.eof:
            raise Unreadable(FileReason.CORRUPT_GZIP, f"the gzip ends early, after {self.decompressed} bytes")

    def _bounded(self, more: int) -> None:
        self.decompressed += more
        too_dense = self.decompressed > self._limits.ratio_from and self.decompressed > self._limits.max_ratio * self.bytes
        if too_dense or self.decompressed > self._limits.max_decompressed:
            raise Unreadable(FileReason.DECOMPRESSION_BOMB, f"{self.bytes} bytes expand to more than {self.decompressed}")
