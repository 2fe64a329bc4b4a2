"""Blocks of bytes → stretches of whole lines in UTF-8."""

from __future__ import annotations

from collections.abc import Iterator

from shared.reasons import FileReason
from shared.records.text import control_character, is_utf8
from shared.records.verdict import Limits, Unreadable


def whole_lines(blocks: Iterator[bytes], size: int, limits: Limits, fallback: str | None) -> Iterator[bytes]:
    """About `size` bytes at a time, ends of lines (\\n, \\r\\n or a lone \\r) as \\n.

    A line that is no UTF-8 is read in the fallback encoding.

    Without a fallback, or where that has control characters, such a line keeps its bytes. Raises Unreadable
    for a line that does not end.
    """
    for part in _cut(blocks, size, limits):
        # What Arrow would end a line at ends one for everybody: one line must not change how others are read.
        text = part.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in part else part
        yield (
            text
            if fallback is None or is_utf8(text)
            else b"\n".join(_recoded(line, fallback) for line in text.split(b"\n"))
        )


def _cut(blocks: Iterator[bytes], size: int, limits: Limits) -> Iterator[bytes]:
    parts: list[bytes] = []
    waiting = 0
    for block in blocks:
        parts.append(block)
        waiting += len(block)
        if waiting < size:
            continue
        text = b"".join(parts)
        end = text.rfind(b"\n") + 1
        if end:
            yield text[:end]
        parts, waiting = [text[end:]], len(text) - end
        if waiting > limits.max_record:
            raise Unreadable(
                FileReason.RECORD_TOO_LARGE, f"a line does not end within {limits.max_record} bytes"
            )
    if rest := b"".join(parts):
        yield rest


def _recoded(line: bytes, fallback: str) -> bytes:
    """A byte that the fallback has not, or only as a control character, is in no encoding of the contract."""
    if is_utf8(line) or control_character(line, fallback):
        return line
    try:
        return line.decode(fallback).encode()
    except UnicodeDecodeError:
        return line
