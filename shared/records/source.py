"""Bytes of a file, decompressed while they stream."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Protocol

from shared.reasons import FileReason
from shared.records.compression import BLOCK, Decompressed, compression_of
from shared.records.verdict import Limits, Unreadable

SLICE = (
    1 << 16
    # of compressed bytes; what a member leaves over is copied, so a file of a million tiny members needs
    # small slices
)


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
        self._first: bytes | None = None
        self._decompressed: Decompressed | None = None

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def padded(self) -> bool:
        """Whether zeros follow what is compressed; known at the end."""
        return self._decompressed is not None and self._decompressed.padded

    def start(self) -> bytes:
        """The first block as it is stored; `blocks` begins with it all the same."""
        if self._first is None:
            self._first = self._read()
        return self._first

    def stored(self) -> Iterator[bytes]:
        """The content as it is stored, in blocks."""
        yield from self._plain(self.start())

    def blocks(self) -> Iterator[bytes]:
        """Decompressed content in blocks of at most a megabyte.

        Raises Unreadable for what is compressed and damaged or hostile, Late when time is up.
        """
        first = self.start()
        self.compression = compression_of(first)
        if self.compression == "none":
            content: Iterable[bytes] = self._plain(first)
        else:
            content = self._decompressed = Decompressed(self.compression, self._slices(first))
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
