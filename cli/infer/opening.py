"""One file as ingestion reads it: format, encoding and layout, then its records by ingestion's readers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Set
from dataclasses import dataclass, field, replace
from typing import Any

from cli.infer.bare import Bare, bare_layout, bare_rows
from cli.infer.encodings import encoding_in
from cli.infer.errors import RefusedError
from cli.infer.inputs import Content
from cli.infer.layout import layout_of
from cli.infer.lists import is_envelope, json_outline, xml_records
from shared.contracts import Dataset, Table
from shared.contracts.paths import Path as RecordPath
from shared.ledger.model import Profile
from shared.reasons import FileReason
from shared.records import Limits, Unreadable
from shared.records.delimited import Rows
from shared.records.dialect import Dialect
from shared.records.parquet import MAGIC, batches
from shared.records.reading import Unread, values
from shared.records.sniff import text_format
from shared.records.source import Source
from shared.records.text import BLANKS, SAMPLE, begun, utf8
from shared.records.verdict import Late

OUTLINE = 1 << 20  # bytes of a JSON document in which its records are looked for
CHANGE_PARTS = ("before", "after", "payload")  # of Debezium: a list in there is a value of a row
NOBODY = Table("none", "silver", "keyed", "", (), ())
NO_CONTRACT = Dataset("none", "none", "", ("csv",), NOBODY)


@dataclass(frozen=True)
class Known:
    """What people said before. `lists`: inside documents, that their contract takes for records. `header`:
    that text has one.
    """

    lists: frozenset[str] = frozenset()
    header: bool = False


NOTHING = Known()


@dataclass(frozen=True)
class Opened:
    """`encoding`: besides Unicode, what the file is likely in, which only people can know. `records`: where
    they are in a document; `several`: the name of the list, where the document has others. `types`: of
    Parquet's columns. `bare`: of text without header. `unnamed`: columns
    whose header is empty or stands there twice, by the names that ingestion gives them. `envelope`: names of
    what a document says of itself; `inside`: lists of objects that it has beside data.
    """

    content: Content
    format: str
    profile: Profile
    encoding: str = ""
    records: RecordPath | None = None
    several: str = ""
    types: dict[str, str] = field(default_factory=dict)
    unnamed: frozenset[str] = frozenset()
    bare: Bare | None = None
    envelope: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()

    @property
    def formats(self) -> tuple[str, ...]:
        return (*self.content.packed, self.content.workbook or self.format)

    def rows(self, limits: Limits) -> Iterator[dict[str, Any] | Unread]:
        """Every record in order. Raises RefusedError for a file that is broken further on."""
        try:
            with self.content.path.open("rb") as file:
                if self.bare is not None:
                    text = utf8(Source(file, limits).blocks(), self.profile.encoding)
                    yield from bare_rows(text, self.bare, limits)
                    return
                yield from values(file, self.profile, limits, nested=True, inside=self.records)
        except (Unreadable, Late) as stop:
            raise refused(self.content, stop) from stop


def refused(content: Content, stop: Unreadable | Late) -> RefusedError:
    """In ingestion's words, which hold no value of the file."""
    detail = f"{stop.reason}: {stop.detail}" if isinstance(stop, Unreadable) else str(stop)
    return RefusedError(f"{content.name}: {detail}")


def opened(content: Content, limits: Limits, known: Known = NOTHING) -> tuple[Opened, ...]:
    """The file, once for each list of records that a document holds. Raises RefusedError for what ingestion
    could read under no contract.
    """
    try:
        with content.path.open("rb") as file:
            return _opened(content, Source(file, limits), limits, known)
    except (Unreadable, Late) as stop:
        raise refused(content, stop) from stop


def _opened(content: Content, source: Source, limits: Limits, known: Known) -> tuple[Opened, ...]:
    sample, blocks = begun(source.blocks())
    if not sample:
        raise Unreadable(FileReason.EMPTY_FILE, "the file holds nothing")
    if sample.startswith(MAGIC):
        profile = Profile("parquet", source.compression)
        return (Opened(content, "parquet", profile, types=_types(content, limits)),)
    encoding, likely = encoding_in(sample, blocks)
    with content.path.open("rb") as file:
        text = utf8(begun(Source(file, limits).blocks())[1], encoding)
        head, whole = _head(text)
    start = head.lstrip(BLANKS)[:SAMPLE]
    kind = "csv" if content.workbook else text_format(start, NO_CONTRACT)
    profile = Profile(kind, source.compression, encoding)
    if kind == "csv":
        return (_delimited(content, profile, head, likely, limits, known),)
    if kind == "xml":
        return (Opened(content, kind, profile, likely, xml_records(start)),)
    return tuple(_json(Opened(content, kind, profile, likely), head, known.lists, whole=whole))


def _head(text: Iterator[bytes]) -> tuple[bytes, bool]:
    """The start of a text, and whether it is the whole of it."""
    head = b""
    for block in text:
        head += block if head or block.strip(BLANKS) else b""
        if len(head) > OUTLINE:
            return head[:OUTLINE], False
    return head, True


def _delimited(
    content: Content, profile: Profile, head: bytes, likely: str, limits: Limits, known: Known
) -> Opened:
    start = head.decode(errors="surrogateescape")
    layout = layout_of(start, "," if content.workbook else None)
    if layout.titled and not (layout.sure or known.header):
        raise RefusedError(
            f"{content.name}: all is text, so nothing tells whether line {layout.above + 1} is a header or a"
            " record; if it is a header, say so with --header, else have the file sent with one"
        )
    if not layout.titled and '"' not in start and layout.above == 0:
        return Opened(content, "csv", profile, likely, bare=bare_layout(start, layout.delimiter))
    if not layout.titled:
        raise RefusedError(
            f"{content.name}: line {layout.above + 1} looks like a record, not like a header; text without"
            " header is read unquoted only: have it sent with one"
        )
    found = replace(profile, preamble=layout.above, delimiter=layout.delimiter)
    rows = Rows(iter([head]), limits, Dialect.found(found))
    renamed = frozenset(h for h, n in zip(rows.header, rows.names, strict=True) if h != n)
    return Opened(content, "csv", found, likely, unnamed=renamed)


def _json(plain: Opened, head: bytes, agreed: Set[str], *, whole: bool) -> Iterator[Opened]:
    """Where a document holds data beside its lists it is a record itself, but for one too long to be one."""
    outline = json_outline(head.decode(errors="replace"))
    single = outline.closed == 1 if whole else outline.closed == 0
    starts = head.lstrip(BLANKS)[:1]
    lists = [s for s in sorted(outline.lists) if s[0] not in CHANGE_PARTS]
    if not (single and starts == b"{" and lists):
        yield plain
        return
    places = frozenset(str(RecordPath(steps)) for steps in lists)
    beside = outline.beside(lists)
    envelope = frozenset(n for n in beside if is_envelope(n, lists))
    asked = places if beside - envelope and not places & agreed else frozenset[str]()
    if asked and whole:
        yield replace(plain, inside=asked)
        return
    for steps in lists:
        yield replace(
            plain,
            format="json",
            profile=replace(plain.profile, format="json"),
            records=RecordPath(steps),
            several=steps[-1] if len(lists) > 1 else "",
            envelope=envelope,
            inside=asked,
        )


def _types(content: Content, limits: Limits) -> dict[str, str]:
    """Path → type of Parquet's plain columns."""
    with content.path.open("rb") as stored, tempfile.NamedTemporaryFile() as file:
        for block in Source(stored, limits).blocks():
            file.write(block)
        file.seek(0)
        schema, _ = next(batches(file, limits))
    found: dict[str, str] = {}
    fields: list[tuple[tuple[str, ...], Any]] = [((f.name,), f.type) for f in schema]
    while fields:
        path, kind = fields.pop()
        if str(kind).startswith("struct<"):
            inner = (kind.field(i) for i in range(kind.num_fields))
            fields += [((*path, f.name), f.type) for f in inner]
        else:
            found[str(RecordPath(path))] = str(kind)
    return found
