"""The encoding of a whole file: Unicode for certain, or else what it is likely in, which only people can
know.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from shared.reasons import FileReason
from shared.records import Unreadable
from shared.records.compression import BLOCK
from shared.records.hints import likely_encoding
from shared.records.text import SAMPLE, WIDE, is_other, told_by_bytes
from shared.records.xml_stream import declared_encoding


def encoding_in(sample: bytes, blocks: Iterator[bytes]) -> tuple[str, str]:
    """The encoding to read by, and the same once more where a contract must name it.

    Raises Unreadable for what is no text, and for what is in no encoding that can be named.
    """
    if declared := declared_encoding(sample):
        return declared, ""
    if found := told_by_bytes(sample, tuple(WIDE)):
        return found, found if found in WIDE else ""
    good, bad, lines = _characters(blocks)
    if good >= bad:
        return "utf-8", ""
    text = b"\n".join(sorted(lines))
    if (likely := likely_encoding(text)) is None:
        raise Unreadable(
            FileReason.NOT_TEXT, "the text is no UTF-8, and looks like no encoding that is known"
        )
    return (likely, likely) if is_other(good, bad, text, likely, whole=True) else ("utf-8", "")


def _characters(blocks: Iterator[bytes]) -> tuple[int, int, set[bytes]]:
    """How many characters beyond ASCII are UTF-8, how many bytes are not, and lines that hold such bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    good = bad = size = 0
    lines: set[bytes] = set()
    for block in blocks:
        text = decoder.decode(block)
        if text.isascii():
            continue
        odd = sum("\udc80" <= c <= "\udcff" for c in text)
        good += sum(c > "\x7f" for c in text) - odd
        bad += odd
        if odd and size < SAMPLE:
            fresh = {line for line in _whole(block) if not line.isascii()}
            size += sum(map(len, fresh - lines))
            lines |= fresh
    return good, bad, lines


def _whole(block: bytes) -> list[bytes]:
    """The lines of a block that its ends cannot have cut, where it has some."""
    lines = block.split(b"\n")
    return lines[1:-1] if len(block) >= BLOCK else lines
