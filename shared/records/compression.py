"""Compressed bytes → plain bytes, streamed: gzip, bzip2, xz and zstd, told by their first bytes."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from shared.reasons import FileReason
from shared.records.verdict import Unreadable

try:
    from zlib_ng import zlib_ng as inflate  # the same but faster (held by a test)
except ImportError:  # Glue has none
    inflate = zlib

BLOCK = 1 << 20
GZIP = b"\x1f\x8b"
MARKS = {"gzip": GZIP, "bzip2": b"BZh", "xz": b"\xfd7zXZ\x00", "zstd": b"\x28\xb5\x2f\xfd"}
BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")  # what follows `BZh` and a digit, so that no text is taken for it
DAMAGE = (zlib.error, inflate.error, lzma.LZMAError, OSError, EOFError)
LARGEST_XZ_MEMORY = 256 << 20  # bytes; the dictionary of `xz -9` needs 65 MB


class Decoder(Protocol):
    """One member of a compressed stream, as bz2 and lzma of the standard library have it."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """zlib's decoder with the same face; it checks each member's checksum and length (RFC 1952)."""

    def __init__(self) -> None:
        self._member: zlib._Decompress = inflate.decompressobj(wbits=31)
        self._tail = b""

    @property
    def eof(self) -> bool:
        return self._member.eof

    @property
    def needs_input(self) -> bool:
        return not self._tail

    @property
    def unused_data(self) -> bytes:
        return self._member.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self._member.decompress(self._tail or data, max_length)
        self._tail = self._member.unconsumed_tail
        return out


DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": _Gzip,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, LARGEST_XZ_MEMORY),
}


def compression_of(start: bytes) -> str:
    """The compression of a file by its first bytes, or `none`."""
    name = next((name for name, mark in MARKS.items() if start.startswith(mark)), "none")
    return "none" if name == "bzip2" and start[4:10] not in BZIP2_BLOCKS else name


class Decompressed:
    """Every member of a stream, one after the other. Zeros behind a member, with which tapes and block
    devices fill up, are no content; `padded`: there are some, which not every reader forgives.

    Raises Unreadable for what is damaged, cut or followed by rubbish.
    """

    def __init__(self, name: str, slices: Iterator[bytes]) -> None:
        self._name, self._slices, self._done = name, slices, 0
        self.padded = False

    def __iter__(self) -> Iterator[bytes]:
        for out in _by_arrow(self._slices) if self._name == "zstd" else self._by_members():
            self._done += len(out)
            yield out

    def _by_members(self) -> Iterator[bytes]:
        member, data = DECODERS[self._name](), next(self._slices, b"")
        while True:
            try:
                out = member.decompress(data, BLOCK)
            except DAMAGE as error:
                raise _damaged(self._name, f"after {self._done} decompressed bytes: {error}") from error
            if out:
                yield out
            if member.eof:
                if not (data := self._next_member(member.unused_data)):
                    return
                member = DECODERS[self._name]()
            else:
                data = next(self._slices, b"") if member.needs_input else b""
                if member.needs_input and not data and not out:
                    detail = f"the {self._name} ends early, after {self._done} decompressed bytes"
                    raise _damaged(self._name, detail)

    def _next_member(self, behind: bytes) -> bytes:
        """What follows a member: the start of the next one, or nothing."""
        rest = self._unpadded(behind)
        while len(rest) < len(MARKS[self._name]) and (more := next(self._slices, b"")):
            rest = self._unpadded(rest + more)
        if rest and not rest.startswith(MARKS[self._name]):
            detail = f"rubbish behind the {self._name}, after {self._done} decompressed bytes"
            raise _damaged(self._name, detail)
        return rest

    def _unpadded(self, data: bytes) -> bytes:
        rest = data.lstrip(b"\0")
        self.padded |= len(rest) < len(data)
        return rest


class _Slices:
    """Slices of bytes as a file that Arrow reads."""

    closed = False

    def __init__(self, slices: Iterator[bytes]) -> None:
        self._slices, self._rest = slices, b""

    def close(self) -> None:
        """Whoever opened the stream closes it."""

    def read(self, size: int = BLOCK) -> bytes:
        data = self._rest or next(self._slices, b"")
        self._rest = data[size:]
        return data[:size]


def _by_arrow(slices: Iterator[bytes]) -> Iterator[bytes]:
    """Arrow's zstd: Glue's Python has none of its own."""
    import pyarrow as pa

    stream = pa.CompressedInputStream(pa.PythonFile(_Slices(slices), "r"), "zstd")
    while True:
        try:
            out = stream.read(BLOCK)
        except OSError as error:
            raise _damaged("zstd", str(error)) from error
        if not out:
            return
        yield out


def _damaged(name: str, detail: str) -> Unreadable:
    return Unreadable(FileReason.CORRUPT_GZIP if name == "gzip" else FileReason.CORRUPT_ARCHIVE, detail)
