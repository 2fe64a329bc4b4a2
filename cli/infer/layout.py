"""Where the header of delimited text stands, told by the lines below it: the contract that would know its
names is not there yet.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cli.infer.facts import is_value
from cli.infer.vocabulary import (
    AMOUNT_WORDS,
    BOOLEAN_WORDS,
    CHANGE_WORDS,
    ID_WORDS,
    KEY_WORDS,
    TEXT_WORDS,
    TIME_WORDS,
    has_word,
    personal,
    words_of,
)
from shared.records.dialect import DELIMITERS, SEARCHED, delimiter_of, named_delimiter

NAMING = AMOUNT_WORDS | CHANGE_WORDS | ID_WORDS | KEY_WORDS | TEXT_WORDS | TIME_WORDS
MOST_WORDS = 4  # of a header


@dataclass(frozen=True)
class Layout:
    """`above`: lines before the header. `titled`: whether it looks like names, not like a record; `sure`:
    whether more says so than that it has no number.
    """

    above: int
    delimiter: str
    titled: bool
    sure: bool = True


def layout_of(text: str, made_with: str | None = None) -> Layout:
    """The layout of a file that begins so; `made_with`: the delimiter of text that we made of a workbook."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = (lines[:-1] if len(lines) > 1 else lines)[:SEARCHED]
    found = _placed(lines, made_with)
    rows = [cells for _, cells in _rows(lines[found.above :], found.delimiter)]
    return replace(found, sure=not rows or _names(rows[0], rows[1:]))


def _names(first: Sequence[str], below: Sequence[list[str]]) -> bool:
    """Whether a row of texts names columns: one of them has values below, or a word that names columns have
    and no cell below.
    """
    for place, cell in enumerate(first):
        others = [row[place] for row in below if len(row) == len(first) and row[place]]
        if not others:
            continue
        typed = sum(is_value(c) or c.lower() in BOOLEAN_WORDS for c in others)
        if 2 * typed >= len(others) and cell.lower() not in BOOLEAN_WORDS:
            return True
        if _is_name(cell) and not any(map(_is_name, others)):
            return True
    return not below


def _is_name(cell: str) -> bool:
    return len(words_of(cell)) <= MOST_WORDS and (has_word(cell, NAMING) or personal(cell) is not None)


def _placed(lines: Sequence[str], made_with: str | None) -> Layout:
    named = made_with or named_delimiter(lines)
    start = next((i + 1 for i, line in enumerate(lines) if line.strip()), 0) if named and not made_with else 0
    delimiter = named or _delimiter(lines)
    rows = _rows(lines[start:], delimiter)
    filled = Counter(len(cells) for _, cells in rows if sum(map(bool, cells)) > 1)
    width = max(filled, key=lambda w: (filled[w], w), default=1)
    for number, cells in rows:
        if len(cells) == width and all(cells) and (width == 1 or len(cells) > 1):
            titled = not any(is_value(c) for c in cells)
            if titled:
                return Layout(start + number, named or delimiter_of(lines[start + number]), titled)
            break
    found = _first_full(rows, width, start, delimiter)
    if named or not lines:
        return found
    return Layout(found.above, delimiter_of(lines[found.above]), found.titled)  # as ingestion takes it


def _first_full(rows: Sequence[tuple[int, list[str]]], width: int, start: int, delimiter: str) -> Layout:
    """The first row of the usual width; the header of a table may have cells without a name."""
    wide = next(((n, c) for n, c in rows if len(c) == width and sum(map(bool, c)) * 2 > width), None)
    if wide is None:
        return Layout(start, delimiter, bool(rows) and not any(is_value(c) for c in rows[0][1] if c))
    return Layout(start + wide[0], delimiter, not any(is_value(c) for c in wide[1] if c))


def _delimiter(lines: Sequence[str]) -> str:
    """The delimiter by which most lines have the same number of cells, more than one."""

    def agreeing(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(cells) for _, cells in _rows(lines, delimiter) if len(cells) > 1)
        width = max(widths, key=lambda w: (widths[w], w), default=0)
        return widths[width] if width else 0, width

    best = max(DELIMITERS, key=agreeing)
    return best if agreeing(best)[0] else delimiter_of(lines[0] if lines else "")


def _rows(lines: Sequence[str], delimiter: str) -> list[tuple[int, list[str]]]:
    """Lines that are not blank, as cells without blanks around, and each one's place."""
    found = []
    for number, line in enumerate(lines):
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            continue
        if any(cell.strip() for cell in cells):
            found.append((number, [cell.strip() for cell in cells]))
    return found
