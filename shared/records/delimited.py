"""Delimited text with a header.

A row with another number of fields, broken quoting or bytes that do not decode is an unreadable record.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from shared.reasons import FileReason
from shared.records.file_profile import FileProfile
from shared.records.verdict import Limits, Unreadable

DELIMITERS = ",;|\t"
CHUNK = 64
BLANKS = "".join(map(chr, range(33)))  # what Java trims, so that a line is blank to Spark as well


@dataclass(frozen=True)
class Broken:
    """An unreadable row: the text it stands in.

    Undecodable bytes are in it as lone surrogates (`surrogateescape`).
    """

    text: str


Row = list[str] | Broken


class Rows:
    """The rows behind the header, in chunks.

    What was observed on the way is complete when all chunks were taken.
    """

    def __init__(self, blocks: Iterator[bytes], limits: Limits) -> None:
        csv.field_size_limit(limits.max_record)
        self._limits = limits
        self._blocks = blocks
        self._chunks = self._split()
        self.lone_returns = self.undecoded = self.multiline = False
        self._feeds = self._return_feeds = self._padded = False
        self._queue: deque[str] = deque()
        self.delimiter = ","
        self.header = self._header()

    @property
    def plain(self) -> bool:
        """Whether Spark reads the same rows.

        When they span lines it keeps line ends inside quotes and takes lines of blanks for rows.
        """
        odd_lines = self.multiline and (self._padded or (self._feeds and self._return_feeds))
        return not (self.lone_returns or self.undecoded or odd_lines)

    def __iter__(self) -> Iterator[list[Row]]:
        """A chunk whose every line is one good row is read at once, any other row by row."""
        while True:
            lines = list(self._queue) if self._queue else next(self._chunks, None)
            self._queue.clear()
            if lines is None:
                return
            yield self._at_once(lines) or self._one_by_one(lines)

    def _at_once(self, lines: list[str]) -> list[Row] | None:
        try:
            rows: list[Row] = list(csv.reader(lines, delimiter=self.delimiter, strict=True))
        except csv.Error:
            return None
        whole = len(rows) == len(lines) and set(map(len, rows)) == {len(self.header)}  # type: ignore[arg-type]
        return rows if whole and not self.undecoded and len(self.header) > 1 else None

    def _one_by_one(self, lines: list[str]) -> list[Row]:
        """The rows of these lines and of as many more as the last of them needs.

        After a broken quote the next line starts a row.
        """
        self._queue.extend(lines)
        taken: list[str] = []
        reader = csv.reader(self._fed(taken), delimiter=self.delimiter, strict=True)
        rows: list[Row] = []
        while self._queue:
            taken.clear()
            fields = self._fields(reader)
            text = "".join(taken).removesuffix("\n")
            if fields is not None and (not fields or (len(fields) == 1 and not text.strip(BLANKS))):
                self._padded |= bool(text)
                continue  # a blank line is no record
            good = fields is not None and len(fields) == len(self.header) and text.isascii()
            good = good or (fields is not None and len(fields) == len(self.header) and _is_unicode(text))
            self.multiline |= good and len(taken) > 1
            rows.append(fields if good and fields is not None else Broken(text))
        return rows

    def _fields(self, reader: Iterator[list[str]]) -> list[str] | None:
        """The next row's fields; None for broken quoting.

        Raises Unreadable when no end of the row is in sight.
        """
        try:
            return next(reader, [])
        except csv.Error as error:
            if "field limit" in str(error):
                raise self._too_large() from error
            return None

    def _fed(self, taken: list[str]) -> Iterator[str]:
        """Lines for the reader. It asks for more than are queued only inside an open quote."""
        size = 0
        while True:
            while self._queue:
                line = self._queue.popleft() + "\n"
                size = len(line) + (size if taken else 0)
                taken.append(line)
                yield line
            if size > self._limits.max_record:
                raise self._too_large()
            more = next(self._chunks, None)
            if more is None:
                return
            self._queue.extend(more)

    def _header(self) -> tuple[str, ...]:
        """Column names: the first line that is not blank.

        A repeated name gets its position, so that no column hides another.
        """
        while not self._queue or not self._queue[0].strip(BLANKS):
            if self._queue:
                self._padded |= bool(self._queue.popleft())
            elif (lines := next(self._chunks, None)) is not None:
                self._queue.extend(lines)
            else:
                return ()
        self.delimiter = delimiter_of(self._queue[0])
        names = self._fields(csv.reader(self._fed([]), delimiter=self.delimiter, strict=True)) or []
        columns: list[str] = []
        for i, name in enumerate(n.strip() for n in names):
            columns.append(f"{name}_{i}" if not name or name in columns else name)
        return tuple(columns)

    def _split(self) -> Iterator[list[str]]:
        """The lines, some at a time, without their ends: \\n, \\r\\n or a lone \\r."""
        rest: list[bytes] = []
        size = 0
        for block in self._blocks:
            end = block.rfind(b"\n") + 1
            if end:
                yield from self._decoded(b"".join([*rest, block[:end]]))
                rest, size = [], 0
            rest.append(block[end:])
            size += len(block) - end
            if size > self._limits.max_record:
                raise self._too_large()
        yield from self._decoded(b"".join(rest))

    def _decoded(self, part: bytes) -> Iterator[list[str]]:
        try:
            text = part.decode()
        except UnicodeDecodeError:
            text = part.decode(errors="surrogateescape")
            self.undecoded = True
        feeds, returns = text.count("\n"), text.count("\r\n") if "\r" in text else 0
        self._return_feeds |= returns > 0
        self._feeds |= feeds > returns
        if "\r" in text:
            text = text.replace("\r\n", "\n").removesuffix("\r")
            if "\r" in text:
                self.lone_returns = True
                text = text.replace("\r", "\n")
        lines = text.removesuffix("\n").split("\n")
        for start in range(0, len(lines), CHUNK):
            yield lines[start : start + CHUNK]

    def _too_large(self) -> Unreadable:
        return Unreadable(
            FileReason.RECORD_TOO_LARGE, f"a row does not end within {self._limits.max_record} characters"
        )


def delimiter_of(header: str) -> str:
    """The delimiter that splits the header into most fields; a comma when none does."""
    return max(DELIMITERS, key=header.count)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def profile_rows(blocks: Iterator[bytes], profile: FileProfile, limits: Limits) -> None:
    """Judges every row. Raises Unreadable for a header that no contract knows."""
    rows = Rows(blocks, limits)
    profile.columns, profile.delimiter = rows.header, rows.delimiter
    dated = profile.observe_columns(rows.header)
    if not rows.header:
        raise Unreadable(FileReason.EMPTY_FILE, "the file is blank")
    if not profile.known:
        raise Unreadable(
            FileReason.NO_KNOWN_COLUMN,
            f"none of the {len(rows.header)} columns of the first line is in the contract",
        )
    if len(rows.header) > limits.max_columns:
        raise Unreadable(
            FileReason.UNPARSABLE, f"{len(rows.header)} columns are more than {limits.max_columns}"
        )
    at = rows.header.index(dated) if dated is not None else None
    watched = profile.watched(rows.header)
    for chunk in rows:
        good = [row for row in chunk if row.__class__ is list]
        profile.records += len(chunk)
        profile.unreadable += len(chunk) - len(good)
        if at is not None:
            profile.dates.add([row[at] for row in good if isinstance(row, list)])
        for i, watch in watched:
            cells = [row[i] if isinstance(row, list) else None for row in chunk] if watch.open else []
            profile.watch(watch, cells, profile.records - len(chunk))
    if not profile.records:
        raise Unreadable(FileReason.EMPTY_FILE, "header only")
    profile.multiline = rows.multiline
    profile.plain &= rows.plain
