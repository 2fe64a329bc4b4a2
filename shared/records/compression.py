"""Compressed bytes → plain bytes, streamed: gzip, bzip2, xz and zstd, told by their first bytes."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from shared.reasons import FileReason
from shared.records.verdict import Unreadable

BLOCK = 1 << 20
GZIP = b"\x1f\x8b"
MARKS = {"gzip": GZIP, "bzip2": b"BZh", "xz": b"\xfd7zXZ\x00", "zstd": b"\x28\xb5\x2f\xfd"}
BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")  # what follows `BZh` and a digit, so that no text is taken for it
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
        self._member, self._tail = zlib.decompressobj(wbits=31), b""

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


def decompressed(name: str, slices: Iterator[bytes]) -> Iterator[bytes]:
    """Every member of a stream, one after the other; zeros behind a member, with which tapes and block
    devices fill up, are no content.

    Raises Unreadable for what is damaged, cut or followed by rubbish.
    """
    return _by_arrow(slices) if name == "zstd" else _by_members(name, slices)


def _by_members(name: str, slices: Iterator[bytes]) -> Iterator[bytes]:
    done, member, data = 0, DECODERS[name](), next(slices, b"")
    while True:
        try:
            out = member.decompress(data, BLOCK)
        except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
            raise _damaged(name, f"after {done} decompressed bytes: {error}") from error
        done += len(out)
        if out:
            yield out
        if member.eof:
            if not (data := _next_member(name, member.unused_data, slices, done)):
                return
            member = DECODERS[name]()
        else:
            data = next(slices, b"") if member.needs_input else b""
            if member.needs_input and not data and not out:
                raise _damaged(name, f"the {name} ends early, after {done} decompressed bytes")


def _next_member(name: str, rest: bytes, slices: Iterator[bytes], done: int) -> bytes:
    """What follows a member: the start of the next one, or nothing."""
    rest = rest.lstrip(b"\0")
    while len(rest) < len(MARKS[name]) and (more := next(slices, b"")):
        rest = (rest + more).lstrip(b"\0")
    if rest and not rest.startswith(MARKS[name]):
        raise _damaged(name, f"rubbish behind the {name}, after {done} decompressed bytes")
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

    done = 0
    stream = pa.CompressedInputStream(pa.PythonFile(_Slices(slices), "r"), "zstd")
    while True:
        try:
            out = stream.read(BLOCK)
        except OSError as error:
            raise _damaged("zstd", f"after {done} decompressed bytes: {error}") from error
        if not out:
            return
        done += len(out)
        yield out


def _damaged(name: str, detail: str) -> Unreadable:
    return Unreadable(FileReason.CORRUPT_GZIP if name == "gzip" else FileReason.CORRUPT_ARCHIVE, detail)
