"""Delimited text with a header.

A row with another number of fields, broken quoting or bytes that do not decode is an unreadable record.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from operator import itemgetter

from shared.contracts import folded
from shared.reasons import FileReason
from shared.records.column_values import first_of
from shared.records.compression import BLOCK
from shared.records.contradictions import Watch
from shared.records.dialect import SEARCHED, Dialect, column_names, delimiter_of, header_line, named_delimiter
from shared.records.file_profile import FileProfile
from shared.records.hints import FEW_LINES, encoding_hint
from shared.records.regular_csv import Block, block_of
from shared.records.verdict import Limits, Unreadable

CHUNK = 64
LISTS: set[type] = {list}
BLANKS = "".join(map(chr, range(33)))  # what Java trims, so that a line is blank to Spark as well
BOM = "\ufeff".encode()
MARK = re.compile("^\ufeff", re.MULTILINE)  # where files that begin with one were joined
FEW = 1 << 10  # bytes
REREAD = 4  # times the longest record: what broken quotes may have read again in one file
NAMED = {"\t": "a tab", ",": "a comma", ";": "a semicolon", "|": "a bar"}
TOTALS = {"total", "totals", "grand total", "subtotal", "sum", "summe", "gesamt", "gesamtsumme", "totale"}


@dataclass(frozen=True)
class Broken:
    """An unreadable row: the text it stands in, and the number of its first line.

    Undecodable bytes are in it as lone surrogates (`surrogateescape`).
    """

    text: str
    line: int = 0


Row = list[str] | Broken


class Rows:
    """The rows behind the header, in chunks.

    What was observed on the way is complete when all chunks were taken. `skipped`: comments and footers.
    `spans`: where asked for, the first line of each row that was taken, and how many lines it has.
    """

    def __init__(
        self,
        blocks: Iterator[bytes],
        limits: Limits,
        dialect: Dialect | None = None,
        *,
        placed: bool = False,
    ) -> None:
        csv.field_size_limit(limits.max_record)
        self._limits, self._dialect = limits, dialect or Dialect()
        self._blocks = blocks
        self._chunks = self._split()
        self.lone_returns = self.undecoded = self.multiline = self.marked = False
        self._feeds = self._return_feeds = self._padded = self._odd = False
        self._longest = ""  # of the header's names: where it does not occur, no other header does
        self._searched, self._split_lines = 0, 0  # lines among which to look for headers, lines in all
        self._queue: deque[str] = deque()
        self._ahead: list[str] | Block | None = None
        self._places: tuple[int, ...] | None = None  # of columns that blocks have; None: there are none
        self._line, self._reread, self._kept = 0, 0, 0
        self.preamble = self.skipped = 0
        self.delimiter = self._dialect.delimiter or ","
        self.names: list[str] = []
        self.spans: list[tuple[int, int]] | None = [] if placed else None
        self.header = self._header()
        self.header_line = self._line
        self._named = {name for name in self.names if name}
        self._longest = max(self.names, key=len, default="")

    @property
    def plain(self) -> bool:
        """Whether Spark reads the same rows.

        When they span lines it keeps line ends inside quotes and takes lines of blanks for rows.
        """
        odd_lines = self.multiline and (self._padded or (self._feeds and self._return_feeds))
        skipped = self.preamble or self.skipped
        return not (self.lone_returns or self.undecoded or self.marked or odd_lines or skipped)

    def __iter__(self) -> Iterator[list[Row]]:
        """A chunk whose every line is one good row is read at once, any other row by row."""
        while True:
            lines = list(self._queue) if self._queue else self._next()
            self._queue.clear()
            if lines is None:
                return
            if rows := self._at_once(lines) or self._one_by_one(lines):
                yield self._without_totals(rows) if self._at_end() else rows

    def by_column(self, places: Iterable[int]) -> Iterator[list[Row] | Block]:
        """The same, but regular rows as blocks that have the cells of some columns only."""
        self._places = tuple(places)
        chunks = iter(self)
        while True:
            if not self._queue and (block := self._block()) is not None:
                self._line += block.rows
                yield block
            elif (rows := next(chunks, None)) is not None:
                yield rows
            else:
                return

    def _next(self) -> list[str] | None:
        """More lines, or None at the end."""
        ahead, self._ahead = self._ahead, None
        more = next(self._chunks, None) if ahead is None else ahead
        return more.lines if isinstance(more, Block) else more

    def _block(self) -> Block | None:
        """The block that is next, if one is; it is taken."""
        if self._ahead is None:
            self._ahead = next(self._chunks, None)
        if not isinstance(self._ahead, Block):
            return None
        block, self._ahead = self._ahead, None
        return block

    def _at_end(self) -> bool:
        """Whether nothing but blank lines follows; they are taken."""
        if (block := self._block()) is not None:
            self._ahead = block
            return False
        while not self._queue and (ahead := self._next()) is not None:
            if any(line.strip(BLANKS) for line in ahead):
                self._ahead = ahead
                return False
            self._padded |= any(ahead)
            self._line += len(ahead)
        return not self._queue

    def _without_totals(self, rows: list[Row]) -> list[Row]:
        """A last row that adds up the others is no record; the contract may name it as its `footer`."""
        row = rows[-1]
        if isinstance(row, list) and _adds_up(row):
            rows[-1] = Broken(self.delimiter.join(row), self._line)
        return rows

    def _at_once(self, lines: list[str]) -> list[Row] | None:
        if self._dialect.comment or self._dialect.footer or self.spans is not None:
            return None
        try:
            rows: list[Row] = list(csv.reader(lines, delimiter=self.delimiter, strict=True))
        except csv.Error:
            return None
        whole = len(rows) == len(lines) and set(map(len, rows)) == {len(self.header)}  # type: ignore[arg-type]
        if not whole or self.undecoded or self._odd or len(self.header) < 2:
            return None
        if self._line < self._searched and not self._named.isdisjoint(map(itemgetter(0), rows)):  # type: ignore[arg-type]
            return None
        self._line += len(lines)
        return rows

    def _one_by_one(self, lines: list[str]) -> list[Row]:
        """The rows of these lines and of as many more as the last of them needs.

        Behind a quote that breaks or never closes the next line starts a row.
        """
        self._queue.extend(lines)
        rows: list[Row] = []
        while self._queue:
            if self._skips():
                continue
            taken: list[str] = []
            reader = csv.reader(self._fed(taken), delimiter=self.delimiter, strict=True)
            fields = self._fields(reader, taken)
            if fields is None and len(taken) > 1:
                self._return_lines(taken)
            text = "".join(taken).removesuffix("\n")
            start, self._line = self._line + 1, self._line + len(taken)
            if fields is not None and (not fields or (len(fields) == 1 and not text.strip(BLANKS))):
                self._padded |= bool(text)
                continue  # a blank line is no record
            good = fields is not None and self._is_record(fields, text, taken, start)
            self.multiline |= good and len(taken) > 1
            if self.spans is not None:
                self.spans.append((start, len(taken)))
            rows.append(fields if good and fields is not None else Broken(text, start))
        return rows

    def _is_record(self, fields: list[str], text: str, taken: list[str], line: int) -> bool:
        if len(fields) != len(self.header) or "\0" in text or not (text.isascii() or _is_unicode(text)):
            return False
        if len(taken) > 2 and self._swallows(taken[1:-1]):
            return False
        return fields[0] not in self._named or not self._is_header(fields, line)

    def _swallows(self, lines: list[str]) -> bool:
        """Whether each of the lines inside a quoted field would be a row: a quote was left open, and a later
        one closed it.
        """
        count = len(self.header) - 1
        return count > 1 and all(line.count(self.delimiter) == count and '"' not in line for line in lines)

    def _is_header(self, fields: list[str], line: int) -> bool:
        """Whether a row is the header once more, where files were joined.

        Raises Unreadable for one in another order: the rows below would be read into wrong columns.
        """
        cells = [f.strip() for f in fields]
        if cells == self.names:
            return True
        if len(cells) > 1 and set(filter(None, cells)) == set(filter(None, self.names)):
            raise Unreadable(
                FileReason.AMBIGUOUS_HEADER,
                f"line {line} is another header: two files were joined; split them",
            )
        return False

    def _return_lines(self, taken: list[str]) -> None:
        """All but the first line of a row that broke are read again, as rows of their own."""
        self._reread += sum(map(len, taken))
        if self._reread > REREAD * self._limits.max_record:
            raise self._too_large(f"a quote that opens in line {self._line + 1} is not closed properly")
        self._queue.extendleft(line.removesuffix("\n") for line in reversed(taken[1:]))
        del taken[1:]

    def _skips(self) -> bool:
        """Takes a comment or a footer off the queue, if one is next."""
        line, dialect = self._queue[0], self._dialect
        if dialect.comment and dialect.comment.match(line):
            self._queue.popleft()
            self._line, self.skipped = self._line + 1, self.skipped + 1
            return True
        if self._kept:
            self._kept -= 1
            return False
        return bool(dialect.footer and dialect.footer.match(line) and self._ends(dialect.footer))

    def _ends(self, footer: re.Pattern[str]) -> bool:
        """Whether nothing but footers and blanks follows: then all of them are taken; if not, they are
        records.

        Raises Unreadable for more lines than a record may have characters: all of them are held until then.
        """
        count = size = 0
        while True:
            while count == len(self._queue):
                if (more := self._next()) is None:
                    self.skipped += sum(bool(line.strip(BLANKS)) for line in self._queue)
                    self._line += len(self._queue)
                    self._queue.clear()
                    return True
                self._queue.extend(more)
                size += sum(map(len, more))
                if size > self._limits.max_record:
                    raise self._too_large(
                        f"lines that begin like a footer, from line {self._line + 1}, do not end"
                    )
            line = self._queue[count]
            if line.strip(BLANKS) and not footer.match(line):
                self._kept = count - 1
                return False
            count += 1

    def _fields(self, reader: Iterator[list[str]], taken: list[str]) -> list[str] | None:
        """The next row's fields; None for broken quoting, also where no end of the row is in sight."""
        try:
            return next(reader, [])
        except csv.Error as error:
            if "field limit" in str(error) and len(taken) == 1:
                raise self._too_large(f"the row of line {self._line + 1} does not end") from error
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
                    return
            more = self._next()
            if more is None:
                return
            self._queue.extend(more)

    def _header(self) -> tuple[str, ...]:
        """Column names: those of the header's line, behind blank lines and comments.

        A repeated name gets its position, so that no column hides another.
        """
        delimiter = self._take_preamble()
        while self._more():
            if not self._queue[0].strip(BLANKS):
                self._padded |= bool(self._queue.popleft())
                self._line += 1
            elif not self._skips():
                break
        else:
            return ()
        self.delimiter = delimiter or delimiter_of(self._queue[0])
        taken: list[str] = []
        reader = csv.reader(self._fed(taken), delimiter=self.delimiter, strict=True)
        names = self._fields(reader, taken)
        if names is None:
            raise Unreadable(
                FileReason.UNPARSABLE, f"the quotes of the header, line {self._line + 1}, are broken"
            )
        self._line += len(taken)
        if len(names) > self._limits.max_columns:
            raise Unreadable(
                FileReason.UNPARSABLE, f"{len(names)} columns are more than {self._limits.max_columns}"
            )
        self.names = [name.strip() for name in names]
        return column_names(names)

    def _take_preamble(self) -> str | None:
        """Takes the lines above the header, and gives the delimiter where it is known without the header."""
        wanted = SEARCHED if self._dialect.header == "auto" else self._dialect.header
        size = 0  # of what is held and split for the search
        while len(self._queue) < wanted and size <= self._limits.max_record:
            if (more := self._next()) is None:
                break
            self._queue.extend(more)
            size += sum(map(len, more))
        first = [self._queue[i] for i in range(min(wanted, len(self._queue)))]
        delimiter = self._dialect.delimiter or named_delimiter(first)
        if self._dialect.header == "auto":
            above = header_line(first, self._dialect, delimiter)
        else:
            above = min(self._dialect.header - 1, len(first))
        if any(line.strip(BLANKS) for line in first[:above]):
            self.preamble = self._line = above
            for _ in range(above):
                self._queue.popleft()
        return delimiter

    def _more(self) -> bool:
        """Whether a line is in the queue, or can be had."""
        while not self._queue:
            if (lines := self._next()) is None:
                return False
            self._queue.extend(lines)
        return True

    def _split(self) -> Iterator[list[str] | Block]:
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
                raise self._too_large("a line does not end")
        yield from self._decoded(b"".join(rest))

    def _decoded(self, part: bytes) -> Iterator[list[str] | Block]:
        if (block := self._regular(part)) is not None:
            self._split_lines += block.rows
            yield block
            part = part[_last_row(part) + 1 :]
        try:
            text = part.decode()
        except UnicodeDecodeError:
            text = part.decode(errors="surrogateescape")
            self.undecoded = True
        self._odd |= b"\0" in part
        if "\ufeff" in text:
            text, count = MARK.subn("", text)
            self.marked |= count > 0
        if "\r" not in text:
            self._feeds |= "\n" in text
        else:
            returns = text.count("\r\n")
            self._return_feeds |= returns > 0
            self._feeds |= text.count("\n") > returns
            text = text.replace("\r\n", "\n").removesuffix("\r")
            if "\r" in text:
                self.lone_returns = True
                text = text.replace("\r", "\n")
        lines = text.removesuffix("\n").split("\n")
        self._split_lines += len(lines)
        if self._longest in text:
            self._searched = self._split_lines
        for start in range(0, len(lines), CHUNK):
            yield lines[start : start + CHUNK]

    def _regular(self, part: bytes) -> Block | None:
        """All of these lines but the last, which may add up the others, where they are regular and none can
        be a header.
        """
        end = _last_row(part)
        odd = self._odd or self.undecoded or self._dialect.comment or self._dialect.footer
        if self._places is None or odd or end < 0 or len(part) > self._limits.max_record:
            return None
        text = part[:end]
        if b"\0" in text or (BOM[:1] in part and BOM in part):  # a line of nothing else is blank
            return None
        returns = 0
        if b"\r" in text:
            returns = part.count(b"\r\n", 0, end + 1)
            if text.count(b"\r") != returns:
                return None
            text = text.replace(b"\r\n", b"\n").removesuffix(b"\r")
        block = block_of(text, self.delimiter, len(self.header), self._places)
        if block is not None and not block.begins_with(self._named):
            self._return_feeds |= returns > 0
            self._feeds |= block.rows > returns
            return block
        return None

    def _too_large(self, what: str) -> Unreadable:
        return Unreadable(FileReason.RECORD_TOO_LARGE, f"{what} within {self._limits.max_record} characters")


def _last_row(part: bytes) -> int:
    """Where the line ends above the last that is not blank; -1 where there is none."""
    blanks = BLANKS.encode()
    tail = part[-FEW:].rstrip(blanks)  # the whole would be copied
    end = len(part) - FEW + len(tail) if tail and len(part) > FEW else len(part.rstrip(blanks))
    return part.rfind(b"\n", 0, end)


def _adds_up(row: list[str]) -> bool:
    return row[0].strip(" :").lower() in TOTALS and not all(row)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def profile_rows(blocks: Iterator[bytes], profile: FileProfile, limits: Limits) -> None:
    """Judges every row. Raises Unreadable for a header that no contract knows."""
    rows = Rows(_gathered(blocks), limits, replace(Dialect.of(profile.dataset), delimiter=profile.made_with))
    dated = _observe_header(rows, profile)
    watched = profile.watched(rows.header)
    for chunk in rows.by_column(sorted({*dated, *(i for places, _ in watched for i in places)})):
        if isinstance(chunk, Block):
            _observe_block(chunk, profile, dated, watched)
            continue
        good = chunk if set(map(type, chunk)) == LISTS else [row for row in chunk if row.__class__ is list]
        profile.records += len(chunk)
        if len(good) < len(chunk):
            profile.unreadable += len(chunk) - len(good)
            if len(profile.bad_lines) < FEW_LINES:
                profile.bad_lines += [row.line for row in chunk if isinstance(row, Broken)][:FEW_LINES]
        if dated:
            times = [list(map(itemgetter(i), good)) for i in dated]  # type: ignore[arg-type]
            profile.dates.add(first_of(times, ""))
        for places, watch in watched:
            if profile.asks(watch):
                cells = [[row[i] if isinstance(row, list) else None for row in chunk] for i in places]
                profile.watch(watch, first_of(cells, ""), profile.records - len(chunk))
    if not profile.records:
        raise Unreadable(FileReason.EMPTY_FILE, "header only")
    profile.multiline = rows.multiline
    profile.plain &= rows.plain
    profile.skipped = rows.skipped


def _gathered(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of a megabyte or more: each costs a reader of its own."""
    parts, size = [], 0
    for block in blocks:
        parts.append(block)
        size += len(block)
        if size >= BLOCK:
            yield b"".join(parts)
            parts, size = [], 0
    yield b"".join(parts)


def _observe_block(
    block: Block, profile: FileProfile, dated: list[int], watched: list[tuple[list[int], Watch]]
) -> None:
    """Takes rows that are all good."""
    before, profile.records = profile.records, profile.records + block.rows
    if dated:
        alone = len(dated) == 1 and profile.dates.by_day
        if alone and (days := block.days(dated[0])) is not None:
            profile.dates.add_counted(days)
        else:
            profile.dates.add(first_of([*map(block.column, dated)], ""))
    for places, watch in watched:
        if profile.asks(watch):
            profile.watch(watch, first_of([*map(block.column, places)], ""), before)


def _observe_header(rows: Rows, profile: FileProfile) -> list[int]:
    """Takes the header's columns; says where the event date stands."""
    if not rows.header:
        raise Unreadable(FileReason.EMPTY_FILE, "the file is blank")
    profile.columns, profile.delimiter, profile.preamble = rows.header, rows.delimiter, rows.preamble
    if not all(map(_is_unicode, rows.header)):
        header = rows.delimiter.join(rows.header).encode(errors="surrogatepass")
        raise Unreadable(FileReason.NOT_TEXT, f"the header is not UTF-8{encoding_hint(header)}")
    aliases = profile.dataset.aliases
    if any(new != old and folded(new) in aliases for new, old in zip(rows.header, rows.names, strict=True)):
        raise Unreadable(FileReason.AMBIGUOUS_HEADER, "a column's name stands in the header twice")
    dated = profile.observe_columns(rows.header)
    if not profile.known:
        raise Unreadable(
            FileReason.NO_KNOWN_COLUMN,
            f"none of the {len(rows.header)} columns of line {rows.header_line}, the likely header, is in the"
            f" contract; the delimiter looks like {NAMED.get(rows.delimiter, rows.delimiter)}",
        )
    return dated
