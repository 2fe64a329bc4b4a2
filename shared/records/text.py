"""Blocks of bytes → UTF-8, whatever Unicode encoding the file has."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence

from shared.reasons import FileReason
from shared.records.verdict import Unreadable

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
UNICODE = ("utf-8", "utf-16")
CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r\f\x1b")


def encoding_of(sample: bytes, allowed: Sequence[str]) -> str:
    """The sample's encoding: by its byte-order mark, else UTF-8, else what the contract allows. Raises Unreadable for what is no text."""
    for mark, name in MARKS:
        if sample.startswith(mark):
            return name
    if b"\0" in sample or len(sample) - len(sample.translate(None, CONTROLS)) > len(sample) // 100:
        raise Unreadable(FileReason.NOT_TEXT, "the content is binary")
    if _mostly(sample, "utf-8"):
        return "utf-8"
    for name in allowed:
        if name not in UNICODE:
            return name
    raise Unreadable(FileReason.NOT_TEXT, f"the content is in none of the encodings {', '.join(allowed)}")


def _mostly(sample: bytes, encoding: str) -> bool:
    """Whether at least half of the lines decode: a few broken lines are bad records, not another encoding."""
    lines = sample.split(b"\n")
    complete = lines[:-1] or lines
    return sum(_decodes(line, encoding) for line in complete) * 2 >= len(complete)


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def utf8(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The blocks as UTF-8 without byte-order mark. UTF-8 itself passes unchecked: a bad byte spoils a record, not the file."""
    if encoding == "utf-8":
        yield from blocks
        return
    if encoding == "utf-8-sig":
        for i, block in enumerate(blocks):
            yield block[3:] if i == 0 else block
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks:
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise Unreadable(FileReason.NOT_TEXT, f"the content is no {encoding}: {error.__class__.__name__}") from error
