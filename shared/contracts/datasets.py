"""Reads what producers drop: the bronze entries of a document."""

from __future__ import annotations

import codecs
import re
import string
from collections.abc import Mapping
from typing import Any, Literal, cast

from shared.contracts import spelled
from shared.contracts.model import LOADED_KINDS, Dataset, Layout, Table
from shared.contracts.node import Node
from shared.contracts.paths import Path, parsed_path
from shared.values import Declared

NESTED = ("records", "explode", "filesOf")
STORAGE = ("header", "comment", "footer", "sheet", "ignore", "delimiter", "fallbackEncoding", "storedAs")
PROPERTIES = (
    "layer",
    "formats",
    "duplicateFiles",
    "maxUnreadableRate",
    "encodings",
    "constants",
    "archive",
    "undated",
    *STORAGE,
    *NESTED,
    *spelled.DEFAULTS,
)
SIMPLE = r"string|int|bigint|float|double|boolean|date|timestamp|binary|decimal\(\d{1,2},\d{1,2}\)"
DELIVERED = re.compile(rf"{SIMPLE}|array<(?:{SIMPLE})>|map<string,(?:{SIMPLE})>")
NOTHING = Declared()
UNICODE = ("utf-8", "utf-16", "ascii", "us-ascii")
COMMON = f"{string.ascii_letters}{string.digits},;.\n".encode()
FORMATS = ("csv", "json", "ndjson", "ods", "parquet", "xlsx", "xml", "zip")
LAST_HEADER = 1000  # line


def dataset(
    node: Node,
    domain: str,
    layout: Layout,
    tables: Mapping[str, Table],
    freshness: int | None,
    above: Declared = NOTHING,
) -> Dataset:
    """One bronze entry; `above`: what the document says of spellings. Raises ContractError."""
    custom = node.custom(PROPERTIES)
    name = node.child("physicalName").name()
    targets = [t for t in tables.values() if t.kind in LOADED_KINDS and name in t.sources]
    if len(targets) != 1:
        raise node.error(
            f"expected one silver table of kind {', '.join(LOADED_KINDS)} with source {name}, "
            f"found {len(targets)}"
        )
    formats = tuple(f.choice(FORMATS) for f in custom.child("formats").items())
    if not formats:
        raise custom.child("formats").error(f"missing; expected some of {', '.join(FORMATS)}")
    fallback = custom.child("fallbackEncoding")
    return Dataset(
        name=name,
        domain=domain,
        description=node.child("description").text(),
        formats=formats,
        target=targets[0],
        constants={k: custom.child("constants").child(k).text() for k in custom.child("constants").names()},
        archive=custom.child("archive").flag(),
        layout=layout,
        encodings=("utf-8", "utf-16", *map(_encoding, custom.child("encodings").items())),
        duplicate_files=cast(Any, custom.child("duplicateFiles").choice(("skip", "accept"), "skip")),
        max_unreadable_rate=custom.child("maxUnreadableRate").number(0.1),
        header=_header(custom.child("header")),
        comment=_pattern(custom.child("comment")),
        footer=_pattern(custom.child("footer")),
        sheet=custom.child("sheet").text("") or None,
        ignore=custom.child("ignore").texts(),
        delimiter=custom.child("delimiter").text(","),
        fallback_encoding=_encoding(fallback) if fallback.value else None,
        stored_as=cast(Any, custom.child("storedAs").choice(("original", "parquet"), "original")),
        freshness_hours=freshness,
        records=path(custom.child("records")),
        explode=path(custom.child("explode")),
        files_of=custom.child("filesOf").text("") or None,
        declared=spelled.defaults(custom).over(above),
        undated=custom.child("undated").flag(),
        delivered=_delivered(node.child("properties")),
    )


def _delivered(node: Node) -> dict[str, str]:
    """Names and types of the columns in the files, of which Athena's tables over bronze are made."""
    found: dict[str, str] = {}
    for column in node.items():
        name, kind = column.child("name").text(), column.child("physicalType")
        if not DELIVERED.fullmatch(kind.text()):
            raise kind.error(f"{kind.value!r} is no type of a file's column, such as string or array<string>")
        if name.lower() in {n.lower() for n in found}:
            raise column.error(f"{name} is given twice: the catalogue does not know case")
        found[name] = kind.text()
    return found


def path(node: Node) -> Path | None:
    """A path into nested records; raises ContractError for what is none."""
    if node.value is None:
        return None
    try:
        return parsed_path(node.text())
    except ValueError as error:
        raise node.error(f"{node.value!r} is no path: {error}") from error


def _header(node: Node) -> Literal["auto", "none"] | int:
    """`auto`, `none` or the number of a line; true and false are what they were called before."""
    match node.value:
        case None | True | "auto":
            return "auto"
        case False | "none":
            return "none"
        case int(line) if 1 <= line <= LAST_HEADER:
            return line
    raise node.error(
        f"expected auto, none or the number of a line (1 to {LAST_HEADER}), found {node.value!r}"
    )


def _pattern(node: Node) -> str | None:
    """A regular expression that a line may begin with, but not any line."""
    text = node.text("")
    try:
        blank = text and re.compile(text).match("")
    except re.error as error:
        raise node.error(f"{text!r} is no regular expression: {error}") from error
    if blank:
        raise node.error(f"{text!r} matches every line; say what begins the lines that are no records")
    return text or None


def _encoding(node: Node) -> str:
    """An encoding of text, by any of the names that Python knows."""
    name = node.text()
    try:
        "".encode(name)
    except LookupError as error:
        raise node.error(f"{name!r} is no encoding that is known, such as windows-1252") from error
    if not name.lower().replace("_", "-").startswith(UNICODE) and not _extends_ascii(name):
        raise node.error(
            f"{name!r} spells other characters with ASCII, or ASCII otherwise, so that nothing tells it from"
            " other text: have files sent as UTF-8"
        )
    return name


def _extends_ascii(encoding: str) -> bool:
    """Whether letters, digits and marks are those of ASCII, and other characters have other bytes."""
    decoder = codecs.getincrementaldecoder(encoding)
    try:
        same = COMMON.decode(encoding) == COMMON.decode()
    except UnicodeError:
        return False
    return same and any(_begins(decoder(), bytes([b])) for b in range(128, 256))


def _begins(decoder: codecs.IncrementalDecoder, byte: bytes) -> bool:
    try:
        decoder.decode(byte)
    except UnicodeError:
        return False
    return True
