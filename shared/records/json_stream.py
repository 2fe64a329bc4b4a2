"""JSON that is not one object a line: an array of records, or objects one after the other, pretty-printed or not. Streamed, never whole."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any

from shared.reasons import FileReason
from shared.records.strict_json import DECODER, check
from shared.records.tally import Tally
from shared.records.verdict import Limits, Unreadable

BLANKS = " \t\n\r"


class _Window:
    """A part of the text, refilled from the front as it is used up."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.text, self.at, self.ended = "", 0, False

    def more(self) -> bool:
        """Reads on; False at the end of the file."""
        block = next(self._blocks, None)
        try:
            added = self._decoder.decode(block or b"", final=block is None)
        except UnicodeDecodeError as error:
            raise Unreadable(FileReason.UNPARSABLE, "bytes that are no UTF-8 inside JSON") from error
        self.text, self.at = self.text[self.at :] + added, 0
        self.ended = block is None
        return block is not None

    def peek(self) -> str:
        """The next character that is not blank, or nothing at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in BLANKS:
                self.at += 1
            if self.at < len(self.text):
                return self.text[self.at]
            if self.ended or not self.more():
                return ""


def values(blocks: Iterator[bytes], limits: Limits) -> Iterator[tuple[Any, str]]:
    """Each record's value and text. Raises Unreadable where the text stops being JSON."""
    window = _Window(blocks)
    in_array = window.peek() == "["
    if in_array:
        window.at += 1
        if window.peek() == "]":
            _end(window)
            return
    while True:
        if not window.peek():
            if in_array:
                raise Unreadable(FileReason.UNPARSABLE, "the array is not closed")
            return
        yield _value(window, limits)
        if in_array:
            mark = window.peek()
            window.at += 1
            if mark == "]":
                _end(window)
                return
            if mark != ",":
                raise Unreadable(FileReason.UNPARSABLE, "expected , or ] behind an element" if mark else "the array is not closed")


def _end(window: _Window) -> None:
    if window.text[window.at : window.at + 1] == "]":
        window.at += 1
    if window.peek():
        raise Unreadable(FileReason.UNPARSABLE, "text behind the array")


def _value(window: _Window, limits: Limits) -> tuple[Any, str]:
    """The value at the window; reads on while it may be incomplete."""
    while True:
        try:
            value, end = DECODER.raw_decode(window.text, window.at)
        except (json.JSONDecodeError, RecursionError, ValueError) as error:
            if not isinstance(error, json.JSONDecodeError):
                raise Unreadable(FileReason.UNPARSABLE, "a value that is no JSON, or nested too deep") from error
            if len(window.text) - window.at > limits.max_record:
                raise Unreadable(FileReason.UNPARSABLE, f"no end of a record within {limits.max_record} characters") from error
            if window.ended or not window.more():
                raise Unreadable(FileReason.UNPARSABLE, f"the JSON is broken or ends early ({error.msg})") from error
            continue
        if end == len(window.text) and not window.ended:
            window.more()  # 12 may be the start of 123
            continue
        text = window.text[window.at : end]
        window.at = end
        try:
            check(value, text)
        except ValueError as error:
            raise Unreadable(FileReason.UNPARSABLE, "lone surrogates or too deep nesting") from error
        return value, text


def tally_stream(blocks: Iterator[bytes], tally: Tally, limits: Limits) -> None:
    """Judges every record; one that is no object is unreadable."""
    shapes: set[tuple[str, ...]] = set()
    for value, _ in values(blocks, limits):
        tally.records += 1
        if not isinstance(value, dict):
            tally.unreadable += 1
            continue
        shape = tuple(value)
        if shape not in shapes and len(shapes) < limits.max_columns:
            shapes.add(shape)
        for column in tally.date_columns(shape)[:1]:
            tally.dates.add(None if value[column] is None else str(value[column]))
    tally.columns = tuple(sorted({c for shape in shapes for c in shape}))
    tally.plain &= len(shapes) < limits.max_columns
