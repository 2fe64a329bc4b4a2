"""How one delimited file is laid out: where its header stands, and which lines are no records."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from shared.contracts import Dataset, folded
from shared.ledger.model import Profile
from shared.reasons import FileReason
from shared.records.verdict import Unreadable

DELIMITERS = ",;|\t"
SEPARATOR = re.compile(r'"?sep=(.)"?[;,]*', re.IGNORECASE)  # Excel's first line that names the delimiter
SEARCHED = 50  # lines in which a header is looked for
Pattern = re.Pattern[str]


@dataclass(frozen=True)
class Dialect:
    """`header`: `auto`, or the number of the line; lines above it are no records. `comment` and `footer`:
    what begins a line that is no record, anywhere and behind the last record. `aliases`: the contract's
    columns. `delimiter`: None until the header is found.
    """

    header: Literal["auto"] | int = 1
    comment: Pattern | None = None
    footer: Pattern | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None

    @classmethod
    def of(cls, dataset: Dataset) -> Dialect:
        """What a contract says of its files."""
        header: Literal["auto"] | int = dataset.header if isinstance(dataset.header, int) else "auto"
        return cls(header, _pattern(dataset.comment), _pattern(dataset.footer), dataset.aliases)

    @classmethod
    def found(cls, profile: Profile) -> Dialect:
        """What ingestion found in a file."""
        patterns = _pattern(profile.comment), _pattern(profile.footer)
        return cls(profile.preamble + 1, *patterns, delimiter=profile.delimiter)


def _pattern(text: str | None) -> Pattern | None:
    return re.compile(text) if text else None


def delimiter_of(header: str) -> str:
    """The delimiter that splits the header into most fields; a comma when none does."""
    return max(DELIMITERS, key=header.count)


def named_delimiter(lines: Sequence[str]) -> str | None:
    """The delimiter of a first line `sep=;`; a quote, a letter, or what is no character is none."""
    first = next((line for line in lines if line.strip()), "")
    found = SEPARATOR.fullmatch(first.strip(" \r\n"))
    if found is None or found[1] == '"' or found[1].isalnum():
        return None
    return found[1] if found[1].isprintable() or found[1] == "\t" else None


def cells_of(line: str, delimiter: str | None) -> list[str]:
    """A line's cells, stripped; broken quoting gives what there is."""
    try:
        row = next(csv.reader([line], delimiter=delimiter or delimiter_of(line)), [])
    except csv.Error:
        return []
    return [cell.strip() for cell in row]


def header_line(lines: Sequence[str], dialect: Dialect, delimiter: str | None) -> int:
    """Where the header stands among a file's first lines, counted from 0: the first of those with most
    columns of the contract.

    A first line with two known columns, or nothing else, is the header without a look at the others. Raises
    Unreadable where a header stands below lines that look like records: they would be lost.
    """
    places = [i for i, line in enumerate(lines) if line.strip() and not _is_comment(line, dialect)]
    if named_delimiter(lines):
        places = places[1:]
    if not places:
        return 0
    scores = {i: known_columns(cells_of(lines[i], delimiter), dialect.aliases) for i in places[:1]}
    first = places[0]
    if scores[first] >= 2 or _width(lines[first], delimiter) == scores[first]:
        return first
    scores = {i: known_columns(cells_of(lines[i], delimiter), dialect.aliases) for i in places}
    best = max(places, key=lambda i: scores[i])
    if scores[best] < 2:
        return first
    width = _width(lines[best], delimiter)
    if any(_width(lines[i], delimiter) >= max(width, 2) for i in places if i < best):
        raise Unreadable(
            FileReason.AMBIGUOUS_HEADER,
            f"line {best + 1} looks like the header, but lines above it look like records; if it is, say"
            f" `header: {best + 1}`",
        )
    return best


def _is_comment(line: str, dialect: Dialect) -> bool:
    return dialect.comment is not None and dialect.comment.match(line) is not None


def known_columns(cells: Sequence[str], aliases: Mapping[str, str]) -> int:
    return len({aliases[name] for cell in cells if (name := folded(cell)) in aliases})


def _width(line: str, delimiter: str | None) -> int:
    return sum(bool(cell) for cell in cells_of(line, delimiter))


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Names of a header's cells: a missing or repeated one gets its position, so that no column hides
    another, whatever else the names are.
    """
    taken, names = {cell.strip() for cell in cells}, []
    seen: set[str] = set()
    for i, name in enumerate(cell.strip() for cell in cells):
        given = name
        if not name or name in seen:
            given = f"{name}_{i}"
            while given in taken:
                given += "_"
            taken.add(given)
        seen.add(given)
        names.append(given)
    return tuple(names)
