"""Delimited text with a header. A row with another number of fields, broken quoting or bytes that do not decode is an unreadable record."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from shared.reasons import FileReason
from shared.records.tally import Tally
from shared.records.verdict import Limits, Unreadable

DELIMITERS = ",;|\t"
UNDECODED = range(0xDC80, 0xDD00)


class Rows:
    """The rows behind the header. `width` is the header's; `text` is what the latest row was read from."""

    def __init__(self, blocks: Iterator[bytes], limits: Limits) -> None:
        csv.field_size_limit(limits.max_record)
        self._limits = limits
        self._blocks = blocks
        self._lines: list[str] = []
        self.lone_returns = False
        self.undecoded = False
        feed = self._feed()
        first = next((line for line in feed if line.strip()), "")
        self.delimiter = delimiter_of(first)
        self.header = _header(next(csv.reader([first], delimiter=self.delimiter), []))
        self._reader = csv.reader(feed, delimiter=self.delimiter, strict=True)
        self._lines.clear()
        self.rows = self.blank = 0

    @property
    def multiline(self) -> bool:
        """Whether a row was spread over several lines so far."""
        return self._reader.line_num > self.rows + self.blank

    @property
    def text(self) -> str:
        return "".join(self._lines)

    def __iter__(self) -> Iterator[list[str] | None]:
        """Every row; None for an unreadable one. After a broken quote reading goes on at the next line."""
        width = len(self.header)
        while True:
            try:
                for row in self._reader:
                    if len(row) != width or self.undecoded:
                        if not row or (len(row) == 1 and not row[0].strip()):
                            self.blank += 1
                            self._lines.clear()
                            continue
                        readable = len(row) == width and not (self.undecoded and _undecoded(row))
                        self.rows += 1
                        yield row if readable else None
                    else:
                        self.rows += 1
                        yield row
                    self._lines.clear()
                return
            except csv.Error:
                self.rows += 1
                yield None
                self._lines.clear()

    def _feed(self) -> Iterator[str]:
        """The lines, each with its end. \\r\\n and lone \\r are line ends as well."""
        rest = b""
        for block in self._blocks:
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            if len(rest) > self._limits.max_record:
                raise Unreadable(FileReason.RECORD_TOO_LARGE, f"a line is longer than {self._limits.max_record} bytes")
            yield from self._decoded(b"\n".join(lines) + b"\n") if lines else ()
        if rest:
            yield from self._decoded(rest)

    def _decoded(self, part: bytes) -> Iterator[str]:
        try:
            text = part.decode()
        except UnicodeDecodeError:
            text = part.decode(errors="surrogateescape")
            self.undecoded = True
        if "\r" in text:
            text = text.replace("\r\n", "\n")
            if "\r" in text:
                self.lone_returns = True
                text = text.replace("\r", "\n")
        lines = text.split("\n")
        last = lines.pop()
        keep = self._lines.append
        for line in lines:
            line += "\n"
            keep(line)
            yield line
        if last:
            keep(last)
            yield last


def delimiter_of(header: str) -> str:
    """The delimiter that splits the header into most fields; a comma when none does."""
    return max(DELIMITERS, key=header.count)


def _header(names: list[str]) -> tuple[str, ...]:
    """Column names; a repeated name gets its position, so that no column hides another."""
    found: list[str] = []
    for i, name in enumerate(n.strip() for n in names):
        found.append(f"{name}_{i}" if not name or name in found else name)
    return tuple(found)


def _undecoded(row: list[str]) -> bool:
    return any(ord(c) in UNDECODED for field in row for c in field)


def tally_rows(blocks: Iterator[bytes], tally: Tally, limits: Limits) -> None:
    """Judges every row. Raises Unreadable for a header that no contract knows."""
    rows = Rows(blocks, limits)
    tally.columns, tally.delimiter = rows.header, rows.delimiter
    if not tally.knows_a_column:
        raise Unreadable(FileReason.NO_KNOWN_COLUMN, f"none of the {len(rows.header)} columns of the first line is in the contract")
    if len(rows.header) > limits.max_columns:
        raise Unreadable(FileReason.UNPARSABLE, f"{len(rows.header)} columns")
    dated = [rows.header.index(c) for c in tally.date_columns(rows.header)[:1]]
    at = dated[0] if dated else None
    spellings = tally.dates.spellings
    for row in rows:
        if row is None:
            tally.unreadable += 1
        elif at is not None:
            value = row[at]
            if len(value) > 10 and (len(value) <= 19 or value[-1] == "Z") and value[4] == "-":
                value = value[:10]
            spellings[value] = spellings.get(value, 0) + 1
            if len(spellings) > 5000:
                tally.dates.flush()
    tally.records = rows.rows
    tally.multiline = rows.multiline
    tally.plain &= not (rows.lone_returns or rows.undecoded)
