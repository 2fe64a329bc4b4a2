"""The format of a file, told by its content; its name is a hint that nobody needs."""

from __future__ import annotations

import re
from typing import Any, Literal

from shared.contracts import Dataset
from shared.records.dialect import SEARCHED, cells_of, known_columns, named_delimiter
from shared.records.strict_json import loads

Format = Literal["json", "ndjson", "csv", "xml"]
SAMPLE_LINES = 50
TEXTS = {"csv", "json", "ndjson", "xml"}
XML = re.compile(rb"\s*<[A-Za-z_?!]")


def text_format(sample: bytes, dataset: Dataset) -> Format:
    """json (an array, or objects over several lines), ndjson, xml, or csv for any delimited text.

    Where the contract has no other text, what has a header below some lines is csv, whatever these look like.
    """
    if TEXTS.intersection(dataset.formats) == {"csv"} and _has_header(sample, dataset):
        return "csv"
    lines = [line for line in sample.split(b"\n")[:SAMPLE_LINES] if line.strip()]
    if not lines:
        return "csv"
    if XML.match(sample):
        return "xml"
    objects = sum(_kind(line) is dict for line in lines)
    start = lines[0].lstrip()[:1]
    if start == b"[":
        return "ndjson" if objects and _kind(lines[0]) is list else "json"
    if start == b"{":
        return "ndjson" if objects or _looks_like_lines(lines) else "json"
    return "ndjson" if objects and not _header_is_known(lines[0], dataset) else "csv"


def _has_header(sample: bytes, dataset: Dataset) -> bool:
    """Whether one of the first lines has columns of the contract and no other, or two of them. A line of JSON
    has none in its first cell, which begins with a bracket.
    """
    lines = sample.decode(errors="replace").split("\n")[:SEARCHED]
    delimiter = named_delimiter(lines)
    for cells in (cells_of(line, delimiter) for line in lines):
        known = known_columns(cells, dataset.aliases)
        first = known_columns(cells[:1], dataset.aliases) or not cells or cells[0][:1] not in ("[", "{", "<")
        if first and known and (known > 1 or known == sum(map(bool, cells))):
            return True
    return False


def _kind(line: bytes) -> type[Any] | None:
    try:
        return type(loads(line))
    except ValueError:
        return None


def _looks_like_lines(lines: list[bytes]) -> bool:
    """No line parses, yet most start a record of their own: broken lines, not a pretty-printed object."""
    return (
        len(lines) > 1
        and sum(line.startswith(b"{") for line in lines) * 2 > len(lines)
        and not lines[0].rstrip().endswith(b"{")
    )


def _header_is_known(line: bytes, dataset: Dataset) -> bool:
    return known_columns(cells_of(line.decode(errors="replace"), None), dataset.aliases) > 0
