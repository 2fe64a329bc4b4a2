"""XML: each child of the root element is a record.

Streamed through expat; no entity may reach out of the file or grow in it.

Fields are the record's attributes and its elements, by local name whatever the namespace. What a field holds
in turn is named by its path: `request.id` for an element, `request@unit` for an attribute; the second of
equal names is `name[2]`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from shared.reasons import FileReason
from shared.records.verdict import Limits, Unreadable

Fields = dict[str, str | None]
PIECE = 1 << 16  # of text parsed at once: the records found in it are all that is held
MAX_DEPTH = 100
MAX_ENTITY = 10_000  # characters that one entity may stand for
ENTITY = re.compile(r"&([^#;&]+);")
DECLARED = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
UTF16 = {b"<\0?\0": "utf-16-le", b"\0<\0?": "utf-16-be"}
NO_CHARSET = (
    "idna",
    "punycode",
    "unicode_escape",
    "raw_unicode_escape",
    "undefined",
    "utf-7",
)  # codecs of Python, not of documents


def declared_encoding(sample: bytes) -> str | None:
    """The encoding that an XML declaration names, as Python names it; None without one.

    Raises Unreadable for one nobody knows.
    """
    if wide := UTF16.get(sample[:4]):
        return wide
    declared = DECLARED.match(sample)
    if declared is None:
        return None
    try:
        codec = codecs.lookup(declared[1].decode())
        known = codec.name not in NO_CHARSET and "<".encode(codec.name) == b"<"
    except (LookupError, UnicodeError):
        known = False
    if not known:
        raise Unreadable(FileReason.NOT_TEXT, "the XML declares an encoding that is not known or not its own")
    return codec.name


class Records:
    """Takes the parser's events; `ready` are the records that are complete."""

    def __init__(self, limits: Limits) -> None:
        self.ready: list[dict[str, Any]] = []
        self._limits = limits
        self._path: list[str] = []
        self._depth = self._size = 0
        self._fields: Fields = {}
        self._text: list[list[str]] = []
        self._entities: dict[str, int] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unreadable(FileReason.DECOMPRESSION_BOMB, f"elements are nested deeper than {MAX_DEPTH}")
        if self._depth == 1:
            return
        if self._depth == 2:
            self._fields, self._path, self._text, self._size = {}, [], [[]], 0
        else:
            self._path.append(local_name(name))
            self._text.append([])
        at = ".".join(self._path)
        for key, value in attributes.items():
            self._put(f"{at}@{local_name(key)}" if at else local_name(key), value)

    def end(self, _: str) -> None:
        self._depth -= 1
        if self._depth == 0:
            return
        text = "".join(self._text.pop()).strip()
        if self._depth == 1:
            if text:
                self._put("#text", text)
            self.ready.append(self._fields)
            return
        name = ".".join(self._path)
        self._path.pop()
        if text or not any(f.startswith((f"{name}.", f"{name}@")) for f in self._fields):
            self._put(name, text or None)

    def characters(self, text: str) -> None:
        if self._depth > 1:
            self.grow(len(text))
            self._text[-1].append(text)
        elif text.strip():
            raise Unreadable(FileReason.UNPARSABLE, "text beside the records")

    def doctype(self, _: str, system_id: str | None, public_id: str | None, __: bool) -> None:
        if system_id or public_id:
            raise Unreadable(FileReason.EXTERNAL_ENTITY, "the document type is declared in another file")

    def entity(
        self,
        name: str,
        parameter: bool,
        value: str | None,
        base: str | None,
        system: str | None,
        public: str | None,
        notation: str | None,
    ) -> None:
        """Declared entities may stand for short text; the length of those in it counts, so a bomb shows
        before it is lit.
        """
        if value is None or system or public or parameter:
            raise Unreadable(
                FileReason.EXTERNAL_ENTITY,
                "an entity stands for another file, or is one of the declaration's own",
            )
        length = len(value) + sum(self._entities.get(n, 0) for n in ENTITY.findall(value))
        if length > MAX_ENTITY:
            raise Unreadable(
                FileReason.DECOMPRESSION_BOMB, f"an entity stands for more than {MAX_ENTITY} characters"
            )
        self._entities.setdefault(name, length)

    def _put(self, name: str, value: str | None) -> None:
        self.grow(len(name) + len(value or ""))
        number, unique = 1, name
        while unique in self._fields:
            number += 1
            unique = f"{name}[{number}]"
        if len(self._fields) >= self._limits.max_columns:
            raise Unreadable(
                FileReason.RECORD_TOO_LARGE, f"a record has more than {self._limits.max_columns} fields"
            )
        self._fields[unique] = value

    def grow(self, more: int) -> None:
        self._size += more
        if self._size > self._limits.max_record:
            raise Unreadable(
                FileReason.RECORD_TOO_LARGE, f"a record is longer than {self._limits.max_record} characters"
            )


def elements(
    blocks: Iterator[bytes], limits: Limits, taker: Records | None = None
) -> Iterator[dict[str, Any]]:
    """The fields of each record, or what another taker of the parser's events makes of it; `blocks` are UTF-8
    whatever the document declares.

    Raises Unreadable for what is no well-formed XML.
    """
    parser, records = expat.ParserCreate("utf-8", namespace_separator=" "), taker or Records(limits)
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = records.start, records.end
    parser.CharacterDataHandler = records.characters
    parser.StartDoctypeDeclHandler, parser.EntityDeclHandler = records.doctype, records.entity
    try:
        for block in blocks:
            for at in range(0, len(block), PIECE):
                parser.Parse(block[at : at + PIECE], False)
                yield from records.ready
                records.ready.clear()
        parser.Parse(b"", True)
        yield from records.ready
    except expat.ExpatError as error:
        bomb = error.code == expat.errors.codes.get(
            "limit on input amplification factor (from DTD and entities) breached"
        )
        reason = FileReason.DECOMPRESSION_BOMB if bomb else FileReason.UNPARSABLE
        raise Unreadable(
            reason, f"the XML is broken in line {error.lineno} ({expat.ErrorString(error.code)})"
        ) from error


def local_name(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition(" ")[2]
