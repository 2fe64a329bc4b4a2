"""XML records with all that is in them: elements as objects, repeated ones as lists, attributes as `@name`.

A record's own attributes have their bare name. An element with text and attributes has the text as `#text`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from shared.contracts.paths import Path
from shared.reasons import FileReason
from shared.records.file_profile import FileProfile
from shared.records.json_lines import CHUNK, profile_values
from shared.records.verdict import Limits, Unreadable
from shared.records.xml_stream import MAX_DEPTH, Records, elements, local_name

TEXT = "#text"


class Trees(Records):
    """The elements in the one to which `inside` leads from the root, or in the root, are the records."""

    def __init__(self, limits: Limits, inside: Path | None) -> None:
        super().__init__(limits)
        self._steps = list(inside.steps) if inside is not None else []
        self._open: list[str] = []
        self._nodes: list[dict[str, Any]] = []
        self._limits = limits
        self._count = 0
        self.found = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(local_name(name))
        if len(self._open) > MAX_DEPTH:
            raise Unreadable(FileReason.DECOMPRESSION_BOMB, f"elements are nested deeper than {MAX_DEPTH}")
        inside = bool(self._nodes)
        if not inside:
            self.found |= self._open[1:] == self._steps
            if len(self._open) != len(self._steps) + 2 or self._open[1:-1] != self._steps:
                return
            self._size = self._count = 0
        self._nodes.append({})
        self._text.append([])
        for key, value in attributes.items():
            self._add(("@" if inside else "") + local_name(key), value)

    def end(self, _: str) -> None:
        name = self._open.pop()
        if not self._nodes:
            return
        node, text = self._nodes.pop(), "".join(self._text.pop()).strip()
        if text and (node or not self._nodes):
            node[TEXT] = text
        if self._nodes:
            self._add(name, node or text or None)
        else:
            self.ready.append(node)

    def characters(self, text: str) -> None:
        if self._nodes:
            self.grow(len(text))
            self._text[-1].append(text)
        elif text.strip() and self._open[1:] == self._steps:
            raise Unreadable(FileReason.UNPARSABLE, "text beside the records")

    def _add(self, name: str, value: Any) -> None:
        """One value under its name; a second of the name makes a list of both."""
        self._count += 1
        self.grow(len(name) + (len(value) if isinstance(value, str) else 0))
        if self._count > self._limits.max_columns:
            raise Unreadable(
                FileReason.RECORD_TOO_LARGE, f"a record has more than {self._limits.max_columns} fields"
            )
        node = self._nodes[-1]
        if name not in node:
            node[name] = value
        elif isinstance(node[name], list):
            node[name].append(value)
        else:
            node[name] = [node[name], value]


def trees(blocks: Iterator[bytes], limits: Limits, inside: Path | None) -> Iterator[dict[str, Any]]:
    """The records, as in `xml_stream.elements`. Raises Unreadable where the document has no such place."""
    taker = Trees(limits, inside)
    yield from elements(blocks, limits, taker)
    if not taker.found:
        raise Unreadable(FileReason.NO_RECORDS, "the document has no element at the place of the records")


def profile_xml(blocks: Iterator[bytes], profile: FileProfile, limits: Limits) -> None:
    """Judges every record."""
    profile.kind = "xml"
    dataset = profile.dataset
    records = trees(blocks, limits, dataset.records) if dataset.nested else elements(blocks, limits)
    while chunk := list(itertools.islice(records, CHUNK)):
        profile_values(chunk, profile)
