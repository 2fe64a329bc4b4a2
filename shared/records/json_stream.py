"""JSON that is not one object a line: an array of records, or objects one after the other, pretty-printed or
not. Streamed, never whole.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from shared.contracts.paths import Path
from shared.reasons import FileReason
from shared.records.strict_json import loads, refuse_depth
from shared.records.verdict import Limits, Unreadable

SPLITTER = json.JSONDecoder(parse_float=str, parse_int=str)  # only finds where a value ends
PIECE = 1 << 15  # characters of elements that are read at once; they stay in the processor's cache
BLANK = re.compile(r"[ \t\n\r]*")
# Between two elements of a list, with the first name of the second: what is inside of one has other names.
BETWEEN = re.compile(r',[ \t\n\r]*\{[ \t\n\r]*"[^"\\]{0,200}"')


class Window:
    """A part of the text, refilled from the front as it is used up.

    Bytes that are no UTF-8 stay recognisable as such.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        self.text, self.at, self.ended = "", 0, False

    def more(self) -> bool:
        """Reads on; False at the end of the file."""
        block = next(self._blocks, None)
        added = self._decoder.decode(block or b"", final=block is None)
        self.text, self.at = self.text[self.at :] + added, 0
        self.ended = block is None
        return block is not None

    def peek(self) -> str:
        """The next character that is not blank, or nothing at the end."""
        while True:
            self.at = BLANK.match(self.text, self.at).end()  # type: ignore[union-attr]  # it matches the empty text too
            if self.at < len(self.text):
                return self.text[self.at]
            if self.ended or not self.more():
                return ""

    def following(self) -> str | None:
        """The text of elements that probably follow the one that was just taken, without the comma before
        them. Behind it another comma stands: where none belongs, whoever reads on finds that.

        Empty where none follows or they are not all here; None where a whole piece was searched in vain.
        """
        self.peek()
        between = BETWEEN.match(self.text, self.at)
        if between is None:
            return ""
        end = self.text.rfind("}" + between[0], between.end(), between.end() + PIECE)
        if end > 0:
            return self.text[self.at + 1 : end + 1]
        return None if between.end() + PIECE <= len(self.text) else ""

    def take(self, following: str) -> None:
        """Goes to the end of what follows."""
        self.at += 1 + len(following)


def elements(blocks: Iterator[bytes], limits: Limits, inside: Path | None = None) -> Iterator[bytes]:
    """Each record's text; with `inside` those of the list at this place of each object.

    Raises Unreadable where it cannot be told any more where a record ends.
    """
    return elements_of(Window(blocks), limits, inside)


def elements_of(window: Window, limits: Limits, inside: Path | None) -> Iterator[bytes]:
    """The same; between two texts the window is behind the first."""
    if inside is None and window.peek() == "[":
        yield from _array(window, limits)
        if window.peek():
            raise Unreadable(FileReason.UNPARSABLE, "text behind the array")
        return
    while window.peek():
        if inside is None:
            yield _element(window, limits)
        else:
            yield from _enveloped(window, limits, inside.steps)


def _array(window: Window, limits: Limits) -> Iterator[bytes]:
    window.at += 1
    mark = window.peek()
    if mark == "]":
        window.at += 1
    while mark != "]":
        yield _element(window, limits)
        mark = window.peek()
        if mark not in {",", "]"}:
            raise Unreadable(
                FileReason.UNPARSABLE,
                "expected , or ] behind an element" if mark else "the array is not closed",
            )
        window.at += 1


def _enveloped(window: Window, limits: Limits, steps: tuple[str | int, ...]) -> Iterator[bytes]:
    """The records of the list that the steps lead to; what else the object holds is read over."""
    if not steps and window.peek() == "[":
        yield from _array(window, limits)
        return
    if not steps or window.peek() != "{":
        raise Unreadable(FileReason.NO_RECORDS, "the place of the records holds something else")
    found = False
    for name in _members(window, limits):
        if name == steps[0]:
            found = True
            yield from _enveloped(window, limits, steps[1:])
        else:
            _element(window, limits)
    if not found:
        raise Unreadable(FileReason.NO_RECORDS, "an envelope has nothing at the place of the records")


def _members(window: Window, limits: Limits) -> Iterator[str]:
    """The names of an object; who takes one reads its value before asking for the next."""
    mark = ","
    window.at += 1
    if window.peek() == "}":
        mark = "}"
        window.at += 1
    while mark == ",":
        if window.peek() != '"':
            raise Unreadable(FileReason.UNPARSABLE, "expected a name in an object")
        name = _element(window, limits)
        if window.peek() != ":":
            raise Unreadable(FileReason.UNPARSABLE, "expected : behind a name")
        window.at += 1
        yield str(record_of(name))
        mark = window.peek()
        if mark not in {",", "}"}:
            raise Unreadable(FileReason.UNPARSABLE, "the object is broken or ends early")
        window.at += 1


def _element(window: Window, limits: Limits) -> bytes:
    """The text of the value at the window; reads on while it may be incomplete."""
    window.peek()
    while True:
        end = _end(window)
        if (end or len(window.text)) - window.at > limits.max_record:
            raise Unreadable(
                FileReason.RECORD_TOO_LARGE, f"no end of a record within {limits.max_record} characters"
            )
        if end and (end + len("E-1") <= len(window.text) or window.ended):
            break
        if window.ended:
            raise Unreadable(FileReason.UNPARSABLE, "the JSON is broken or ends early")
        window.more()  # even a complete value may go on: 12 may be the start of 123, or of 12E-1
    text = window.text[window.at : end].encode(errors="surrogateescape")
    window.at = end
    try:
        refuse_depth(text)
    except ValueError as error:
        raise Unreadable(FileReason.DECOMPRESSION_BOMB, f"a record is {error}") from error
    return text


def _end(window: Window) -> int:
    """Where the value at the window ends, or 0 while that cannot be told."""
    try:
        return SPLITTER.raw_decode(window.text, window.at)[1]
    except RecursionError as error:
        raise Unreadable(FileReason.DECOMPRESSION_BOMB, "a record is nested too deep") from error
    except json.JSONDecodeError as error:
        if error.pos < len(window.text) - len("-Infinity") and not error.msg.startswith(
            "Unterminated string"
        ):
            raise Unreadable(FileReason.UNPARSABLE, f"the JSON is broken ({error.msg})") from error
        return 0


def record_of(text: bytes) -> Any:
    """The value of an element, or None when it is no strict JSON."""
    try:
        return loads(text)
    except ValueError:
        return None
