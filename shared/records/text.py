"""Blocks of bytes → UTF-8, whatever Unicode encoding the file has."""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Iterator, Sequence

from shared.reasons import FileReason
from shared.records.source import GZIP
from shared.records.verdict import Unreadable

SAMPLE = 64 * 1024
BLANKS = b" \t\r\n"
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
UNICODE = ("utf-8", "utf-16")
CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r\f\x1b")


def begun(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes (64 kB if there are as many) and all blocks, without blocks of nothing but blanks
    before the first text.

    Raises Unreadable when the bytes are compressed a second time.
    """
    sample = b""
    for block in blocks:
        sample += block if sample or block.strip(BLANKS) else b""
        if len(sample) >= SAMPLE:
            break
    if sample.startswith(GZIP):
        raise Unreadable(FileReason.NESTED_COMPRESSION, "a gzip inside a gzip")
    return sample.lstrip(BLANKS)[:SAMPLE], itertools.chain([sample], blocks)


def encoding_of(sample: bytes, allowed: Sequence[str]) -> str:
    """The sample's encoding: by its byte-order mark, else UTF-8, else what the contract allows.

    Raises Unreadable for what is no text.
    """
    for mark, name in MARKS:
        if sample.startswith(mark):
            return name
    if b"\0" in sample or len(sample) - len(sample.translate(None, CONTROLS)) > len(sample) // 100:
        raise Unreadable(FileReason.NOT_TEXT, "the content is binary")
    good, bad = _characters(sample)
    other = next((name for name in allowed if name not in UNICODE), None)
    if bad > good and other is not None:
        return other
    lines = sample.split(b"\n")[:-1]
    if bad and sum(not is_utf8(line) for line in lines) * 2 > len(lines) > 1:
        raise Unreadable(FileReason.NOT_TEXT, f"the content is in none of the encodings {', '.join(allowed)}")
    return "utf-8"  # a few broken lines are bad records, not another encoding


def _characters(sample: bytes) -> tuple[int, int]:
    """How many characters beyond ASCII are UTF-8, and how many bytes are not.

    One that the end of the sample cuts in two is neither.
    """
    if sample.isascii():
        return 0, 0
    text = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape").decode(sample)
    bad = sum("\udc80" <= c <= "\udcff" for c in text)
    return len(text) - bad - sum(c < "\x80" for c in text), bad


def is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def utf8(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The blocks as UTF-8 without byte-order mark.

    A bad byte in UTF-8 spoils a record, a NUL anywhere the whole file (Unreadable).
    """
    for block in _recoded(blocks, encoding):
        if b"\0" in block:
            raise Unreadable(FileReason.NOT_TEXT, "the text holds a NUL")
        yield block


def _recoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    if encoding == "utf-8":
        yield from blocks
        return
    if encoding == "utf-8-sig":
        yield next(blocks, b"").removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogatepass")
    try:
        for block in blocks:
            yield decoder.decode(block).encode(errors="surrogatepass")
        yield decoder.decode(b"", final=True).encode(errors="surrogatepass")
    except UnicodeError as error:
        raise Unreadable(FileReason.NOT_TEXT, f"the content is no {encoding}") from error
