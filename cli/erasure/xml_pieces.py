"""XML cut into pieces: the children of the root, and what is between them. The file is held whole."""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

from cli.erasure.pieces import Piece, Value
from shared.contracts.paths import Path
from shared.records.plain import compact
from shared.records.reading import ACCEPTED
from shared.records.xml_stream import elements
from shared.records.xml_tree import trees


def xml_elements(content: bytes, *, nested: bool, inside: Path | None) -> Iterator[Piece]:
    """`content`: UTF-8. `nested` and `inside` as the records of the file are read."""
    if nested:
        values: list[tuple[Value, str | None]] = [
            (v, compact(v)) for v in trees(iter([content]), ACCEPTED, inside)
        ]
    else:
        values = [(v, None) for v in elements(iter([content]), ACCEPTED)]
    at = 0
    for (value, text), (start, end) in zip(values, _Spans(content, inside).found, strict=True):
        yield Piece(content[at:start])
        yield Piece(content[start:end], value, text)
        at = end
    yield Piece(content[at:])


class _Spans:
    """Where the records stand: an element ends where the parser's next event begins."""

    def __init__(self, content: bytes, inside: Path | None) -> None:
        self.found: list[tuple[int, int]] = []
        self._level = 2 + (len(inside.steps) if inside is not None else 0)
        self._steps = list(inside.steps) if inside is not None else []
        self._open: list[str] = []
        self._start: int | None = None
        self._ended: int | None = None
        # Names without their namespace, as `inside` has them; no buffering, or events come late
        self._parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.DefaultHandlerExpand = lambda _: self._note()
        self._parser.CharacterDataHandler = lambda _: self._note()
        self._parser.Parse(content, True)

    def _note(self) -> None:
        if self._ended is not None:
            self.found.append((self._ended, self._parser.CurrentByteIndex))
            self._ended = None

    def _begin(self, name: str, _: object) -> None:
        self._note()
        self._open.append(name.rpartition(" ")[2])
        if len(self._open) == self._level and self._open[1:-1] == self._steps:
            self._start = self._parser.CurrentByteIndex

    def _end(self, _: str) -> None:
        self._note()
        if len(self._open) == self._level and self._start is not None:
            self._ended, self._start = self._start, None
        self._open.pop()
