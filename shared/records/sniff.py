"""The format of a file, told by its content; its name is a hint that nobody needs."""

from __future__ import annotations

import csv
import re
from typing import Any, Literal

from shared.contracts import Dataset, folded
from shared.records.dialect import delimiter_of
from shared.records.strict_json import loads

Format = Literal["json", "ndjson", "csv", "xml"]
SAMPLE_LINES = 50
XML = re.compile(rb"\s*<[A-Za-z_?!]")


def text_format(sample: bytes, dataset: Dataset) -> Format:
    """json (an array, or objects over several lines), ndjson, xml, or csv for any delimited text."""
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
    text = line.decode(errors="replace")
    names = next(csv.reader([text], delimiter=delimiter_of(text)), [])
    return any(folded(n) in dataset.aliases for n in names)
