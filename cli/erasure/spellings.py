"""How a value may stand in bytes: in any encoding and case, and escaped as in JSON, XML, CSV and URLs."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import unquote

# Letters and digits that make another word of a value beside them: u42 is not in u421. Other scripts may be
# written without blanks.
BESIDE = "[0-9A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]"
WHOLE = re.compile(r"-?\d+", re.ASCII)
# What stands in a text as it is, whatever the format, but for these escapes; a number has more spellings
LITERAL = re.compile(r"[A-Za-z0-9_.@-]+")
ESCAPES = (b"\\", b"&", b'""')
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
SURROGATE = re.compile("[\ud800-\udfff]")
DEEP = 3  # times that a text may be escaped: JSON in a text of JSON in XML


def folded(text: str) -> str:
    """In the one case that all spellings of a text share."""
    return text.upper().casefold()


@lru_cache(maxsize=8)
def literals(texts: tuple[str, ...]) -> tuple[str, ...] | None:
    """Texts, folded, one of which stands wherever a value does that nothing escapes; None: nothing tells."""
    if all(LITERAL.fullmatch(t) and not WHOLE.fullmatch(t) for t in texts):
        return tuple(map(folded, texts))
    return None


@lru_cache(maxsize=8)
def words(texts: tuple[str, ...]) -> re.Pattern[str]:
    """Any of them, folded, as a word of its own."""
    return re.compile("|".join(map(_word, texts)))


def _word(text: str) -> str:
    if WHOLE.fullmatch(text):  # no part of a date, a time or a fraction; perhaps with zeros
        sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
        return rf"(?<!{BESIDE})(?<![0-9][-:.]){sign}0*{digits}(?!{BESIDE})(?![-:][0-9])(?!\.0*[1-9])"
    text = folded(text)
    before, after = (re.match(BESIDE, end) is not None for end in (text[0], text[-1]))
    return (f"(?<!{BESIDE})" if before else "") + re.escape(text) + (f"(?!{BESIDE})" if after else "")


def readings(block: bytes, encodings: Sequence[str]) -> Iterator[str]:
    """What bytes may say, folded: in UTF-8, UTF-16 and the encodings given, escaped and not."""
    for text in dict.fromkeys(_decoded(block, encodings)):
        yield from map(folded, dict.fromkeys(_unescaped(text)))


def _decoded(block: bytes, encodings: Sequence[str]) -> Iterator[str]:
    yield block.decode(errors="replace")
    for encoding in encodings:
        yield block.decode(encoding, errors="replace")
    if b"\0" in block:
        for start in (0, 1):  # a block begins anywhere
            yield block[start:].decode("utf-16-le", errors="replace")
            yield block[start:].decode("utf-16-be", errors="replace")


def _unescaped(text: str) -> Iterator[str]:
    yield text
    each = (_of_json, html.unescape, _of_csv, unquote)
    yield from (one(text) for one in each)
    for _ in range(DEEP):  # one in the other
        for one in each:
            text = one(text)
        yield text


def _of_json(text: str) -> str:
    if "\\" not in text:
        return text
    text = ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else CONTROLS.get(m[2], m[2]), text)
    if SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _of_csv(text: str) -> str:
    return text.replace('""', '"')
